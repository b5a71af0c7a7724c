"""`pressroom up`: the whole press on one machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import webbrowser
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from desk.campaigns.watching import watch_articles
from desk.proofs.workbench import Workbench
from desk.up import house, roles
from desk.up.alone import free_port, only_one
from desk.up.child import Place, Role
from desk.up.house import House, inherited, passing_folder, worst
from desk.up.watching import LedgerWatch
from desk.web.app import Desk
from desk.web.server import FIRST, Server, listen
from flows import doorplate
from flows.doorplate import Doorplate
from flows.engine import own_environment
from flows.settings import Settings
from flows.sparing import sparing

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from desk.console import Voice
    from desk.up.heir import Heir

PORT = 4200  # Prefect's usual one
SERVER = "prefect"  # the folder of its server's state


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a person wants the press to be opened."""

    port: int = 0
    desk_port: int = 0
    limit: int = 20
    grace: float = 30.0
    browser: bool = True


def open_press(root: Path, voice: Voice, manner: Manner) -> int:
    """Run the press until Ctrl-C or SIGTERM. Raises `Refused` where it runs already, or can't be started."""
    gc.enable()  # a command runs without it, a server must not
    ledger = LedgerWatch(Settings.of(root).ledger_url(root))
    with ExitStack() as held:
        lock, folder = held.enter_context(only_one(root, voice)), held.enter_context(passing_folder())
        desk = held.enter_context(free_port(manner.desk_port, FIRST, "--desk-port"))
        door = held.enter_context(listen(desk))
        plate = _plate(door.getsockname()[1], held.enter_context(free_port(manner.port, PORT, "--port")))
        place = _place(root, plate, folder, held.enter_context(inherited(folder, lock)), voice)
        opened = House(_roles(root, plate, folder, manner), place, voice)
        asyncio.run(Press(root, plate, opened, ledger, voice).run(door, browser=manner.browser))
    return 0


class Press:
    """The desk, and the processes behind it."""

    def __init__(self, root: Path, plate: Doorplate, opened: House, ledger: LedgerWatch, voice: Voice) -> None:
        self._root, self._plate, self._house, self._ledger, self._voice = root, plate, opened, ledger, voice

    async def run(self, door: socket.socket, *, browser: bool) -> None:
        """Open the desk at once, the rest behind it; close in order. Raises `Refused`."""
        desk = Desk(Workbench(self._root), health=self.health)
        server = Server(desk, self._at_door, alone=False)
        serving = asyncio.create_task(server.serve(sockets=[door]))
        self._ledger.start()
        over = threading.Event()
        threading.Thread(target=watch_articles, args=(self._root, over), daemon=True).start()
        try:
            await house.run(self._house, self._voice, partial(self._opened, browser=browser))
        finally:
            over.set()
            doorplate.take_down(self._root)
            self._ledger.close()
            server.should_exit = True
            await serving

    def health(self) -> dict[str, Any]:
        """How everything is."""
        told, ledger = self._house.health(), self._ledger.health()
        status = worst([{"state": told["status"]}, ledger])
        return {**told, "ledger": ledger, "status": status, "since": self._plate.since}

    def _at_door(self) -> None:
        try:
            doorplate.hang(self._root, self._plate)
        except OSError as error:
            self._voice.warn(f"{self._root / doorplate.FILE} can't be written: {error.strerror}.")
            self._voice.warn("Commands in other windows do not find this press: mend that, and start it once more.")
        self._voice.say(f"The desk is open at {self._plate.desk}/", "bold")
        self._voice.say("The press starts behind it: some ten seconds, the first time twice as long.", "dim")

    def _opened(self, *, browser: bool) -> None:
        self._voice.say("The press is open.", "bold")
        self._voice.say(f"  desk             {self._plate.desk}/")
        self._voice.say(f"  Prefect's pages  {self._plate.prefect}/")
        self._voice.say("Ctrl-C ends it.", "dim")
        self._voice.data({**asdict(self._plate), "api": self._plate.api})
        if browser:
            threading.Timer(0.1, webbrowser.open, [f"{self._plate.desk}/"]).start()


def _plate(desk: int, prefect: int) -> Doorplate:
    return Doorplate(
        pid=os.getpid(),
        desk=f"http://127.0.0.1:{desk}",
        prefect=f"http://127.0.0.1:{prefect}",
        since=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _home(root: Path) -> Path:
    return root.resolve() / ".pressroom"


def _place(root: Path, plate: Doorplate, folder: Path, heir: Heir, voice: Voice) -> Place:
    home = _home(root)
    spared = sparing(plate.api, ours=True)
    environment = own_environment(plate.api, home / SERVER, PRESSROOM_WARM=str(roles.socket_in(folder)), **spared)
    return Place(root=root, environment=environment, logs=home / "logs", heir=heir, tell=voice.warn)


def _roles(root: Path, plate: Doorplate, folder: Path, manner: Manner) -> list[Role]:
    return [
        roles.server(plate.api, int(plate.prefect.rpartition(":")[2]), _home(root) / SERVER),
        roles.deployments(root.resolve()),
        roles.warm(folder),
        roles.worker("press", manner.limit, manner.grace, folder),
        roles.tender(root.resolve(), folder),
    ]
