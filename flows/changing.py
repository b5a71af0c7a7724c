"""A campaign whose file has changed while it is under way: it goes on by the new one."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from content.findings import Finding, Refused
from flows import clock
from flows.arranging import turns
from flows.courses import Course
from flows.plan import identity

if TYPE_CHECKING:
    from pathlib import Path

    from content.campaign import Campaign
    from flows.agenda import Agenda

ANEW = "Copy its file under another name, and start that."
BEGUN = {"sent", "running"}


class Change:
    """A new text for a campaign's courses."""

    def __init__(self, agenda: Agenda, campaign: Campaign, root: Path) -> None:
        self._agenda, self._campaign, self._root = agenda, campaign, root

    def refuse_another(self, known: Course) -> None:
        """Raise `Refused` where the file would make something else of what has begun."""
        changed = replace(known, terms=self._campaign.text)
        if changed.master != known.master or bool(changed.plan.terms.each) != bool(known.plan.terms.each):
            raise self._refused("kind", f"'{known.id}' comes once, and can't come again from now on, or the other way.")
        wanted = self._campaign.terms.article
        if wanted and not known.master and self._article(known) != wanted:
            raise self._refused("article", f"'{known.id}' has begun with '{known.article}'; '{wanted}' is another.")

    def becomes(self, course: Course) -> Course:
        """A course as it goes on by the new text."""
        changed = replace(course, terms=self._campaign.text, article=self._article(course))
        if changed.terms == course.terms or not course.master:
            return changed
        known = {begun.started_at for begun in self._begun(course)}
        following = next((turn for turn in turns(changed, clock.now()) if turn not in known), None)
        return replace(changed, next_at=following, number=course.number - len(self._dropped(changed)))

    def take_over(self, course: Course) -> str:
        """Have a course go on by the new text; its id."""
        while True:
            new, dropped = self.becomes(course), self._dropped(course)
            said = {"terms": new.terms, "article": new.article}
            if self._agenda.amend(course, **said, next_at=new.next_at, number=new.number):
                break
            course = self._agenda.course(course.id) or course  # somebody has changed it just now
        for gone in dropped:
            self._agenda.touch(gone.id, "cancelled")
        if not course.master:
            self._agenda.include(course.id, self._campaign.steps)
            self._forget_moves(course)
        return course.id

    def _forget_moves(self, course: Course) -> None:
        """A new time in the file counts more than one that somebody has given by hand before."""
        for name, stage in self._agenda.stages([course.id])[course.id].items():
            old, new = course.plan.steps.get(name), self._campaign.steps.get(name)
            if stage.moved_to and not stage.over and old and new and old.at != new.at:
                self._agenda.change(stage, moved_to=None)

    def _article(self, course: Course) -> str:
        """What it is of: what the file says now, unless something of another one is out."""
        wanted = course.article and (self._campaign.terms.article or course.article)
        if wanted == course.article or identity(wanted, self._root) == identity(course.article, self._root):
            return wanted
        stages = self._agenda.stages([course.id])[course.id].values()
        return course.article if any(stage.state in BEGUN for stage in stages) else wanted

    def _begun(self, master: Course) -> list[Course]:
        return [course for course in self._agenda.of_campaign(master.campaign) if course.occurrence]

    def _dropped(self, master: Course) -> list[Course]:
        """What was begun ahead for times that come no more by the new text."""
        if not master.master:
            return []
        now, changed = clock.now(), replace(master, terms=self._campaign.text)
        ahead = [c for c in self._begun(master) if c.started_at > now and c.state in {"running", "paused"}]
        last = max((course.started_at for course in ahead), default=now)
        coming = set(takewhile(lambda turn: turn <= last, turns(changed, now)))
        return [course for course in ahead if course.started_at not in coming]

    def _refused(self, rule: str, why: str) -> Refused:
        return Refused([Finding(rule=f"campaign.{rule}", severity="block", why=why, mend=ANEW)])
