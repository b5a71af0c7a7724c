"""Prefect, started with settings that fit one machine. Imported late: Prefect takes seconds."""

from __future__ import annotations

import asyncio
import json
import os
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from flows import doorplate
from flows.errors import PrefectUnreachable

if TYPE_CHECKING:
    from flows.orders import Order
    from flows.records import Outcome

LOCAL = "http://127.0.0.1:4200/api"  # where `prefect server start` listens

# What Prefect's own defaults get wrong for us: nothing is told to anybody, a slow laptop has time to start the
# embedded server, and its recorders work in batches (else it loses task history when it ends).
DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "50",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # outcomes are said by the command line; the runs' own logs go to Prefect's pages, not over people's terminals
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
}

# Of the press's own server and workers: their troubles go to their logs; a person's profile and account do not count.
KEPT = {
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",  # the newer pages have browsers ask a statistics firm, analytics off or on
    "PREFECT_WORKER_QUERY_SECONDS": "2",
}
HOME = "PRESSROOM_SERVER_HOME"  # where the press's own server has its state: by that it is known
FOREIGN = {"PREFECT_PROFILE", "PREFECT_PROFILES_PATH", "PREFECT_API_KEY"}


def prepare(root: Path | None = None) -> str:
    """Settle Prefect's settings before it is imported. Gives the address of a running server, or "".

    The one that is set comes first, then the project's own (`pressroom up`), then one at Prefect's usual place, unless
    it works for another project.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("PREFECT_API_URL"):
        found = _own(root) or (LOCAL if answers(LOCAL) and not neighbour(root) else "")
        if found:
            os.environ["PREFECT_API_URL"] = found
    return os.environ.get("PREFECT_API_URL", "")


def neighbour(root: Path | None) -> str:
    """The folder of the other project for which the server at Prefect's usual place works; "" where there is none."""
    if root is None or not answers(LOCAL):
        return ""
    from flows.health import folder  # noqa: PLC0415 - most often nobody is there to ask

    try:
        there = folder(LOCAL)
    except PrefectUnreachable:
        return ""
    return there if there and Path(there).resolve() != root.resolve() else ""


def server() -> str:
    """The server that is set. Raises `PrefectUnreachable` where none is, or where it does not answer."""
    url = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if not url:
        raise PrefectUnreachable(
            "PREFECT_API_URL is not set: it says where the Prefect server is, http://HOST:4200/api"
        )
    _must_answer(url)
    return url


def environment(api: str, **more: str) -> dict[str, str]:
    """What the processes of a press see, that work for the server at `api`. What a person has set comes first."""
    return {**DEFAULTS, **KEPT, **os.environ, "PREFECT_API_URL": api, **more}


def own_environment(api: str, home: Path, **more: str) -> dict[str, str]:
    """What they see where the server is the press's own, with its state in `home`."""
    ours = {"PREFECT_HOME": str(home), HOME: str(home), "PREFECT_SERVER_UI_API_URL": api, **more}
    return {name: value for name, value in environment(api, **ours).items() if name not in FOREIGN}


def answers(url: str, seconds: float = 0.5) -> bool:
    """Whether a Prefect server says there that it is well."""
    try:
        with urlopen(f"{url}/health", timeout=seconds) as answer:  # noqa: S310 - the address that Prefect would ask
            return json.load(answer) is True
    except (URLError, OSError, ValueError, HTTPException):
        return False


def runs_there(url: str, home: Path) -> bool:
    """Whether a server that has its state in `home` is well there. Another may have come to its port first."""
    from flows.health import state  # noqa: PLC0415 - see `neighbour`

    try:
        return state(url) == str(home)
    except PrefectUnreachable:
        return False


async def until_it_answers(url: str) -> None:
    """Wait for a server that is being started, or is back in a moment; in a press, for its own alone."""
    home = os.environ.get(HOME)
    there = partial(runs_there, url, Path(home)) if home else partial(answers, url, 5.0)
    while True:
        if await asyncio.to_thread(there):
            return
        await asyncio.sleep(0.2)


def run(order: Order) -> list[Outcome]:
    """Publish through the flow, in this process. Raises `Refused`, `Unusable`, or `Undelivered` with every outcome."""
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - see the module's first line

    from flows.publish import publish  # noqa: PLC0415

    _must_answer(str(PREFECT_API_URL.value() or ""))
    return asyncio.run(publish(order))


def _must_answer(url: str) -> None:
    """A server that is set but down would end the run in the middle of Prefect's own errors."""
    try:
        if url:
            urlopen(f"{url}/health", timeout=10).close()  # noqa: S310 - the address that Prefect itself would ask
    except HTTPError:
        return  # it answers: what it wants, Prefect knows better
    except (URLError, OSError, ValueError, HTTPException) as error:
        mend = "start it, or unset PREFECT_API_URL to use the embedded one"
        raise PrefectUnreachable(f"the Prefect server at {url} does not answer: {mend}") from error


def _own(root: Path | None) -> str:
    """The server of this project's `pressroom up`; a busy one gets time to answer."""
    plate = doorplate.find(root) if root else None
    return plate.api if plate and answers(plate.api, 5.0) else ""
