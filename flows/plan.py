"""What a run will do, made before anything is sent. Pure but for reading the project's files."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from channels.base import Channel
from channels.livepage import Expected
from channels.outbox import Outbox
from channels.registry import USUAL, channel_class, known, misnamed, offline
from content import source
from content.article import Article
from content.brand import FILE
from content.checks import check_article
from content.context import Context
from content.document import Document
from content.findings import Finding, Refused, blocking
from content.page import Page
from flows.limits import learn, recall
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
    def live(self) -> bool:
        """Whether a program brings it to people."""
        dry = self.account.startswith("outbox/") or self.channel.can.by_hand
        return self.channel.configured and not dry

    @property
    def reads_page(self) -> bool:
        """Whether its network reads the page as soon as the post is there."""
        return self.channel.can.fetches_card and self.live

    @property
    def first(self) -> bool:
        """Pages go first: the others link to them."""
        return self.channel.form in {Page, Document}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An article, its entries in order, the channels it skips, and every finding."""

    article: Article
    address: str  # of the page that everything links to
    entries: tuple[Entry, ...]
    skipped: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def waiting(self) -> set[str]:
        """Accounts that wait until the page is live: all where this run brings it, else those that read it."""
        brings = any(entry.first and entry.live for entry in self.entries)
        others = [entry for entry in self.entries if not entry.first]
        return {entry.account for entry in others if entry.reads_page or (brings and entry.live)}

    @property
    def expected(self) -> Expected:
        """What must be at the page's address before anybody is led there."""
        pages = [entry.rendition for entry in self.entries if entry.live and isinstance(entry.rendition, Page)]
        marker = next((page.marker for page in pages if page.url == self.address), "")
        return Expected(address=self.address, title=self.article.meta.title, marker=marker)

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
    article = find_article(order.article, root).varied(order.variant)
    context = Context.open(root, order.campaign, order.part)
    campaign = order.campaign or article.meta.identity
    channels = {channel.account: channel for channel in _wanted(order, article, root)}
    _fit_to_servers(channels, root, ask=order.destination == "accounts")
    skipped = tuple(account for account in channels if article.overrides(account).skip)
    findings = check_article(article, context, misnamed)
    entries: list[Entry] = []
    for channel in (channel for account, channel in channels.items() if account not in skipped):
        delivery = Delivery(campaign=campaign, article=article.meta.identity, account=channel.account, part=order.part)
        carrier = channel
        if order.destination == "outbox":
            carrier = Outbox(channel, (outbox or root / "outbox") / delivery.folder)
            delivery = replace(delivery, account=carrier.account)
        rendition = carrier.render(article, context)
        findings += carrier.check(rendition)
        entries.append(Entry(channel=carrier, rendition=rendition, delivery=delivery))
    findings += _stops(article, entries)
    findings += _homeless(article, context, entries)
    return Plan(
        article=article,
        address=context.public_url(article),
        entries=tuple(entries),
        skipped=skipped,
        findings=tuple(findings),
    )


def _fit_to_servers(channels: dict[str, Channel[Any]], root: Path, *, ask: bool) -> None:
    """Take the limits that servers have told; before a live run they are asked."""
    recall(channels.values(), root)
    if ask:
        learn(channels.values(), root)


def _wanted(order: Order, article: Article, root: Path) -> list[Channel[Any]]:
    """The channels asked for; where none are, the usual ones and those the article names, or all that are set up."""
    named = [name for name in article.meta.channels if not misnamed(name)]
    without = USUAL if order.destination == "outbox" else known()
    names = order.channels or list(dict.fromkeys([*without, *named]))
    if order.destination == "outbox":
        return [offline(name) for name in names]
    accounts = [connect(name, root) for name in names]
    if order.channels:
        return accounts
    # what is posted by hand takes part where the article names it
    return [account for account in accounts if account.configured or (account.can.by_hand and account.account in named)]


def _stops(article: Article, entries: list[Entry]) -> list[Finding]:
    stops = []
    if article.meta.draft:
        why, mend = "The article is a draft.", "Set draft: false to publish it."
        stops.append(article.marks.finding("article.draft", "block", why, mend, ("draft",)))
    if not entries:
        why, mend = "No channel is left to publish to.", "`pressroom doctor` says which accounts are set up."
        stops.append(Finding(rule="channels.none", severity="block", why=why, mend=mend, file=article.name))
    return stops


def _homeless(article: Article, context: Context, entries: list[Entry]) -> list[Finding]:
    """Posts for real must lead somewhere."""
    if context.brand.site or article.meta.canonical or not any(entry.reads_page for entry in entries):
        return []
    why, mend = "The brand has no site: the links of posts would lead nowhere.", "Set site: in content/brand.yaml."
    return [Finding(rule="brand.site", severity="block", why=why, mend=mend, file=FILE.as_posix())]


def connect(account: str, root: Path) -> Channel[Any]:
    """A channel with the account that the environment sets up for it."""
    from flows.settings import account_settings  # noqa: PLC0415 - 0.1 s that a dry run does not pay

    adapter = channel_class(account)
    if adapter.settings_model is None:
        return adapter(account)
    made: Channel[Any] = adapter(account, account_settings(adapter.settings_model, account, root))  # type: ignore[call-arg]  # adapters with settings take them
    return made


def article_path(named: str, root: Path) -> Path:
    """The file that is meant by a path, or by a short name."""
    path = Path(named)
    if not path.suffix:
        return root / ARTICLES / f"{named}.md"
    return root / path if not path.is_absolute() and not source.there(path) else path


def existing_article(named: str, root: Path) -> Path:
    """An article's file. Raises `Refused` with the nearest name."""
    path = article_path(named, root)
    if source.there(path):
        return path
    known_ones = sorted(found.stem for found in path.parent.glob("*.md")) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.stem, known_ones, n=1)
    mend = f"Did you mean '{near[0]}'?" if near else "`pressroom preview` alone lists every article."
    raise Refused([Finding(rule="article.absent", severity="block", why=f"There is no article '{named}'.", mend=mend)])


def find_article(named: str, root: Path) -> Article:
    """An article by its file, or by its short name. Raises `Refused`."""
    path = article_path(named, root) if Path(named).suffix else existing_article(named, root)
    try:
        shown = path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        shown = str(path)
    return Article.load(path, shown)


def identity(named: str, root: Path) -> str:
    """What the ledger calls an article that is named by its file, its short name, or the name in the ledger itself."""
    try:
        return find_article(named, root).meta.identity
    except Refused:
        return named
