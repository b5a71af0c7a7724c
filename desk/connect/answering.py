"""Where a network's page sends the browser back to: this machine, for one answer, or a line that a person pastes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from desk.connect.asking import ask, refusal

if TYPE_CHECKING:
    from channels.oauth import Agreement

PORT = 8766  # networks compare the address to the letter: it is the same each time
PATH = "/callback"
PATIENCE = 300.0  # seconds that a person has to log in and agree
DONE = "Pressroom has its answer. You may close this page."
NOT_MEANT = "This is not the answer that Pressroom waits for."


class Listener:
    """A server on this machine that takes one answer."""

    def __init__(self, port: int) -> None:
        self._state = ""
        self._answers: queue.Queue[dict[str, str]] = queue.Queue(maxsize=1)
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        except OSError as error:
            why = f"Nothing can listen at port {port}: {error.strerror}."
            raise refusal("connect.port", why, "Name another with --port, or use --paste.") from error

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @contextmanager
    def open(self, state: str) -> Iterator[None]:
        """Take answers that carry this state."""
        self._state = state
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.server_close()

    def meant(self, address: str) -> dict[str, str] | None:
        """What an address tells, where it is the answer; None for anybody else's."""
        split = urlsplit(address)
        told = dict(parse_qsl(split.query))
        right = split.path == PATH and compare_digest(told.get("state", "").encode(), self._state.encode())
        return told if right and self._state else None

    def take(self, told: dict[str, str]) -> None:
        """Keep the first answer."""
        if self._answers.empty():
            self._answers.put(told)

    def answer(self, seconds: float) -> dict[str, str]:
        """Wait for it. Raises `Refused` when nobody comes."""
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            why = f"Nobody came back from the page within {seconds:g} seconds."
            raise refusal("connect.waited", why, "Try again, or with --paste if the browser is elsewhere.") from None


def pasted(agreement: Agreement) -> dict[str, str]:
    """The answer as a person copies it from the browser's address bar. Raises `Refused`."""
    address = ask("  the address that the browser ended at: ")
    told = dict(parse_qsl(urlsplit(address).query))
    if not compare_digest(told.get("state", "").encode(), agreement.state.encode()):
        why = "This is not the address that the page has led to."
        raise refusal("connect.state", why, "Begin again, and paste all of it.")
    return told


def code_of(told: dict[str, str]) -> str:
    """The code of an answer. Raises `Refused` where the person, or the network, did not agree."""
    if told.get("code"):
        return told["code"]
    said = "".join(filter(str.isprintable, told.get("error", "nothing")))[:100]
    raise refusal("connect.refused", f"The page says: {said}.", "Look at the app's scopes and callback address.")


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # seconds for a browser that connects and says nothing

        def log_message(self, *_: object) -> None:
            """Say nothing: the address holds the code."""

        def do_GET(self) -> None:
            told = listener.meant(self.path)
            self._say(400 if told is None else 200, NOT_MEANT if told is None else DONE)
            if told is not None:
                listener.take(told)

        def _say(self, status: int, text: str) -> None:
            body = f"<!doctype html><meta charset=utf-8><title>Pressroom</title><p>{text}".encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("Connection", "close"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler
