"""Ends processes in order: each is asked, and killed with all that it has started if it takes too long."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from threading import Event

LOOK = 0.05  # seconds between two looks
HURRY = 2.0  # seconds that are left once a person is impatient


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A process that leads a group of its own, and all that it has started there."""

    leader: int
    stage: int = 0  # those of a lower stage end first
    grace: float = 5.0  # seconds from asking to killing


def end_in_order(groups: Iterable[Group], hurried: Event) -> None:
    """End them all, stage by stage. Once `hurried` is set, nobody gets more than a moment."""
    known = tuple(groups)
    for stage in sorted({group.stage for group in known}):
        these = [group for group in known if group.stage == stage]
        for group in these:
            ask(group)
        _wait(these, hurried)
        for group in these:
            kill(group)


def living(group: Group) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group.leader, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process that is just ending, on some systems
        return True
    return True


def ask(group: Group) -> None:
    """Ask the leader to end, who knows what to do with its own; where it is gone, ask those."""
    try:
        os.kill(group.leader, signal.SIGTERM)
    except ProcessLookupError:
        _send(group, signal.SIGTERM)


def kill(group: Group) -> None:
    """End whoever is left of a group."""
    _send(group, signal.SIGKILL)


def _wait(groups: Collection[Group], hurried: Event) -> None:
    began, pressed = time.monotonic(), False
    until = {group: began + group.grace for group in groups}
    while left := [group for group in groups if living(group) and time.monotonic() < until[group]]:
        if hurried.is_set() and not pressed:
            pressed = True
            until = {group: min(until[group], time.monotonic() + HURRY) for group in groups}
            for group in left:
                ask(group)
        time.sleep(LOOK)


def _send(group: Group, number: signal.Signals) -> None:
    try:
        os.killpg(group.leader, number)
    except (ProcessLookupError, PermissionError):
        return
