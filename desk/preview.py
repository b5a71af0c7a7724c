"""`pressroom preview`: the desk in a browser, or a copy of it in a folder."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from content.findings import Refused
from desk.rendering import no_room
from flows.plan import existing_article

if TYPE_CHECKING:
    from desk.console import Voice
    from desk.proofs.sheet import Sheet


def preview_article(named: str, root: Path, voice: Voice, *, port: int, browser: bool) -> int:
    """Serve the desk until Ctrl-C. Raises `Refused`."""
    from desk.web.server import serve  # noqa: PLC0415 - a copy needs no server

    return serve(root, existing_article(named, root) if named else None, port, voice, browser=browser)


def copy_article(named: str, root: Path, voice: Voice, *, out: Path | None, png: Path | None) -> int:
    """Write the proofs as a folder that opens from disk, as pictures, or both. Raises `Refused`."""
    path = existing_article(named, root)
    with tempfile.TemporaryDirectory() as passing:
        folder = out or Path(passing) / "copy"
        sheet = _copy(path, root, folder)
        if out:
            voice.say(f"Wrote {folder / 'index.html'}", "good")
        taken = _pictures(sheet, folder, png, voice) if png else []
    digests = {proof.account: proof.digest for proof in sheet.proofs}
    index = str(out / "index.html") if out else ""
    voice.data({"article": sheet.article.meta.slug, "open": index, "pictures": taken, "digests": digests})
    return 0


def _copy(path: Path, root: Path, folder: Path) -> Sheet:
    from desk.proofs import copy  # noqa: PLC0415
    from desk.proofs.workbench import Workbench  # noqa: PLC0415

    try:
        return copy.write(Workbench(root, [path]), path.stem, folder)
    except OSError as error:
        raise Refused([no_room(folder, error)]) from error


def _pictures(sheet: Sheet, copy: Path, folder: Path, voice: Voice) -> list[str]:
    from channels.disk import place_file  # noqa: PLC0415
    from desk.proofs import pictures  # noqa: PLC0415

    written = []
    for name, data in pictures.take(sheet, copy):
        try:
            place_file(folder / name, data)
        except OSError as error:
            raise Refused([no_room(folder, error)]) from error
        written.append(str(folder / name))
        voice.say(f"Wrote {folder / name}")
    return written
