"""Text that fits its place: counted as the platform counts, ended where a reader would end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import regex

from content.measures import Count, graphemes, utf8_bytes
from content.pictures import Canvas

Frame = Callable[[str], str]  # what stands around the text: link, hashtags, numbering

ELLIPSIS = "…"
# a sentence ends at its mark, closing quotes and notes included, before white space; CJK marks need none
SENTENCE_END = regex.compile(r"[.!?…।॥؟۔]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[」』”）]*|\n(?=\s*\n)")
ABBREVIATION = regex.compile(
    r"(?:^|[\s(\[“\"])(?:[A-Z]|[A-Za-z]\.(?:[A-Za-z]\.)*[A-Za-z]|Dr|Mr|Mrs|Ms|Prof|St|No|vs|etc|al|Inc|Ltd|Fig|approx|cf)\.$"
)
WORD_END = regex.compile(r"\s+")
GRAPHEME = regex.compile(r"\X")
TOKEN = regex.compile(r"\S+")
TAIL = 12  # characters before a full stop that tell whether it ends an abbreviation
LOOSE = " \t\n,;:–—-([{“‘«\"'/&"
WINDOW = 8  # code points a unit: longer than any text but one of endless combining marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one post may hold. None: no limit."""

    text: int | None = None  # in the units of `count`
    count: Count = graphemes
    bytes: int | None = None  # of UTF-8, where a network counts both
    images: int = 0
    picture: Canvas | None = None  # what each of them must be
    pictured: bool = False  # it takes no post without: the article's hero serves where no other is named
    thumbnail: Canvas | None = None  # of a link card, where it goes with the post
    alt: int | None = None  # characters of one image's alternative text; 0: the network knows none
    parts: int = 1  # posts of one thread
    links: int | None = None  # of one post
    captioned: int | None = None  # `text` where a picture goes with it
    knows: frozenset[str] = frozenset()  # kinds of `content.styled.Mark` that the network shows
    shown_link: int = 0  # characters that stand for a bare link, which itself is a mark; 0: it is written out

    def size(self, text: str) -> int:
        """What the platform counts."""
        return self.count(text)

    def fits(self, text: str) -> bool:
        """Whether the platform would take a text of this length."""
        if self.bytes is not None and utf8_bytes(text) > self.bytes:
            return False
        return self.text is None or self.count(text) <= self.text


def fit(text: str, limits: Limits, frame: Frame = str) -> str:
    """The longest readable beginning of a text that fits with its frame; unchanged where all of it fits.

    It ends with a sentence if that keeps half of what would fit, else with a word and an ellipsis. No link and no
    grapheme is ever cut. Empty where not even a word fits.
    """
    text = text.strip()
    if limits.text is None and limits.bytes is None:
        return text
    if limits.fits(frame(text)):
        return text
    seen = text[: _room(limits) * WINDOW]
    sentence = _longest(seen, _sentence_ends(seen), lambda part: limits.fits(frame(part)))
    words = _longest(seen, _word_ends(seen), lambda part: limits.fits(frame(_ellipsis(part))))
    if len(sentence) * 2 >= len(words):
        return sentence
    return _ellipsis(words)


def split(text: str, limits: Limits, frame: Frame = str) -> list[str]:
    """A text in parts that each fit with their frame, in whole sentences where they fit. No word is lost."""
    parts: list[str] = []
    rest = text.strip()
    while rest and not limits.fits(frame(rest)):
        seen = rest[: _room(limits) * WINDOW]
        part = _longest(seen, _sentence_ends(seen), lambda piece: limits.fits(frame(piece)))
        part = part or _longest(seen, _word_ends(seen), lambda piece: limits.fits(frame(piece)))
        if not part:
            break
        parts.append(part)
        rest = rest[len(part) :].strip()
    return [*parts, rest] if rest else parts


def _room(limits: Limits) -> int:
    return min(limit for limit in (limits.text, limits.bytes) if limit is not None)


def _longest(text: str, ends: list[int], fits: Callable[[str], bool]) -> str:
    """The longest beginning, at one of the ends, that fits. Counts grow with the text, but for links: step back."""
    at = bisect_left(ends, 1, key=lambda end: 0 if fits(text[:end].rstrip()) else 1)
    while at and not fits(text[: ends[at - 1]].rstrip()):
        at -= 1
    return text[: ends[at - 1]].rstrip() if at else ""


def _sentence_ends(text: str) -> list[int]:
    links = _links(text)
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    return [end for end in ends if not ABBREVIATION.search(text[max(0, end - TAIL) : end]) and not _inside(end, links)]


def _word_ends(text: str) -> list[int]:
    """Where a text may be broken: before white space; between the graphemes of a word only where it is endless."""
    ends = [match.start() for match in WORD_END.finditer(text)]
    links = _links(text)
    if len(ends) * 24 > len(text) - sum(end - start for start, end in links):
        return ends
    return [match.end() for match in GRAPHEME.finditer(text) if not _inside(match.end(), links)]


def _links(text: str) -> list[tuple[int, int]]:
    """Whatever might be an address, with a scheme or without."""
    return [match.span() for match in TOKEN.finditer(text) if "." in match[0][1:-1]]


def _inside(at: int, spans: list[tuple[int, int]]) -> bool:
    before = bisect_left(spans, (at, 0)) - 1
    return before >= 0 and at < spans[before][1]


def _ellipsis(text: str) -> str:
    last = "".join(text.rsplit(maxsplit=1)[-1:])
    if "://" in last or "." in last[1:-1]:
        return f"{text} {ELLIPSIS}"  # glued to it, the ellipsis would be a part of the address
    bare = text.rstrip(LOOSE).rstrip(ELLIPSIS).rstrip(LOOSE)
    return bare + ELLIPSIS if bare else ""
