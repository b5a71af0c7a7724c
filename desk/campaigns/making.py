"""`pressroom campaign new`: a campaign's file to begin with."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from channels.disk import place_file
from content import zones
from content.campaign import CAMPAIGNS, parse
from content.findings import Finding, Refused
from content.source import Source
from flows.plan import existing_article

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desk.console import Voice

SAMPLE = """\
# What this will do, and when: pressroom campaign plan {name}
article: {article}
timezone: {zone}
destination: outbox   # files to look at; `accounts` sends for real

# quiet: 21:00-08:00  # hours in which nothing goes out: it waits for their end
# late: 2 hours       # so much later a step may still go out; after that it is held, and you are asked

groups:
  networks: [x, linkedin, mastodon, bluesky]

# All times are those of clocks in the timezone above. Besides those below there are, for example:
# 2026-12-01 08:30, next monday 09:00, +1 day 09:00 (after the step before), 2 hours after newsletter
steps:
  # the page first: everything else links to it
  - channel: web
    at: next weekday 09:00

  # counts from when the page is really there, and is left out where it did not come
  - channel: newsletter
    at: 30 minutes after page is live
    only_if: page

  - channel: networks
    at: 1 hour after page is live
    only_if: page

  # A reminder needs words of its own: the same ones don't go out again within 30 days. Write them in the article,
  # below channels: {{x: {{variants: {{reminder: {{text: …}}}}}}}}
  # - channel: x
  #   name: reminder
  #   at: +3 days 12:00
  #   variant: reminder
"""


def make_campaign(name: str, article: str, zone: str, root: Path, voice: Voice) -> int:
    """Write content/campaigns/NAME.yaml. Raises `Refused` where there is one, or where it could not be used."""
    path = CAMPAIGNS / f"{name}.yaml"
    slug = existing_article(article, root).stem
    own = zone or machine_zone()
    text = SAMPLE.format(name=name, article=slug, zone=own or "UTC")
    parse(Source(path.as_posix(), text), name)
    if (root / path).exists():
        why = f"There is a campaign '{name}' already: {path}."
        raise Refused([Finding(rule="campaign.exists", severity="block", why=why, mend="Take another name.")])
    try:
        place_file(root / path, text.encode())
    except OSError as error:
        why = f"{path} can't be written: {error.strerror or error}."
        raise Refused([Finding(rule="disk", severity="block", why=why)]) from error
    voice.say(f"Made {path}", "good")
    if not own:
        voice.say("This machine does not tell its time zone: it says UTC. Set `timezone:` to yours.", "warn")
    voice.say(f"Edit it, then look: pressroom campaign plan {name}", "dim")
    voice.data({"file": str(path), "article": slug, "timezone": own or "UTC"})
    return 0


def machine_zone() -> str:
    """The IANA name of this machine's time zone; "" where it does not tell."""
    return next((name for name in _told() if name in zones.known()), "")


def _told() -> Iterator[str]:
    yield os.environ.get("TZ", "").lstrip(":")
    with suppress(OSError, UnicodeDecodeError):
        yield Path("/etc/timezone").read_text(encoding="ascii").strip()
    _, _, name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    yield name
