"""What can go wrong on a channel, named by what to do next.

* ChannelError
  + Misconfigured   nothing was sent   fix the settings
  + Rejected        nothing was sent   fix the article
  + Duplicate       sent before        adopt the earlier receipt
  + Unsupported     nothing was sent   use another channel
  + Unavailable     nothing was sent   try again, at `retry_after` if given
  + Uncertain       perhaps sent       look before sending again
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from channels.base import Receipt


class ChannelError(Exception):
    """One channel could not do what was asked. `sent` holds what arrived before: the first parts of a thread."""

    def __init__(self, channel: str, detail: str, *, sent: Receipt | None = None) -> None:
        super().__init__(channel, detail)
        self.channel = channel
        self.detail = detail
        self.sent = sent

    def __str__(self) -> str:
        return f"{self.channel}: {self.detail}"


class Misconfigured(ChannelError):
    """Nothing was sent: a secret is missing or refused, a permission lacks, an API version has lapsed."""


class Rejected(ChannelError):
    """Nothing was sent: the platform does not take this text or these pictures."""


class Duplicate(ChannelError):
    """The platform has it already. `sent` is the earlier receipt where the platform names it."""


class Unsupported(ChannelError):
    """Nothing was sent: the channel can't do this at all."""


class Unavailable(ChannelError):
    """Nothing was sent: too many requests, or no connection. `retry_after` is in seconds."""

    def __init__(
        self,
        channel: str,
        detail: str,
        *,
        retry_after: float | None = None,
        sent: Receipt | None = None,
    ) -> None:
        super().__init__(channel, detail, sent=sent)
        self.retry_after = retry_after


class Uncertain(ChannelError):
    """Perhaps sent: the answer was lost. Look (`find`) before anything is sent again."""
