"""What a process stands on once it has begun. Whatever is forked out of it can't have it otherwise."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOMS = ("content", "channels", "flows")
HERE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Settings that are read at the start alone, and the code that was imported."""

    settings: Mapping[str, str]
    code: Mapping[str, int]  # when each file was changed last, in nanoseconds

    @classmethod
    def laid(cls, before: Mapping[str, int]) -> Basis:
        """Ours. `before` is what `written` said before the imports: what changed meanwhile is stale already."""
        ours = [module for name, module in sys.modules.items() if name.partition(".")[0] in ROOMS]
        now = written(module.__file__ for module in ours if module.__file__)
        return cls(settings=settled(_spelled()), code={file: before.get(file, at) for file, at in now.items()})

    @property
    def stale(self) -> bool:
        """Whether the files say something else now: an upgrade, or somebody at work on them."""
        return written(self.code) != self.code

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Whether a process with this environment would have begun in the same way."""
        return settled(environment) == self.settings


def everything() -> Iterable[str]:
    """Pressroom's files."""
    return (str(file) for room in ROOMS for file in (HERE / room).rglob("*.py"))


def written(files: Iterable[str]) -> dict[str, int]:
    """When each was changed last; 0 for one that is gone."""
    return {file: _changed(Path(file)) for file in files}


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def settled(environment: Mapping[str, str]) -> dict[str, str]:
    """What Python and Prefect read when they start. Names with two strokes are told to each run anew."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(("PREFECT_", "PYTHON")) and not name.startswith("PREFECT__")
    }


def _spelled() -> dict[str, str]:
    """Our environment, with Prefect's settings spelled out as a worker spells them for its runs."""
    if "prefect" not in sys.modules:
        return dict(os.environ)
    from prefect.settings import get_current_settings  # noqa: PLC0415 - seconds, where it is not there already

    return {**os.environ, **get_current_settings().to_environment_variables(exclude_unset=True)}
