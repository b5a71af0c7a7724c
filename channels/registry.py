"""Every channel there is: the shipped ones by name, and those that installed packages register."""

from __future__ import annotations

import difflib
import re
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from content.findings import Finding, Refused

if TYPE_CHECKING:
    from channels.base import Channel

GROUP = "pressroom.channels"
SUFFIX = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")  # of a second account: it names folders and variables
# name: where its class stands. Imported on first use, so that a render pays for no client it does not need.
SHIPPED = {
    "web": "channels.web:Web",
    "wordpress": "channels.wordpress:WordPress",
    "ghost": "channels.ghost:Ghost",
    "devto": "channels.devto:DevTo",
    "hashnode": "channels.hashnode:Hashnode",
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
    if fault := misnamed(account):
        raise Refused([Finding(rule="channel.unknown", severity="block", why=fault[0], mend=fault[1])])
    name = account.split(":", maxsplit=1)[0]
    module, _, attribute = known()[name].partition(":")
    found: type[Channel[Any]] = getattr(import_module(module), attribute)
    return found


def offline(account: str) -> Channel[Any]:
    """A channel to render and check with: no settings are read, nothing can be sent."""
    return channel_class(account)(account)


def misnamed(account: str) -> tuple[str, str] | None:
    """Why there can be no such account, and the mend; None where there can."""
    name, colon, suffix = account.partition(":")
    if name not in known():
        near = difflib.get_close_matches(name, known(), n=1)
        mend = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(known())}."
        return f"There is no channel '{account}'.", mend
    if colon and not SUFFIX.fullmatch(suffix):
        why = f"'{account}' can't be the name of an account."
        return why, f"Behind the colon stand small letters, figures and hyphens, such as {name}:second-one."
    return None
