"""A folder on a server that speaks SFTP."""

from __future__ import annotations

import io
import posixpath
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import paramiko

from channels.errors import Misconfigured, Unavailable
from channels.http import clean
from channels.places.place import Place

if TYPE_CHECKING:
    from channels.places.access import WebSettings

PATIENCE = 30.0  # seconds
KNOWN = Path("~/.ssh/known_hosts")


class Sftp(Place):
    """`sftp://USER@HOST:PORT/FOLDER`. A server whose host key is not known is not spoken to."""

    def __init__(self, account: str, settings: WebSettings) -> None:
        super().__init__(account, settings)
        self._address = urlsplit(settings.directory)
        self._folder = unquote(self._address.path).rstrip("/") or "/"
        self._ssh: paramiko.SSHClient | None = None
        self._opened: paramiko.SFTPClient | None = None
        self._folders: set[str] = set()  # that are known to be there

    def read(self, path: str) -> bytes | None:
        """A file's bytes."""
        held = io.BytesIO()
        try:
            with self._spoken():
                self._sftp.getfo(self._at(path), held)
        except FileNotFoundError:
            return None
        return held.getvalue()

    def write(self, path: str, data: bytes) -> None:
        """Write it beside its place, then move it there: a plain rename would not replace what is there."""
        target = self._at(path)
        partial = f"{posixpath.dirname(target)}/.{posixpath.basename(target)}.{uuid.uuid4().hex[:8]}.partial"
        with self._spoken():
            self._make_folder(posixpath.dirname(target))
            try:
                self._sftp.putfo(io.BytesIO(data), partial, confirm=True)
                self._sftp.posix_rename(partial, target)
            except BaseException:
                with suppress(OSError, EOFError, paramiko.SSHException):
                    self._sftp.remove(partial)
                raise

    def create(self, path: str, data: bytes) -> bool:
        """Make it, if it is not there: the server refuses a second one."""
        with self._spoken():
            self._make_folder(posixpath.dirname(self._at(path)))
            try:
                with self._sftp.open(self._at(path), "wxb") as file:
                    file.write(data)
            except PermissionError:
                raise
            except OSError:
                if self._is_there(path):
                    return False
                raise
        return True

    def remove(self, path: str) -> None:
        """Delete it, and its folder where nothing else is in it."""
        folder = posixpath.dirname(self._at(path))
        with self._spoken(), suppress(FileNotFoundError):
            self._sftp.remove(self._at(path))
            if folder != self._folder:
                with suppress(OSError):
                    self._sftp.rmdir(folder)
                    self._folders.discard(folder)

    def close(self) -> None:
        """Hang up."""
        if self._ssh:
            self._ssh.close()
        self._ssh = self._opened = None

    @property
    def _sftp(self) -> paramiko.SFTPClient:
        self._opened = self._opened or self._connected()
        return self._opened

    def _connected(self) -> paramiko.SFTPClient:
        settings, secret = self.settings, self.settings.secret.get_secret_value() or None
        ssh = paramiko.SSHClient()
        ssh.set_missing_host_key_policy(paramiko.RejectPolicy())
        known = settings.known_hosts or KNOWN.expanduser()
        if known.exists():
            ssh.load_host_keys(str(known))
        ssh.connect(
            self._address.hostname or "",
            port=self._address.port or 22,
            username=settings.user or self._address.username,
            password=None if settings.key_file else secret,
            passphrase=secret if settings.key_file else None,
            key_filename=str(settings.key_file) if settings.key_file else None,
            timeout=PATIENCE,
            banner_timeout=PATIENCE,
            auth_timeout=PATIENCE,
            allow_agent=not settings.key_file,
            look_for_keys=not settings.key_file,
        )
        self._ssh = ssh
        opened = ssh.open_sftp()
        if channel := opened.get_channel():
            channel.settimeout(PATIENCE)
        return opened

    def _make_folder(self, folder: str) -> None:
        if folder in self._folders or folder in {"", "/"}:
            return
        try:
            self._sftp.stat(folder)
        except FileNotFoundError:
            self._make_folder(posixpath.dirname(folder))
            with suppress(FileExistsError):
                self._sftp.mkdir(folder)
        self._folders.add(folder)

    def _is_there(self, path: str) -> bool:
        try:
            self._sftp.stat(self._at(path))
        except FileNotFoundError:
            return False
        return True

    def _at(self, path: str) -> str:
        return posixpath.join(self._folder, path)

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """What paramiko raises, by what to do next. A connection that broke is not used again."""
        try:
            yield
        except FileNotFoundError:
            raise
        except (paramiko.AuthenticationException, paramiko.BadHostKeyException, PermissionError) as error:
            raise Misconfigured(self.account, self._cleaned(error)) from None
        except paramiko.SSHException as error:
            if "known_hosts" in str(error):
                mend = "check its key, then add it to known_hosts (ssh-keyscan shows it)"
                raise Misconfigured(self.account, f"{self._cleaned(error)}: {mend}") from None
            self.close()
            raise Unavailable(self.account, self._cleaned(error)) from None
        except (OSError, EOFError) as error:
            self.close()
            raise Unavailable(self.account, f"the connection broke: {self._cleaned(error)}") from None
        except ValueError as error:
            raise Misconfigured(self.account, self._cleaned(error)) from None

    def _cleaned(self, error: Exception) -> str:
        return clean(str(error) or type(error).__name__, (self.settings.secret.get_secret_value(),))
