"""Telling search engines and feed readers that a page is new or changed: IndexNow and WebSub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from channels.errors import ChannelError
from channels.http import client, send

if TYPE_CHECKING:
    from content.brand import Brand

INDEXNOW = "https://api.indexnow.org/indexnow"  # indexnow.org/documentation: it passes on to every engine
FEEDS = ("atom.xml", "rss.xml", "feed.json")


def announce(addresses: list[str], brand: Brand, engines: str = INDEXNOW) -> Iterator[str]:
    """Tell whoever the brand names; gives what went wrong, for nothing depends on it."""
    site = (brand.site or "").rstrip("/")
    host = urlsplit(site).hostname
    ours = [address for address in addresses if urlsplit(address).hostname == host]
    if not site or not ours:
        return
    with client() as http:
        if brand.indexnow:
            where = f"{site}/{brand.indexnow}.txt"
            told = {"host": host, "key": brand.indexnow, "keyLocation": where, "urlList": ours}
            try:
                send("IndexNow", http, "POST", engines, json=told)
            except ChannelError as error:
                yield f"IndexNow did not take it: {error.detail}"
        if brand.hub:
            feeds = [f"{site}/{feed}" for feed in FEEDS]
            try:
                send("WebSub", http, "POST", brand.hub, data={"hub.mode": "publish", "hub.url": feeds})
            except ChannelError as error:
                yield f"the WebSub hub did not take it: {error.detail}"
