"""Prefect's process worker, which ends in order: it takes nothing new, and what it has begun may end first.

Prefect's own worker ends flow runs in the middle of what they send when it is told to end. `python -m flows.working`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import get_client
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker

from flows.deploying import POOL, WARM
from flows.engine import until_it_answers
from flows.sparing import spelled_once

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

LOOK = 0.1  # seconds between two looks whether the last run has ended


class WarmStart(ProcessJobConfiguration):
    """Flow runs begin in a process that has everything loaded, where a deployment names no way of its own."""

    def prepare_for_flow_run(self, *given: Any, **named: Any) -> None:
        """Name the way before Prefect takes its own."""
        self.command = self.command or shlex.join(WARM)
        super().prepare_for_flow_run(*given, **named)


class Worker(ProcessWorker):
    """Takes runs of the pool until it is closed. Each look for more moves the time of a file: it is alive."""

    job_configuration: type[ProcessJobConfiguration] = WarmStart

    def __init__(self, name: str, limit: int, beat: Path | None) -> None:
        super().__init__(work_pool_name=POOL, name=name, limit=limit)
        self._beat = beat
        self._closed = False

    @classmethod
    def __dispatch_key__(cls) -> str | None:
        """Known to Prefect beside its own worker, whose pools it serves."""
        return "pressroom"

    @property
    def busy(self) -> bool:
        """Whether a run that it began has not ended."""
        return self.is_setup and self.limiter.borrowed_tokens > 0

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Look for runs that are due."""
        if self._closed:
            return []
        begun = await super().get_and_submit_flow_runs()
        if self._beat:
            self._beat.touch()
        return begun

    def close(self) -> None:
        """Take nothing more."""
        self._closed = True


async def work(name: str, limit: int, grace: float, beat: Path | None = None) -> None:
    """Work until SIGTERM, then as long as the runs need, `grace` seconds at most. A second SIGTERM ends it at once."""
    asked, hurried = asyncio.Event(), asyncio.Event()

    def ask() -> None:
        (hurried if asked.is_set() else asked).set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ask)
    worker = Worker(name, limit, beat)
    working, ending = asyncio.create_task(_begin(worker)), asyncio.create_task(_end(worker, asked, hurried, grace))
    await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
    for task in (working, ending):
        task.cancel()
    with suppress(asyncio.CancelledError):
        await working  # raises what ended it, where nobody asked it to


async def _begin(worker: Worker) -> None:
    """Start once the server is there, and has the pool: `pressroom up` starts them side by side."""
    await until_it_answers(os.environ["PREFECT_API_URL"])
    async with get_client() as client:
        for _ in range(100):
            with suppress(ObjectNotFound):
                await client.read_work_pool(POOL)
                break
            await asyncio.sleep(LOOK)
    await worker.start(printer=lambda _: None)


async def _end(worker: Worker, asked: asyncio.Event, hurried: asyncio.Event, grace: float) -> None:
    await asked.wait()
    worker.close()
    until = time.monotonic() + grace
    while time.monotonic() < until and not hurried.is_set():
        if not worker.busy:
            return
        await asyncio.sleep(LOOK)


def main() -> None:
    """The command line of one worker."""
    reader = argparse.ArgumentParser()
    reader.add_argument("--name", required=True)
    reader.add_argument("--limit", type=int, required=True)
    reader.add_argument("--grace", type=float, required=True)
    reader.add_argument("--beat", type=Path)
    with spelled_once():
        asyncio.run(work(**vars(reader.parse_args())))


if __name__ == "__main__":
    main()
