"""Small things about words: openings, counts, dates in a reader's language."""

import re
from datetime import date, datetime
from functools import cache
from hashlib import sha256

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
RIGHT_TO_LEFT = {"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}
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


def direction(language: str) -> str:
    """`rtl` for Arabic, Hebrew and their kin, else `ltr`."""
    return "rtl" if language.split("-", maxsplit=1)[0].lower() in RIGHT_TO_LEFT else "ltr"


@cache
def slug(name: str) -> str:
    """A name as a part of an address: `Plain language` is `plain-language`."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if name.isascii() and plain:
        return plain
    from slugify import slugify  # noqa: PLC0415 - it brings a table of every letter there is

    return slugify(name) or sha256(name.encode()).hexdigest()[:8]


@cache
def language_name(code: str) -> str:
    """What a language calls itself: `español` for `es`; the code where nobody knows it."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415

    try:
        return Locale.parse(code, sep="-").get_display_name() or code
    except (UnknownLocaleError, ValueError):
        return code
