"""`pressroom campaign list`: the campaigns' files, and how those stand that were started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from content.campaign import CAMPAIGNS, Campaign
from content.findings import Finding, Refused
from desk.campaigns.drawing import Row, aim, table
from flows.agenda import Agenda
from flows.lookup import find_campaign, looking

if TYPE_CHECKING:
    from pathlib import Path

    from desk.console import Voice
    from flows.courses import Course


def list_campaigns(root: Path, voice: Voice) -> int:
    """Every file in content/campaigns; what is wrong with one is told below. Exit code 1 if anything is."""
    files = sorted((root / CAMPAIGNS).glob("*.y*ml"))
    with looking(root) as ledger:
        courses = {course.id: course for course in Agenda(ledger.engine).courses()} if ledger else {}
    found: list[dict[str, Any]] = []
    faults: list[Finding] = []
    for path in files:
        try:
            campaign = find_campaign(str(path), root)
        except Refused as refused:
            faults += refused.findings
            found.append({"name": path.stem, "article": "", "steps": 0, "destination": "", "state": "faulty"})
            continue
        found.append(_facts(campaign, courses.get(campaign.name)))
    _draw(found, voice)
    voice.findings(faults)
    voice.data({"campaigns": found, "findings": faults})
    return 1 if faults else 0


def _facts(campaign: Campaign, course: Course | None) -> dict[str, Any]:
    state = course.state if course else "not started"
    changed = bool(course) and course.terms != campaign.text if course else False
    return {
        "name": campaign.name,
        "article": campaign.terms.article or "each new one",
        "steps": len(campaign.steps),
        "destination": campaign.terms.destination,
        "state": f"{state}, file changed since" if changed else state,
    }


def _draw(found: list[dict[str, Any]], voice: Voice) -> None:
    if not found:
        voice.say("There is no campaign yet. Make one: pressroom campaign new NAME --article SLUG")
        return
    rows = [
        Row(cells=(one["name"], one["article"], str(one["steps"] or ""), _aim(one["destination"]), one["state"]))
        for one in found
    ]
    table(voice, ("CAMPAIGN", "ARTICLE", "STEPS", "WHERE", "STATE"), rows, {1: 34})


def _aim(destination: str) -> str:
    return aim(destination) if destination else ""
