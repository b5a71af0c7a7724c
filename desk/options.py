"""What the commands share: their common options, their voice, their exit codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from content.findings import Finding, Refused
from desk.console import Voice

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
CODES = "Exit codes: 0 done, 1 refused or failed, 2 the command was not understood."

Article = Annotated[str, Parameter(help="Its file, or its short name in content/articles.")]
Root = Annotated[Path | None, Parameter(name="--root", help="The project's folder. Default: the one you are in.")]
Json = Annotated[bool, Parameter(name="--json", help="Print one JSON document, for scripts.")]
Channels = Annotated[
    tuple[str, ...],
    Parameter(name=["--channel", "-c"], help="Only this channel; give it again for more. Default: all."),
]


def voice_for(*, as_json: bool) -> Voice:
    """Colour on a terminal only, and never where NO_COLOR is set."""
    return Voice(as_json=as_json, colour=sys.stdout.isatty() and "NO_COLOR" not in os.environ)


def project(root: Path | None) -> Path:
    """The folder given, or the nearest one above with `content/brand.yaml`, or this one. Raises `Refused`."""
    if root and not root.is_dir():
        raise Refused([Finding(rule="project.none", severity="block", why=f"There is no folder {root}.")])
    if root:
        return root
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "content" / "brand.yaml").is_file()), here)


def press(root: Path | None) -> Path:
    """A project for sure. Raises `Refused` elsewhere: what is noted in the wrong folder is lost."""
    found = project(root)
    if (found / "content" / "brand.yaml").is_file() or (found / ".pressroom").is_dir():
        return found
    why = f"{found} is no project: it has no content/brand.yaml."
    raise Refused(
        [Finding(rule="project.none", severity="block", why=why, mend="Go to yours, or name it with --root.")]
    )
