"""The campaigns' pages: how they stand, and what a person can do with them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from content.findings import Finding, Refused
from desk.proofs.boards import ROOM, Board, address
from desk.web.boards import Asked
from desk.web.safety import own
from flows import doorplate, engine
from flows.errors import Unusable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from typing import Protocol, TypeVar

    from starlette.requests import Request

    from desk.proofs.drawing import Pen
    from desk.proofs.workbench import Workbench
    from desk.web.boards import Boards

    T = TypeVar("T")

    class Work(Protocol):
        """Does something in a thread, one thing at a time."""

        def __call__(self, work: Callable[[], T]) -> Awaitable[T]: ...


MOST = 4096  # bytes of a form
KEPT = 50  # refusals
# a form's own page must be told to the desk as its origin; other sites are told nothing all the same
HEADERS = {"referrer-policy": "same-origin"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a person wanted of a campaign, and why it can't be done."""

    id: str
    asked: Asked
    findings: tuple[Finding, ...]
    number: str = ""


class Campaigns:
    """Answers for campaigns. What can't be done is said on the page that asked for it, until something else is."""

    def __init__(self, bench: Workbench, boards: Boards, pen: Pen, work: Work) -> None:
        self._bench, self._boards, self._pen, self._work = bench, boards, pen, work
        self._refusals: dict[str, Refusal] = {}

    def routes(self) -> list[Route]:
        """A campaign's name may hold anything that an article's may."""
        return [
            Route(ROOM, self.overview),
            Route(f"{ROOM}/{{id:path}}", self.campaign, methods=["GET"]),
            Route(f"{ROOM}/{{id:path}}", self.act, methods=["POST"]),
        ]

    async def overview(self, _request: Request) -> Response:
        """All campaigns."""
        turn = self._turn
        found = await self._work(self._boards.overview)
        page = await self._work(partial(self._pen.campaigns, self._bench, found, turn=turn))
        return HTMLResponse(page, headers=HEADERS)

    async def campaign(self, request: Request) -> Response:
        """One campaign, or a file that could be one."""
        turn, id_ = self._turn, request.path_params["id"]
        board = await self._work(partial(self._boards.board, id_))
        if board and board.state == "unstarted":
            # not while others wait for their pages: it may take its time
            board = await run_in_threadpool(self._boards.foretold, board)
        if board is None:
            raise HTTPException(404)
        refusal = self._refusals.get(request.query_params.get("refused", ""))
        draw = partial(self._draw, board, turn=turn, refusal=refusal if refusal and refusal.id == id_ else None)
        return HTMLResponse(await self._work(draw), headers=HEADERS)

    async def act(self, request: Request) -> Response:
        """Do what a form asks for, and lead back to the page."""
        if not own(request.scope):
            return PlainTextResponse("Only the desk's own pages may change something.\n", 403)
        id_, asked = request.path_params["id"], await _asked(request)
        if asked is None:
            return PlainTextResponse("This is no form of the desk's.\n", 400)
        step = f"#step-{quote(asked.step)}" if asked.step else ""
        try:
            ids = await run_in_threadpool(self._boards.act, id_, asked)
        except Refused as refused:
            number = self._keep(Refusal(id_, asked, refused.findings))
            return RedirectResponse(f"{address(id_)}?refused={number}{step}", 303, HEADERS)
        return RedirectResponse(address(id_) + step, 303, HEADERS, BackgroundTask(_book, self._bench.root, ids))

    @property
    def _turn(self) -> int:
        return self._bench.turns + self._boards.pulse

    def _draw(self, board: Board, *, turn: int, refusal: Refusal | None) -> str:
        begun = self._boards.begun_by(board)
        plate = doorplate.find(self._bench.root) if any(lane.run for lane in board.lanes) else None
        told = {"begun": begun, "prefect": plate.prefect if plate else "", "refusal": refusal}
        return self._pen.campaign(self._bench, board, turn=turn, **told)

    def _keep(self, refusal: Refusal) -> str:
        if len(self._refusals) >= KEPT:
            self._refusals.pop(next(iter(self._refusals)))
        number = secrets.token_hex(4)
        self._refusals[number] = replace(refusal, number=number)
        return number


async def _asked(request: Request) -> Asked | None:
    """What a form says; None where it is none of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST:
            return None
    try:
        fields = dict(parse_qsl(body.decode(errors="replace"), max_num_fields=8))
    except ValueError:
        return None
    return Asked(wanted=fields.get("wanted", ""), step=fields.get("step", ""), to=fields.get("to", ""))


def _book(root: Path, ids: tuple[str, ...]) -> None:
    """Have Prefect's bookings follow at once. Where its server is away, or says no, the tender does it."""
    api = engine.prepare(root)
    if not api or not engine.answers(api):
        return
    from flows.tending import arranged  # noqa: PLC0415 - only now is Prefect wanted, and nobody waits for it

    try:
        arranged(root, list(ids))
    except (Refused, Unusable):
        return
