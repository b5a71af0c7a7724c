"""The contract that every channel keeps."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from channels.errors import Unsupported
from content.crosspost import CrossPost
from content.document import Document
from content.findings import Finding, Severity
from content.fitting import Limits
from content.newsletter import Newsletter
from content.page import Page
from content.post import Post
from content.story import Story

if TYPE_CHECKING:
    from pydantic import BaseModel

    from channels.lines import Crew
    from channels.seal import Seal
    from content.article import Article
    from content.context import Context

SKEW = timedelta(hours=1)  # that this machine's clock and a platform's may differ
R = TypeVar("R", Page, Document, CrossPost, Newsletter, Post, Story)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof that one rendition reached one channel: all that `update` and `retract` need."""

    channel: str  # the account: "mastodon", "mastodon:clinic-2"
    remote_ids: tuple[str, ...]  # one a part of a thread, in order
    url: str  # where people see it; "" where there is no such place
    digest: str  # of the rendition
    sent_at: datetime  # aware, UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many posts an account may make within any stretch of so many hours; each part of a thread is one."""

    count: int
    hours: float
    whole: bool = False  # a thread is one: its further parts are counted elsewhere

    @property
    def span(self) -> timedelta:
        """Its time."""
        return timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """Something that an account needs and that ends at a known moment, unless a person sees to it before."""

    what: str  # the beginning of a sentence: "The token"
    at: datetime  # aware, UTC: of no use from then on
    because: str  # the end of that sentence: "nothing renews it"
    mend: str
    rule: str = "account.expiry"
    about: bool = False  # the day is an estimate
    notice: timedelta = timedelta(days=14)  # so long before, the doctor begins to tell of it
    severity: Severity = "block"  # for what needs it afterwards

    def said(self, *, over: bool = False) -> str:
        """`The token ends on 2026-12-01 at 10:00 UTC: nothing renews it.`"""
        day = f"{'about' if self.about else 'on'} {self.at:%Y-%m-%d}"
        clock = f" at {self.at:%H:%M} UTC" if self.at.time() != time.min else ""
        return f"{self.what} {'ended' if over else 'ends'} {day}{clock}: {self.because}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel can carry and do. Fitting, checks, meters, retries and the README's matrix read this table."""

    limits: Limits
    repeat_safe: bool = False  # one key never makes two posts
    drafts: bool = False  # `prepare` makes a draft, whose id must be kept before it is sent
    recipients: bool = False  # one message a recipient, each with a row in the ledger
    finds: bool = False
    updates: bool = False
    retracts: bool = False
    unit: str = "characters"  # what `limits.count` counts, for people
    fetches_card: bool = False  # the network reads the page for its link card: the page must be live first
    by_hand: bool = False  # a person posts it; a program only lays it out
    price: float = 0.0  # US dollars a post with a link
    bare_price: float = 0.0  # US dollars a post without one
    quota: Quota | None = None  # None: none is published
    source: str = ""  # where the limits are written down

    def cost(self, posts: int, *, links: bool) -> float:
        """US dollars for a post, or a thread of so many, whose first one has the link."""
        first = self.price if links else self.bare_price
        return first + (posts - 1) * self.bare_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a channel would send, as files for a person to look at: path below the delivery's folder, bytes."""

    files: tuple[tuple[str, bytes], ...]
    opens: str  # the file to look at first


class Channel(ABC, Generic[R]):
    """One place an article can go: one account of one API. It keeps no state."""

    name: ClassVar[str]  # "mastodon": template, settings prefix, registry
    title: ClassVar[str]  # "Mastodon": for people
    form: Any  # Page, Newsletter or Post
    can: Capabilities  # of the instance: a server may set its own limits
    settings_model: ClassVar[type[BaseModel] | None] = None
    guide: ClassVar[str] = ""  # where a person finds what an account needs: `pressroom connect` shows it
    asks: ClassVar[tuple[str, ...]] = ()  # the settings that it then asks for; none: all that are empty by default

    def __init__(self, account: str = "") -> None:
        self.account = account or self.name

    @property
    def configured(self) -> bool:
        """Whether the account has what it needs to send."""
        return True

    @property
    def fee(self) -> str:
        """What people should know before they pay for it; "" where it is free."""
        return f"{self.title} charges about ${self.can.price:.2f} for a post with a link." if self.can.price else ""

    def render(self, article: Article, context: Context) -> R:
        """What would be sent. Pure: the same article and context give the same bytes. Raises `Refused`."""
        rendition: R = self.form.of(article, context, self.account, self.can.limits)
        return rendition

    def check(self, rendition: R) -> list[Finding]:
        """What a person should know before it is sent. Pure."""
        return rendition.check(self.account, self.can.limits)

    @abstractmethod
    def parcel(self, rendition: R, key: str) -> Parcel:
        """The bytes that `publish` would send, laid out as files. Pure, and without any secret."""

    def prepare(self, rendition: R, key: str) -> str:
        """Make what nobody sees yet, where a platform has drafts. Its id is kept, and given to `publish` and `find`.

        A draft of that key which is there already is taken. Raises `ChannelError`; nothing has been sent then.
        """
        return ""

    @abstractmethod
    def publish(self, rendition: R, key: str, prepared: str = "") -> Receipt:
        """Send it: the one irreversible call. `key` is the delivery's own, `prepared` its draft's id.

        Raises `ChannelError`.
        """

    def find(self, rendition: R, key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Read back whether it arrived. None: it certainly did not.

        `since`: it was not tried before that; what is older need not be looked at. Raises `ChannelError`,
        `Unsupported` where too much has been posted since to tell.
        """
        raise Unsupported(self.account, "can't tell whether something arrived")

    def resume(self, rendition: R, key: str, sent: Receipt) -> Receipt:
        """Go on with a thread of which the first parts are out. Raises `ChannelError`."""
        raise Unsupported(self.account, "can't go on with what was broken off")

    def crew(self, rendition: R, key: str, seal: Seal) -> Crew:
        """The lines on which this rendition goes to recipients, where `can.recipients`. Raises `Misconfigured`."""
        raise Unsupported(self.account, "sends to no list of recipients")

    def update(self, receipt: Receipt, rendition: R) -> Receipt:
        """Put a corrected rendition in the place of a sent one."""
        raise Unsupported(self.account, "can't change what was sent")

    def retract(self, receipt: Receipt) -> None:
        """Take back what was sent. Taking back twice is no error."""
        raise Unsupported(self.account, "can't take back what was sent")

    def revived(self, kept: dict[str, Any]) -> R:
        """What was sent before, from the fields that were kept of it. Raises `ChannelError`."""
        raise Unsupported(self.account, "can't bring back an earlier version")

    def doctor(self) -> list[Finding]:
        """What stands between this account and sending. Empty: nothing."""
        return []

    def ends(self) -> list[Lapse]:
        """All of this account that is known to end at a date. Asks no network, and raises nothing."""
        return []

    def ending(self, now: datetime) -> list[Finding]:
        """What of it a person should see to by now, for the doctor."""
        return [
            Finding(
                rule=lapse.rule,
                severity="warn",
                why=lapse.said(over=lapse.at <= now),
                mend=lapse.mend,
                channel=self.account,
            )
            for lapse in self.ends()
            if lapse.at - lapse.notice <= now
        ]

    @property
    def server(self) -> str:
        """The address that `learn` asks: an account that moves to another asks anew."""
        return ""

    def learn(self) -> dict[str, int]:
        """What the account's own server says of its limits, where servers differ. Raises `ChannelError`."""
        return {}

    def adapt(self, learnt: dict[str, int]) -> None:
        """Fit renditions to what `learn` has told, now or before."""

    def variable(self, field: str) -> str:
        """What a setting is called in the environment."""
        return "PRESSROOM_" + re.sub(r"\W+", "_", self.account).upper() + "_" + field.upper()

    def missing(self, *fields: str) -> list[Finding]:
        """No account is set up: which variables would do so."""
        names = ", ".join(map(self.variable, fields))
        why = f"{self.title} goes to the outbox: no account is set up."
        return [
            Finding(
                rule="account.missing",
                severity="info",
                why=why,
                mend=f"pressroom connect {self.account}; or set {names}.",
                channel=self.account,
            )
        ]

    def close(self) -> None:
        """Let go of connections. The channel may be used again."""
