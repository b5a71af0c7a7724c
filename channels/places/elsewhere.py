"""Any other file system that fsspec knows: gs://, az://, ftp://, memory:// …"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fsspec.core import url_to_fs

from channels.errors import Misconfigured, Unavailable
from channels.http import clean
from channels.places.place import Place

if TYPE_CHECKING:
    from channels.places.access import WebSettings


class Elsewhere(Place):
    """Credentials are those that the file system itself finds on this machine."""

    def __init__(self, account: str, settings: WebSettings) -> None:
        super().__init__(account, settings)
        with self._spoken():
            self._fs, root = url_to_fs(settings.directory)
        self._root = root.rstrip("/")

    def read(self, path: str) -> bytes | None:
        """A file's bytes."""
        with self._spoken():
            try:
                found: bytes = self._fs.cat_file(self._at(path))
            except FileNotFoundError:
                return None
            return found

    def write(self, path: str, data: bytes) -> None:
        """Whole or not at all where the file system can do that: object stores can."""
        with self._spoken():
            self._fs.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(self._at(path), data)

    def create(self, path: str, data: bytes) -> bool:
        """Make it, if it is not there."""
        with self._spoken():
            try:
                self._fs.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)
                self._fs.pipe_file(self._at(path), data, mode="create")
            except FileExistsError:
                return False
        return True

    def remove(self, path: str) -> None:
        """Delete it."""
        with self._spoken():
            try:
                self._fs.rm_file(self._at(path))
            except FileNotFoundError:
                return

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        try:
            yield
        except (PermissionError, ValueError, NotImplementedError, ImportError) as error:
            raise Misconfigured(self.account, self._cleaned(error)) from None
        except OSError as error:
            raise Unavailable(self.account, self._cleaned(error)) from None

    def _cleaned(self, error: Exception) -> str:
        return clean(str(error) or type(error).__name__, (self.settings.secret.get_secret_value(),))
