"""Keeps an account from saying the same words again too soon."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from json import loads
from typing import TYPE_CHECKING, Any

from content.newsletter import Newsletter
from content.post import Post
from flows.floor import Floor
from flows.intents import spelled
from flows.records import Outcome

if TYPE_CHECKING:
    from flows.ledger import Ledger
    from flows.plan import Entry, Plan
    from flows.records import Delivery

ADDRESS = re.compile(r"https?://\S+")


def words(fields: Mapping[str, Any]) -> str:
    """What readers are told by a post or a mail, as a hash; addresses do not count, for each delivery has its own."""
    told = "\n".join(part["text"] for part in fields["parts"]) if "parts" in fields else str(fields.get("text", ""))
    return sha256(" ".join(ADDRESS.sub("", told).split()).encode()).hexdigest()


def governed(plan: Plan, ledger: Ledger, same_text: timedelta, now: datetime) -> tuple[Plan, list[Outcome]]:
    """The plan without what would say the same again too soon, and how that ended."""
    found = {entry.account: _kept_back(entry, ledger, same_text, now) for entry in plan.entries}
    kept = tuple(entry for entry in plan.entries if found[entry.account] is None)
    return replace(plan, entries=kept), [outcome for outcome in found.values() if outcome]


def _kept_back(entry: Entry, ledger: Ledger, same_text: timedelta, now: datetime) -> Outcome | None:
    """Why it must not go out now; None where it may, and has the floor."""
    if (mine := entry_words(entry)) is None:
        return None
    floor = Floor(ledger.engine, entry.delivery.key)
    may = floor.take(entry.account, mine, now, same_text)
    # looked for with the floor in hand: whoever had it before has written by now what came of it
    if when := said_before(entry, ledger, now - same_text):
        why = f"the same words went out on {when:%Y-%m-%d}, and may again {spelled(same_text)} after that"
        return Outcome(account=entry.account, status="skipped", detail=why)
    if may:
        return None
    why = "the same words are just going out on it, or perhaps have: tried again in a minute"
    return Outcome(account=entry.account, status="busy", detail=why)


def entry_words(entry: Entry) -> str | None:
    """What readers are told by it, as a hash; None for a page, which says what it says."""
    told = isinstance(entry.rendition, Post | Newsletter)
    return words(loads(entry.rendition.canonical)) if told else None


def said_before(entry: Entry, ledger: Ledger, since: datetime) -> datetime | None:
    """When an account has said these words last; None where that was before, or is this very delivery."""
    if (mine := entry_words(entry)) is None:
        return None
    recent = ledger.sent_since(entry.account, since, other_than=entry.delivery.key)
    return max((when for when, digest in recent if _same(ledger.kept(digest), mine)), default=None)


def _same(kept: Mapping[str, Any] | None, mine: str) -> bool:
    return kept is not None and words(kept) == mine


def last_sent(ledger: Ledger, deliveries: Iterable[Delivery], since: datetime) -> datetime | None:
    """When one of their accounts has sent something last that was none of these deliveries."""
    found = (ledger.sent_since(delivery.account, since, other_than=delivery.key) for delivery in deliveries)
    return max((when for sent in found for when, _ in sent), default=None)
