"""Where the desk keeps what it has pressed: one plan an article, until a file changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from content.brand import Brand
from content.findings import Finding, Refused
from desk.proofs.past import Past
from desk.proofs.sheet import Sheet, lay_out, press
from desk.proofs.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from flows.plan import Plan

KEPT = 8  # plans: an article with large pictures is some megabytes


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """An article as it can be shown now: its newest good proofs, and what is wrong with the file since."""

    name: str
    sheet: Sheet | None
    faults: tuple[Finding, ...] = ()


class Workbench:
    """Presses on demand. `turn()` says that something on the disk has changed."""

    def __init__(self, root: Path, more: Iterable[Path] = ()) -> None:
        self.root = root
        self.shelf = Shelf(root, more)
        self.turns = 0  # a page says which it shows: a save before it began to listen is not missed
        self._good: dict[str, Plan] = {}
        self._pressed = lru_cache(maxsize=KEPT)(self._press)

    def warm(self) -> None:
        """Read what the first page will ask for, while a browser starts."""
        self.shelf.spines()
        self.past()

    def turn(self) -> None:
        """Press everything anew from here on."""
        self.turns += 1

    def past(self) -> Past:
        """The ledger as it stands now."""
        return Past(self.root)

    @property
    def brand(self) -> Brand:
        """Whose desk this is, even where the brand file is broken at the moment."""
        try:
            return Brand.load(self.root)
        except Refused:
            return Brand(name=self.root.resolve().name)

    def planned(self, name: str) -> Plan | None:
        """The newest good plan of an article; None where there is none."""
        if name not in self.shelf.paths():
            return None
        return self._newest(name)[0]

    def view(self, name: str) -> View | None:
        """An article by the name of its file; None where there is no such file."""
        if name not in self.shelf.paths():
            return None
        planned, faults = self._newest(name)
        sheet = lay_out(name, planned, self.past()) if planned else None
        return View(name=name, sheet=sheet, faults=faults)

    def _newest(self, name: str) -> tuple[Plan | None, tuple[Finding, ...]]:
        """The newest good plan, and what stands in the way of a newer one."""
        # the turn is part of the key: what was begun before a save is not kept for after it
        pressed = self._pressed(name, self.turns)
        return (self._good.get(name), pressed) if isinstance(pressed, tuple) else (pressed, ())

    def _press(self, name: str, _turn: int) -> Plan | tuple[Finding, ...]:
        try:
            planned = press(self.shelf.paths()[name], self.root)
        except Refused as refused:
            return refused.findings
        if name not in self._good and len(self._good) >= KEPT:
            self._good.pop(next(iter(self._good)))
        self._good[name] = planned
        return planned
