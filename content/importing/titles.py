"""A title and a slug from what a file or a page is called."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from slugify import slugify

ASKS = {"is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "would", "will", "has"}
WHAT = {"who", "what", "when", "where", "why", "how", "which"}
AFTER = ASKS | {"much", "many", "long", "often", "far"}
SMALL = {"a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "of", "on", "or", "the", "to", "vs", "with"}
NAMELESS = re.compile(
    r"^(?:standard input|index|default|untitled|unnamed|document|doc|draft|copy|text|new|page|article|file|import)?"
    r"[\s\d()_-]*$",
    re.IGNORECASE,
)
DATED = re.compile(r"^\d{4}-\d{2}-\d{2}-(?=.)")
SUFFIXES = {".txt", ".md", ".markdown", ".html", ".htm", ".docx", ".text", ".php", ".aspx"}


def stem(name: str) -> str:
    """The telling part of a file's name or of a page's address, or nothing."""
    path = unquote(urlsplit(name).path) if "://" in name else name.replace("\\", "/")
    last = PurePosixPath(path.rstrip("/")).name if "://" not in path else ""
    pure = PurePosixPath(last)
    bare = DATED.sub("", pure.stem if pure.suffix.lower() in SUFFIXES else last)
    return "" if NAMELESS.match(bare) else bare


def from_name(name: str) -> str:
    """A title in capitals as headlines have them; a question gets its question mark."""
    words = re.sub(r"[-_\s]+", " ", stem(name)).strip().split()
    if not words:
        return ""
    title = " ".join(_capital(word, first=n in {0, len(words) - 1}) for n, word in enumerate(words))
    return f"{title}?" if asks(words) and title[-1].isalnum() else title


def asks(words: list[str]) -> bool:
    """Whether words in this order make a question: `is it …`, `what does …`, but not `how to …`."""
    lower = [word.lower() for word in words]
    return len(lower) > 2 and (lower[0] in ASKS or (lower[0] in WHAT and lower[1] in AFTER))


def slug(*names: str) -> str:
    """The first of these that makes an address: small letters, digits and dashes, at most 120."""
    made = (str(slugify(name, max_length=120, word_boundary=True)) for name in names if name)
    return next((each for each in made if each), "article")


def _capital(word: str, *, first: bool) -> str:
    if word != word.lower() or (word in SMALL and not first):
        return word
    return word[:1].upper() + word[1:]
