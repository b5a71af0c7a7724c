"""`pressroom build`: the whole site in a folder."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from content.findings import Refused, blocking
from content.site import Site
from desk.rendering import no_room

if TYPE_CHECKING:
    from pathlib import Path

    from desk.console import Voice


def build_site(root: Path, out: Path | None, voice: Voice) -> int:
    """Write what has changed; exit code 1 if an article was left out. Raises `Refused`."""
    folder, begun = out or root / "public", time.monotonic()
    try:
        report = Site(root, folder).build(voice.progress("articles"))
    except OSError as error:
        raise Refused([no_room(folder, error)]) from error
    voice.findings(report.findings)
    took = time.monotonic() - begun
    voice.say(f"{report.articles:,} articles in {folder}: {report.rendered:,} rendered anew, {took:.1f} s.", "bold")
    voice.data({**asdict(report), "findings": report.findings, "folder": str(folder)})
    return 1 if blocking(report.findings) else 0
