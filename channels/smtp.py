"""SMTP as a client speaks it to a submission server: RFC 5321, pipelined (RFC 2920), STARTTLS, AUTH.

What is said for one message, without a socket; the standard library opens connections and logs in.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from channels.errors import Misconfigured, Unavailable
from channels.lines import Reply
from channels.refusals import at_the_door

if TYPE_CHECKING:
    from channels.press import Printed

Security = Literal["starttls", "tls", "none"]
CONNECT = 20.0  # seconds
ENHANCED = re.compile(rb"^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
DOT = b".\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed in, and as whom. `port` 0: 587, or 465 for `tls`."""

    channel: str
    host: str
    port: int = 0
    security: Security = "starttls"
    user: str = ""
    password: str = ""
    ca: Path | None = None  # a file of certificates that are trusted beside the system's

    def __repr__(self) -> str:
        return f"Server({self.host})"

    def connect(self) -> smtplib.SMTP:
        """A connection that is ready for mail. Raises `Unavailable` or `Misconfigured`; nothing was sent."""
        try:
            return self._opened()
        except smtplib.SMTPAuthenticationError as error:
            raise self._failed(error.smtp_code, "the server does not take the user name and password") from None
        except smtplib.SMTPNotSupportedError as error:
            raise Misconfigured(self.channel, f"{self.host} can't do what is set: {error}") from None
        except smtplib.SMTPResponseException as error:
            raise self._failed(error.smtp_code, "the server turns the connection away") from None
        except ssl.SSLError as error:
            raise Misconfigured(self.channel, f"no safe connection to {self.host}: {error.reason or error}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(self.channel, f"no connection to {self.host}: {error}") from None

    def _opened(self) -> smtplib.SMTP:
        if self.security == "tls":
            safe = trusting(self.channel, self.ca)
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port or 465, timeout=CONNECT, context=safe)
        else:
            smtp = smtplib.SMTP(self.host, self.port or 587, timeout=CONNECT)
        try:
            self._greet(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _greet(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            smtp.starttls(context=trusting(self.channel, self.ca))
            smtp.ehlo_or_helo_if_needed()
        if self.user and self.security == "none" and self.host not in LOOPBACK:
            raise smtplib.SMTPNotSupportedError("a password never travels without TLS; set security to starttls or tls")
        if self.user:
            smtp.login(self.user, self.password)
        if smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("it hung up")
        # small commands must not wait for an acknowledgement: without this, STARTTLS falls to some 20 messages a second
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _failed(self, code: int, what: str) -> Unavailable | Misconfigured:
        kind = Unavailable if 400 <= code < 500 else Misconfigured
        return kind(self.channel, f"{what} ({self.host}: {code})")


class TurnedAway(Exception):
    """The server takes nothing from this sender: it is no recipient's fault."""


@dataclass(frozen=True, slots=True)
class Say:
    """What goes out next, and how many replies it gets. `message`: its last bytes end the message itself."""

    data: bytes = field(repr=False)
    replies: int
    message: bool = False


Talk = Generator[Say, list[bytes], Reply]


def transaction(printed: Printed, recipient: str, *, pipelined: bool) -> Talk:
    """One message, in as few rounds as the server allows. Raises `TurnedAway`."""
    envelope = [f"MAIL FROM:<{printed.sender}>\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode(), b"DATA\r\n"]
    sender_said, recipient_said, data_said = yield from _ask(envelope, pipelined=pipelined)
    if data_said[:1] == b"3":
        # where the recipient was refused, an empty message ends what the server had begun (RFC 2920 3.1)
        refused = recipient_said[:1] != b"2"
        said = yield Say(DOT if refused else printed.data.replace(b"\r\n.", b"\r\n..") + DOT, 1, message=not refused)
        return judged(recipient_said if refused else said[0])
    if sender_said[:1] != b"2":
        raise TurnedAway(sender_said)
    yield Say(b"RSET\r\n", 1)
    return judged(recipient_said if recipient_said[:1] != b"2" else data_said)


def _ask(commands: list[bytes], *, pipelined: bool) -> Generator[Say, list[bytes], list[bytes]]:
    if pipelined:
        return (yield Say(b"".join(commands), len(commands)))
    replies: list[bytes] = []
    for command in commands:
        replies += yield Say(command, 1)
        if replies[-1][:1] not in b"23":
            break
    return [*replies, *[replies[-1]] * (len(commands) - len(replies))]


def judged(said: bytes) -> Reply:
    """What a reply means for the recipient."""
    number, enhanced = codes(said)
    code = f"{number} {enhanced}".strip()
    return Reply(
        "sent" if 200 <= number < 300 else at_the_door(number, enhanced, said.decode("utf-8", "replace")), code
    )


def codes(said: bytes) -> tuple[int, str]:
    """A reply's number, and its enhanced code if it has one."""
    enhanced = ENHANCED.match(said)
    return (int(said[:3]) if said[:3].isdigit() else 0), enhanced[1].decode() if enhanced else ""


def trusting(channel: str, ca: Path | None) -> ssl.SSLContext:
    """Who is trusted: the system's certificates, and those of a file. Raises `Misconfigured`."""
    try:
        return _trusting(ca)
    except OSError as error:
        raise Misconfigured(channel, f"the file of …_CA can't be read: {error.strerror or error} ({ca})") from None


@cache
def _trusting(ca: Path | None) -> ssl.SSLContext:
    # reading the system's certificates takes some 30 ms: once is enough
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(ca)
    return context
