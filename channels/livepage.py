"""Whether a page is live: networks read it for their cards the moment a post appears, and remember what they saw."""

from __future__ import annotations

import time
from html import unescape
from typing import TYPE_CHECKING

from channels.errors import ChannelError
from channels.http import client, send

if TYPE_CHECKING:
    import httpx

FIRST, LONGEST = 1.0, 20.0  # seconds between two looks, doubled each time
READ = 2_000_000  # characters of a page


def waits_for(address: str, title: str, seconds: float) -> str:
    """Wait until a page answers and bears its title; "" then, else what it lacked when the time was over."""
    until, pause = time.monotonic() + seconds, FIRST
    with client() as http:
        while lack := _lack(http, address, title):
            if time.monotonic() + pause > until:
                return lack
            time.sleep(pause)
            pause = min(pause * 2, LONGEST)
    return ""


def _lack(http: httpx.Client, address: str, title: str) -> str:
    try:
        answer = send("web", http, "GET", address, follow_redirects=True)
    except ChannelError as error:
        return f"{address} is not live: {error.detail}"
    said = " ".join(unescape(answer.text[:READ]).split())
    return "" if " ".join(title.split()) in said else f"{address} is there, but does not bear the title '{title}'"
