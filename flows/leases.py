"""Whether a Prefect server that is started again still knows who holds accounts' slots. Asked without Prefect."""

from __future__ import annotations

from flows.health import asked

FORGETS = "prefect.server.concurrency.lease_storage.memory"  # Prefect's default
KEEPS = "prefect.server.concurrency.lease_storage.filesystem"


def keeps_leases(url: str) -> bool:
    """Whether its leases outlive it, on a disk or in Redis; one that does not tell is trusted.

    Raises `PrefectUnreachable`.
    """
    said = asked(url, "admin/settings") or {}
    return bool(said.get("server", {}).get("concurrency", {}).get("lease_storage") != FORGETS)
