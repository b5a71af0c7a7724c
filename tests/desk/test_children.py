"""The processes of a press: what is gone is known to be, before its number is somebody else's."""

import asyncio
import os
import sys
import threading

from desk.up.child import Child, Place, Role
from desk.up.ending import end_in_order, living
from desk.up.heir import Heir
from tests.desk.presses import wait

ONCE = """
import os, subprocess, sys, time
if not os.path.exists("begun"):
    open("begun", "w").close()
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(2)"])
    sys.exit(1)
open("again", "w").close()
time.sleep(60)
"""  # ends at once, with a run of its own under way; when it is started again, it stays


class Listening(Heir):
    """An heir that keeps what it was told."""

    def __init__(self, folder):
        self.held, self.dropped = [], []
        super().__init__(folder)

    def hold(self, group):
        self.held.append(group)
        super().hold(group)

    def drop(self, group):
        self.dropped.append(group)
        super().drop(group)


async def kept(root, heir):
    """Keep a worker until all that its first process had begun has ended; the numbers that the heir has by then."""
    role = Role(name="worker", title="The worker", command=(sys.executable, "-c", ONCE), well=lambda: False)
    child = Child(role, Place(root=root, environment=os.environ, logs=None, heir=heir, tell=lambda _: None))
    keeping = asyncio.create_task(child.keep())
    assert await asyncio.to_thread(wait, 30, lambda: (root / "again").exists() and not living(heir.held[0]))
    await asyncio.to_thread(wait, 2, lambda: heir.dropped)
    known = [group.leader for group in heir.held if group not in heir.dropped]
    child.close()
    await asyncio.to_thread(end_in_order, child.groups, threading.Event())
    await keeping
    return known


def test_the_heir_forgets_a_worker_that_died_once_its_runs_have_ended(tmp_path):
    heir = Listening(tmp_path / "passing")
    try:
        known = asyncio.run(kept(tmp_path, heir))
    finally:
        heir.close()

    assert known == [heir.held[-1].leader]
    assert len(heir.held) == 2
