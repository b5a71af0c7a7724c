"""Who brings a newsletter to the list of an account, as a run's plan and the settings have it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.audience import Audience
from flows.mailing import Postman
from flows.records import unbarred
from flows.segments import Segment
from flows.sharing import Mate

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from channels.lists import ListSettings
    from flows.ledger import Ledger
    from flows.orders import Order, Portion
    from flows.plan import Entry
    from flows.settings import Settings


def postman(
    entry: Entry,
    order: Order,
    settings: Settings,
    ledger: Ledger,
    stopped: threading.Event,
    *,
    shares: int = 1,
    barred: Callable[[], str] = unbarred,
) -> Postman:
    """Who has the claim on an entry of a plan. `shares`: in so many it may go. `barred`: why it may not begin now."""
    return Postman(
        channel=entry.channel,
        rendition=entry.rendition,
        delivery=entry.delivery,
        ledger=ledger,
        audience=audience_of(entry, order, settings),
        seal=settings.seal(Path(order.root)),
        lease=settings.lease,
        patience=settings.patience,
        defer=settings.defer,
        stopped=stopped,
        shares=shares,
        barred=barred,
    )


def mate(entry: Entry, portion: Portion, settings: Settings, ledger: Ledger, stopped: threading.Event) -> Mate:
    """Who sends a share of it in another process."""
    return Mate(
        channel=entry.channel,
        rendition=entry.rendition,
        key=entry.delivery.key,
        claim=portion.claim,
        number=portion.share,
        ledger=ledger,
        audience=audience_of(entry, portion.order, settings),
        seal=settings.seal(Path(portion.order.root)),
        patience=settings.patience,
        defer=settings.defer,
        stopped=stopped,
    )


def audience_of(entry: Entry, order: Order, settings: Settings) -> Audience:
    """The list of an entry's account, or the part of it that is meant."""
    root = Path(order.root)
    segments = tuple(Segment.of(spelled) for spelled in order.segments)
    fields = tuple(field.name for field in entry.rendition.merge_fields)
    account: ListSettings = entry.channel.settings  # type: ignore[attr-defined]  # every channel with recipients has one
    return Audience.of(account, settings.seal(root), root, segments=segments, fields=fields, instead=order.audience)
