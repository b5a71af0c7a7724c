"""SMTP as a client speaks it to a submission server: RFC 5321, pipelined (RFC 2920), STARTTLS, AUTH.

The standard library opens connections and logs in; the messages go over all connections from one thread, for threads
would spend most of their time waiting for each other.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import cache
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from channels.errors import ChannelError, Misconfigured, Unavailable
from channels.lines import Crew, Recipient, Reply, Returned, fate

if TYPE_CHECKING:
    from channels.press import Press, Printed

Security = Literal["starttls", "tls", "none"]
CONNECT, ANSWER, TAKEN = 20.0, 120.0, 600.0  # seconds; RFC 5321 4.5.3.2 gives the server ten minutes for the last dot
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
    ca: str = ""  # a file of certificates that are trusted beside the system's

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
            safe = _trusting(self.ca)
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
        smtp.ehlo()
        if self.security == "starttls":
            smtp.starttls(context=_trusting(self.ca))
            smtp.ehlo()
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

    data: bytes
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
        return _judged(recipient_said if refused else said[0])
    if sender_said[:1] != b"2":
        raise TurnedAway(sender_said)
    yield Say(b"RSET\r\n", 1)
    return _judged(recipient_said if recipient_said[:1] != b"2" else data_said)


def _ask(commands: list[bytes], *, pipelined: bool) -> Generator[Say, list[bytes], list[bytes]]:
    if pipelined:
        return (yield Say(b"".join(commands), len(commands)))
    replies: list[bytes] = []
    for command in commands:
        replies += yield Say(command, 1)
        if replies[-1][:1] not in b"23":
            break
    return [*replies, *[replies[-1]] * (len(commands) - len(replies))]


@dataclass(eq=False, slots=True)
class Wire:
    """One connection, and what it is about."""

    smtp: smtplib.SMTP | None = None
    fresh: bool = True  # nothing was sent on it yet: if it breaks, the server is away
    recipients: Sequence[Recipient] = ()
    talk: Talk | None = None
    say: Say | None = None
    out: memoryview = field(default_factory=lambda: memoryview(b""))
    inbox: bytes = b""
    replies: list[bytes] = field(default_factory=list)
    deadline: float = 0.0

    @property
    def sock(self) -> socket.socket:
        """The connection itself. Raises `OSError` where there is none."""
        if self.smtp is None or self.smtp.sock is None:
            raise ConnectionError("no connection")
        return self.smtp.sock

    @property
    def handed_over(self) -> bool:
        """The last dot is on its way: only the server knows whether the message was taken."""
        return self.say is not None and self.say.message and not self.out


class Wires(Crew):
    """Kept connections to one server, driven together."""

    def __init__(self, server: Server, press: Press, number: int) -> None:
        self._server, self._press, self.lines = server, press, number
        self._idle = [Wire() for _ in range(number)]
        self._busy: set[Wire] = set()
        self._done: list[Returned] = []
        self._opened: SimpleQueue[tuple[Wire, smtplib.SMTP | BaseException]] = SimpleQueue()
        self._opening = 0
        self._selector = selectors.DefaultSelector()

    @property
    def free(self) -> int:
        """How many connections have nothing to do."""
        return len(self._idle)

    @property
    def busy(self) -> int:
        """How many have a message under way, or a reply to tell."""
        return len(self._busy) + len(self._done)

    def hand(self, recipients: Sequence[Recipient]) -> None:
        """Send to one recipient."""
        wire = self._idle.pop()
        self._busy.add(wire)
        wire.recipients = recipients
        self._begin(wire)

    def returned(self, seconds: float) -> list[Returned]:
        """What came back."""
        ends = time.monotonic() + seconds
        while True:
            self._welcome()
            wait = 0.0 if self._done else max(0.0, ends - time.monotonic())
            for key, events in self._selector.select(min(wait, 0.02) if self._opening else wait):
                self._drive(key.data, events)
            if self._done or time.monotonic() >= ends:
                break
        self._hurry()
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """Say goodbye on every connection, and hang up."""
        for wire in [*self._idle, *self._busy]:
            self._hang_up(wire, polite=wire not in self._busy)
        self._selector.close()

    def _begin(self, wire: Wire) -> None:
        if wire.smtp is None:
            self._opening += 1
            threading.Thread(target=self._open, args=(wire,), daemon=True).start()
            return
        pipelined = wire.smtp.has_extn("pipelining")
        recipient = wire.recipients[0]
        wire.talk = transaction(self._press.message(recipient), recipient.address, pipelined=pipelined)
        self._speak(wire, next(wire.talk))

    def _open(self, wire: Wire) -> None:
        """In a thread of its own: names are looked up, keys exchanged, passwords told."""
        try:
            self._opened.put((wire, self._server.connect()))
        except BaseException as error:  # noqa: BLE001 - told to the one who waits for it
            self._opened.put((wire, error))

    def _welcome(self) -> None:
        """Connections that are open by now."""
        while self._opening:
            try:
                wire, found = self._opened.get_nowait()
            except Empty:
                return
            self._opening -= 1
            if isinstance(found, BaseException):
                self._end(wire, Returned(wire.recipients, error=found))
                continue
            wire.smtp, wire.fresh, wire.inbox = found, True, b""
            wire.sock.settimeout(0)
            self._selector.register(wire.sock, selectors.EVENT_READ, wire)
            self._begin(wire)

    def _speak(self, wire: Wire, say: Say) -> None:
        wire.say, wire.out, wire.replies = say, memoryview(say.data), []
        wire.deadline = time.monotonic() + (TAKEN if say.message else ANSWER)
        self._drive(wire, selectors.EVENT_WRITE)

    def _drive(self, wire: Wire, events: int) -> None:
        """Write what can be written, read what is there, and go on where the replies are complete."""
        try:
            if events & selectors.EVENT_WRITE:
                self._write(wire)
            if events & selectors.EVENT_READ:
                self._read(wire)
        except OSError as error:
            self._broken(wire, type(error).__name__)

    def _write(self, wire: Wire) -> None:
        waited = bool(wire.out)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            while wire.out:
                wire.out = wire.out[wire.sock.send(wire.out) :]
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if wire.out else 0)
        if waited and self._selector.get_key(wire.sock).events != wanted:
            self._selector.modify(wire.sock, wanted, wire)

    def _read(self, wire: Wire) -> None:
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while True:
                came = wire.sock.recv(16384)
                wire.inbox += came
                if not came:
                    raise ConnectionResetError("end of file")
                if len(came) < 16384 and not isinstance(wire.sock, ssl.SSLSocket):
                    break
        *lines, wire.inbox = wire.inbox.split(b"\r\n")
        wire.replies += [line for line in lines if line[3:4] != b"-"]
        if wire not in self._busy:
            raise ConnectionResetError("goodbye")  # a server that says something unasked is about to hang up
        if wire.say and len(wire.replies) >= wire.say.replies:
            self._go_on(wire)

    def _go_on(self, wire: Wire) -> None:
        if any(reply.startswith(b"421") for reply in wire.replies) and not wire.handed_over:
            self._broken(wire, "421")
            return
        assert wire.talk is not None  # noqa: S101 - it has just been answered
        try:
            self._speak(wire, wire.talk.send(wire.replies))
        except StopIteration as end:
            wire.fresh = False
            self._end(wire, Returned(wire.recipients, (end.value,)))
        except TurnedAway as error:
            self._hang_up(wire, polite=False)
            self._end(wire, Returned(wire.recipients, error=self._turned_away(error.args[0])))

    def _broken(self, wire: Wire, why: str) -> None:
        """The connection ended. A message whose last dot was on its way is in doubt; nothing else was sent."""
        doubt, fresh = wire.handed_over, wire.fresh
        self._hang_up(wire, polite=False)
        if wire not in self._busy:
            return
        if doubt:
            self._end(wire, Returned(wire.recipients, (Reply("doubt"),)))
        elif fresh:
            error = Unavailable(self._server.channel, f"{self._server.host} hung up: {why}")
            self._end(wire, Returned(wire.recipients, error=error))
        else:
            self._begin(wire)  # it went stale while it waited: once more, on a new one

    def _end(self, wire: Wire, returned: Returned) -> None:
        wire.talk, wire.say, wire.out = None, None, memoryview(b"")
        self._done.append(returned)
        self._busy.discard(wire)
        self._idle.append(wire)

    def _hurry(self) -> None:
        """A server that does not answer in time is as good as gone."""
        now = time.monotonic()
        for wire in [wire for wire in self._busy if wire.smtp and now > wire.deadline]:
            self._broken(wire, "no answer")

    def _hang_up(self, wire: Wire, *, polite: bool) -> None:
        if wire.smtp is None:
            return
        with contextlib.suppress(OSError, smtplib.SMTPException, KeyError, ValueError):
            self._selector.unregister(wire.sock)
            if polite:
                wire.sock.settimeout(2)
                wire.smtp.quit()
        wire.smtp.close()
        wire.smtp = None

    def _turned_away(self, said: bytes) -> ChannelError:
        number, enhanced = _codes(said)
        kind = Unavailable if 400 <= number < 500 else Misconfigured
        return kind(self._server.channel, f"{self._server.host} takes no mail from this sender ({number} {enhanced})")


def _judged(said: bytes) -> Reply:
    number, enhanced = _codes(said)
    code = f"{number} {enhanced}".strip()
    return Reply("sent" if 200 <= number < 300 else fate(number, enhanced), code)


def _codes(said: bytes) -> tuple[int, str]:
    enhanced = ENHANCED.match(said)
    return (int(said[:3]) if said[:3].isdigit() else 0), enhanced[1].decode() if enhanced else ""


@cache
def _trusting(ca: str) -> ssl.SSLContext:
    # reading the system's certificates takes some 30 ms: once is enough
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(ca)
    return context
