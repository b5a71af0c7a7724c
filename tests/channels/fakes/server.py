"""What the fake platforms share: a real HTTP server on a free port, with troubles by script."""

from __future__ import annotations

import json
import socket
import threading
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came in; `headers` have lower-case names."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    form: dict[str, str] = field(default_factory=dict)  # of a multipart or urlencoded body
    files: dict[str, Upload] = field(default_factory=dict)
    data: bytes = b""  # the body as it came in


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of a multipart body."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back. `json` None: an empty body, or `data` as it is."""

    status: int = 200
    json: Any = None
    data: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What happens to one creating request in place of the right answer."""

    answer: Answer | None = None
    stored: bool = False  # the platform did what was asked, all the same
    hangs_up: bool = False  # after the body was read
    seconds: float = 0.0  # until the answer begins


FINE = Trouble(stored=True)


class Fake(ABC):
    """One platform. `faults` are requests that the real one would not understand: there must be none."""

    name = ""  # the channel's

    def __init__(self) -> None:
        self.received: list[Request] = []
        self.faults: list[str] = []
        self.troubles: deque[Trouble] = deque()
        self.upload_troubles: deque[Trouble] = deque()
        self.ago = timedelta(0)  # how long before now it makes posts
        self.endless = False  # its lists have always one page more
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Fake:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def now(self) -> datetime:
        """The time of a post that is made now."""
        return datetime.now(UTC) - self.ago

    @abstractmethod
    def settings(self) -> BaseModel:
        """Settings of an account here."""

    @property
    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen."""

    @abstractmethod
    def texts(self) -> list[str]:
        """The posts that people see now, oldest first."""

    @abstractmethod
    def creates(self, request: Request) -> bool:
        """Whether a request makes a post: troubles meet these alone."""

    def uploads(self, request: Request) -> bool:
        """Whether a request only brings a picture: upload troubles meet these alone."""
        return False

    def pictures(self) -> list[tuple[bytes, str]]:
        """The pictures of the posts that people see now, with their alternative texts."""
        return []

    @abstractmethod
    def handle(self, request: Request) -> Answer:
        """Do as the platform does."""

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        """An error as the platform words it; it repeats the account's secrets, as a careless one might."""
        return Answer(status=status, json={"error": f"no: {' '.join(self.secrets)}"}, headers=headers)

    def created(self) -> list[Request]:
        """The requests that were to make a post."""
        return [request for request in self.received if self.creates(request)]

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request; None: the connection breaks."""
        with self._lock:
            self.received.append(request)
            waiting = self.troubles if self.creates(request) else self.upload_troubles
            met = waiting and (self.creates(request) or self.uploads(request))
            trouble = waiting.popleft() if met else FINE
            right = self.handle(request) if trouble.stored else Answer()
        self._closing.wait(trouble.seconds)
        return None if trouble.hangs_up else trouble.answer or right


def _read(media_type: str, body: bytes) -> dict[str, Any]:
    """A body by its kind, as fields of a request."""
    if media_type.startswith("multipart/form-data"):
        message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + media_type.encode() + b"\r\n\r\n" + body)
        parts = [(part.get_param("name", header="content-disposition"), part) for part in message.iter_parts()]
        form = {name: part.get_payload(decode=True).decode() for name, part in parts if part.get_filename() is None}
        files = {name: _upload(part) for name, part in parts if part.get_filename() is not None}
        return {"form": form, "files": files}
    if media_type.startswith("application/x-www-form-urlencoded"):
        return {"form": dict(parse_qsl(body.decode(), keep_blank_values=True))}
    if media_type.startswith("application/json") and body:
        return {"json": json.loads(body)}
    return {}


def _upload(part: Any) -> Upload:
    return Upload(name=part.get_filename(), media_type=part.get_content_type(), data=part.get_payload(decode=True))


def _handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms

        def log_message(self, *_: object) -> None:
            """Be quiet."""

        def _serve(self) -> None:
            request = self._request()
            answer = fake.answer(request) if request else None
            if answer is None:
                self.close_connection = True
            with suppress(OSError):
                self._send(answer) if answer else self.connection.shutdown(socket.SHUT_RDWR)

        def _request(self) -> Request | None:
            """The request; None where the connection ended in the middle of it."""
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                return None
            address = urlsplit(self.path)
            return Request(
                method=self.command,
                path=address.path,
                query=dict(parse_qsl(address.query)),
                headers={name.lower(): value for name, value in self.headers.items()},
                data=body,
                **_read(self.headers.get("Content-Type", ""), body),
            )

        def _send(self, answer: Answer) -> None:
            body = answer.data if answer.json is None else json.dumps(answer.json).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - names that http.server looks for

    return Handler
