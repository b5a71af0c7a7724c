"""The text of an article file: front matter that reads back as it was meant, and a body."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import yaml

from content.importing import titles
from content.importing.finds import Found, one_line
from content.words import opening

LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?:-[A-Za-z0-9]{2,8})*$")
ADDRESS = re.compile(r"^https?://[^\s/]+\.?[^\s]*$")
INVITES = re.compile(
    r"(?:^|[.!?] )(?:call|contact|connect|book|schedule|subscribe|sign up|get in touch|reach out|register|join us"
    r"|visit us|talk to|learn more|download|donate|order)\b",
    re.IGNORECASE,
)
NO_PROSE = re.compile(r"^(?:#|[-*+] |\d+\. |>|\||```|~~~|!\[|\[\^|\* \* \*| )")


def write(found: Found, name: str, today: date) -> tuple[str, str, tuple[str, ...]]:
    """The slug, the file's text, and what in it is a guess."""
    guesses: list[str] = []
    title = one_line(found.title) or _title(name, guesses)
    slug = titles.slug(titles.stem(name), title)
    if not found.day:
        guesses.append(f"The date {today.isoformat()} is today's: no date was found.")
    description = one_line(found.description) or _description(found.body, guesses)
    guesses += _invitation(found.body)
    values: dict[str, Any] = {
        "title": title,
        "slug": slug,
        "date": found.day or today,
        "description": description,
        "authors": [_person(person) for person in found.authors],
        "language": found.language if LANGUAGE.match(found.language) else "",
        "tags": [tag for tag in map(one_line, found.tags) if tag],
        "canonical": found.canonical if ADDRESS.match(found.canonical) else "",
        "takeaways": [one_line(point) for point in found.takeaways],
    }
    head = {key: value for key, value in values.items() if value}
    dumped = yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=float("inf"))
    return slug, f"---\n{dumped}---\n\n{found.body.strip()}\n", tuple(guesses)


def _title(name: str, guesses: list[str]) -> str:
    made = titles.from_name(name)
    source = "made from the file's name" if made else "for no title was found"
    title = made or "Untitled"
    guesses.append(f"The title '{title}' is a guess, {source}.")
    return title


def _description(body: str, guesses: list[str]) -> str:
    from content import markdown  # noqa: PLC0415 - only a draft without a description needs the parser

    prose = next((part for part in body.split("\n\n") if part.strip() and not NO_PROSE.match(part)), "")
    lead = opening(markdown.text_of(markdown.render(prose[:1000]).root), 160)
    if lead:
        guesses.append("The description is the first sentences of the text.")
    return lead


def _invitation(body: str) -> list[str]:
    last = body.strip().rpartition("\n\n")[2]
    if NO_PROSE.match(last) or len(last) > 400 or not INVITES.search(last):
        return []
    return [f"The last paragraph may be a call_to_action: '{opening(last, 80)}'. If so, move it there, with its url."]


def _person(person: dict[str, str]) -> str | dict[str, str]:
    return person["name"] if len(person) == 1 else person
