"""`pressroom import`: a draft from anywhere becomes an article file."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from channels.disk import place_file
from content.findings import Finding, Refused
from content.importing import Draft, draft
from flows.plan import ARTICLES

if TYPE_CHECKING:
    from desk.console import Voice


def import_article(source: str, root: Path, voice: Voice, *, force: bool, allow_private: bool) -> int:
    """Write the article, and list what was changed and guessed. Raises `Refused`."""
    found = _read(source, allow_private=allow_private, voice=voice)
    target = root / ARTICLES / f"{found.slug}.md"
    if target.exists() and not force:
        why, mend = "There is an article of that name.", "Import with --force to overwrite it."
        raise Refused([Finding(rule="import.exists", severity="block", why=why, mend=mend, file=str(target))])
    try:
        place_file(target, found.text.encode())
        for name, data in found.assets:
            place_file(target.parent / name, data)
    except OSError as error:
        why = f"Nothing can be written: {error.strerror or error}."
        raise Refused([Finding(rule="disk", severity="block", why=why, file=str(target))]) from error
    voice.say(f"Wrote {target}", "good")
    for change in found.changes:
        voice.say(f"  {change}")
    for guess in found.guesses:
        voice.say(f"  Please check: {guess}", "warn")
    voice.say(f"Next: pressroom check {target}", "dim")
    voice.data(
        {
            "file": str(target),
            "slug": found.slug,
            "changes": found.changes,
            "guesses": found.guesses,
        }
    )
    return 0


def _read(source: str, *, allow_private: bool, voice: Voice) -> Draft:
    today = date.today()  # noqa: DTZ011 - an article's date is its writer's day
    if "://" in source:
        from content.fetching import fetch  # noqa: PLC0415 - files need no HTTP client

        voice.say(f"Fetching from {urlsplit(source).hostname or source} …", "dim")
        fetched = fetch(source, allow_private=allow_private)
        return draft(fetched.data, source, fetched.media_type, today=today, url=fetched.url)
    if source == "-":
        return draft(sys.stdin.buffer.read(), "standard input", today=today)
    try:
        return draft(Path(source).read_bytes(), source, today=today)
    except OSError as error:
        why = f"The file can't be read: {error.strerror or error}."
        raise Refused([Finding(rule="file.unreadable", severity="block", why=why, file=source)]) from error
