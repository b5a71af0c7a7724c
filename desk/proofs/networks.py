"""A post as its network draws it: what becomes a link, how it is written, where it is folded, what its card shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from content.measures import link_spans, utf8_bytes, x_links
from content.styled import Mark, Styled

if TYPE_CHECKING:
    from channels.base import Capabilities
    from content.post import Part, Post

Spans = Iterator[tuple[int, int]]
LEADING = ("link", "mention")  # marks that lead somewhere
HASHTAG = re.compile(r"(?<![\w/&#])#(?=\w*[^\W\d_])\w+")
MENTION = re.compile(r"(?<![\w/@.])@[A-Za-z0-9_](?:[\w.-]*\w)?(?:@[\w-]+(?:\.[\w-]+)+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a text. `kind` is `text`, `link`, `tag` or `mention`; `shown` is what the network writes for it.

    `text` of a link behind words is its address; `styles` are the names of marks on the piece.
    """

    kind: str
    text: str
    shown: str
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One part of a post, ready to be drawn."""

    number: int
    spans: tuple[Span, ...]
    folded: tuple[Span, ...]  # behind "see more"
    meters: tuple[Meter, ...]
    images: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """How much of a limit is used."""

    used: int
    limit: int
    unit: str

    @property
    def left(self) -> int:
        """Below 0 where it does not fit."""
        return self.limit - self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a network writes. `fold` counts characters before "see more"; 0: it folds nothing of this length."""

    links: Callable[[str], Spans]
    write: Callable[[str], str] = str
    fold: int = 0
    lines: int = 0  # before "see more", where line breaks count too
    more: str = "see more"


def _bare(link: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", link)


def _shortened(limit: int) -> Callable[[str], str]:
    def write(link: str) -> str:
        bare = _bare(link)
        return bare if len(bare) <= limit else bare[:limit] + "…"

    return write


# Custom as it is commonly described: no network writes it down, and none of it was checked against them.
MANNERS = {
    "x": Manner(links=x_links, write=_shortened(26)),
    "linkedin": Manner(links=link_spans, fold=210, lines=3, more="…more"),
    "mastodon": Manner(links=link_spans, write=_shortened(30)),
    "bluesky": Manner(links=link_spans),
    "threads": Manner(links=link_spans, write=_shortened(30)),
    "facebook": Manner(links=link_spans, fold=480, lines=5, more="See more"),
    "instagram": Manner(links=lambda _text: iter(()), fold=125, lines=3, more="… more"),
}
MANNERS |= {"linkedin-profile": MANNERS["linkedin"], "facebook-profile": MANNERS["facebook"]}
PLAIN = Manner(links=link_spans)


def manner(account: str) -> Manner:
    """How the network of `mastodon:clinic-2` writes."""
    return MANNERS.get(account.split(":", maxsplit=1)[0], PLAIN)


def draw(post: Post, account: str, can: Capabilities) -> list[Drawn]:
    """Every part of a post."""
    return [_drawn(number, part, manner(account), can) for number, part in enumerate(post.parts, start=1)]


def _drawn(number: int, part: Part, how: Manner, can: Capabilities) -> Drawn:
    at = fold_at(part.text, how)
    words = Styled(text=part.text, marks=part.marks)
    return Drawn(
        number=number,
        spans=tuple(spans(words.cut(0, at), how)),
        folded=tuple(spans(words.cut(at, len(part.text)), how)),
        meters=tuple(_meters(part, can)),
        images=part.images,
    )


def _meters(part: Part, can: Capabilities) -> Iterator[Meter]:
    text, limit = part.text, (part.images and can.limits.captioned) or can.limits.text
    if limit is not None:
        yield Meter(used=can.limits.size(text), limit=limit, unit=can.unit)
    if can.limits.bytes is not None:
        yield Meter(used=utf8_bytes(text), limit=can.limits.bytes, unit="bytes")


def fold_at(text: str, how: Manner) -> int:
    """Where "see more" stands: at the limit of characters or of lines, whichever comes first, at a word's end."""
    if not how.fold:
        return len(text)
    breaks = [match.start() for match in re.finditer("\n", text)]
    by_lines = breaks[how.lines - 1] if how.lines and len(breaks) >= how.lines else len(text)
    at = min(by_lines, how.fold)
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", 0, at) if at == how.fold else at
    return space if space > 0 else at


def spans(words: Styled, how: Manner) -> Iterator[Span]:
    """A text in pieces, each in its styles: links, hashtags and mentions outside of them, and the words between."""
    text = words.text
    leading, styles = list(_leading(words, how)), [mark for mark in words.marks if mark.kind not in LEADING]
    edges = sorted({0, len(text), *(at for mark in (*leading, *styles) for at in (mark.start, mark.end))})
    for start, stop in pairwise(edges):
        piece = text[start:stop]
        over = next((mark for mark in leading if mark.start <= start < mark.end), None)
        on = tuple(mark.kind for mark in styles if mark.start <= start < mark.end)
        if over is None:
            yield Span(kind="text", text=piece, shown=piece, styles=on)
        else:
            shown = how.write(piece) if over.kind == "link" and not over.url else piece
            yield Span(kind=over.kind, text=over.url or piece, shown=shown, styles=on)


def _leading(words: Styled, how: Manner) -> Iterator[Mark]:
    """What can be followed: links of marks, bare ones, then hashtags and mentions that are no part of a link."""
    links = [replace(mark, kind="link") for mark in words.marks if mark.kind in LEADING]
    for start, end in how.links(words.text):
        if not any(link.start <= start < link.end for link in links):
            links.append(Mark(kind="link", start=start, end=end))
    yield from links
    for kind, pattern in (("tag", HASHTAG), ("mention", MENTION)):
        for match in pattern.finditer(words.text):
            if not any(link.start <= match.start() < link.end for link in links):
                yield Mark(kind=kind, start=match.start(), end=match.end())
