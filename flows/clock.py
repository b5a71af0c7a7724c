"""What time it is for campaigns. A rehearsal may tell another; leases and receipts go by the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_telling: ContextVar[Callable[[], datetime] | None] = ContextVar("telling", default=None)


def now() -> datetime:
    """The moment that it is."""
    telling = _telling.get()
    return telling() if telling else datetime.now(UTC)


@contextmanager
def told_by(telling: Callable[[], datetime]) -> Iterator[None]:
    """Go by another clock within."""
    mark = _telling.set(telling)
    try:
        yield
    finally:
        _telling.reset(mark)
