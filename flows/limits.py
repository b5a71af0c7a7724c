"""What servers have said of their own limits: asked once a day, kept beside the ledger, good for previews as well."""

from __future__ import annotations

import json
import logging
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from channels.base import Channel
from channels.disk import place_file
from channels.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FRESH = timedelta(days=1)
log = logging.getLogger("pressroom.limits")


def remembered(root: Path) -> dict[str, dict[str, int]]:
    """The limits of each account whose server was asked; none where the file can't be read."""
    return {account: said["limits"] for account, said in _read(root).items()}


def learn(channels: Iterable[Channel[Any]], root: Path) -> None:
    """Ask the servers that set limits of their own, where that is a day ago, and fit the channels to the answers.

    One that does not answer now keeps what it said before: sending tells more than this question.
    """
    known, now = _read(root), datetime.now(UTC)
    for channel in channels:
        if type(channel).learn is Channel.learn or not channel.configured:
            continue
        said = known.get(channel.account)
        if said and now - datetime.fromisoformat(said["at"]) < FRESH:
            continue
        try:
            with closing(channel):
                known[channel.account] = {"at": now.isoformat(), "limits": channel.learn()}
        except ChannelError as error:
            log.info("%s", error)
            continue
        with suppress(OSError):  # a disk that takes nothing is told of elsewhere
            place_file(_file(root), json.dumps(known, indent=1).encode())
        channel.adapt(known[channel.account]["limits"])


def _file(root: Path) -> Path:
    return root / ".pressroom" / "limits.json"


def _read(root: Path) -> dict[str, Any]:
    try:
        found = json.loads(_file(root).read_text(encoding="utf-8"))
        return {account: said for account, said in found.items() if _sound(said)}
    except (OSError, ValueError, AttributeError):
        return {}


def _sound(said: Any) -> bool:
    try:
        numbers = all(isinstance(number, int) for number in said["limits"].values())
        return numbers and datetime.fromisoformat(said["at"]).tzinfo is not None
    except (AttributeError, LookupError, TypeError, ValueError):
        return False
