"""Campaigns by their names: their files, and a ledger to look at. It loads little: a list is there at once."""

from __future__ import annotations

import difflib
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from content import source
from content.campaign import CAMPAIGNS, Campaign
from content.findings import Finding, Refused
from flows.database import begun
from flows.ledger import Ledger
from flows.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def find_campaign(named: str, root: Path) -> Campaign:
    """A campaign by its file, or by its name. Raises `Refused` with the nearest name."""
    path = Path(named)
    if path.suffix not in {".yaml", ".yml"}:
        path = root / CAMPAIGNS / f"{named}.yaml"
    elif not path.is_absolute() and not source.there(path):
        path = root / path
    if not source.there(path):
        files = _files(root)
        mend = _nearest(path.stem, files, files)
        raise Refused([Finding(rule="campaign.absent", severity="block", why=f"There is no {path}.", mend=mend)])
    try:
        shown = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        shown = str(path)
    return Campaign.load(path, shown)


@contextmanager
def looking(root: Path) -> Iterator[Ledger | None]:
    """A project's ledger for a look; None where nothing was written yet. None is made then. Raises `Unusable`."""
    url = Settings.of(root).ledger_url(root)
    if not begun(url):
        yield None
        return
    with closing(Ledger(url)) as ledger:
        yield ledger


def unstarted(id_: str, root: Path, known: Collection[str] = ()) -> Refused:
    """There is no such course. `known`: those that there are."""
    files = _files(root)
    there = id_.partition("/")[0] in files
    mend = f"Start it: pressroom campaign start {id_}" if there else _nearest(id_, [*known, *files], files)
    why = f"No campaign '{id_}' has been started."
    return Refused([Finding(rule="campaign.unstarted", severity="block", why=why, mend=mend)])


def _files(root: Path) -> list[str]:
    return sorted(found.stem for found in (root / CAMPAIGNS).glob("*.yaml"))


def _nearest(named: str, known: Collection[str], files: Collection[str]) -> str:
    near = difflib.get_close_matches(named, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Campaigns: {', '.join(files) or 'none yet'}."
