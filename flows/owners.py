"""Who holds something in the ledger, and whether they still can."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import datetime

from channels.disk import alive


def oneself() -> str:
    """A name for this process and what it takes now: host, process, and something that nobody else has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def abandoned(owner: str, lease_until: datetime | None, now: datetime) -> bool:
    """Whether a lease has run out, or its process on this very machine is no more."""
    if lease_until is None or lease_until <= now:
        return True
    host, _, rest = owner.partition(":")
    return host == socket.gethostname() and not alive(int(rest.split(":")[0]))
