"""Whether a campaign's steps fit together: what no single key of its file tells."""

from __future__ import annotations

import difflib
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

LONGEST = timedelta(days=100 * 365)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from content.campaign import Campaign
    from content.findings import Finding


def faults(campaign: Campaign) -> Iterator[Finding]:
    """All that does not fit."""
    terms = campaign.terms
    if bool(terms.article) == bool(terms.each):
        mend = "Write `article: its-short-name`; or `each:` for one campaign for each new article."
        yield campaign.finding("article", "A campaign is of one article, or of each new one.", mend)
    if terms.repeat and terms.each:
        why = "A campaign either comes again, or is of each new article."
        yield campaign.finding("repeat", why, "Make two files of it.", key="repeat")
    unknown = list(_unknown(campaign))
    yield from unknown or list(_circles(campaign)) or _far_away(campaign)
    yield from _alike(campaign)
    if terms.repeat or terms.each:
        for name, step in campaign.steps.items():
            if step.at.moment:
                why = "What comes again needs times that count from its beginning, such as now or +1 day 09:00."
                yield campaign.finding("at", why, step=name, key="at")


def _unknown(campaign: Campaign) -> Iterator[Finding]:
    for name, step in campaign.steps.items():
        for key, words in (("at", (step.at.after,)), ("only_if", step.only_if)):
            for word in filter(None, words):
                if word == "before" and key == "only_if" and campaign.before(name):
                    continue
                if not campaign.referred(word):
                    near = difflib.get_close_matches(word, campaign.steps, n=1)
                    mend = f"Did you mean '{near[0]}'?" if near else f"Steps: {', '.join(campaign.steps)}."
                    yield campaign.finding(key, f"There is no step '{word}'.", mend, step=name, key=key)


def _far_away(campaign: Campaign) -> Iterator[Finding]:
    """The first step that many small spans bring to a time that no calendar has."""
    passed: dict[str, timedelta] = {}
    for name in campaign.order():
        passed[name] = passed.get(campaign.base(name), timedelta()) + campaign.steps[name].at.span
        if passed[name] > LONGEST:
            why = f"The step '{name}' comes more than {LONGEST.days // 365} years after the campaign's beginning."
            yield campaign.finding("at", why, "Give it a nearer time.", step=name, key="at")
            return


def _alike(campaign: Campaign) -> Iterator[Finding]:
    """Steps whose deliveries could not be told apart: the second would be taken for sent already."""
    seen: dict[tuple[str, str], str] = {}
    for name, step in campaign.steps.items():
        for account in campaign.accounts(step):
            first = seen.setdefault((account, campaign.part(name)), name)
            if first != name:
                why = f"The steps '{first}' and '{name}' bring the same to '{account}'."
                yield campaign.finding("step.alike", why, "Give this one a name.", step=name)
                break


def _circles(campaign: Campaign) -> Iterator[Finding]:
    """Steps that wait for each other would wait for ever."""
    try:
        TopologicalSorter({name: campaign.waits(name) for name in campaign.steps}).prepare()
    except CycleError as error:
        circle = error.args[1][::-1]
        first = min(circle, key=list(campaign.steps).index)
        why = f"These steps wait for each other: {' → '.join(circle)}."
        yield campaign.finding("cycle", why, "Give one of them a time of its own.", step=first, key="at")
