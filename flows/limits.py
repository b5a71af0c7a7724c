"""What servers have said of their own limits: asked once a day, kept beside the ledger, good for previews as well."""

from __future__ import annotations

import json
import logging
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from channels.base import Channel
from channels.disk import place_file
from channels.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FRESH = timedelta(days=1)
log = logging.getLogger("pressroom.limits")


def recall(channels: Iterable[Channel[Any]], root: Path) -> None:
    """Fit channels to what their servers said when they were asked last; where the file can't be read, to nothing."""
    known = _read(root)
    for channel in channels:
        said = known.get(channel.account)
        # without its settings, as in a preview, an account does not know its server: it has seldom moved
        if said and (not channel.configured or said["of"] == _named(channel)):
            channel.adapt(said["limits"])


def learn(channels: Iterable[Channel[Any]], root: Path) -> None:
    """Ask the servers that set limits of their own, where that is a day ago, and fit the channels to the answers.

    One that does not answer now keeps what it said before: sending tells more than this question.
    """
    known, now = _read(root), datetime.now(UTC)
    for channel in channels:
        if type(channel).learn is Channel.learn or not channel.configured:
            continue
        said, of = known.get(channel.account), _named(channel)
        if said and said["of"] == of and now - datetime.fromisoformat(said["at"]) < FRESH:
            continue
        try:
            with closing(channel):
                known[channel.account] = {"at": now.isoformat(), "of": of, "limits": channel.learn()}
        except ChannelError as error:
            log.info("%s", error)
            continue
        with suppress(OSError):  # a disk that takes nothing is told of elsewhere
            place_file(_file(root), json.dumps(known, indent=1).encode())
        channel.adapt(known[channel.account]["limits"])


def _named(channel: Channel[Any]) -> str:
    """The server that an account is on: too little of a hash for anybody to get at a secret in its address."""
    return sha256(channel.server.encode()).hexdigest()[:8]


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
        return numbers and isinstance(said["of"], str) and datetime.fromisoformat(said["at"]).tzinfo is not None
    except (AttributeError, LookupError, TypeError, ValueError):
        return False
