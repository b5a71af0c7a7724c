"""How a Prefect server is: its clock, its version, what it can run, and who works for it. Asked without Prefect."""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
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
    workers: tuple[str, ...]  # those online in the pool

    @property
    def same_version(self) -> bool:
        """Whether the Prefect there is the one here."""
        return self.version == version("prefect")


def health(url: str) -> Health:
    """Ask a server. Raises `PrefectUnreachable`."""
    return Health(
        url=url,
        ahead=_ahead(url),
        version=str(_asked(url, "admin/version")),
        deployed=_asked(url, f"deployments/name/{DEPLOYMENT}") is not None,
        workers=workers(url),
    )


def workers(url: str) -> tuple[str, ...]:
    """The workers that are online in the pool; none where there is no pool. Raises `PrefectUnreachable`."""
    found = _asked(url, f"work_pools/{POOL}/workers/filter", {})
    return tuple(worker["name"] for worker in found or () if worker.get("status") == "ONLINE")


def _ahead(url: str) -> timedelta:
    """By the `Date` of an answer, which tells whole seconds: on average it is half a second more."""
    began = time.time()
    _, heads = _answer(url, "health", None)
    middle = datetime.fromtimestamp((began + time.time()) / 2, UTC)
    told = heads.get("Date")
    return parsedate_to_datetime(told) + timedelta(seconds=0.5) - middle if told else timedelta()


def _asked(url: str, path: str, body: Any = None) -> Any:
    """What it answers; None where there is no such thing."""
    text, _ = _answer(url, path, body)
    return json.loads(text) if text else None


def _answer(url: str, path: str, body: Any) -> tuple[bytes, Message]:
    heads = {"Content-Type": "application/json", **_credentials()}
    asked = Request(f"{url}/{path}", None if body is None else json.dumps(body).encode(), heads)  # noqa: S310 - Prefect's own address
    try:
        with urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
            return answer.read(), answer.headers
    except HTTPError as error:
        with error:
            if error.code == 404:
                return b"", error.headers
            mend = ": PREFECT_API_AUTH_STRING is not what it wants" if error.code in {401, 403} else ""
            raise PrefectUnreachable(f"the Prefect server at {url} answers {error.code}{mend}") from error
    except (URLError, OSError, ValueError) as error:
        raise PrefectUnreachable(f"the Prefect server at {url} can't be asked: {error}") from error


def _credentials() -> dict[str, str]:
    """What Prefect itself would show: a name and a password, or a key."""
    if pair := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    key = os.environ.get("PREFECT_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}
