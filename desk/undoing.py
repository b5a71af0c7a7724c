"""`pressroom retract` and `pressroom rollback`: what was sent is taken back, or put back as it was before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.registry import channel_class
from content.findings import Finding, Refused
from content.page import Page
from flows.plan import ARTICLES, find_article, identity

if TYPE_CHECKING:
    from pathlib import Path

    from content.crosslinks import Link
    from desk.console import Voice
    from flows.records import Outcome


def retract_article(
    article: str, accounts: tuple[str, ...], campaign: str, root: Path, voice: Voice, *, ask: bool
) -> int:
    """Take an article back from some channels. Raises `Refused` where nothing of it is there."""
    from flows.ledger import Ledger  # noqa: PLC0415
    from flows.retracting import sent_there, take_back  # noqa: PLC0415
    from flows.settings import Settings  # noqa: PLC0415

    article = identity(article, root)
    by_hand = [account for account in accounts if channel_class(account).can.by_hand]
    ledger = Ledger(Settings.of(root).ledger_url(root))
    found = sent_there(ledger, article, accounts, campaign)
    if not found:
        why = f"Nothing of '{article}' is on {' or '.join(accounts)}."
        raise Refused([Finding(rule="retract.nothing", severity="block", why=why, mend="Look: pressroom status.")])
    for record in found:
        voice.say(f"  {record.delivery.account}: {record.receipt.url if record.receipt else ''}")
    for account in sorted(set(accounts) - {record.delivery.account for record in found}):
        voice.say(f"  {account}: nothing of it is there", "warn")
    if by_hand:
        voice.say(f"  Delete it yourself on {', '.join(by_hand)}; it is noted here.", "warn")
    if ask and not voice.agrees("Delete this for everybody?"):
        voice.say("Nothing was taken back.")
        voice.data({"article": article, "outcomes": []})
        return 1
    outcomes = list(take_back(found, ledger, root))
    ledger.close()
    for outcome in outcomes:
        voice.say(f"  {outcome.account}: {outcome.status} {outcome.detail}", "good" if outcome.well else "block")
    left = _still_linked(article, outcomes, root)
    for link in left:
        voice.say(f"  {link.file}:{link.line} still links to it", "warn")
    voice.data({"article": article, "outcomes": outcomes, "still_linked": left})
    return 0 if all(outcome.well for outcome in outcomes) else 1


def _still_linked(article: str, outcomes: list[Outcome], root: Path) -> list[Link]:
    """The other articles' links to a page that is gone."""
    from content.context import Context  # noqa: PLC0415
    from content.crosslinks import card, linking  # noqa: PLC0415

    if not any(outcome.well and channel_class(outcome.account).form is Page for outcome in outcomes):
        return []
    context, cards = Context.open(root), []
    for path in sorted((root / ARTICLES).glob("*.md")):
        if article not in path.read_text(encoding="utf-8", errors="replace"):
            continue
        try:
            cards.append(card(find_article(str(path), root), context))
        except Refused:
            continue  # a faulty article is on no site
    return linking(cards, article, context)


def roll_article_back(article: str, account: str, campaign: str, root: Path, voice: Voice) -> int:
    """Put an article's earlier version back on a channel. Raises `Refused` where nothing of it is there."""
    from flows.ledger import Ledger  # noqa: PLC0415
    from flows.retracting import sent_there  # noqa: PLC0415
    from flows.rollback import roll_back  # noqa: PLC0415
    from flows.settings import Settings  # noqa: PLC0415

    article = identity(article, root)
    ledger = Ledger(Settings.of(root).ledger_url(root))
    found = sent_there(ledger, article, [account], campaign)
    if len(found) != 1:
        why = f"Nothing of '{article}' is on {account}." if not found else f"'{article}' is there in several campaigns."
        mend = "Look: pressroom status." if not found else "Say which with --campaign."
        raise Refused([Finding(rule="rollback.nothing", severity="block", why=why, mend=mend)])
    outcome = roll_back(found[0], ledger, root)
    ledger.close()
    said = f"{article} on {account} is as it was before: {outcome.url}" if outcome.well else outcome.detail
    voice.say(f"{said}.", "good" if outcome.well else "block")
    voice.data({"article": article, "outcome": outcome})
    return 0 if outcome.well else 1
