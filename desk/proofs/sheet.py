"""All proofs of one article, made by the very code that publishes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.registry import channel_class
from content.findings import SEVERITIES, Finding
from content.newsletter import Newsletter
from content.page import Page
from content.post import Post
from content.story import Story
from desk.proofs import inbox, networks
from desk.proofs.changes import Change, changes
from desk.proofs.past import standing
from flows.orders import Order
from flows.plan import Entry, Plan, plan

if TYPE_CHECKING:
    from content.article import Article
    from desk.proofs.past import Past
    from flows.records import Record

FORMS = {Page: "page", Newsletter: "newsletter", Post: "post", Story: "story"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Proof:
    """One channel's rendition, and what the ledger knows of it."""

    entry: Entry
    findings: tuple[Finding, ...]
    past: Past
    record: Record | None = None

    @property
    def account(self) -> str:
        """`mastodon`, whether it goes to the account or to the outbox."""
        return self.entry.account.removeprefix("outbox/")

    @property
    def title(self) -> str:
        """The channel as people call it."""
        return self.entry.title

    @property
    def form(self) -> str:
        """`page`, `newsletter`, `post` or `story`."""
        return FORMS[type(self.rendition)]

    @property
    def by_hand(self) -> bool:
        """Whether a person posts it."""
        return channel_class(self.account).can.by_hand

    @property
    def rendition(self) -> Any:
        """What will go out."""
        return self.entry.rendition

    @cached_property
    def shown(self) -> Any:
        """What somebody reads of whom nothing is known: a mail's merge fields have their defaults."""
        return self.rendition.shown() if isinstance(self.rendition, Newsletter) else self.rendition

    @cached_property
    def digest(self) -> str:
        """Of the rendition: `publish` sends what bears it, and nothing else."""
        digest: str = self.rendition.digest
        return digest

    @cached_property
    def files(self) -> dict[str, bytes]:
        """The files as the outbox gets them."""
        return dict(self.entry.channel.parcel(self.rendition, self.entry.delivery.key).files)

    @property
    def parts(self) -> list[networks.Drawn]:
        """A post's parts, as its network draws them."""
        return networks.draw(self.rendition, self.account, self.entry.channel.can)

    @property
    def manner(self) -> networks.Manner:
        """How the network writes."""
        return networks.manner(self.account)

    @property
    def weight(self) -> inbox.Weight:
        """A mail's bytes."""
        return inbox.weight(self.shown)

    @property
    def caveats(self) -> list[inbox.Caveat]:
        """What mail programs will show otherwise."""
        return inbox.caveats(self.shown)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """A mail's headers."""
        return inbox.headers(self.files["message.eml"])

    @property
    def state(self) -> str:
        """`changed` where it carries an earlier text, else how the delivery stands."""
        receipt = self.record.receipt if self.record and self.record.state == "sent" else None
        return "changed" if receipt and receipt.digest != self.digest else standing(self.record)

    @cached_property
    def sent(self) -> dict[str, Any] | None:
        """The fields of what the channel carries now; None where that was not kept."""
        return self.past.kept(self.record.receipt.digest) if self.record and self.record.receipt else None

    @cached_property
    def changes(self) -> list[Change]:
        """What differs from what was last sent."""
        if self.state != "changed" or self.sent is None:
            return []
        return changes(self.sent, json.loads(self.rendition.canonical))


@dataclass(frozen=True, kw_only=True, eq=False)
class Sheet:
    """An article's proofs, its findings and its source."""

    name: str
    article: Article
    proofs: tuple[Proof, ...]
    skipped: tuple[str, ...]  # titles of channels that the article leaves out
    findings: tuple[Finding, ...]

    @property
    def changed(self) -> list[Proof]:
        """The channels that carry an earlier text."""
        return [proof for proof in self.proofs if proof.state == "changed"]


def press(path: Path, root: Path) -> Plan:
    """Read, render and check an article for every channel, as `publish` does. Raises `Refused`."""
    return plan(Order(article=str(path), root=str(root)))


def lay_out(name: str, planned: Plan, past: Past) -> Sheet:
    """An article's proofs beside what was sent before."""
    slug = planned.article.meta.identity
    proofs = []
    for entry in planned.entries:
        account = entry.account.removeprefix("outbox/")
        record = past.newest(slug, account)
        found = tuple(f for f in planned.findings if f.channel in {entry.account, account})
        proofs.append(Proof(entry=entry, findings=found, past=past, record=record))
    return Sheet(
        name=name,
        article=planned.article,
        proofs=tuple(proofs),
        skipped=tuple(channel_class(account).title for account in planned.skipped),
        findings=tuple(sorted(planned.findings, key=lambda found: (SEVERITIES.index(found.severity), found.line))),
    )
