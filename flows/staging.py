"""A step of a course as an order to publish, and what its outcomes make of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.orders import Order
from flows.records import Delivery, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from flows.courses import Course, StageState

BRIEF = 300  # characters of a state's message in Prefect's pages
WORDS: dict[StageState, str] = {
    "sent": "Sent",
    "waiting": "Nothing was sent yet",
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


def conclusion(outcomes: list[Outcome]) -> tuple[StageState, str]:
    """How a step stands after its channels have ended so, and why. `waiting`: it is worth another try."""
    left = [outcome for outcome in outcomes if not outcome.well]
    said = "; ".join(f"{outcome.account}: {outcome.detail or outcome.status}" for outcome in left)
    if not left:
        gone = [outcome for outcome in outcomes if outcome.status != "skipped"]
        where = [outcome.url or outcome.account for outcome in gone]
        return ("sent", " ".join(where)) if gone else ("skipped", "; ".join(o.detail for o in outcomes))
    if all(outcome.passing or outcome.status in {"busy", "unknown"} for outcome in left):
        return "waiting", said
    return ("failed", said) if any(outcome.status == "failed" for outcome in left) else ("held", said)


def in_brief(state: StageState, detail: str) -> str:
    """What Prefect's pages say of it."""
    said = f"{WORDS[state]}: {detail}" if detail else f"{WORDS[state]}."
    return said if len(said) <= BRIEF else said[: BRIEF - 1] + "…"
