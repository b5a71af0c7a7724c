"""Who holds something that one may have at a time, and whether they still can."""

from __future__ import annotations

import hashlib
import os
import socket
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from channels.disk import alive

BOOT = Path("/proc/sys/kernel/random/boot_id")  # Linux alone has these
NUMBERS = Path("/proc/self/ns/pid")
OUTERMOST = 0xEFFFFFFC  # of these numbers, those of the machine itself: a container has its own
MACHINE = Path("/etc/machine-id")  # clones and images may share it


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process has its number. A machine's name does not tell: clones and containers share one."""

    host: str
    life: str  # of the machine since it was started, and of the container; two never share it
    machine: str = ""  # what stays when it is started again; "" where nobody can say

    def __str__(self) -> str:
        """As it begins an owner's name."""
        return f"{self.host}/{self.machine}.{self.life}" if self.machine else f"{self.host}/{self.life}"

    def lost(self, owner: str) -> bool:
        """Whether an owner was a process here that is no more. Of those elsewhere, only their lease tells."""
        there, _, rest = owner.partition(":")
        if there == str(self):
            return not alive(int(rest.split(":")[0]))
        return bool(self.machine) and there.startswith(f"{self.host}/{self.machine}.")  # it was started again since


def oneself() -> str:
    """A name for this process and what it takes now: place, process, and something that nobody else has."""
    return f"{_here()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def abandoned(owner: str, lease_until: datetime | None, now: datetime) -> bool:
    """Whether a lease has run out, or its process on this very machine is no more."""
    return lease_until is None or lease_until <= now or _here().lost(owner)


@cache
def _here() -> Place:
    host = socket.gethostname()[:100]
    try:
        boot, numbers = BOOT.read_text(), NUMBERS.stat().st_ino
    except OSError:
        return Place(host, _short(f"{uuid.getnode()}"))
    outside = numbers == OUTERMOST and MACHINE.is_file()
    machine = _short(f"{MACHINE.read_text()}{uuid.getnode()}") if outside else ""
    return Place(host, _short(f"{boot}{numbers}"), machine)


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
