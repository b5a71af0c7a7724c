"""How the desk says what a channel will carry."""

from __future__ import annotations

from typing import Any

from content.merging import plain
from content.newsletter import Newsletter
from content.page import Page
from content.post import Post
from content.story import Story


def describe(rendition: Any) -> str:
    """One line on a rendition."""
    match rendition:
        case Page():
            return f"{rendition.url}  {_kilobytes(rendition.html)}, {len(rendition.assets)} pictures"
        case Story():
            return f"{rendition.title}  {_kilobytes(rendition.html)}, to be pasted by hand"
        case Newsletter():
            return f"“{plain(rendition.subject)}”  {_kilobytes(rendition.html)}"
        case Post(parts=parts):
            first = parts[0].text.split("\n", 1)[0]
            count = f"{len(parts)} parts: " if len(parts) > 1 else ""
            return count + (first if len(first) <= 70 else first[:69] + "…")
    return type(rendition).__name__


def _kilobytes(text: str) -> str:
    return f"{len(text.encode()) / 1024:.0f} KB"
