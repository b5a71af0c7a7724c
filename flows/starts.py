"""What `flows.warm` hands to the warm process: a folder, an environment, three streams, and a line back."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PATIENCE = 5.0  # seconds that a caller has for what it says


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One flow run that is asked for."""

    line: socket.socket
    folder: str
    environment: Mapping[str, str]
    streams: tuple[int, ...]

    @classmethod
    def hear(cls, line: socket.socket) -> Start:
        """Read what the caller hands over. Raises `OSError` where it breaks off."""
        line.settimeout(PATIENCE)
        head, streams, _, _ = socket.recv_fds(line, 4, 3)
        try:
            folder, *variables = _received(line, int.from_bytes(head, "big")).split(b"\0")
        except OSError:
            _close(streams)
            raise
        pairs = (os.fsdecode(variable).partition("=") for variable in variables)
        environment = {name: value for name, _, value in pairs}
        return cls(line=line, folder=os.fsdecode(folder), environment=environment, streams=tuple(streams))

    def agree(self, *, able: bool) -> bool:
        """Say whether we would run it; hear whether it is still wanted."""
        try:
            self.say(int(able))
            return able and self.line.recv(3) == b"go\n"
        except OSError:
            return False

    def say(self, number: int) -> None:
        """Tell the caller. Raises `OSError` where it has gone."""
        self.line.sendall(f"{number}\n".encode())

    def let_go(self) -> None:
        """The streams are another process's."""
        _close(self.streams)

    def become(self) -> None:
        """Go on as the caller would have, with its streams, folder and environment."""
        os.setpgid(0, 0)  # a Ctrl-C at the terminal comes once: from the caller
        for number, stream in enumerate(self.streams):
            os.dup2(stream, number)
        self.let_go()
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        time.tzset()
        del sys.argv[1:]
        if not sys.flags.safe_path:
            sys.path[0] = self.folder  # as `python -m` has it


def _received(line: socket.socket, size: int) -> bytes:
    message = bytearray()
    while len(message) < size:
        part = line.recv(size - len(message))
        if not part:
            raise ConnectionError("the caller has gone")
        message += part
    return bytes(message)


def _close(streams: Iterable[int]) -> None:
    for stream in streams:
        os.close(stream)
