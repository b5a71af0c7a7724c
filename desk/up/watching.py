"""Looks after the ledger while the press runs, and says how all is."""

from __future__ import annotations

import threading
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from desk.up.child import Standing
from flows import doorplate
from flows.errors import LedgerUnusable
from flows.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from desk.console import Voice

LOOK = 15.0  # seconds between two looks
PARTS = {
    "server": "Prefect's server",
    "worker": "worker",
    "warm": "warm starter",
    "tender": "tender",
    "ledger": "ledger",
}


class LedgerWatch:
    """Opens the ledger now and then, in a thread of its own: a database that does not answer may take minutes."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._over = threading.Event()
        self._standing = Standing()

    def start(self) -> None:
        """Begin to look. The thread ends with the process."""
        threading.Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._over.set()

    def health(self) -> dict[str, Any]:
        """How the ledger was, the last time."""
        return asdict(self._standing)

    def _watch(self) -> None:
        while True:
            try:
                Ledger(self._url).close()
                self._standing = Standing(state="ok")
            except LedgerUnusable as error:
                self._standing = Standing(state="trouble", detail=f"{error}.")
            if self._over.wait(LOOK):
                return


def show_health(root: Path, voice: Voice) -> int:
    """Say how the press that runs here is; exit code 1 unless all is well."""
    plate = doorplate.find(root)
    told = doorplate.health(plate) if plate else {}
    if not plate or not told:
        voice.data({"status": "closed"})
        voice.say("No press runs here. Start it with `pressroom up`.")
        return 1
    voice.data({**told, **asdict(plate)})
    since = f"{datetime.fromisoformat(plate.since).astimezone():%a %Y-%m-%d %H:%M %Z}"
    voice.say(f"The press runs since {since}: {told['status']}", "good" if told["status"] == "ok" else "warn")
    voice.say(f"  desk     {plate.desk}/")
    voice.say(f"  Prefect  {plate.prefect}/")
    found = [(title, told[name]) for name, title in PARTS.items() if name in told]
    rows: list[tuple[str, ...]] = [(title, part["state"], _more(part)) for title, part in found]
    voice.table(("PART", "STATE", ""), rows)
    return 0 if told["status"] == "ok" else 1


def _more(standing: dict[str, Any]) -> str:
    restarts = f"started again {standing['restarts']} times" if standing["restarts"] else ""
    return "; ".join(filter(None, (standing["detail"], restarts)))
