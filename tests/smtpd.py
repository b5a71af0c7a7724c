"""A small mail server for what a real one does not do on demand: hang up here, refuse there, keep nobody waiting."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage

# a stage (a key of YES) and a recipient; a reply, "hang up", or "" for yes; after a 421 it hangs up as well
Script = Callable[[str, str], str]
YES = {
    "greeting": "220 small ESMTP",
    "ehlo": "250-small\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING",
    "auth": "235 2.7.0 Welcome",
    "mail": "250 2.1.0 Ok",
    "rcpt": "250 2.1.5 Ok",
    "data": "354 Go on",
    "dot": "250 2.0.0 Ok",
}


class Smtpd:
    """Answers on a free port until it is stopped. `script` may say something else than yes."""

    buffering = -1  # 0: what it has not read yet stays on the wire

    def __init__(self, script: Script = lambda _stage, _recipient: "", host: str = "127.0.0.1") -> None:
        self.script, self.host = script, host
        self.taken: list[tuple[str, str, bytes]] = []  # sender, recipient, message
        self.lines: list[str] = []  # commands, in order
        self._socket = socket.create_server((host, 0))
        self.port = self._socket.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Smtpd:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # or `accept` waits for ever
        self._socket.close()
        for connection in list(self._open):
            connection.close()

    def account(self, **more: object) -> dict[str, object]:
        """Settings of an account here."""
        return {"host": self.host, "port": self.port, "security": "none", **more}

    def had(self) -> Counter[str]:
        """How many messages each recipient had."""
        return Counter(recipient for _, recipient, _ in self.taken)

    def message(self, recipient: str) -> EmailMessage:
        """The message that somebody had."""
        data = next(data for _, to, data in self.taken if to == recipient)
        return email.message_from_bytes(data, policy=email.policy.default)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each reply waits 40 ms
            self._open.add(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            self._converse(connection)
        except (OSError, ValueError):
            pass
        finally:
            self._open.discard(connection)
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _converse(self, connection: socket.socket) -> None:
        file = connection.makefile("rb", buffering=self.buffering)
        sender = recipient = ""
        accepted = False
        self._answer(connection, "greeting", "")
        for line in file:
            command = line.decode().strip()
            self.lines.append(command)
            match command.split(" ")[0].upper():
                case "EHLO" | "AUTH" | "MAIL" as verb:
                    sender = _address(command) if verb == "MAIL" else sender
                    self._answer(connection, verb.lower(), "")
                case "RCPT":
                    recipient = _address(command)
                    accepted = self._answer(connection, "rcpt", recipient).startswith("2")
                case "DATA" if not accepted:
                    self._say(connection, "554 5.5.1 No valid recipients")
                case "DATA":
                    if self._answer(connection, "data", recipient).startswith("3"):
                        self._take(connection, file, sender, recipient)
                case verb:
                    self._say(connection, "221 2.0.0 Bye" if verb == "QUIT" else "250 2.0.0 Ok")

    def _take(self, connection: socket.socket, file, sender: str, recipient: str) -> None:
        data = b"".join(iter(lambda: _line(file), b""))
        reply = self.script("dot", recipient) or YES["dot"]
        if reply.startswith(("2", "take")):
            self.taken.append((sender, recipient, data))
        if "hang up" in reply:
            raise ConnectionError(reply)
        self._say(connection, reply)

    def _answer(self, connection: socket.socket, stage: str, recipient: str) -> str:
        reply = self.script(stage, recipient) or YES[stage]
        if reply == "hang up":
            raise ConnectionError(stage)
        self._say(connection, reply)
        return reply

    def _say(self, connection: socket.socket, text: str) -> None:
        connection.sendall(text.encode() + b"\r\n")
        if text.startswith("421"):
            raise ConnectionError(text)


def _address(command: str) -> str:
    return command[command.index("<") + 1 : command.rindex(">")]


def _line(file) -> bytes:
    """One line of a message without its dot; nothing at the message's end. Raises where the line ends before."""
    line = file.readline()
    if not line:
        raise ConnectionError("ended in the middle of a message")
    return b"" if line == b".\r\n" else line.removeprefix(b".") if line.startswith(b"..") else line
