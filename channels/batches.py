"""One message a recipient, several to a request: for services that send mail and keep no list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from channels.campaigns import sender
from channels.errors import ChannelError, Uncertain
from channels.lines import Fate, Line, Recipient, Reply
from content import merging

if TYPE_CHECKING:
    from content.newsletter import Newsletter

Kind = Literal["sent", "suppressed", "refused", "later"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One recipient's message, every field filled in. Its address and its words are never shown by accident."""

    to: str = field(repr=False)
    sender: str  # "Clinic <news@clinic.example>"
    subject: str = field(repr=False)
    html: str = field(repr=False)
    text: str = field(repr=False)
    reply_to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What Postmark said of one letter: its number, and the message's id if it was taken. Never its words."""

    kind: Kind
    code: int
    message_id: str = ""


class Batching(Protocol):
    """A service that takes several letters at once."""

    def worded(self, rendition: Newsletter, /) -> Newsletter:
        """The mail with nothing in it that the service would take for its own language."""

    def batches(self, letters: Sequence[Letter], key: str, /) -> Iterator[list[Letter]]:
        """The letters in as few batches as it takes."""

    def send_batch(self, letters: Sequence[Letter], key: str, /) -> list[Result]:
        """Send one batch, and give the results in order. Raises `ChannelError`."""


FATES: dict[Kind, Fate] = {"sent": "sent", "suppressed": "suppressed", "refused": "failed", "later": "later"}


class Batches(Line):
    """One request at a time, of up to a hundred messages."""

    size = 100  # so many are in doubt where the answer to a batch is lost

    def __init__(self, service: Batching, rendition: Newsletter, key: str) -> None:
        self._service, self._key = service, key
        self._mail = service.worded(rendition)
        self._subjects = (self._mail.subject, *self._mail.subjects)

    def carry(self, recipients: Sequence[Recipient]) -> list[Reply]:
        """Send each recipient's message. Heavy ones go in several batches, and each has an end of its own."""
        letters = [self._letter(recipient) for recipient in recipients]
        told: list[Reply] = []
        for batch in self._service.batches(letters, self._key):
            try:
                results = self._service.send_batch(batch, self._key)
            except Uncertain:
                told += [Reply("doubt")] * len(batch)
            except ChannelError:
                if not told:
                    raise
                break
            else:
                told += [Reply(FATES[result.kind], str(result.code)) for result in results]
        return told + [Reply("later")] * (len(letters) - len(told))

    def close(self) -> None:
        """The account's client is closed with the account."""

    def _letter(self, recipient: Recipient) -> Letter:
        def words(name: str, otherwise: str) -> str:
            return merging.one_line(recipient.fields.get(name, "")) or otherwise

        def html(name: str, otherwise: str) -> str:
            return merging.in_html(recipient.fields.get(name, "")) or otherwise

        return Letter(
            to=recipient.address,
            sender=sender(self._mail),
            subject=merging.fill(self._subjects[recipient.subject], words),
            html=merging.fill(self._mail.html, html),
            text=merging.fill(self._mail.text, words),
            reply_to=self._mail.reply_to,
        )
