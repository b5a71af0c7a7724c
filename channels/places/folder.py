"""A folder of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from channels.disk import below, no_room, place_file
from channels.places.place import Place

if TYPE_CHECKING:
    from channels.places.access import WebSettings


class Folder(Place):
    """Files below a folder."""

    def __init__(self, account: str, settings: WebSettings) -> None:
        super().__init__(account, settings)
        self._root = settings.project / settings.directory.removeprefix("file://")

    def read(self, path: str) -> bytes | None:
        """A file's bytes."""
        with self._disk():
            try:
                return self._at(path).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return None

    def write(self, path: str, data: bytes) -> None:
        """Write it beside its place, then move it there."""
        with self._disk():
            place_file(self._at(path), data)

    def create(self, path: str, data: bytes) -> bool:
        """Make it, if it is not there."""
        with self._disk():
            self._root.mkdir(parents=True, exist_ok=True)
            try:
                with self._at(path).open("xb") as file:
                    file.write(data)
            except FileExistsError:
                return False
        return True

    def remove(self, path: str) -> None:
        """Delete it, and the folders in which nothing is left."""
        file = self._at(path)
        with self._disk():
            file.unlink(missing_ok=True)
        with suppress(OSError):
            for folder in file.parents[: len(PurePosixPath(path).parts) - 1]:
                folder.rmdir()

    def _at(self, path: str) -> Path:
        return below(self._root, path)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise no_room(self.account, error) from error
