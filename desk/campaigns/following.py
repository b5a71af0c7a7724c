"""What follows at Prefect once a campaign has changed: at once where a server runs, else as soon as one does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from content.findings import Refused
from flows import engine
from flows.errors import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from desk.console import Voice


NOBODY = "No Prefect server runs here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How it stands at Prefect."""

    server: str = ""  # "": none was found
    booked: bool = False
    workers: tuple[str, ...] = ()  # those online


def follow(ids: Iterable[str], root: Path, voice: Voice, *, sends: bool = True) -> Followed:
    """Have Prefect agree with the ledger now, and say how it stands there. Raises nothing: the ledger is written.

    `sends`: something is to be sent by it.
    """
    server = engine.prepare(root)
    if not server:
        so = "nothing is sent yet. Run `pressroom up`." if sends else "it follows as soon as `pressroom up` does."
        other = engine.neighbour(root)
        why = f"The press that runs at {engine.LOCAL} is another project's, {other}" if other else NOBODY
        voice.say(f"{why}: {so}", "warn" if sends else "dim")
        return Followed()
    if not engine.answers(server, 5.0):
        so = "nothing is sent until it does." if sends else "it follows as soon as it does."
        voice.say(f"The Prefect server at {server} does not answer: {so}", "warn")
        return Followed(server=server)
    return _arranged(list(ids), server, root, voice)


def _arranged(ids: list[str], server: str, root: Path, voice: Voice) -> Followed:
    from flows.health import workers  # noqa: PLC0415
    from flows.tending import arranged  # noqa: PLC0415 - it imports Prefect, which takes seconds

    voice.say("Telling Prefect …", "dim")
    try:
        arranged(root, ids)
        online = workers(server)
    except (Unusable, Refused) as error:
        voice.say(f"Prefect has not followed yet: {error}.", "warn")
        return Followed(server=server)
    pages = server.removesuffix("/api")
    voice.say(f"Prefect has it: {pages}", "dim")
    if not online:
        voice.say("No worker is online there: nothing is sent until one is. Run `pressroom worker`.", "warn")
    return Followed(server=server, booked=True, workers=online)
