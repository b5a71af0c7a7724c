"""Services that keep a newsletter as a draft: one is made and filled, then one call sends it to the service's list."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from channels.base import Receipt
from channels.campaigns import Campaign, Step
from channels.errors import Duplicate, Rejected, Unavailable, Uncertain, Unsupported
from content import merging

if TYPE_CHECKING:
    import httpx

    from content.newsletter import Newsletter

RECENT = 100  # campaigns that are looked through for a delivery's own: the newest


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign as the service knows it."""

    id: str
    status: str
    url: str = ""


class DraftCampaign(Campaign):
    """A service with drafts: `prepare` makes one that bears the delivery's key, `publish` sends it."""

    drafted: ClassVar[frozenset[str]]  # statuses of what nobody has got
    going: ClassVar[frozenset[str]]  # of what is on its way
    gone: ClassVar[frozenset[str]]  # of what everybody has got
    halted: ClassVar[frozenset[str]]  # of what some have got, and others never will unless a person acts
    sending: ClassVar[Step]  # the irreversible one

    @abstractmethod
    def creation(self, rendition: Newsletter, key: str) -> Step:
        """The request that makes the draft. Pure."""

    @abstractmethod
    def filling(self, rendition: Newsletter, key: str) -> list[Step]:
        """The requests that fill a draft again. Pure."""

    @abstractmethod
    def made(self, answer: httpx.Response) -> Draft:
        """The campaign of an answer to its making or changing. Raises `Uncertain`."""

    @abstractmethod
    def seek(self, rendition: Newsletter, key: str) -> Draft | None:
        """The campaign that bears a delivery's key, among the newest. Raises `ChannelError`."""

    @abstractmethod
    def campaign(self, draft: str) -> Draft:
        """One campaign by its id. Raises `ChannelError`."""

    def steps(self, rendition: Newsletter, key: str) -> list[Step]:
        """The draft, and its sending."""
        return [self.creation(rendition, key), self.sending]

    def make(self, rendition: Newsletter, key: str) -> str:
        """A new draft's id."""
        return self.made(self.take(self.creation(rendition, key))).id

    def prepare(self, rendition: Newsletter, key: str) -> str:
        """Make the draft, or fill the one that is there. Raises `Duplicate` if it is one no more."""
        self.must_be_set_up()
        there = self.seek(rendition, key)
        if there is None:
            return self.make(rendition, key)
        try:
            receipt = self.standing(rendition, there)
        except Uncertain as error:
            # somebody has scheduled or stopped it: to fill it, or to make another, is not ours to decide
            raise Rejected(self.account, error.detail, sent=error.sent) from None
        if receipt:
            raise Duplicate(self.account, "it has been sent before", sent=receipt)
        for step in self.filling(rendition, key):
            self.take(step, there.id)
        return there.id

    def publish(self, rendition: Newsletter, key: str, prepared: str = "") -> Receipt:
        """Send the draft. The one call that does so is never made twice."""
        self.must_be_set_up()
        with self.unsent():
            draft = prepared or self.prepare(rendition, key)
            url = self.cleared(draft)
        sent = self.sent(self.take(self.sending, draft), draft)
        return self.receipt(rendition, replace(sent, url=sent.url or url))

    def cleared(self, _draft: str) -> str:
        """The last look before the send: where people will see it. Raises `ChannelError` if it can't be sent."""
        return ""

    def sent(self, answer: httpx.Response, _draft: str) -> Draft:
        """What the answer to the sending says. Raises `Uncertain`."""
        return self.made(answer)

    def find(
        self, rendition: Newsletter, key: str, prepared: str = "", since: datetime | None = None
    ) -> Receipt | None:
        """Read the campaign's status. One that was never made was never sent."""
        try:
            there = self.campaign(prepared) if prepared else self.seek(rendition, key)
        except Rejected as error:
            # deleted by somebody, perhaps after it was sent
            raise Uncertain(self.account, f"the campaign can't be read: {error.detail}") from None
        return self.standing(rendition, there) if there else None

    def standing(self, rendition: Newsletter, campaign: Draft) -> Receipt | None:
        """The receipt of what went out or goes out, None for a draft. Raises `Uncertain` for anything else."""
        if campaign.status in self.drafted:
            return None
        receipt = self.receipt(rendition, campaign)
        if campaign.status in self.going | self.gone:
            return receipt
        said = f"{self.title} has the campaign as “{campaign.status}”"
        raise Uncertain(self.account, said, sent=receipt if campaign.status in self.halted else None)

    def stop(self, receipt: Receipt, step: Step) -> None:
        """Keep what has not gone out yet from going out. Raises `Unsupported` where all of it has."""
        [draft] = receipt.remote_ids
        status = self.campaign(draft).status
        if status in self.gone:
            raise Unsupported(self.account, "can't take back mails that have all gone out")
        if status not in self.drafted | self.halted:
            self.gone_is_fine(partial(self.take, step, draft))

    @contextmanager
    def unsent(self) -> Iterator[None]:
        """Before the send, a lost answer leaves nothing in doubt: nothing was sent."""
        try:
            yield
        except Uncertain as error:
            raise Unavailable(self.account, f"nothing was sent: {error.detail}") from error

    def receipt(self, rendition: Newsletter, campaign: Draft) -> Receipt:
        """Proof of what was sent."""
        return Receipt(
            channel=self.account,
            remote_ids=(campaign.id,),
            url=campaign.url,
            digest=rendition.digest,
            sent_at=datetime.now(UTC),
        )


def named(rendition: Newsletter, key: str) -> str:
    """What a campaign is called at the service: its subject for people, the delivery's key for us."""
    return f"{merging.plain(rendition.subject)[:60]} [{key}]"


def bears(name: object, key: str) -> bool:
    """Whether a campaign is called as a delivery's own."""
    return str(name).endswith(f"[{key}]")
