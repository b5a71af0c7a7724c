"""Who wrote a draft and when, as its first lines tell."""

from __future__ import annotations

import re
from datetime import date, datetime

from content.importing.finds import one_line

BY = re.compile(r"^(?:(?:written\s+|words\s+)?by|authors?\s*:|written\s+by\s*:)\s+(?P<who>.+)$", re.IGNORECASE)
WORD = r"(?:[A-ZÀ-ÞŁŚŽ][\w.'’-]*|d[aeiu]|de[lnr]?|v[ao]n|la|bin|al)"
NAME = re.compile(rf"^{WORD}(?:\s+{WORD}){{1,4}}$")
CREDENTIAL = re.compile(r"^(?:[A-Z][A-Za-z]{0,3}\.?)?[A-Z][A-Z.-]{1,7}[a-zA-Z]?$|^Ph\.?D\.?$|^Dr\.?P\.?H\.?$")
DATED = re.compile(r"^(?:date|published|posted|updated|published on|posted on)\s*:?\s+", re.IGNORECASE)
ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
FORMS = ("%Y-%m-%d", "%B %d %Y", "%d %B %Y", "%b %d %Y", "%d %b %Y", "%Y/%m/%d", "%d.%m.%Y")
READING = re.compile(r"^\d{1,3}[ -]?min(?:ute)?s?(?:[ -]read)?$", re.IGNORECASE)
PARTS = re.compile(r"\s+[|·•–—]\s+")


def read(line: str) -> tuple[tuple[dict[str, str], ...], date | None] | None:
    """Authors and date of a line such as `By Jane Doe, MD | 3 November 2026`; None where it says anything else."""
    authors: tuple[dict[str, str], ...] = ()
    found: date | None = None
    for part in PARTS.split(one_line(line)):
        moment, people = day(part), people_in(part)
        if READING.match(part):
            continue
        if not moment and not people:
            return None
        found, authors = found or moment, authors or people
    return authors, found


def day(text: str) -> date | None:
    """The date that a text consists of, in forms that can be read in one way only."""
    plain = ORDINAL.sub("", DATED.sub("", text.strip())).replace(",", " ")
    plain = re.sub(
        r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\s+", "", plain, flags=re.IGNORECASE
    )
    for form in FORMS:
        try:
            return datetime.strptime(one_line(plain), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def people_in(text: str) -> tuple[dict[str, str], ...]:
    """The people of a byline, each with name and credentials or role; none where a part is no name."""
    by = BY.match(text.strip())
    if not by:
        return ()
    people: list[dict[str, str]] = []
    for part in re.split(r",\s*(?:and\s+)?|\s+(?:and|&)\s+", by["who"].rstrip(".")):
        if NAME.match(part) and not CREDENTIAL.match(part):
            people.append({"name": part})
        elif people and CREDENTIAL.match(part):
            earned = people[-1].get("credentials")
            people[-1]["credentials"] = f"{earned}, {part}" if earned else part
        elif people and len(part) <= 60 and "role" not in people[-1]:
            people[-1]["role"] = part
        else:
            return ()
    return tuple(people)
