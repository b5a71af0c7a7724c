"""`pressroom publish`: what will go where, then its progress, then how it ended."""

from __future__ import annotations

import gc
import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from content.findings import Finding, Refused
from desk.wording import describe
from flows.orders import Order
from flows.plan import Plan, plan
from flows.settings import Settings

if TYPE_CHECKING:
    from desk.console import Voice
    from flows.records import Outcome

PROGRESS = 3.0  # seconds between two words on a long mailing
MARKS = {
    "sent": "✓",
    "already": "=",
    "corrected": "✓",
    "handed": "→",
    "skipped": "-",
    "changed": "!",
    "held": "!",
    "busy": "!",
}


def publish_article(wanted: dict[str, Any], voice: Voice) -> int:
    """Publish, and give the exit code. Raises `Refused`."""
    try:
        order = Order.model_validate(wanted)
    except ValidationError as error:
        raise Refused([_fault(error)]) from error
    root = Path(order.root)
    warm = threading.Thread(target=_warm_up, args=(root,), daemon=True)
    settings = Settings.of(root)
    planned = plan(order, settings.outbox_of(root))
    planned.refuse_blocked(order)
    warm.start()  # Prefect takes seconds to import: it does so while people read
    gc.enable()
    _show(planned, order, voice)
    shown = {entry.account: entry.rendition.digest for entry in planned.entries}
    outcomes = _run(order.model_copy(update={"digests": shown}), voice, warm)
    voice.data({"article": planned.article.meta.slug, "outcomes": outcomes, "findings": planned.findings})
    return _conclude(outcomes, voice)


def _warm_up(root: Path) -> None:
    from flows import engine  # noqa: PLC0415

    engine.prepare(root)
    import flows.publish  # noqa: PLC0415, F401 - the import itself is the work


def _show(planned: Plan, order: Order, voice: Voice) -> None:
    voice.findings(found for found in planned.findings if found.severity in {"warn", "review"})
    where = "to the outbox" if order.destination == "outbox" else "for real"
    voice.say(f"{planned.article.meta.title}: {where}", "bold")
    width = max((len(entry.title) for entry in planned.entries), default=0)
    for entry in planned.entries:
        voice.say(f"  {entry.title:<{width}} {describe(entry.rendition)}")
        if entry.channel.fee and order.destination == "accounts":
            voice.say(f"  {'':<{width}} {entry.channel.fee}", "warn")
    voice.say("Starting Prefect …", "dim")


def _run(order: Order, voice: Voice, warm: threading.Thread) -> list[Outcome]:
    started = time.monotonic()
    watching = _Watch(voice)
    logger = logging.getLogger("pressroom.deliver")
    logger.addHandler(watching)
    logger.setLevel(logging.INFO)
    logger.propagate = False  # Prefect prints what reaches the root logger, and people have seen it already
    warm.join()
    from flows import engine  # noqa: PLC0415
    from flows.errors import Undelivered  # noqa: PLC0415

    try:
        outcomes = engine.run(order)
    except Undelivered as error:
        outcomes = error.outcomes
    finally:
        logger.removeHandler(watching)
    for outcome in outcomes:
        watching.show(outcome)
    voice.say(f"{time.monotonic() - started:.1f} s", "dim")
    return outcomes


class _Watch(logging.Handler):
    """Shows each outcome as it comes in, and only once."""

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self.voice = voice
        self.seen: set[str] = set()
        self.told = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record's outcome."""
        outcome, progress = getattr(record, "outcome", None), getattr(record, "progress", None)
        if outcome is not None:
            self.show(outcome)
        if progress is not None and time.monotonic() - self.told >= PROGRESS:
            self.told = time.monotonic()
            self.voice.say(f"  … {progress}", "dim")

    def show(self, outcome: Outcome) -> None:
        """One line: mark, channel, how it ended, where to look."""
        if outcome.account in self.seen:
            return
        self.seen.add(outcome.account)
        mark = MARKS.get(outcome.status, "✗")
        style = "good" if outcome.well else "block"
        where = " ".join(filter(None, (outcome.detail, outcome.url if outcome.url not in outcome.detail else "")))
        self.voice.say(f"  {self.voice.paint(mark, style)} {outcome.account}: {outcome.status}  {where}")


def _conclude(outcomes: list[Outcome], voice: Voice) -> int:
    left = [outcome for outcome in outcomes if not outcome.well]
    if any(outcome.status == "changed" and "--correct" in outcome.detail for outcome in left):
        voice.say(
            "Some channels carry the earlier text. Publish with --correct to change it there.",
            "warn",
        )
    if left:
        voice.say(
            f"{len(left)} of {len(outcomes)} channels were not served; nothing else is tried by itself.",
            "block",
        )
        return 1
    if all(outcome.status in {"already", "skipped"} for outcome in outcomes):
        voice.say("Everything was sent before: nothing was sent again.")
    return 0


def _fault(error: ValidationError) -> Finding:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return Finding(rule="order", severity="block", why=f"{place}: {first['msg']}.")
