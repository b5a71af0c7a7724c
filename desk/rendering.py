"""`pressroom render` and `pressroom check`: what would go out, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from channels.disk import place_own_folder
from content.context import Context
from content.crosslinks import Card, card, check_together
from content.findings import Finding, Refused, blocking
from desk.wording import describe
from flows.orders import Order
from flows.plan import ARTICLES, plan

if TYPE_CHECKING:
    from desk.console import Voice


def render_article(named: str, channels: tuple[str, ...], out: Path | None, root: Path, voice: Voice) -> int:
    """Write every channel's files below a folder. Raises `Refused`."""
    order = Order(article=named, channels=list(channels), root=str(root))
    planned = plan(order)
    folder = out or root / "proofs" / planned.article.meta.slug
    written = []
    for entry in planned.entries:
        parcel = entry.channel.parcel(entry.rendition, entry.delivery.key)
        place = folder / entry.delivery.account.removeprefix("outbox/").replace(":", "-")
        try:
            place_own_folder(place, parcel.files)
        except OSError as error:
            raise Refused([no_room(place, error)]) from error
        written.append(
            {
                "channel": place.name,
                "digest": entry.rendition.digest,
                "open": str(place / parcel.opens),
            }
        )
        voice.say(f"{place.name:<12} {place / parcel.opens}")
        voice.say(f"{'':<12} {describe(entry.rendition)}", "dim")
    voice.findings(planned.findings)
    voice.data({"article": planned.article.meta.slug, "written": written, "findings": planned.findings})
    return 1 if blocking(planned.findings) else 0


def check_articles(named: tuple[str, ...], root: Path, voice: Voice, *, online: bool = False) -> int:
    """Check articles, all their renditions, and their links. Every file is looked at, whatever is wrong with others."""
    findings: list[Finding] = []
    articles, cards, context = list(_articles(named, root)), [], Context.open(root)
    for article in articles:
        try:
            planned = plan(Order(article=article, root=str(root)))
            found = list(planned.findings)
            cards.append(card(planned.article, context))
        except Refused as refused:
            found = list(refused.findings)
        findings += [finding for finding in found if finding.rule != "article.draft"]
    findings += _between(cards, context, whole=not named)
    if online:
        from content.probing import Prober  # noqa: PLC0415 - an HTTP client that a check on this machine needs not

        findings += Prober(root).check((link for one in cards for link in one.links), voice.progress("links asked"))
    findings = list(dict.fromkeys(findings))
    voice.findings(findings)
    stops = blocking(findings)
    warnings = sum(1 for finding in findings if finding.severity in {"warn", "review"})
    voice.say(f"{len(articles)} articles: {len(stops)} to mend, {warnings} to look at.", "bold")
    voice.data({"articles": articles, "findings": findings})
    return 1 if stops or not articles else 0


def _between(cards: list[Card], context: Context, *, whole: bool) -> list[Finding]:
    """What is wrong between these articles; what only a look at all of them would tell, where these are all."""
    found = check_together(cards, context, whole=whole)
    return [finding for finding in found if whole or finding.rule != "link.unknown"]


def _articles(named: tuple[str, ...], root: Path) -> list[str]:
    if not named:
        return [str(path) for path in sorted((root / ARTICLES).glob("*.md"))]
    found: list[str] = []
    for name in named:
        folder = Path(name)
        found += [str(path) for path in sorted(folder.glob("*.md"))] if folder.is_dir() else [name]
    return found


def no_room(place: Path, error: OSError) -> Finding:
    """A folder that can't be written."""
    return Finding(
        rule="disk",
        severity="block",
        why=f"Nothing can be written: {error.strerror or error}.",
        file=str(place),
    )
