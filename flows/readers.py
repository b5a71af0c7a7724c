"""How many readers a step's mail has, counted before it goes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from channels.seal import Seal
from content.newsletter import Newsletter
from flows.audience import Audience
from flows.plan import connect
from flows.segments import Segment

if TYPE_CHECKING:
    from channels.lists import ListSettings
    from flows.orders import Order
    from flows.plan import Entry

COUNTING = Seal(b"who is on a list is counted, and not kept")  # a look ahead makes no secret, and needs none


def readers(entry: Entry, order: Order) -> int | None:
    """How many will get it; None where it goes to no list of ours, or none is set up. Raises `AudienceUnusable`."""
    if not isinstance(entry.rendition, Newsletter):
        return None
    root = Path(order.root)
    channel = connect(entry.account.removeprefix("outbox/"), root)
    if not channel.can.recipients:
        return None
    settings: ListSettings = channel.settings  # type: ignore[attr-defined]  # all with recipients have them
    if not (order.audience or settings.has_list):
        return None
    segments = tuple(map(Segment.of, order.segments))
    return Audience.of(settings, COUNTING, root, segments=segments, instead=order.audience).size()
