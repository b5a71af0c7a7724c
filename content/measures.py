"""How long a text is, by each network's own count. Length is five different functions."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import regex

Count = Callable[[str], int]

X_LINK = 23  # of twitter-text's configuration v3: every link is one t.co
X_HEAVY = regex.compile(r"[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")  # weigh 2, all others 1
WORD = r"\p{L}\p{N}\p{M}"
GRAPHEME = regex.compile(r"\X")
EMOJI = regex.compile(
    r"(?:\p{RI}\p{RI}"
    r"|[0-9#*]\ufe0f?\u20e3"
    r"|\p{Extended_Pictographic}(?:\ufe0f|\p{EMod})?(?:[\U000e0020-\U000e007f]+)?"
    r"(?:\u200d\p{Extended_Pictographic}(?:\ufe0f|\p{EMod})?)*)"
)
PICTURED = regex.compile(r"[\p{Extended_Pictographic}\p{RI}\u20e3]")  # what makes a grapheme an emoji
TOKEN = regex.compile(r"[^\s]+\.[^\s]+")
LABEL = rf"[{WORD}](?:[{WORD}_-]*[{WORD}])?"
# what X takes for a part of an address behind its host, and what such an address may end with
LATIN = (
    r"\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
    r"\u0253-\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u02bb\u0300-\u036f\u1e00-\u1eff"
)
PATH = rf"[a-z\p{{Cyrillic}}0-9!*';:=+,.$/%#\[\]\u2013_~@|&{LATIN}-]"
PATH_END = rf"[a-z\p{{Cyrillic}}0-9=_#/+{LATIN}-]"
PARENTHESES = rf"\((?:{PATH}+|{PATH}*\({PATH}+\){PATH}*)\)"
QUERY, QUERY_END = r"[a-z0-9!?*'@();:&=+$/%#\[\]_.,~|-]", r"[a-z0-9_&=#/-]"
X_URL = regex.compile(
    rf"(?<![A-Za-z0-9@＠$#＃_/.])(?P<scheme>https?://)?(?P<host>(?:{LABEL}\.)+{LABEL})(?::\d+)?"
    rf"(?:/(?:(?:(?:{PATH}*(?:{PARENTHESES}{PATH}*)*{PATH_END})|{PATH}+/|(?:{PATH}*{PARENTHESES}))+|))?"
    rf"(?:\?{QUERY}*{QUERY_END})?",
    regex.IGNORECASE,
)
# an address ends at the punctuation of scripts that put no blank behind it
LINK = regex.compile(r"https?://[^\s<>\"。，、；：！？（）「」『』【】《》〈〉〔〕]+", regex.IGNORECASE)
CLOSING = ".,;:!?'\"”’»…)]}،؛؟۔।॥"
# the web client takes ASCII alone for a domain, servers more: what is in doubt counts
REMOTE_MENTION = regex.compile(r"(?<![\w/])(@[a-z0-9_]+(?:[.-][a-z0-9_]+)*)@[a-z0-9.-]*[a-z0-9]", regex.IGNORECASE)
X_LONGEST = 4096  # characters of an address; X makes no link of a longer one


def graphemes(text: str) -> int:
    """What people call characters: Unicode's extended grapheme clusters (UAX 29)."""
    return len(text) if text.isascii() and "\r" not in text else len(GRAPHEME.findall(text))


def codepoints(text: str) -> int:
    """Unicode code points."""
    return len(text)


def utf16_units(text: str) -> int:
    """UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def utf8_bytes(text: str) -> int:
    """Bytes of UTF-8, Bluesky's second limit."""
    return len(text.encode())


def linkedin(text: str) -> int:
    """LinkedIn counts the words as read; the escapes of its wire format are free. (No public source: practice.)"""
    return utf16_units(text)


def threads(text: str) -> int:
    """Threads counts emoji as their bytes of UTF-8, all else as code points.

    Source: developers.facebook.com/docs/threads/posts. Others have it count less; what is in doubt counts.
    """
    if text.isascii():
        return len(text)
    emoji = [piece for piece in GRAPHEME.findall(text) if PICTURED.search(piece)]
    return len(text) + sum(utf8_bytes(piece) - len(piece) for piece in emoji)


def mastodon(link_cost: int = 23) -> Count:
    """Mastodon's count: graphemes, a link as `link_cost`, `@user@host` as `@user`.

    Source: `characters_reserved_per_url` of /api/v2/instance, and docs.joinmastodon.org/api/guidelines.
    """
    return partial(_mastodon, link_cost=link_cost)


def _mastodon(text: str, link_cost: int) -> int:
    """The most that a server may count: where words touch an address, they differ on where it begins and ends."""
    spelled = [span for span in x_links(text) if text[span[0] : span[1]].lower().startswith("http")]
    return max(_with_links_as(text, spans, link_cost) for spans in (spelled, list(link_spans(text))))


def _with_links_as(text: str, spans: list[tuple[int, int]], cost: int) -> int:
    bare, at = "", 0
    for start, end in spans:
        bare, at = bare + text[at:start] + " ", end
    return graphemes(REMOTE_MENTION.sub(r"\1", bare + text[at:])) + len(spans) * (cost - 1)


def links_in(text: str) -> list[str]:
    """The addresses with a scheme in a text, without the punctuation that closes a sentence behind them."""
    return [text[start:end] for start, end in link_spans(text)]


def link_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the addresses with a scheme stand in a text."""
    for match in LINK.finditer(text):
        link = match[0].rstrip(CLOSING)
        # an opened bracket belongs to the address: …/Ink_(disambiguation)
        if link.count("(") > link.count(")") and match[0][len(link) : len(link) + 1] == ")":
            link += ")"
        yield match.start(), match.start() + len(link)


def x_weighted(text: str, *, emoji_as_two: bool = True) -> int:
    """X's weighted length of a post: twitter-text's configuration v3, in which any emoji sequence weighs 2."""
    text = unicodedata.normalize("NFC", text)
    words = _x_words if emoji_as_two else _x_characters
    total, at = 0, 0
    for start, end in x_links(text):
        total += words(text[at:start]) + X_LINK
        at = end
    return total + words(text[at:])


def x_links(text: str) -> Iterator[tuple[int, int]]:
    """Where X sees links, with or without a scheme: it makes each of them a t.co address."""
    for token in TOKEN.finditer(text):
        for match in X_URL.finditer(text, token.start(), token.end()):
            if match.end() - match.start() <= X_LONGEST:
                yield from _x_spans(match) if match["scheme"] else _x_bare(match)


def _x_characters(text: str) -> int:
    return len(text) if text.isascii() else len(text) + len(X_HEAVY.findall(text))


def _x_words(text: str) -> int:
    if text.isascii():
        return len(text)
    bare, emoji = EMOJI.subn("", text)
    return _x_characters(bare) + 2 * emoji


def _x_spans(match: regex.Match[str]) -> Iterator[tuple[int, int]]:
    """An address with a scheme, as far as its host is a domain: all of it, or up to its last known ending."""
    length = _x_domain(match["host"])
    if length:
        whole = length == len(match["host"])
        yield match.start(), match.end() if whole else match.start("host") + length


def _x_bare(match: regex.Match[str]) -> Iterator[tuple[int, int]]:
    """The domains in what has no scheme: of ASCII, whatever other script they touch."""
    for found in _bare_domain().finditer(match["host"]):
        length = _x_domain(found[0])
        at, last = match.start("host") + found.start(), found.end() == len(match["host"])
        # before an @ stands the first half of a mail address
        if length == len(found[0]) and not (last and match.string[match.end() : match.end() + 1] == "@"):
            yield at, match.end() if last else at + length


def _x_domain(host: str) -> int:
    """How much of a host is a domain for X: up to its last known ending; 0 for none."""
    labels = host.split(".")
    for count in range(len(labels), 1, -1):
        if labels[count - 1].lower() in _endings() and "_" not in labels[count - 2]:
            return len(".".join(labels[:count])) if all(map(_possible, labels[:count])) else 0
    return 0


def _possible(label: str) -> bool:
    """DNS takes 63 octets a label, in Punycode with its `xn--`."""
    return len(label) <= 63 if label.isascii() else len(label.encode("punycode")) + 4 <= 63


@cache
def _bare_domain() -> regex.Pattern[str]:
    """ASCII, but for an ending such as .ไทย, behind which other words may follow without a blank."""
    foreign = "|".join(sorted((ending for ending in _endings() if not ending.isascii()), key=len, reverse=True))
    return regex.compile(rf"(?:[a-z0-9-]+\.)+(?:[a-z]+|{foreign})(?![0-9a-z@+-])", regex.IGNORECASE)


@cache
def _endings() -> frozenset[str]:
    lines = Path(__file__).with_name("tlds.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
