"""Small things about words: openings, counts, dates in a reader's language."""

import re
from datetime import date, datetime

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SENTENCE_END = re.compile(r"[.!?…।॥؟۔][\"'”’)]*(?=\s|$)|[。！？]")


def opening(text: str, limit: int) -> str:
    """The first sentences of a text within `limit` characters; a longer first one ends at a word, with …"""
    if len(text) <= limit:
        return text
    ends = [match.end() for match in SENTENCE_END.finditer(text, 0, limit)]
    if ends and ends[-1] >= limit // 3:
        return text[: ends[-1]].strip()
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–—-(") + "…"


def long_date(moment: date | datetime, language: str, style: str = "long") -> str:
    """`November 23, 2026` in a reader's language; ISO where the language is not known."""
    if style == "long" and language in {"en", "en-US"}:
        return f"{MONTHS[moment.month - 1]} {moment.day}, {moment.year}"
    from babel import Locale, UnknownLocaleError, dates  # noqa: PLC0415 - 40 ms that English does not pay

    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return moment.strftime("%Y-%m-%d")
    return dates.format_date(moment, format=style, locale=locale)
