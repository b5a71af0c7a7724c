"""How a Prefect server is: its clock, its version, what it can run, and who works for it. Asked without Prefect."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from flows.errors import PrefectUnreachable

if TYPE_CHECKING:
    from email.message import Message

POOL, DEPLOYMENT = "press", "campaign-step/press"
PATIENCE = 5.0  # seconds for one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a server says. `ahead`: how much its clock is before this machine's, to half a second."""

    url: str
    ahead: timedelta
    version: str  # of Prefect there
    deployed: bool  # whether it knows how to run a campaign's step
    folder: str  # in which it runs those; "" where each worker has its own
    workers: tuple[str, ...]  # those online in the pool

    @property
    def same_version(self) -> bool:
        """Whether the Prefect there is the one here."""
        return self.version == version("prefect")


def health(url: str) -> Health:
    """Ask a server. Raises `PrefectUnreachable`."""
    there = asked(url, "admin/version", kind=str)
    if there is None:
        raise PrefectUnreachable(_another(url))
    step = asked(url, f"deployments/name/{DEPLOYMENT}")
    return Health(
        url=url,
        ahead=_ahead(url),
        version=there,
        deployed=step is not None,
        folder=_folder(step),
        workers=workers(url),
    )


def workers(url: str) -> tuple[str, ...]:
    """The workers that are online in the pool; none where there is no pool. Raises `PrefectUnreachable`."""
    found = asked(url, f"work_pools/{POOL}/workers/filter", {}, kind=list)
    return tuple(worker["name"] for worker in found or () if worker.get("status") == "ONLINE")


def folder(url: str) -> str:
    """In which folder a server has campaigns' steps run; "" where it names none, or does not know them.

    Raises `PrefectUnreachable`.
    """
    return _folder(asked(url, f"deployments/name/{DEPLOYMENT}"))


def state(url: str) -> str:
    """The folder in which a server has its state. Raises `PrefectUnreachable`."""
    return str((asked(url, "admin/settings") or {}).get("home", ""))


def _folder(deployment: Any) -> str:
    """`pressroom up` names the project's, `prefect deploy` the one that it was called in."""
    for step in (deployment or {}).get("pull_steps") or ():
        for name, wanted in step.items():
            if name.endswith(".set_working_directory"):
                return str(wanted["directory"])
    return ""


def _ahead(url: str) -> timedelta:
    """By the `Date` of an answer, which tells whole seconds: on average it is half a second more."""
    began = time.time()
    _, heads = _answer(url, "health", None)
    middle = datetime.fromtimestamp((began + time.time()) / 2, UTC)
    told = heads.get("Date")
    return parsedate_to_datetime(told) + timedelta(seconds=0.5) - middle if told else timedelta()


def asked(url: str, path: str, body: Any = None, *, kind: type = dict) -> Any:
    """What it answers; None where there is no such thing. Raises `PrefectUnreachable`."""
    text, _ = _answer(url, path, body)
    try:
        said = json.loads(text) if text else None
    except ValueError as error:
        raise PrefectUnreachable(_another(url)) from error
    if not isinstance(said, kind | None):
        raise PrefectUnreachable(_another(url))
    return said


def _another(url: str) -> str:
    return f"what answers at {url} is no Prefect server's API: PREFECT_API_URL is http://HOST:4200/api, or alike"


def _answer(url: str, path: str, body: Any) -> tuple[bytes, Message]:
    heads = {"Content-Type": "application/json", **_credentials()}
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{url}/{path}", data, heads)  # noqa: S310 - Prefect's own address
    try:
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return answer.read(), answer.headers
    except HTTPError as error:
        with error:
            if error.code == 404:
                return b"", error.headers
            mend = ": PREFECT_API_AUTH_STRING is not what it wants" if error.code in {401, 403} else ""
            raise PrefectUnreachable(f"the Prefect server at {url} answers {error.code}{mend}") from error
    except (URLError, OSError, ValueError) as error:
        raise PrefectUnreachable(f"the Prefect server at {url} can't be asked: {error}") from error
    except HTTPException as error:  # it speaks, but no HTTP
        raise PrefectUnreachable(_another(url)) from error


def _credentials() -> dict[str, str]:
    """What Prefect itself would show: a name and a password, or a key."""
    if pair := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    key = os.environ.get("PREFECT_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}
