"""Prefect, started with settings that fit one machine. Imported late: Prefect takes seconds."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

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


def prepare() -> str:
    """Settle Prefect's settings before it is imported. Gives the address of a running server, or ""."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("PREFECT_API_URL") and _is_prefect(LOCAL):
        os.environ["PREFECT_API_URL"] = LOCAL
    return os.environ.get("PREFECT_API_URL", "")


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
    except (URLError, OSError) as error:
        mend = "start it, or unset PREFECT_API_URL to use the embedded one"
        raise PrefectUnreachable(f"the Prefect server at {url} does not answer: {mend}") from error


def _is_prefect(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=0.5) as answer:  # noqa: S310 - a fixed http address on this machine
            return json.load(answer) is True
    except (URLError, OSError, ValueError):
        return False
