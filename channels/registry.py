"""Every channel there is: the shipped ones by name, and those that installed packages register."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from channels.base import Channel
from content.findings import Finding, Refused

GROUP = "pressroom.channels"
# name: where its class stands. Imported on first use, so that a render pays for no client it does not need.
SHIPPED = {
    "web": "channels.web:Web",
    "newsletter": "channels.newsletter:Mail",
    "x": "channels.x:X",
    "linkedin": "channels.linkedin:LinkedIn",
    "mastodon": "channels.mastodon:Mastodon",
    "bluesky": "channels.bluesky:Bluesky",
    "telegram": "channels.telegram:Telegram",
    "discord": "channels.discord:Discord",
    "slack": "channels.slack:Slack",
    "threads": "channels.threads:Threads",
    "facebook": "channels.facebook:Facebook",
    "medium": "channels.handoff:Medium",
    "substack": "channels.handoff:Substack",
    "instagram": "channels.handoff:Instagram",
    "linkedin-profile": "channels.handoff:LinkedInProfile",
    "facebook-profile": "channels.handoff:FacebookProfile",
    "apprise": "channels.longtail:LongTail",
    "buttondown": "channels.buttondown:Buttondown",
    "mailchimp": "channels.mailchimp:Mailchimp",
    "resend": "channels.resend:Resend",
    "listmonk": "channels.listmonk:Listmonk",
    "postmark": "channels.postmark:Postmark",
}


# a dry run shows these; the others are for those who have set them up
USUAL = ("web", "newsletter", "x", "linkedin", "mastodon", "bluesky")


@cache
def known() -> dict[str, str]:
    """Channel names and where their classes stand; a shipped name can't be taken over."""
    return {**{point.name: point.value for point in entry_points(group=GROUP)}, **SHIPPED}


def channel_class(account: str) -> type[Channel[Any]]:
    """The class behind `mastodon` or `mastodon:clinic-2`. Raises `Refused` with the nearest name."""
    name = account.split(":", maxsplit=1)[0]
    if name not in known():
        raise Refused([unknown(account)])
    module, _, attribute = known()[name].partition(":")
    found: type[Channel[Any]] = getattr(import_module(module), attribute)
    return found


def offline(account: str) -> Channel[Any]:
    """A channel to render and check with: no settings are read, nothing can be sent."""
    return channel_class(account)(account)


def unknown(account: str, file: str = "", line: int = 0, column: int = 0) -> Finding:
    """There is no such channel; which one was meant?"""
    near = difflib.get_close_matches(account.split(":", maxsplit=1)[0], known(), n=1)
    mend = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(known())}."
    why = f"There is no channel '{account}'."
    return Finding(
        rule="channel.unknown",
        severity="block",
        why=why,
        mend=mend,
        file=file,
        line=line,
        column=column,
    )
