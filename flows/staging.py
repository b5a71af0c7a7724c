"""A step of a course as an order to publish, and what its outcomes make of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.intents import spelled
from flows.orders import Order
from flows.records import CORRECT, Delivery, Outcome

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from flows.courses import Course, Stage, StageState

BRIEF = 300  # characters of a state's message in Prefect's pages
WORDS: dict[StageState, str] = {
    "sent": "Sent",
    "waiting": "Not everything was sent yet",
    "held": "Held, and waits for a person",
    "failed": "Not everything was sent",
    "skipped": "Skipped",
}


def order_of(course: Course, step: str, root: Path) -> Order:
    """What is published when a step's moment has come."""
    plan, wanted = course.plan, course.plan.steps[step]
    terms = plan.terms
    return Order(
        article=course.article,
        channels=list(plan.accounts(wanted)),
        destination=terms.destination,
        campaign=course.campaign,
        part=course.part(step),
        variant=wanted.variant or course.variant,
        segments=list(wanted.segments or terms.segments),
        audience=wanted.audience or terms.audience,
        root=str(root),
    )


def deliveries(course: Course, step: str, identity: str) -> list[Delivery]:
    """A step's deliveries, as the ledger knows them. `identity`: of the article."""
    prefix = "outbox/" if course.plan.terms.destination == "outbox" else ""
    return [
        Delivery(campaign=course.campaign, article=identity, account=prefix + account, part=course.part(step))
        for account in course.plan.accounts(course.plan.steps[step])
    ]


def conclusion(outcomes: list[Outcome], order: Order | None = None) -> tuple[StageState, str]:
    """How a step stands after its channels have ended so, and why. `waiting`: it is worth another try.

    What carries an earlier text is out: whoever mends the article for the others does not have to do more for it.
    """
    told = [outcome for outcome in outcomes if not outcome.well]
    left = [outcome for outcome in told if outcome.status != "changed"]
    said = "; ".join(f"{outcome.account}: {_detail(outcome, order)}" for outcome in told)
    if not left:
        gone = [outcome for outcome in outcomes if outcome.status != "skipped"]
        where = " ".join(outcome.url or outcome.account for outcome in gone)
        skipped = "; ".join(outcome.detail for outcome in outcomes)
        return ("sent", "; ".join(filter(None, (where, said)))) if gone else ("skipped", skipped)
    if all(outcome.passing or outcome.status in {"busy", "unknown"} for outcome in left):
        return "waiting", said
    return ("failed", said) if any(outcome.status == "failed" for outcome in left) else ("held", said)


def given_up(course: Course, stage: Stage, now: datetime) -> str:
    """Why what a person has released is tried no more: it is never late, and has its window from then. "" within it."""
    if not stage.released or course.state != "running":
        return ""
    terms, step = course.plan.terms, course.plan.steps.get(stage.step)
    within = ((step and step.late) or terms.late).within
    since = stage.released_at or stage.due_at or now
    said = f"it was sent by hand at {since.astimezone(terms.zone):%Y-%m-%d %H:%M %Z}"
    return f"{said}, and is tried again for {spelled(within)} after that" if now > since + within else ""


def _detail(outcome: Outcome, order: Order | None) -> str:
    """Why it is left. What is to be corrected is named in full: of any other part it would be another delivery."""
    if order is None or CORRECT not in outcome.detail:
        return outcome.detail or outcome.status
    named = {"--campaign": order.campaign, "--part": order.part, "--variant": order.variant}
    told = [word for flag, value in named.items() if value for word in (flag, value)]
    live, account = order.destination == "accounts", outcome.account.removeprefix("outbox/")
    words = ["pressroom publish", order.article, *(["--live"] if live else []), *told, "-c", account, "--correct"]
    return outcome.detail.replace(CORRECT, f"to change it there: {' '.join(words)}")


def in_brief(state: StageState, detail: str) -> str:
    """What Prefect's pages say of it."""
    said = f"{WORDS[state]}: {detail}" if detail else f"{WORDS[state]}."
    return said if len(said) <= BRIEF else said[: BRIEF - 1] + "…"
