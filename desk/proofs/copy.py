"""The proofs of one article as a folder that opens from disk, for somebody who has no desk."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from channels.disk import place_own_folder
from content.findings import Refused
from content.newsletter import Newsletter
from content.page import Page
from content.story import Story
from content.templates import SHIPPED
from desk.proofs import drawing, frames
from desk.proofs.addresses import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desk.proofs.sheet import Proof, Sheet
    from desk.proofs.workbench import Workbench

STATIC = ("desk.css", "desk.js", "icon.svg")


def write(bench: Workbench, name: str, folder: Path) -> Sheet:
    """Write the folder in one step. Raises `Refused` for an article that can't be read, `OSError` for the disk."""
    view = bench.view(name)
    if view is None or view.sheet is None or view.faults:
        raise Refused(view.faults if view else ())
    place_own_folder(folder, _files(bench, name, view.sheet))
    return view.sheet


def _files(bench: Workbench, name: str, sheet: Sheet) -> Iterator[tuple[str, bytes]]:
    pen = drawing.Pen(bench.root, live=False)
    links = Folder()
    for view in ("all", *(proof.account for proof in sheet.proofs), *drawing.VIEWS):
        page = pen.article(bench, name, view)
        if page is not None:
            yield links.view(name, view), page.encode()
    for proof in sheet.proofs:
        for look, document in _frames(proof):
            yield links.frame(name, proof.account, look), document.encode()
        for path, data in proof.files.items():
            yield unquote(links.file(name, proof.account, path)), data
    for path in STATIC:
        yield links.static(path), (SHIPPED / "desk" / "static" / path).read_bytes()


def _frames(proof: Proof) -> Iterator[tuple[str, str]]:
    match proof.rendition:
        case Page() as page:
            yield from ((look.name, frames.page(page, look)) for look in frames.PAGE_LOOKS)
        case Story() as story:
            yield frames.PAGE_LOOKS[0].name, frames.page(story, frames.PAGE_LOOKS[0])
        case Newsletter() as mail:
            yield from ((look.name, frames.mail(mail, look)) for look in frames.MAIL_LOOKS)
