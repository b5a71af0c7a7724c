"""`pressroom mail pause`, `resume`, `cancel`, `winner`, and what `status` and `resolve` say of mailings."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from channels.base import Receipt
from channels.lines import Recipient
from content.findings import Finding, Refused
from flows.audience import Audience
from flows.errors import Unusable
from flows.ledger import Ledger
from flows.mailing import summary
from flows.plan import connect
from flows.roll import Roll
from flows.settings import Settings
from flows.tally import Mailing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desk.console import Voice
    from flows.records import Record

Named = tuple[str, str, str]  # article, account, campaign ("": the only one there is)
ASKED = {"pause": "paused by hand", "cancel": "cancelled by hand"}
WORDS = {
    "pause": "pauses as soon as what is on the wire has arrived",
    "go": "goes on; if its run has ended, publish the article again",
    "cancel": "is cancelled: who has it has it, nobody else gets it",
}


def ask_mailing(wanted: Literal["go", "pause", "cancel"], named: Named, root: Path, voice: Voice) -> int:
    """Say what is wanted of a mailing from now on. Raises `Refused` where there is none."""
    with closing(Ledger(Settings.of(root).ledger_url(root))) as ledger, closing(Roll(ledger.engine)) as roll:
        record, _ = _found(ledger, roll, named)
        if record.state == "sent":
            raise _refused("mailing.over", f"The mailing of '{named[0]}' is over: {progress(ledger, record)}.")
        if not roll.ask(record.delivery.key, wanted):
            raise _refused("mailing.cancelled", f"The mailing of '{named[0]}' is cancelled for good.")
    voice.say(f"The mailing of '{named[0]}' {WORDS[wanted]}.", "good")
    voice.data({"article": named[0], "channel": named[1], "wanted": wanted})
    return 0


def choose_subject(named: Named, number: int, root: Path, voice: Voice) -> int:
    """The subject for the rest of the list. Raises `Refused`."""
    with closing(Ledger(Settings.of(root).ledger_url(root))) as ledger, closing(Roll(ledger.engine)) as roll:
        record, mailing = _found(ledger, roll, named)
        sent = ledger.kept(mailing.digest) or {}
        subjects = [sent.get("subject", ""), *sent.get("subjects", ())]
        if not roll.rest(mailing) or not 1 <= number <= len(subjects):
            why = (
                f"No mailing of '{named[0]}' waits for a subject."
                if not roll.rest(mailing)
                else "There is no such subject."
            )
            raise _refused("mailing.winner", why, f"There are {len(subjects)}, counted from 1.")
        roll.win(record.delivery.key, number - 1)
    voice.say(f"The rest gets “{subjects[number - 1]}”: publish '{named[0]}' again.", "good")
    voice.data({"article": named[0], "subject": subjects[number - 1]})
    return 0


def progress(ledger: Ledger, record: Record) -> str:
    """`1,990 of 2,000 sent, 2 in doubt`, or that its list is being written down; "" for what is no mailing."""
    with closing(Roll(ledger.engine)) as roll:
        mailing = roll.find(record.delivery.key)
        if mailing is None:
            return ""
        if mailing.total < 0:
            return "its list is being written down"
        told = summary(roll.counts(mailing), mailing.total)
        return f"{told}; {ASKED[mailing.wanted]}" if mailing.wanted in ASKED else told


def doubtful(ledger: Ledger, record: Record, root: Path) -> list[str]:
    """The addresses of those who perhaps have it, as the list names them now; else what stands for them."""
    with closing(Roll(ledger.engine)) as roll:
        mailing = roll.find(record.delivery.key)
        hashes = roll.doubtful(mailing) if mailing else set()
    if not hashes:
        return []
    named = {found.hashed: found.address for found in _readers(record.delivery.account, root) if found.hashed in hashes}
    return sorted(named.get(hashed, f"(no longer on the list: {hashed.hex()})") for hashed in hashes)


def resolve_mailing(ledger: Ledger, record: Record, *, sent: bool) -> bool:
    """A person says what became of those in doubt; False where the delivery is no mailing."""
    with closing(Roll(ledger.engine)) as roll:
        mailing = roll.find(record.delivery.key)
        if mailing is None:
            return False
        roll.abandon(mailing)
        roll.resolve(mailing, sent=sent)
        counts = roll.counts(mailing)
        over = not any(counts.get(state) for state in ("waiting", "later", "failed"))
    if sent and over:
        ledger.sent(record.delivery, _receipt(record))
    else:
        ledger.release(record.delivery)
    return True


def _receipt(record: Record) -> Receipt:
    delivery = record.delivery
    return Receipt(
        channel=delivery.account, remote_ids=(delivery.key,), url="", digest=record.digest, sent_at=datetime.now(UTC)
    )


def _readers(account: str, root: Path) -> Iterator[Recipient]:
    """Everybody on an account's list; nobody where it can't be read now."""
    channel = connect(account, root)
    settings = Settings.of(root)
    try:
        audience = Audience.of(channel.settings, settings.seal(root), root)  # type: ignore[attr-defined]  # it has a list
        for page in audience.pages():
            yield from (found for found in page if isinstance(found, Recipient))
    except Unusable:
        return


def _found(ledger: Ledger, roll: Roll, named: Named) -> tuple[Record, Mailing]:
    """The one that is meant. Raises `Refused` where there is none, or more than one."""
    article, account, campaign = named
    records = [r for r in ledger.records(article=article, campaign=campaign) if r.delivery.account == account]
    found = [(record, mailing) for record in records if (mailing := roll.find(record.delivery.key))]
    if not found:
        why = f"No mailing of '{article}' on '{account}' has begun."
        raise _refused("mailing.none", why, "`pressroom status` lists all.")
    if len(found) > 1:
        several = ", ".join(record.delivery.campaign for record, _ in found)
        why = f"'{article}' has gone out on '{account}' in several campaigns: {several}."
        raise _refused("mailing.several", why, "Say which one with --campaign.")
    return found[0]


def _refused(rule: str, why: str, mend: str = "") -> Refused:
    return Refused([Finding(rule=rule, severity="block", why=why, mend=mend)])
