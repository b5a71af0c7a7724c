"""Kept connections to a mail server, driven together from one thread: threads would wait for each other instead."""

from __future__ import annotations

import contextlib
import selectors
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from channels.errors import ChannelError, Misconfigured, Unavailable
from channels.lines import Crew, Recipient, Reply, Returned
from channels.smtp import Say, Server, Talk, TurnedAway, codes, transaction

if TYPE_CHECKING:
    from channels.press import Press

ANSWER, TAKEN = 120.0, 600.0  # seconds; RFC 5321 4.5.3.2 gives the server ten minutes for the last dot


@dataclass(eq=False, slots=True)
class Wire:
    """One connection, and what it is about."""

    smtp: smtplib.SMTP | None = None
    fresh: bool = True  # nothing was sent on it yet: if it breaks, the server is away
    recipients: Sequence[Recipient] = ()
    talk: Talk | None = None
    say: Say | None = None
    out: memoryview = field(default_factory=lambda: memoryview(b""))
    inbox: bytes = field(default=b"", repr=False)
    replies: list[bytes] = field(default_factory=list, repr=False)
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
        ended = False
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while not ended:
                came = wire.sock.recv(16384)
                wire.inbox += came
                ended = not came
                if len(came) < 16384 and not isinstance(wire.sock, ssl.SSLSocket):
                    break
        *lines, wire.inbox = wire.inbox.split(b"\r\n")
        wire.replies += [line for line in lines if line[3:4] != b"-"]
        if wire not in self._busy:
            raise ConnectionResetError("goodbye")  # a server that says something unasked is about to hang up
        if ended and not (wire.handed_over and wire.replies):  # its last word counts, though it hung up with it
            raise ConnectionResetError("end of file")
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
            if wire.out:  # it answered before it had the whole message, and would take what comes next for its rest
                self._hang_up(wire, polite=False)
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
        number, enhanced = codes(said)
        kind = Unavailable if 400 <= number < 500 else Misconfigured
        return kind(self._server.channel, f"{self._server.host} takes no mail from this sender ({number} {enhanced})")
