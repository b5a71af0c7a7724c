"""The campaigns' files of a project, as they stand now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from content import source
from content.campaign import CAMPAIGNS, Campaign
from content.findings import Finding, Refused
from desk.proofs.boards import Board
from desk.proofs.campaigns import planned

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

Loaded = Campaign | tuple[Finding, ...]  # what is wrong with it, where it can't be read


class Files:
    """Reads a file again only when it has changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[Path, tuple[tuple[int, int], Loaded]] = {}

    def paths(self) -> dict[str, Path]:
        """Every campaign's file by its name. What is not here can't be asked for."""
        return {path.stem: path for path in sorted((self._root / CAMPAIGNS).glob("*.yaml"))}

    def campaign(self, name: str) -> Campaign | None:
        """What a file says; None where there is none, or it can't be read."""
        found = self._loaded(name)
        return found if isinstance(found, Campaign) else None

    def intended(self, name: str, now: datetime) -> Board:
        """A campaign that was not started, as its file has it."""
        found = self._loaded(name)
        if isinstance(found, Campaign):
            return planned(found, now)
        return Board(id=name, campaign=name, state="unstarted", findings=found)

    def text(self, name: str) -> str:
        """A file's text; "" where it can't be read."""
        path = self.paths().get(name)
        try:
            return source.read(path).text if path else ""
        except Refused:
            return ""

    def _loaded(self, name: str) -> Loaded:
        path = self.paths().get(name)
        try:
            seen = path.stat() if path else None
        except OSError:
            seen = None
        if path is None or seen is None:
            return ()
        stamp = (seen.st_mtime_ns, seen.st_size)
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            self._read[path] = known = (stamp, _load(path))
        return known[1]


def _load(path: Path) -> Loaded:
    try:
        return Campaign.load(path, (CAMPAIGNS / path.name).as_posix())
    except Refused as refused:
        return refused.findings
