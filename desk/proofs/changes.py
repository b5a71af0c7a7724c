"""What changed since a channel was served: words that went, words that came."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from lxml import html as dom

from content import plaintext
from content.merging import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = re.compile(r"\S+\s*|\s+")
CLOSE = 4_000_000  # comparisons of words; beyond, old and new stand whole, one after the other
AROUND = 2  # lines of what stayed, for a reader to find the place


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stayed (`same`), went (`gone`) or came (`new`); `skip` stands for lines that are left out."""

    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that readers see, and how it differs."""

    name: str
    pieces: tuple[Piece, ...]


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Two renditions' canonical fields, compared as people read them. Empty: nothing that can be read differs."""
    old, new = _readable(before), _readable(after)
    return [
        Change(name, tuple(compare(old.get(name, ""), new.get(name, ""))))
        for name in dict.fromkeys((*old, *new))
        if old.get(name, "") != new.get(name, "")
    ]


def _readable(fields: dict[str, Any]) -> dict[str, str]:
    match fields["form"]:
        case "Post":
            parts = {f"Part {n}": part["text"] for n, part in enumerate(fields["parts"], 1)}
            card = fields["card"]
            named = {"Link": fields["link"], "Card": f"{card['title']}\n{card['description']}"}
            return {**parts, **named, "Pictures": _pictures([card["image"], *_images(fields)])}
        case "Newsletter":
            heads = {"Subject": plain(fields["subject"]), "Preheader": plain(fields["preheader"])}
            sender = f"{fields['from_name']} <{fields['sender']}>"
            return {**heads, "Sender": sender, "Text": plain(fields["text"]), "Pictures": _pictures(fields["assets"])}
        case "Story":
            text = plaintext.of(dom.document_fromstring(fields["html"]).find("body"), fields["original"])
            return {"Subtitle": fields["subtitle"], "Text": text, "Pictures": _pictures(fields["assets"])}
        case "Page":
            text = plaintext.of(dom.document_fromstring(fields["html"]).find("body"), fields["url"])
            return {"Address": fields["url"], "Text": text, "Pictures": _pictures(fields["assets"])}
    return {}


def _images(post: dict[str, Any]) -> list[Any]:
    return [image for part in post["parts"] for image in part["images"]]


def _pictures(assets: list[Any]) -> str:
    return "\n".join(f"{asset['path']} ({asset['alt']})" for asset in assets if asset)


def compare(old: str, new: str) -> Iterator[Piece]:
    """Line by line, and word by word where lines differ; what stayed far from any change is left out."""
    before, after = old.split("\n"), new.split("\n")
    for kind, i, j, m, n in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from _stayed(before[i:j], first=i == 0, last=j == len(before))
        else:
            yield from _words("\n".join(before[i:j]), "\n".join(after[m:n]))
            yield Piece("same", "\n")


def _stayed(lines: list[str], *, first: bool, last: bool) -> Iterator[Piece]:
    head, tail = ([] if first else lines[:AROUND]), ([] if last else lines[-AROUND:])
    if len(head) + len(tail) >= len(lines):
        yield Piece("same", "\n".join(lines) + "\n")
        return
    if head:
        yield Piece("same", "\n".join(head) + "\n")
    yield Piece("skip")
    if tail:
        yield Piece("same", "\n".join(tail) + "\n")


def _words(old: str, new: str) -> Iterator[Piece]:
    before, after = WORDS.findall(old), WORDS.findall(new)
    if len(before) * len(after) > CLOSE:
        before, after = [old], [new]
    for kind, i, j, m, n in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(before[i:j]))
            continue
        if j > i:
            yield Piece("gone", "".join(before[i:j]))
        if n > m:
            yield Piece("new", "".join(after[m:n]))
