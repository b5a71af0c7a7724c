"""Time zones that are the same on every machine."""

from __future__ import annotations

import difflib
from functools import cache
from importlib.resources import files

# the database has it for machines that nobody has told where they are
NOWHERE = "Factory"


@cache
def known() -> frozenset[str]:
    """The names of IANA's database.

    Not what a machine's own folder has beside them, which is another thing on another machine: `localtime` is where it
    stands itself, and on some systems `europe/berlin` is as good as `Europe/Berlin`.
    """
    return frozenset((files("tzdata") / "zones").read_text(encoding="ascii").split()) - {NOWHERE}


def zone(name: str) -> str:
    """Check a name. Raises `ValueError` with the nearest one."""
    if name in known():
        return name
    place = name.rpartition("/")[2].replace(" ", "_").lower()
    spelled = {each.lower(): each for each in sorted(known())}
    ends = [each for each in spelled.values() if each.rpartition("/")[2].lower() == place]
    near = ends or [spelled[each] for each in difflib.get_close_matches(name.lower(), spelled, n=1)]
    hint = f"did you mean {near[0]}?" if near else "such as America/New_York"
    raise ValueError(f"expected an IANA time zone; {hint}")
