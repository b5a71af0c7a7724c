"""Prefect, started with settings that fit one machine. Imported late: Prefect takes seconds."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

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
    "PREFECT_LOGGING_LEVEL": "ERROR",
}


def prepare() -> str:
    """Settle Prefect's settings before it is imported. Gives the address of a running server, or ""."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("PREFECT_API_URL") and _is_prefect(LOCAL):
        os.environ["PREFECT_API_URL"] = LOCAL
    return os.environ.get("PREFECT_API_URL", "")


def run(order: Order) -> list[Outcome]:
    """Publish through the flow, in this process. Raises `Refused`, or `Undelivered` with every outcome."""
    from flows.publish import publish  # noqa: PLC0415 - see the module's first line

    return asyncio.run(publish(order))


def _is_prefect(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=0.5) as answer:  # noqa: S310 - a fixed http address on this machine
            return json.load(answer) is True
    except (URLError, OSError, ValueError):
        return False
