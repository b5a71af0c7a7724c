"""Where readers leave the list (RFC 8058): the one part of Pressroom that the public reaches."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from desk.mail.pages import Pages
from desk.mail.turnstile import Turnstile
from flows.database import open_database
from flows.errors import LedgerUnusable, Unusable
from flows.settings import Settings
from flows.suppressions import Suppressions, attest

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from channels.seal import Seal

MOST, PATIENCE = 4096, 10.0  # bytes of a request's body, and seconds until it must be there
SOON = {"Retry-After": "120"}
FORM = "application/x-www-form-urlencoded"
log = logging.getLogger("pressroom.mail")


def create(root: Path) -> ASGIApp:
    """The public app of a project. Raises `Refused` for a faulty brand, `Unusable` where there is no secret."""
    pages = Pages(root)
    # outermost: not even an error page leaves without its headers
    return Headed(Leaving(root, pages).app(), pages.policy)


class Leaving:
    """Takes readers off the list who hold a signed link, and puts them back if that was a mistake."""

    def __init__(self, root: Path, pages: Pages) -> None:
        settings = Settings.of(root)
        self._seal = settings.seal(root)
        self._register = Register(settings.ledger_url(root), self._seal)
        with suppress(LedgerUnusable):  # it may be up by the time somebody leaves
            self._register.open()
        self._turnstile = Turnstile()
        self._pages = pages

    def app(self) -> Starlette:
        """The web app, without its security headers."""
        routes = [Route("/u/{token}", self.link, methods=["GET", "POST"]), Route("/health", self.health)]
        errors = {HTTPException: self.refused, Unusable: self.trouble, Exception: self.trouble}
        return Starlette(routes=routes, exception_handlers=errors)

    async def link(self, request: Request) -> Response:
        """A reader's own link. Looking at it only asks: programs that try every link in a mail take nobody off."""
        reader = self._reader(request)
        if request.method != "POST":
            return HTMLResponse(self._pages["ask"])
        return await self._answer(reader, await _said(request))

    async def _answer(self, reader: bytes, said: frozenset[str]) -> Response:
        """Off the list, at once and as often as asked: from a mail program's own button or from our page's."""
        if "again" in said:
            back = await run_in_threadpool(self._register.come_back, reader)
            return HTMLResponse(self._pages["back" if back else "stays"])
        await run_in_threadpool(self._register.leave, reader)
        return HTMLResponse(self._pages["left"]) if "confirm" in said else PlainTextResponse("You are off the list.\n")

    async def health(self, _request: Request) -> Response:
        """For whoever watches over the server."""
        return PlainTextResponse("ok\n")

    async def refused(self, _request: Request, error: Exception) -> Response:
        """A link that is none of ours, a request that is too much, a method that there is not."""
        status, headers = getattr(error, "status_code", 400), getattr(error, "headers", None)
        page = {404: "unknown", 429: "busy"}.get(status)
        if page:
            return HTMLResponse(self._pages[page], status, headers)
        return PlainTextResponse(f"{getattr(error, 'detail', '')}\n", status, headers)

    async def trouble(self, _request: Request, error: Exception) -> Response:
        """Nothing was saved. A mailbox provider tries again where the answer is a 503."""
        log.error("a reader could not be served: %s", error if isinstance(error, Unusable) else type(error).__name__)
        return HTMLResponse(self._pages["trouble"], 503, SOON)

    def _reader(self, request: Request) -> bytes:
        """The hash that a link holds. Raises `HTTPException` for a forged one, or one used too often.

        A good link counts by itself: a mailbox provider asks for thousands of readers from a few addresses of its own.
        """
        reader = self._seal.read(request.path_params["token"], "unsubscribe")
        address = request.client.host if request.client else ""
        wait = self._turnstile.wait(reader.hex() if reader else address)
        if wait:
            raise HTTPException(429, headers={"Retry-After": str(math.ceil(wait))})
        if reader is None:
            raise HTTPException(404)
        return reader


class Register:
    """The suppressions, opened when they are first needed: a ledger that is down now may be up a minute later."""

    def __init__(self, url: str, seal: Seal) -> None:
        self._url, self._seal = url, seal
        self._opened: Suppressions | None = None
        self._lock = threading.Lock()

    def leave(self, reader: bytes) -> None:
        """Off the list. Raises `Unusable`."""
        self.open().add(reader, "unsubscribed")

    def come_back(self, reader: bytes) -> bool:
        """On the list again; False where something else keeps them off it, such as a complaint."""
        suppressions = self.open()
        suppressions.remove(reader, "unsubscribed")
        return not suppressions.among({reader})

    def open(self) -> Suppressions:
        """The suppressions. Raises `Unusable`, also where the ledger was begun with another secret."""
        with self._lock:
            if self._opened is None:
                engine = open_database(self._url)
                attest(engine, self._seal)
                self._opened = Suppressions(engine)
            return self._opened


class Headed:
    """Gives every answer its security headers."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-robots-tag", b"noindex, nofollow"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and mark the answer."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, marked)


async def _said(request: Request) -> frozenset[str]:
    """Which answers of our own pages' forms a body holds; none for anything else that is posted."""
    body = await _body(request)
    if not request.headers.get("content-type", "").lower().startswith(FORM):
        return frozenset()  # a provider may post multipart (RFC 8058 3.2); our pages never do
    return frozenset(parse_qs(body.decode("latin-1"))) & {"confirm", "again"}


async def _body(request: Request) -> bytes:
    """A body of bounded size, in bounded time."""
    body = b""
    try:
        async with asyncio.timeout(PATIENCE):
            async for piece in request.stream():
                body += piece
                if len(body) > MOST:
                    raise HTTPException(413, headers={"Connection": "close"})
    except TimeoutError:
        raise HTTPException(408, headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return body
