"""What a run will do, made before anything is sent. Pure but for reading the project's files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from channels.base import Channel
from channels.outbox import Outbox
from channels.registry import channel_class, known, offline
from content.article import Article
from content.checks import check_article
from content.context import Context
from content.findings import Finding, Refused, blocking
from content.page import Page
from flows.orders import Order
from flows.records import Delivery

ARTICLES = Path("content") / "articles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One channel of a run and what it will carry."""

    channel: Channel[Any]
    rendition: Any
    delivery: Delivery

    @property
    def account(self) -> str:
        """`mastodon`, or `outbox/mastodon` for its dry run."""
        return self.channel.account

    @property
    def title(self) -> str:
        """The channel as people call it."""
        return channel_class(self.account.removeprefix("outbox/")).title

    @property
    def first(self) -> bool:
        """Pages go first: the others link to them."""
        return self.channel.form is Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An article, its entries in order, the channels it skips, and every finding."""

    article: Article
    entries: tuple[Entry, ...]
    skipped: tuple[str, ...]
    findings: tuple[Finding, ...]

    def refuse_blocked(self, order: Order) -> None:
        """Raise `Refused` where something must be mended first, or is not what was shown before."""
        stale = [
            Finding(
                rule="rendition.stale",
                severity="block",
                why="The article has changed since it was shown.",
                mend="Look at it again, then publish.",
                channel=entry.account,
            )
            for entry in self.entries
            if order.digests.get(entry.account, entry.rendition.digest) != entry.rendition.digest
        ]
        stops = [*blocking(self.findings), *stale]
        if stops:
            raise Refused(stops)


def plan(order: Order, outbox: Path | None = None) -> Plan:
    """Read the article, render and check it for every channel asked for. Raises `Refused`."""
    root = Path(order.root)
    article = find_article(order.article, root)
    context = Context.open(root, order.campaign)
    wanted = order.channels or list(known())
    skipped = tuple(name for name in wanted if article.overrides(name).skip)
    campaign = order.campaign or article.meta.slug
    folder = (outbox or root / "outbox") / Path(*dict.fromkeys((campaign, article.meta.slug)))
    entries: list[Entry] = []
    findings = check_article(article, context, tuple(known()))
    for name in dict.fromkeys(wanted):
        if name in skipped:
            continue
        channel = Outbox(offline(name), folder) if order.destination == "outbox" else connect(name, root)
        rendition = channel.render(article, context)
        findings += channel.check(rendition)
        delivery = Delivery(campaign=campaign, article=article.meta.slug, account=channel.account)
        entries.append(Entry(channel=channel, rendition=rendition, delivery=delivery))
    if article.meta.draft:
        findings.append(_draft(article))
    return Plan(article=article, entries=tuple(entries), skipped=skipped, findings=tuple(findings))


def connect(account: str, root: Path) -> Channel[Any]:
    """A channel with the account that the environment sets up for it."""
    from flows.settings import account_settings  # noqa: PLC0415 - 0.1 s that a dry run does not pay

    adapter = channel_class(account)
    if adapter.settings_model is None:
        return adapter(account)
    made: Channel[Any] = adapter(account, account_settings(adapter.settings_model, account, root))  # type: ignore[call-arg]  # adapters with settings take them
    return made


def find_article(named: str, root: Path) -> Article:
    """An article by its file, or by its short name. Raises `Refused`."""
    path = Path(named)
    if not path.suffix:
        path = root / ARTICLES / f"{named}.md"
    elif not path.is_absolute() and not path.exists():
        path = root / path
    try:
        shown = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        shown = str(path)
    return Article.load(path, shown)


def _draft(article: Article) -> Finding:
    finding = article.marks.finding(
        "article.draft",
        "block",
        "The article is a draft.",
        "Set draft: false to publish it.",
        ("draft",),
    )
    return replace(finding, file=article.name)
