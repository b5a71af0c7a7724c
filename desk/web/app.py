"""The desk's pages."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from content.findings import Refused
from content.templates import SHIPPED
from desk.proofs import drawing, frames
from desk.web.boards import Boards
from desk.web.campaigns import Campaigns
from desk.web.live import EVERYTHING, Bell, follow, watch
from desk.web.safety import Doorkeeper
from flows.errors import Unusable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request

    from desk.proofs.workbench import Workbench

T = TypeVar("T")
STATIC = SHIPPED / "desk" / "static"


class Desk:
    """Answers requests from one workbench. Pages are drawn in a thread, one at a time: the bell must not wait."""

    def __init__(
        self, bench: Workbench, more: tuple[Path, ...] = (), health: Callable[[], dict[str, Any]] = dict
    ) -> None:
        self.bench = bench
        self._health = health
        self.boards = Boards(bench.root)
        self.bell = Bell(lambda: bench.turns, lambda: self.boards.pulse)
        self._more = more
        self._drawing = asyncio.Lock()
        self._pen = drawing.Pen(bench.root, live=True, asking=self.boards.asking)

    def app(self) -> Doorkeeper:
        """The web app."""
        routes = [
            Route("/", self.shelf),
            Route("/articles/{name}", self.article),
            Route("/articles/{name}/{view}", self.article),
            Route("/frames/{name}/{account}/{look}.html", self.frame),
            Route("/pictures/{name}/{path}", self.picture),
            Route("/files/{name}/{account}/{path:path}", self.file),
            Route("/deliveries/{key}", self.delivery),
            *Campaigns(self.bench, self.boards, self._pen, self._work).routes(),
            Route("/events", self.events),
            Route("/health", self.health),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        errors = {404: self.not_found, Refused: self.refused, Unusable: self.refused, Exception: self.broken}
        # the doorkeeper stands outermost: not even an error page leaves without its headers
        return Doorkeeper(Starlette(routes=routes, lifespan=self._lifespan, exception_handlers=errors))

    async def shelf(self, request: Request) -> Response:
        """The articles; their rows alone where a search asks for them."""
        words, state = request.query_params.get("words", ""), request.query_params.get("state", "all")
        return await self._draw(partial(self._pen.shelf, self.bench, words, state))

    async def article(self, request: Request) -> Response:
        """One article's proofs, all together or those of one view."""
        name, view = request.path_params["name"], request.path_params.get("view", "all")
        return await self._draw(partial(self._article, name, view))

    def _article(self, name: str, view: str) -> str | None:
        slug = next((spine.slug for spine in self.bench.shelf.spines() if spine.name == name), "")
        return self._pen.article(self.bench, name, view, self.boards.about(*filter(None, (name, slug))))

    async def frame(self, request: Request) -> Response:
        """A page or a mail as one reader sees it, for a frame that can do nothing."""
        document = await self._work(partial(drawing.frame, self.bench, **request.path_params))
        if document is None:
            return self._missing()
        policy = f"{frames.POLICY}; frame-ancestors 'self'; sandbox allow-same-origin"
        return HTMLResponse(document, headers={"content-security-policy": policy})

    async def picture(self, request: Request) -> Response:
        """A picture. Its name holds its digest, so a browser may keep it."""
        asset = await self._work(partial(drawing.picture, self.bench, **request.path_params))
        if asset is None:
            return self._missing()
        headers = {
            "cache-control": "private, max-age=86400, immutable",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        }
        return Response(asset.data, media_type=asset.media_type, headers=headers)

    async def file(self, request: Request) -> Response:
        """One file, byte for byte as the outbox gets it: to keep, never to be shown as a page of the desk."""
        data = await self._work(partial(drawing.file, self.bench, **request.path_params))
        if data is None:
            return self._missing()
        name = request.path_params["path"].rpartition("/")[2]
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "content-security-policy": "default-src 'none'; sandbox",
        }
        return Response(data, media_type="application/octet-stream", headers=headers)

    async def delivery(self, request: Request) -> Response:
        """What the ledger knows of one delivery."""
        return await self._draw(partial(self._pen.delivery, self.bench, request.path_params["key"]))

    async def events(self, _request: Request) -> Response:
        """The bell, for as long as a page is open."""
        return StreamingResponse(self.bell.listen(), media_type="text/event-stream")

    async def health(self, _request: Request) -> Response:
        """How the press is, for whoever watches over it; the desk alone is well when it answers."""
        told = {"status": "ok", "pid": os.getpid(), **self._health()}
        return JSONResponse(told, 200 if told["status"] == "ok" else 503)

    async def not_found(self, _request: Request, _error: Exception) -> Response:
        """No such page."""
        return self._missing()

    async def refused(self, _request: Request, error: Exception) -> Response:
        """The project or its ledger can't be used as it is."""
        return HTMLResponse(self._pen.trouble("This has to be mended first", str(error)), 500)

    async def broken(self, _request: Request, error: Exception) -> Response:
        """Something went wrong that no page expected: said, with no inside of the program."""
        return HTMLResponse(self._pen.trouble("The desk stumbled", f"{type(error).__name__}: {error}"), 500)

    def _missing(self) -> Response:
        return HTMLResponse(self._pen.trouble("Not here", "There is no such page, or its file has gone."), 404)

    async def _draw(self, draw: Callable[[], str | None]) -> Response:
        page = await self._work(draw)
        return self._missing() if page is None else HTMLResponse(page)

    async def _work(self, work: Callable[[], T]) -> T:
        async with self._drawing:
            return await run_in_threadpool(work)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(watch(self.bench.root, self._more, self._saved)),
            asyncio.create_task(follow(self.boards, self.bell)),
            asyncio.create_task(self._warm()),
        ]
        yield
        for task in tasks:
            task.cancel()
        self.bell.stop()

    async def _warm(self) -> None:
        with suppress(Refused, Unusable):  # the page that needs it says what is wrong
            await self._work(self.bench.warm)

    def _saved(self, names: frozenset[str]) -> None:
        self.bench.turn()
        if EVERYTHING in names:
            self._pen.fill()
        self.bell.ring(names)
