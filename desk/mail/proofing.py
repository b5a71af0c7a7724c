"""`pressroom send-test`: one article's newsletter to oneself."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from channels.campaigns import Campaign
from channels.errors import ChannelError
from channels.lines import Recipient
from channels.newsletter import Mail
from content.context import Context
from content.findings import Finding, Refused
from content.newsletter import Newsletter
from flows.audience import checked
from flows.plan import connect, find_article
from flows.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from desk.console import Voice

MARK = "[Test] "
PATIENCE = 60.0  # seconds


def send_proof(article: str, account: str, to: Sequence[str], root: Path, voice: Voice) -> int:
    """Send it, and give the exit code. Raises `Refused`."""
    addresses = [_checked(address) for address in to]
    channel = connect(account, root)
    if channel.form is not Newsletter:
        raise _refused("proof.channel", f"'{account}' sends no mail.", "Name one that does, such as newsletter.")
    with closing(channel):
        rendition = channel.render(find_article(article, root), Context.open(root))
        proof = replace(rendition, subject=MARK + rendition.subject, subjects=())
        voice.say(f"“{proof.shown().subject}” …", "dim")
        # a message of its own each time, or mail programs hide the second; a service's draft is filled again
        told = f"{article}\n{account}" if channel.can.drafts else str(time.time_ns())
        key = sha256(f"proof\n{told}".encode()).hexdigest()[:32]
        try:
            _send(channel, proof, key, addresses, root)
        except ChannelError as error:
            raise _refused("proof.failed", f"{error}.", "`pressroom doctor` says what an account lacks.") from error
    voice.say(f"Sent to {', '.join(addresses)}.", "good")
    voice.data({"article": article, "channel": account, "to": addresses})
    return 0


def _send(channel: object, proof: Newsletter, key: str, addresses: list[str], root: Path) -> None:
    match channel:
        case Mail():
            _by_smtp(channel, proof, key, addresses, root)
        case Campaign():
            channel.send_test(proof, key, tuple(addresses))
        case _:
            raise _refused("proof.channel", "This channel sends no proofs.")


def _by_smtp(mail: Mail, proof: Newsletter, key: str, addresses: list[str], root: Path) -> None:
    seal = Settings.of(root).seal(root)
    with closing(mail.proof_crew(proof, key, seal)) as crew:
        for address in addresses:
            crew.hand([Recipient(address=address, hashed=seal.hash(address))])
            came = crew.returned(PATIENCE)
            if not came:
                raise _refused("proof.failed", f"The mail server did not answer within {PATIENCE:.0f} s.")
            if came[0].error:
                raise came[0].error
            if came[0].replies[0].fate != "sent":
                why = f"The mail server refused {address}: {came[0].replies[0].code or 'it hung up'}."
                raise _refused("proof.refused", why)


def _checked(address: str) -> str:
    found = checked(address)
    if not found:
        raise _refused("proof.address", f"'{address}' is no address.", "Write it as me@example.org.")
    return found


def _refused(rule: str, why: str, mend: str = "") -> Refused:
    return Refused([Finding(rule=rule, severity="block", why=why, mend=mend)])
