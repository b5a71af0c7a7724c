"""A process killed in mid-send leaves nothing doubled, and nothing forgotten."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.deliver import Courier
from flows.ledger import Ledger
from flows.orders import Order
from flows.plan import plan

ROOT = Path(__file__).resolve().parents[2]
SEND_SLOWLY = """
import sys, time
from pathlib import Path
from channels.outbox import Outbox
from channels.registry import offline
from flows.deliver import Courier
from flows.ledger import Ledger
from flows.orders import Order
from flows.plan import plan

class Slow(Outbox):
    def publish(self, rendition, key, prepared: str = ""):
        before, after = map(float, sys.argv[3:5])
        Path("sending").touch()
        time.sleep(before)
        receipt = super().publish(rendition, key)
        time.sleep(after)
        return receipt

entry = plan(Order(article="garden", channels=["mastodon"], root=sys.argv[1])).entries[0]
slow = Slow(offline("mastodon"), Path(sys.argv[1]) / "outbox" / "garden")
Courier(slow, entry.rendition, entry.delivery, Ledger(sys.argv[2])).deliver()
"""


@pytest.mark.parametrize(("before", "after", "arrived"), [("60", "0", False), ("0", "60", True)])
def test_a_killed_send_is_found_or_made_once(project, before, after, arrived):
    url = f"sqlite:///{project}/ledger.db"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SEND_SLOWLY, str(project), url, before, after]
    process = subprocess.Popen(command, cwd=project, env=environment)
    written = project / "outbox" / "garden" / "mastodon" / "receipt.json"
    mark = written if arrived else project / "sending"
    while not mark.exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    first = written.stat().st_mtime_ns if arrived else 0

    entry = plan(Order(article="garden", channels=["mastodon"], root=str(project))).entries[0]
    ledger = Ledger(url)
    left = ledger.plan(entry.delivery).state
    outcome = Courier(entry.channel, entry.rendition, entry.delivery, ledger).deliver()

    assert (left, outcome.status) == ("unknown", "sent")
    assert ("had arrived" in outcome.detail) is arrived
    assert not arrived or written.stat().st_mtime_ns == first
    assert ledger.plan(entry.delivery).state == "sent"
    ledger.close()
