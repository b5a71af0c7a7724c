"""`pressroom status` and `pressroom channels`: what was done, and what can be."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.base import Receipt
from channels.registry import channel_class, known, offline
from content.findings import Finding, Refused
from content.post import Post

if TYPE_CHECKING:
    from channels.base import Channel
    from desk.console import Voice
    from flows.records import Record


OPEN = ("held", "unknown", "begun", "retracted")  # states that a person may end


def show_status(named: str, root: Path, voice: Voice) -> int:
    """Every delivery of the ledger, newest first."""
    from desk.mail.mailings import doubtful, progress  # noqa: PLC0415 - SQLAlchemy is for what needs it
    from flows.ledger import Ledger  # noqa: PLC0415
    from flows.plan import identity  # noqa: PLC0415
    from flows.settings import Settings  # noqa: PLC0415

    article = identity(named, root) if named else ""
    ledger = Ledger(Settings.of(root).ledger_url(root))
    records = ledger.records(article=article)
    mailings = {record.delivery.key: told for record in records if (told := progress(ledger, record))}
    doubt = {record.delivery.key: doubtful(ledger, record, root) for record in records if article}
    ledger.close()
    rows: list[tuple[str, ...]] = []
    for record in records:
        moment = record.receipt.sent_at if record.receipt else record.changed_at
        when = moment.astimezone().strftime("%Y-%m-%d %H:%M %Z")
        where = (record.receipt.url if record.receipt else "") or _why(record, mailings.get(record.delivery.key, ""))
        campaign = record.delivery.campaign if record.delivery.campaign != record.delivery.article else ""
        rows.append((record.delivery.article, record.delivery.account, record.state, when, campaign, where))
    more = [_more(mailings.get(record.delivery.key, ""), doubt.get(record.delivery.key, [])) for record in records]
    voice.data({"deliveries": [{**asdict(record), **told} for record, told in zip(records, more, strict=True)]})
    if rows:
        heads = ("ARTICLE", "CHANNEL", "STATE", "WHEN", "CAMPAIGN", "WHERE")
        shown = [at for at in range(len(heads)) if heads[at] != "CAMPAIGN" or any(row[at] for row in rows)]
        voice.table(tuple(heads[at] for at in shown), [tuple(row[at] for at in shown) for row in rows])
    else:
        voice.say("Nothing has been sent yet." if not article else f"Nothing of '{article}' has been sent yet.")
    for address in (address for addresses in doubt.values() for address in addresses):
        voice.say(f"  in doubt: {address}", "warn")
    if any(doubt.values()):
        voice.say("Ask one of them, or look at the mail server's log; then `pressroom resolve ARTICLE CHANNEL`.", "dim")
    return 1 if any(record.state in {"unknown", "held", "failed", "begun"} for record in records) else 0


def _why(record: Record, mailing: str) -> str:
    """Why it stands so; a mailing's own words are those of its end, where it has not gone on since."""
    return record.detail if record.detail.startswith(mailing) else mailing


def _more(mailing: str, in_doubt: list[str]) -> dict[str, object]:
    return {"mailing": mailing, "in_doubt": in_doubt} if mailing else {}


def resolve_delivery(article: str, account: str, url: str, root: Path, voice: Voice) -> int:
    """Write down what a person saw: the post at `url`, or none. Raises `Refused` where nothing is open."""
    from desk.mail.mailings import resolve_mailing  # noqa: PLC0415
    from flows.ledger import Ledger  # noqa: PLC0415
    from flows.plan import identity  # noqa: PLC0415
    from flows.settings import Settings  # noqa: PLC0415

    article = identity(article, root)
    ledger = Ledger(Settings.of(root).ledger_url(root))
    waiting = [record for record in ledger.records(article=article) if record.state in OPEN]
    found = [record for record in waiting if record.delivery.account == account]
    if not found:
        mend = f"Open: {', '.join(record.delivery.account for record in waiting) or 'none'}."
        why = f"Nothing of '{article}' is held or unknown on '{account}'."
        raise Refused([Finding(rule="resolve.nothing", severity="block", why=why, mend=mend)])
    for record in found:
        if resolve_mailing(ledger, record, sent=bool(url)):
            continue
        if url:
            _must_be_address(url)
            ledger.sent(record.delivery, _seen(record, url))
        else:
            ledger.release(record.delivery)
    ledger.close()
    said = f"is recorded as sent: {url}" if url else "may be sent again; publish it"
    voice.say(f"{article} on {account} {said}.", "good")
    voice.data({"article": article, "channel": account, "sent": url})
    return 0


def note_receipt(wanted: dict[str, Any], url: str, voice: Voice) -> int:
    """Write down where a person has posted an article's newest words. Raises `Refused`."""
    from flows.ledger import Ledger  # noqa: PLC0415
    from flows.orders import Order  # noqa: PLC0415
    from flows.plan import plan  # noqa: PLC0415
    from flows.settings import Settings  # noqa: PLC0415

    [account], root = wanted["channels"], Path(wanted["root"])
    _must_be_address(url)
    if not channel_class(account).can.by_hand:
        why = f"'{account}' is posted by Pressroom itself, which notes where."
        mend = "`pressroom resolve` is for what is held or unknown."
        raise Refused([Finding(rule="receipt.channel", severity="block", why=why, mend=mend)])
    [entry] = plan(Order.model_validate(wanted)).entries
    ledger = Ledger(Settings.of(root).ledger_url(root))
    before = ledger.plan(entry.delivery).receipt
    ledger.keep(entry.rendition)
    receipt = Receipt(
        channel=account, remote_ids=(url,), url=url, digest=entry.rendition.digest, sent_at=datetime.now(UTC)
    )
    ledger.sent(entry.delivery, receipt)
    ledger.close()
    voice.say(f"{entry.delivery.article} on {account} is recorded: {url}", "good")
    if before and before.url != url:
        voice.say(f"Until now it was recorded at {before.url}.", "warn")
    voice.data({"article": entry.delivery.article, "channel": account, "sent": url, "digest": receipt.digest})
    return 0


def _must_be_address(url: str) -> None:
    if not re.match(r"https?://[^\s/]+\.[^\s]+$", url):
        why = f"'{url}' is no address of a post."
        raise Refused([Finding(rule="receipt.address", severity="block", why=why, mend="Copy it from the browser.")])


def _seen(record: Record, url: str) -> Receipt:
    """What a person has seen with their own eyes."""
    ids = record.receipt.remote_ids if record.receipt else (url,)
    account = record.delivery.account
    return Receipt(channel=account, remote_ids=ids, url=url, digest=record.digest, sent_at=datetime.now(UTC))


def show_channels(voice: Voice) -> int:
    """The capability table of every channel."""
    found = [offline(name) for name in known()]
    rows = [(channel.name, channel.title, *abilities(channel)) for channel in found]
    voice.table(("NAME", "CHANNEL", "FORM", "TEXT", "THREAD", "PICTURES", "CORRECT", "RETRACT"), rows)
    voice.data({"channels": [_facts(channel) for channel in found]})
    return 0


def abilities(channel: Channel[Any]) -> tuple[str, ...]:
    """What a channel can do, a word a column."""
    can = channel.can
    text = f"{can.limits.text:,} {can.unit}" if can.limits.text else "no limit"
    if can.limits.bytes:
        text += f", {can.limits.bytes:,} bytes"
    thread = f"up to {can.limits.parts}" if can.limits.parts > 1 else "-"
    pictures = str(can.limits.images or ("card" if can.limits.thumbnail else "-"))
    afterwards = ("by hand", "by hand") if can.by_hand else (_yes(can.updates), _yes(can.retracts))
    return channel.form.__name__, text, thread, pictures if channel.form is Post else "-", *afterwards


def _yes(able: bool) -> str:  # noqa: FBT001 - a word for a truth
    return "yes" if able else "-"


def _facts(channel: Channel[Any]) -> dict[str, Any]:
    can = channel.can
    return {
        "name": channel.name,
        "title": channel.title,
        "form": channel.form.__name__,
        "text": can.limits.text,
        "unit": can.unit,
        "bytes": can.limits.bytes,
        "parts": can.limits.parts,
        "pictures": can.limits.images,
        "by_hand": can.by_hand,
        "repeat_safe": can.repeat_safe,
        "finds": can.finds,
        "updates": can.updates,
        "retracts": can.retracts,
        "price": can.price,
        "bare_price": can.bare_price,
        "quota": asdict(can.quota) if can.quota else None,
        "source": can.source,
    }
