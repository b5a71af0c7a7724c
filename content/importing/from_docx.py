"""Word files: opened with care, read by mammoth, their pictures put beside the article."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import replace
from typing import Any
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

from lxml import etree

from content.importing import from_html, titles
from content.importing.finds import Asset, Found, one_line, refused

LARGEST = 20 * 1024 * 1024  # bytes of the file
UNPACKED = 100 * 1024 * 1024  # bytes of all its parts
PARTS = 2000
TEXT = 20 * 1024 * 1024  # bytes of one XML part
SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
STYLES = "p[style-name='Title'] => h1.title:fresh\np[style-name='Subtitle'] => p:fresh"
MEND = "Open it in a word processor and save it again as .docx."
CORE = {"title": "{http://purl.org/dc/elements/1.1/}title", "author": "{http://purl.org/dc/elements/1.1/}creator"}
BROKEN = (
    BadZipFile,
    zlib.error,
    ExpatError,
    KeyError,
    ValueError,
    IndexError,
    AttributeError,
    TypeError,
    OSError,
    RuntimeError,
)


def read(data: bytes, name: str) -> Found:
    """Make Markdown of a .docx. Raises `Refused` where it is broken or unpacks to more than it should."""
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            _inspect(archive, name)
            core = _core(archive)
        html, assets, dropped = _convert(data, titles.slug(titles.stem(name)))
    except RecursionError as error:
        raise refused("depth", name, "The document is nested too deep.", MEND) from error
    except BROKEN as error:
        raise refused("docx.broken", name, "The Word file is broken and can't be read.", MEND) from error
    found = from_html.read(html, name)
    doubts = tuple(d for d in found.guesses if not any(path in d and "beside" in d for path, _ in assets))
    return _with_core(replace(found, assets=assets, changes=(*found.changes, *dropped), guesses=doubts), core)


def _inspect(archive: ZipFile, name: str) -> None:
    """Refuse what would fill the memory: too many parts, too large, or XML that declares entities."""
    parts = archive.infolist()
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED:
        raise refused("docx.bomb", name, f"The Word file unpacks to more than {UNPACKED:,} bytes or {PARTS:,} parts.")
    if "word/document.xml" not in archive.namelist():
        raise refused("docx.broken", name, "The file is a ZIP archive, but no Word document.", MEND)
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            _inspect_xml(archive.read(part) if part.file_size <= TEXT else None, name)


def _inspect_xml(xml: bytes | None, name: str) -> None:
    if xml is None:
        raise refused("docx.bomb", name, f"A part of the Word file has more than {TEXT:,} bytes of text.")
    # UTF-16 would hide a declaration from the search; Word writes UTF-8
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml or b"\0" in xml[:200]:
        raise refused("docx.bomb", name, "The Word file declares XML entities, which Word never does.", MEND)


def _core(archive: ZipFile) -> dict[str, str]:
    if "docProps/core.xml" not in archive.namelist():
        return {}
    try:
        root = etree.fromstring(
            archive.read("docProps/core.xml"), etree.XMLParser(resolve_entities=False, no_network=True)
        )
    except etree.XMLSyntaxError:
        return {}
    return {key: one_line(root.findtext(tag) or "") for key, tag in CORE.items()}


def _convert(data: bytes, slug: str) -> tuple[str, tuple[Asset, ...], tuple[str, ...]]:
    import mammoth  # noqa: PLC0415 - only Word files need it

    assets: list[Asset] = []
    dropped: list[str] = []

    def place(image: Any) -> dict[str, str]:
        suffix = SUFFIXES.get(image.content_type)
        if not suffix:
            dropped.append(f"Dropped a picture of the type {image.content_type}, which browsers don't show.")
            return {"src": ""}
        path = f"{slug}/picture-{len(assets) + 1}.{suffix}"
        with image.open() as stream:
            assets.append((path, stream.read()))
        return {"src": path}

    result = mammoth.convert_to_html(
        io.BytesIO(data), style_map=STYLES, convert_image=mammoth.images.img_element(place)
    )
    dropped += dict.fromkeys(f"From the Word file: {message.message}." for message in result.messages)
    return re.sub(r"<img[^>]*src=\"\"[^>]*/?>", "", result.value), tuple(assets), tuple(dropped)


def _with_core(found: Found, core: dict[str, str]) -> Found:
    guesses = list(found.guesses)
    title, author = found.title or core.get("title", ""), core.get("author", "")
    if title and not found.title:
        guesses.append(f"The title '{title}' is a guess, made from the document's properties.")
    if author:
        guesses.append(f"The author '{author}' is who the document's properties name.")
    authors = ({"name": author},) if author else ()
    return replace(found, title=title, authors=authors, guesses=tuple(guesses))
