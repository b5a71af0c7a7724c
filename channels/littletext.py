"""LinkedIn's little text, in which many a sign is markup.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from content.measures import link_spans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from content.styled import Mark

RESERVED = re.compile(r"[\\<>#~_|\[\]*(){}@]")
HASHTAG = re.compile(r"(?<![\w/&])#(\w*[^\W\d_]\w*)")
WHOM = re.compile(r"urn:li:(?:organization|person):[\w-]+", re.ASCII)


def little_text(text: str, marks: Iterable[Mark] = ()) -> str:
    """Escape what LinkedIn reads as markup: else it cuts the post off there, in silence. Mentions and hashtags work."""
    mentions = [(m.start, m.end, _mention(text, m)) for m in marks if m.kind == "mention" and WHOM.fullmatch(m.url)]
    # a bare # is reserved, an escaped one is mere text: only the template makes a hashtag
    tags = [(*tag.span(), f"{{hashtag|\\#|{_escape(tag[1])}}}") for tag in _hashtags(text)]
    written, at = "", 0
    for start, end, element in sorted([*mentions, *tags]):
        if start >= at:
            written += _escape(text[at:start]) + element
            at = end
    return written + _escape(text[at:])


def _mention(text: str, mark: Mark) -> str:
    return f"@[{_escape(text[mark.start : mark.end])}]({mark.url})"


def _hashtags(text: str) -> list[re.Match[str]]:
    """The hashtags, without the anchors of links."""
    links = list(link_spans(text))
    return [
        tag
        for tag in HASHTAG.finditer(text)
        if not any(start < tag.end() and tag.start() < end for start, end in links)
    ]


def _escape(text: str) -> str:
    return RESERVED.sub(lambda match: "\\" + match[0], text)
