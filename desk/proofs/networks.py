"""A post as its network draws it: what becomes a link, how it is written, where it is folded, what its card shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from content.measures import link_spans, utf8_bytes, x_links

if TYPE_CHECKING:
    from channels.base import Capabilities
    from content.post import Post

Spans = Iterator[tuple[int, int]]
HASHTAG = re.compile(r"(?<![\w/&#])#(?=\w*[^\W\d_])\w+")
MENTION = re.compile(r"(?<![\w/@.])@[A-Za-z0-9_](?:[\w.-]*\w)?(?:@[\w-]+(?:\.[\w-]+)+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a text. `kind` is `text`, `link`, `tag` or `mention`; `shown` is what the network writes for it."""

    kind: str
    text: str
    shown: str


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
}
PLAIN = Manner(links=link_spans)


def manner(account: str) -> Manner:
    """How the network of `mastodon:clinic-2` writes."""
    return MANNERS.get(account.split(":", maxsplit=1)[0], PLAIN)


def draw(post: Post, account: str, can: Capabilities) -> list[Drawn]:
    """Every part of a post."""
    return [
        _drawn(number, part.text, part.images, manner(account), can) for number, part in enumerate(post.parts, start=1)
    ]


def _drawn(number: int, text: str, images: tuple[Any, ...], how: Manner, can: Capabilities) -> Drawn:
    at = fold_at(text, how)
    return Drawn(
        number=number,
        spans=tuple(spans(text[:at], how)),
        folded=tuple(spans(text[at:], how)),
        meters=tuple(_meters(text, can)),
        images=images,
    )


def _meters(text: str, can: Capabilities) -> Iterator[Meter]:
    if can.limits.text is not None:
        yield Meter(used=can.limits.size(text), limit=can.limits.text, unit=can.unit)
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


def spans(text: str, how: Manner) -> Iterator[Span]:
    """A text in pieces: links, then hashtags and mentions outside of them, and the words between."""
    marks = [(start, end, "link") for start, end in how.links(text)]
    taken = [range(start, end) for start, end, _ in marks]
    for kind, pattern in (("tag", HASHTAG), ("mention", MENTION)):
        found = [match.span() for match in pattern.finditer(text)]
        marks += [(start, end, kind) for start, end in found if not any(start in link for link in taken)]
    edges = sorted([(0, 0, ""), *marks, (len(text), len(text), "")])
    for (_, end, _), (start, stop, kind) in pairwise(edges):
        if text[end:start]:
            yield Span(kind="text", text=text[end:start], shown=text[end:start])
        if kind:
            piece = text[start:stop]
            yield Span(kind=kind, text=piece, shown=how.write(piece) if kind == "link" else piece)
