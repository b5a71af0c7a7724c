"""A draft from anywhere becomes the text of an article file: plain text, HTML, Word, Markdown or a web page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from content import source
from content.findings import Refused
from content.importing import filing, from_text
from content.importing.finds import Asset, Found, refused

PAGE = re.compile(r"<(?:!doctype html|html|body|head)\b", re.IGNORECASE)
TAGS = re.compile(r"<(?:p|h[1-6]|ul|ol|div|table|blockquote|article)\b[^<>]*>", re.IGNORECASE)
FRONT_MATTER = re.compile(r"---[ \t]*\n.*?^---[ \t]*$", re.DOTALL | re.MULTILINE)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FOREIGN = (
    (b"%PDF", "a PDF", "Copy its text to a .txt file, or export it as .docx."),
    (b"\xd0\xcf\x11\xe0", "an old Word file (.doc)", "Save it as .docx."),
    (b"{\\rtf", "an RTF file", "Save it as .docx."),
    (b"\x89PNG", "a picture", "Import a text, and name the picture as its hero."),
    (b"\xff\xd8\xff", "a picture", "Import a text, and name the picture as its hero."),
    (b"GIF8", "a picture", "Import a text, and name the picture as its hero."),
    (b"RIFF", "a picture, a sound or a film", "Import a text."),
    (b"\x1f\x8b", "a compressed file", "Unpack it first."),
    (b"\x7fELF", "a program", "Import a text."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article file that is ready to be written, and what a person should know about how it was made."""

    slug: str
    text: str  # the whole file: front matter and Markdown
    changes: tuple[str, ...]
    guesses: tuple[str, ...]
    assets: tuple[Asset, ...] = ()


def draft(data: bytes, name: str, media_type: str = "", *, today: date, url: str = "") -> Draft:
    """Make an article of a file or page; `today` is its date where none is found. Raises `Refused`."""
    found, doubts = _read(data, name, media_type.lower(), url)
    if not found.body.strip():
        raise refused("empty", name, "There is no text in it.", "Import a file that has one.")
    slug, text, guesses = filing.write(found, url or name, today)
    return Draft(
        slug=slug, text=text, changes=found.changes, guesses=(*guesses, *found.guesses, *doubts), assets=found.assets
    )


def _read(data: bytes, name: str, media_type: str, url: str) -> tuple[Found, tuple[str, ...]]:
    _refuse_foreign(data, name, media_type)
    if data.startswith(b"PK\x03\x04"):
        from content.importing import from_docx  # noqa: PLC0415 - a text needs no XML parser

        if len(data) > from_docx.LARGEST:
            raise refused("size", name, f"The file is {len(data):,} bytes; {from_docx.LARGEST:,} are allowed.")
        return from_docx.read(data, name), ()
    if name.lower().endswith(".docx") or media_type.startswith(WORD):
        raise refused("docx.broken", name, "The file is called a Word file, but is none.", "Save it again as .docx.")
    if _is_html(data, name, media_type):
        data = _page_bytes(data, name, media_type)
    text, doubts = _decoded(data, name)
    return _read_text(text, name, media_type, url), doubts


def _refuse_foreign(data: bytes, name: str, media_type: str) -> None:
    for begin, kind, mend in FOREIGN:
        if data.startswith(begin):
            raise refused("type", name, f"This is {kind}, not a text.", mend)
    if media_type.startswith(("image/", "audio/", "video/")):
        raise refused("type", name, f"This is {media_type}, not a text.", "Import a text.")
    if not data.strip():
        raise refused("empty", name, "The file is empty.", "Import a file that has a text.")


def _is_html(data: bytes, name: str, media_type: str) -> bool:
    begin = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    named = name.lower().endswith((".html", ".htm", ".xhtml")) or "html" in media_type
    return named or begin.startswith((b"<!doctype html", b"<html"))


def _page_bytes(data: bytes, name: str, media_type: str) -> bytes:
    from content.importing import from_page  # noqa: PLC0415

    if len(data) > from_page.LARGEST:
        raise refused("size", name, f"The page is {len(data):,} bytes; {from_page.LARGEST:,} are allowed.")
    return from_page.lighten(from_page.in_utf8(data, media_type))


def _decoded(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """The text, and what had to be assumed to read it. Binary data is refused."""
    try:
        read = source.decode(data, name)
    except Refused as error:
        fault = error.findings[0]
        rule = "size" if fault.rule == "file.size" else "binary"
        raise refused(rule, name, fault.why, fault.mend) from error
    return read.text, tuple(f"{note.why} {note.mend}" for note in read.notes)


def _read_text(text: str, name: str, media_type: str, url: str) -> Found:
    if FRONT_MATTER.match(text):
        mend = "Copy it to content/articles and run `pressroom check` on it."
        raise refused("article", name, "The file has front matter: it is an article already.", mend)
    if PAGE.search(text[:4096]) and _is_html(text.encode(), name, media_type):
        from content.importing import from_page  # noqa: PLC0415

        return from_page.read(text, name, url)
    if _is_html(text[:2048].encode(), name, media_type) or len(TAGS.findall(text)) > 2:
        from content.importing import from_html  # noqa: PLC0415

        return from_html.read(text, name, url)
    from content.importing import from_markdown  # noqa: PLC0415

    named = name.lower().endswith((".md", ".markdown")) or "markdown" in media_type
    if named or from_markdown.looks_so(text):
        return from_markdown.read(text)
    return from_text.read(text)
