"""What became of campaigns' steps, for one look at many of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from flows.plan import identity
from flows.staging import deliveries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from flows.courses import Course
    from flows.ledger import Ledger
    from flows.records import Delivery, Record


class Tidings:
    """Reads each campaign's deliveries once, and each article once, however many of its courses are looked at."""

    def __init__(self, courses: Iterable[Course], ledger: Ledger, root: Path) -> None:
        self._ledger, self._root = ledger, root
        self._courses = Counter(course.campaign for course in courses)
        self._identities: dict[str, str] = {}
        self._records: dict[tuple[str, str], Mapping[str, Record]] = {}

    def of(self, course: Course, step: str) -> list[tuple[Delivery, Record | None]]:
        """A step's deliveries, each with its record where there is one. Raises `Refused`."""
        named = self._identity(course.article)
        records = self._read(course.campaign, named)
        return [(delivery, records.get(delivery.key)) for delivery in deliveries(course, step, named)]

    def _identity(self, article: str) -> str:
        if article not in self._identities:
            self._identities[article] = identity(article, self._root)
        return self._identities[article]

    def _read(self, campaign: str, article: str) -> Mapping[str, Record]:
        asked = (campaign, "" if self._courses[campaign] > 1 else article)
        if asked not in self._records:
            found = self._ledger.records(campaign=campaign, article=asked[1])
            self._records[asked] = {record.delivery.key: record for record in found}
        return self._records[asked]
