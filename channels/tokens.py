"""The tokens of an account that renews them, in a file of its own: whole, for its owner alone, one writer at a time."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from channels.disk import no_room
from channels.errors import Misconfigured, Unavailable

ROOM = 64 * 1024  # bytes that a disk must take before a token is spent: many times what an answer holds
WAIT, POLL = 60.0, 0.05  # seconds for which another process may hold the lock, and between two looks
LEEWAY = 30.0  # seconds before its end from which a token is as good as run out


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a token endpoint gave. Moments are seconds since 1970; 0: not known."""

    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: float = 0.0
    refresh_expires_at: float = 0.0
    scope: str = ""

    @property
    def scopes(self) -> frozenset[str]:
        """What the token may do; empty where nobody has said."""
        return frozenset(filter(None, re.split(r"[\s,]+", self.scope)))

    def due(self, now: float) -> bool:
        """Whether the token has run out, or is not there yet."""
        return not self.access_token or 0 < self.expires_at <= now + LEEWAY

    def followed(self, told: dict[str, Any], now: float) -> Tokens:
        """What an answer makes of it: what it does not name stays. Raises `LookupError`, `TypeError`, `ValueError`."""
        access = told["access_token"]
        if not isinstance(access, str) or not access:
            raise ValueError("no access_token")
        return Tokens(
            access_token=access,
            refresh_token=str(told.get("refresh_token") or self.refresh_token),
            expires_at=_moment(now, told.get("expires_in")),
            refresh_expires_at=_moment(now, told.get("refresh_token_expires_in")) or self.refresh_expires_at,
            scope=str(told.get("scope") or self.scope),
        )


class TokenFile:
    """An account's tokens on the disk. `origin` says from which settings they grew: other settings make them void."""

    def __init__(self, account: str, folder: Path) -> None:
        self._account = account
        self.path = folder / f"{re.sub(r'[^a-z0-9]+', '_', account.lower())}.json"

    @property
    def there(self) -> bool:
        """Whether there are any, readable or not."""
        try:
            return self.path.exists()
        except OSError:
            return True

    def read(self, origin: str = "") -> Tokens | None:
        """What is in it; None where there is nothing, or it grew from others than `origin`. Raises `Misconfigured`."""
        try:
            kept = json.loads(self.path.read_bytes())
            grown_from = kept.pop("grown_from")
            tokens = Tokens(**kept)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, AttributeError, LookupError) as error:
            why = (
                f"{self.path} can't be read ({type(error).__name__}); connect again: pressroom connect {self._account}"
            )
            raise Misconfigured(self._account, why) from None
        return tokens if origin in {"", grown_from} else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone among all processes of this machine. Raises `Misconfigured` or `Unavailable`."""
        import fcntl  # noqa: PLC0415 - not on Windows, where everything else works

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.parent.chmod(0o700)
            descriptor = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise no_room(self._account, error) from error
        try:
            until = time.monotonic() + WAIT
            while not _taken(fcntl, descriptor):
                if time.monotonic() > until:
                    raise Unavailable(self._account, "another process is renewing the token", retry_after=WAIT)
                time.sleep(POLL)
            yield
        finally:
            os.close(descriptor)  # which lets go of the lock, as the end of a process does

    @contextmanager
    def place(self) -> Iterator[Callable[[Tokens, str], None]]:
        """A way to put new tokens in; there is room on the disk before any are asked for. Raises `OSError`."""
        with private_file(self.path, room=ROOM) as file:
            yield lambda tokens, origin: _write(file, {**asdict(tokens), "grown_from": origin})


def _moment(now: float, seconds: Any) -> float:
    return now + float(seconds) if seconds else 0.0


@contextmanager
def private_file(path: Path, *, room: int = 0) -> Iterator[BinaryIO]:
    """A file that its owner alone may read, put in its place whole. Raises `OSError`; then the old one still stands.

    `room` bytes are on the disk before it is given out.
    """
    partial = path.with_name(f".{path.name}.partial")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)  # one that was left behind may have another mode
            file.write(bytes(room))
            _settle(file)
            file.seek(0)
            yield file
            file.truncate()
            _settle(file)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(file: BinaryIO, kept: dict[str, Any]) -> None:
    file.write(json.dumps(kept, indent=1).encode() + b"\n")


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _taken(fcntl: Any, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
