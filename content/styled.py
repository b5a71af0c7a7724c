"""Words with emphasis and links, as posts carry them: what a network knows is kept, the rest leaves no trace."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import regex

from content.measures import link_spans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

STYLES = {"em": "italic", "strong": "bold", "s": "strike"}  # Markdown's own names for them
# before a figure, these signs are plus, minus and more than
BULLET = re.compile(r"^[ \t]*(?:\*[ \t]+|[+-][ \t]+(?!\d))", re.MULTILINE)
MARKED_LINE = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]+(?!\d))", re.MULTILINE)  # `#Sleep` is a hashtag
# beside some punctuation, and in languages without blanks, Markdown sees no emphasis; readers would see asterisks
UNSEEN = regex.compile(
    r"(?<=[^\x00-\x7f])\*\*(?=\S)([^*]+)(?<=\S)\*\*|\*\*(?=\S)([^*]+)(?<=\S)\*\*(?=[^\x00-\x7f])"
    r"|\*\*([\p{P}][^*]*\S|\S[^*]*[\p{P}]|\p{P})\*\*"
)
TAGS = re.compile(
    r"<(b|strong|em|i|u|s|small|sub|sup|span|p|mark)(?:\s[^<>]*)?>(.{0,2000}?)</\1>", re.IGNORECASE | re.DOTALL
)
BREAK = re.compile(r"<br\s*/?>\n?", re.IGNORECASE)
WEB = ("http://", "https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A stretch of a text that is more than plain words. Offsets count code points; `url` is a link's."""

    kind: str  # "bold", "italic", "strike", "code", "link", or "mention" of a LinkedIn page by its urn
    start: int
    end: int
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Styled:
    """A text, and the marks on it in the order of their beginnings."""

    text: str
    marks: tuple[Mark, ...] = ()

    def cut(self, start: int, end: int) -> Styled:
        """A piece of it, with what is left of its marks."""
        kept = [
            replace(mark, start=max(mark.start, start) - start, end=min(mark.end, end) - start)
            for mark in self.marks
            if mark.start < end and mark.end > start
        ]
        return Styled(text=self.text[start:end], marks=tuple(kept))

    def within(self, whole: str, beginning: str) -> Styled:
        """The marks of its own first words, `beginning`, as they stand in a text around them."""
        at = whole.find(beginning) if beginning else -1
        whole_words = self.text.startswith(beginning)  # else it ends with an ellipsis
        shared = len(beginning) if whole_words else len(beginning.rstrip("… "))
        if at < 0:
            return Styled(text=whole)
        moved = [replace(mark, start=mark.start + at, end=mark.end + at) for mark in self.cut(0, shared).marks]
        return Styled(text=whole, marks=tuple(moved))

    def pieces(self, texts: Iterable[str]) -> list[Styled]:
        """The marks shared out to texts that follow each other in it."""
        found, at = [], 0
        for text in texts:
            start = self.text.find(text, at)
            at = start + len(text)
            found.append(self.cut(start, at))
        return found


def styled(
    markdown: str, knows: frozenset[str] = frozenset(), track: Callable[[str], str] = str, *, shown_link: int = 0
) -> Styled:
    """Read the Markdown of a post's words. Line breaks stay; `knows` are the kinds of marks that a network shows.

    A link that a network can't put behind words is written out after them. `track` spells each address; a bare one
    is shown in `shown_link` characters, where that is not 0.
    """
    markdown = BREAK.sub("\n", markdown)
    while TAGS.search(markdown):
        markdown = TAGS.sub(r"\2", markdown)
    markdown = MARKED_LINE.sub("", BULLET.sub("• ", markdown.strip()))
    if not re.search(r"[*_`~\[<\\&]|://", markdown):
        return Styled(text=markdown)
    return _Reading(knows, track, shown_link).read(_parser().parseInline(_addresses_shut(markdown))[0].children or [])


def shortened(address: str, room: int) -> str:
    """An address as readers need to see it: where it leads, in so many characters."""
    bare = re.sub(r"^https?://(?:www\.)?", "", address).rstrip("/")
    return bare if len(bare) <= room else bare[: room - 1] + "…"


class _Reading:
    """Follows Markdown's tokens and remembers where each style began."""

    def __init__(self, knows: frozenset[str], track: Callable[[str], str], shown_link: int) -> None:
        self.knows = knows
        self.track = track
        self.shown_link = shown_link
        self.text = ""
        self.marks: list[Mark] = []
        self.open: list[tuple[int, str]] = []  # where it began, a link's address

    def read(self, tokens: Iterable[Token]) -> Styled:
        for token in tokens:
            kind, _, step = token.type.rpartition("_")
            if step == "open":
                self.open.append((len(self.text), str(token.attrs.get("href", ""))))
            elif step == "close":
                self._close("link" if kind == "link" else STYLES[kind])
            else:
                self._word(token)
        found = sorted(self.marks, key=lambda mark: (mark.start, -mark.end))
        lead = len(self.text) - len(self.text.lstrip())  # blanks that Markdown keeps, and fitting does not
        return Styled(text=self.text, marks=tuple(found)).cut(lead, len(self.text.rstrip()) or lead)

    def _word(self, token: Token) -> None:
        start = len(self.text)
        if token.type in {"softbreak", "hardbreak"}:
            self.text += "\n"
        elif token.type == "text":
            self.text += UNSEEN.sub(lambda match: match[1] or match[2] or match[3], token.content)
        else:
            self.text += token.content
        if token.type == "code_inline":
            self._mark("code", start)

    def _close(self, kind: str) -> None:
        start, url = self.open.pop()
        if kind == "link":
            self._link(start, url)
        else:
            self._mark(kind, start)

    def _link(self, start: int, url: str) -> None:
        words, web = self.text[start:], url.startswith(WEB)
        if words == url:
            self.text = self.text[:start] + self._shown(url)
            if self.shown_link:
                self._mark("link", start, self.track(url))
        elif url.startswith("urn:li:"):
            self._mark("mention", start, url)
        elif web and "link" in self.knows:
            self._mark("link", start, self.track(url))
        elif words and (web or url.startswith("mailto:")) and url.removeprefix("mailto:") != words:
            self.text += f" ({self.track(url.removeprefix('mailto:'))})"

    def _shown(self, url: str) -> str:
        return shortened(url, self.shown_link) if self.shown_link else self.track(url)

    def _mark(self, kind: str, start: int, url: str = "") -> None:
        if kind in self.knows and len(self.text) > start:
            self.marks.append(Mark(kind=kind, start=start, end=len(self.text), url=url))


def _addresses_shut(markdown: str) -> str:
    """Bare addresses in angle brackets: what stands in them is no emphasis."""
    shut, at = "", 0
    for start, rough in link_spans(markdown):
        before = markdown[max(0, start - 2) : start]
        # the emphasis around an address is no part of it: **https://example.org**
        bare = re.split(r"\*\*|`", markdown[start:rough])[0]
        end = start + len(bare.rstrip("*~_" if before.endswith("_") else "*~"))
        open_already = before == "](" or before.endswith(("<", "[", "`"))
        shut += markdown[at:start] + (markdown[start:end] if open_already else f"<{markdown[start:end]}>")
        at = end
    return shut + markdown[at:]


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - most posts have no Markdown at all

    # addresses stay as they were typed: a parser of pages would spell them in ASCII
    parser = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
    parser.normalizeLink = parser.normalizeLinkText = str  # type: ignore[method-assign, assignment]
    return parser
