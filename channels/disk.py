"""Files written whole or not at all, and folders put in place in one step."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from channels.errors import ChannelError, Misconfigured

MARK = ".pressroom"  # stands in a folder that may be written anew
File = tuple[str, bytes]  # path below a folder with /, and what is in it


def place_file(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old bytes or the new ones. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        _write(partial, data, durable=True)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def place_folder(folder: Path, files: Iterable[File], *, durable: bool = True) -> None:
    """Write a folder beside its place, then move it there. Raises `OSError`; then the old one still stands.

    `durable` files are on the disk before it says so; what can be made again need not wait for that.
    """
    partial, old = (
        folder.with_name(f".{folder.name}.partial"),
        folder.with_name(f".{folder.name}.old"),
    )
    for leftover in (partial, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        for name, data in files:
            _write(below(partial, name), data, durable=durable)
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
    except OSError:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def place_own_folder(folder: Path, files: Iterable[File]) -> None:
    """Like `place_folder`, where a person named the folder: what Pressroom did not write is never replaced.

    Raises `FileExistsError` for a folder that holds something else.
    """
    if folder.exists() and not (folder / MARK).exists() and (not folder.is_dir() or any(folder.iterdir())):
        why = "it holds something that Pressroom did not write; name another"
        raise FileExistsError(errno.EEXIST, why, str(folder))
    place_folder(folder, [*files, (MARK, b"")], durable=False)


def below(folder: Path, name: str) -> Path:
    """A path inside a folder. Raises `ValueError` for one that leads out of it."""
    parts = PurePosixPath(name).parts
    if not parts or any(part in {"..", "/"} for part in parts):
        raise ValueError(f"{name!r} leads out of {folder}")
    return folder.joinpath(*parts)


def no_room(channel: str, error: OSError) -> ChannelError:
    """The error of a disk that takes nothing: full, read-only, not ours."""
    place = f" {error.filename}" if error.filename else ""
    return Misconfigured(channel, f"the disk took nothing:{place} {error.strerror or error}")


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def writable(folder: Path) -> bool:
    """Whether files can be put into a folder, or into one that is made for them."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def alive(pid: int) -> bool:
    """Whether a process of this machine still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
