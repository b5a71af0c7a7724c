"""Threads: each part is a container first, which one call publishes. https://developers.facebook.com/docs/threads/posts"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from channels.base import Capabilities, Quota, Receipt
from channels.errors import ChannelError, Duplicate, Misconfigured, Rejected, Unavailable, Uncertain
from channels.graph import Gone, Graph, GraphSettings, begun
from channels.network import Message, Remote, bears, follow
from content.findings import Finding
from content.fitting import Limits
from content.measures import links_in, threads
from content.post import Post

if TYPE_CHECKING:
    import httpx

LINKS = 5  # of one post, that of the card among them
STATUSES = ("IN_PROGRESS", "FINISHED", "PUBLISHED", "ERROR", "EXPIRED")
PROCESSING, POLLS = 1.0, 30  # seconds between two questions how a container stands, and how many
RECENT = 50  # posts of one page of a read-back
FIELDS = "id,permalink,text,link_attachment_url,replied_to,timestamp"
FEW = 10  # posts left of a day's


class ThreadsSettings(GraphSettings):
    """The account's number, and a token of its own; the version is the only one that there is."""

    version: str = "v1.0"
    api: str = "https://graph.threads.net"
    user: str = ""


class Threads(Graph):
    """Posts of words and a link card. Threads takes no picture's bytes: it fetches them from an address in public."""

    name = "threads"
    title = "Threads"
    settings_model = ThreadsSettings
    asks = ("user", "token")
    guide = """At https://developers.facebook.com/apps make an app with the use case "Access the Threads API", and add
threads_basic, threads_content_publish, threads_delete, threads_read_replies and threads_manage_replies.
Under App roles add your account as a Threads tester, and accept that in Threads itself: Settings,
Account, Website permissions. The use case's settings then give you a token of that account.
The user is the account's number: https://graph.threads.net/v1.0/me names it to whoever has the token.
A token lasts 60 days. It costs nothing."""
    can = Capabilities(
        limits=Limits(text=500, count=threads, parts=12, links=LINKS, alt=1000),
        unit="characters, emoji as their bytes",
        drafts=True,
        finds=True,
        retracts=True,
        fetches_card=True,
        # https://developers.facebook.com/documentation/threads/overview: answers are counted apart, up to 1,000
        quota=Quota(count=250, hours=24, whole=True),
        source="https://developers.facebook.com/docs/threads/posts",
    )

    def __init__(
        self,
        account: str = "",
        settings: ThreadsSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        given = settings or ThreadsSettings()
        super().__init__(account, given, http)
        self._user = given.user
        self._mine = f"{self._graph}/{given.user or '(id of the account)'}"
        self.processing = PROCESSING

    @property
    def configured(self) -> bool:
        """Whether there are an account and a token."""
        return bool(self._user and self._token)

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The container: nobody sees it until it is published."""
        card = {} if number else {"link_attachment": post.card.url}
        reply = {"reply_to_id": earlier[-1]} if earlier else {}
        body = {"media_type": "TEXT", "text": post.parts[number].text, **card, **reply}
        return Message(method="POST", url=f"{self._mine}/threads", body=body)

    def check(self, rendition: Post) -> list[Finding]:
        """The card's link counts too, unless it stands among the words."""
        findings = super().check(rendition)
        written = links_in(rendition.parts[0].text)
        if len(written) > LINKS or len({*written, rendition.card.url}) <= LINKS:
            return findings
        why = f"The post has {LINKS} links beside that of the card; {LINKS} are allowed in all."
        mend = "Take one out under channels:."
        block = Finding(rule="post.links", severity="block", why=why, mend=mend, channel=self.account, part=1)
        return [*findings, block]

    def prepare(self, rendition: Post, key: str) -> str:
        """The first part's container. One that was made before goes to waste: none can be found by its key."""
        self.must_be_set_up()
        return self._made(self.prepared(rendition, 0, (), key))

    def publish(self, rendition: Post, key: str, prepared: str = "") -> Receipt:
        """Send every part, the first by the container that was prepared, where that still stands."""
        if prepared and len(rendition.parts) <= self.can.limits.parts and self._stands(prepared):
            return self._send(rendition, key, [self._published(prepared)])
        return super().publish(rendition, key)

    def deliver(self, message: Message) -> Remote:
        """Make a container and publish it."""
        container = self._made(message)
        if not self._stands(container):
            raise Unavailable(self.account, "Threads has lost what it was given", retry_after=60)
        return self._published(container)

    def find(self, rendition: Post, _key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Look through the newest posts for this delivery's own link, and for what answers it."""
        mine = [post for post in self.recent(since) if _is(post, rendition)][-1:]
        if not mine and prepared and self._container(prepared)["status"] == "PUBLISHED":
            raise Uncertain(self.account, "it is published, but not listed yet")
        there = self._chain(mine, rendition, since)
        with self.understood("post"):
            return self.found(rendition, [Remote(str(post["id"]), post.get("permalink") or "") for post in there])

    def recent(self, since: datetime | None) -> list[dict[str, Any]]:
        """The newest posts that answer nothing."""
        return self.listed(f"{self._user}/threads", fields=FIELDS, limit=RECENT, **begun(since))

    def doctor(self) -> list[Finding]:
        """Ask whose the token is, and how many posts are left today. When it ends, only an address could ask."""
        if not self.configured:
            return self.missing("user", "token")
        found: list[Finding] = []
        return self.examined(lambda: found.extend(self._state())) or found

    def _state(self) -> list[Finding]:
        answer = self.call("GET", f"{self._graph}/me", params={"fields": "id,username"})
        owner = self.told(answer, "id")
        if owner != self._user:
            why = f"The token is that of the account {owner}, not of {self._user}."
            mend = f"Set {self.variable('user')} to {owner}, or take the other one's token."
            return [Finding(rule="account.other", severity="block", why=why, mend=mend, channel=self.account)]
        return [*self._left(), *self.used(answer)]

    def _left(self) -> list[Finding]:
        [quota, *_] = self.listed(f"{self._user}/threads_publishing_limit", fields="quota_usage,config") or [{}]
        with self.understood("quota"):
            left = quota["config"]["quota_total"] - quota["quota_usage"]
        if left >= FEW:
            return []
        why = f"Threads takes {max(left, 0)} more posts of this account within a day."
        return [Finding(rule="account.quota", severity="warn", why=why, channel=self.account)]

    def _made(self, message: Message) -> str:
        try:
            with self._unsent():
                return self.told(self.put(message), "id")
        except Gone as error:
            if "reply_to_id" not in message.body:
                raise
            raise Unavailable(self.account, f"the part before is too new: {error.detail}", retry_after=30) from error

    def _stands(self, container: str) -> bool:
        """Whether a container can be published, once it is processed. Raises `ChannelError`; nothing was sent then."""
        for _ in range(POLLS):
            with self._unsent():
                told = self._container(container)
            match told["status"]:
                case "IN_PROGRESS":
                    time.sleep(self.processing)
                case "PUBLISHED":
                    raise Duplicate(self.account, "it has been published before")
                case "ERROR":
                    raise self._broken(str(told.get("error_message") or "UNKNOWN"))
                case status:
                    return bool(status == "FINISHED")
        raise Unavailable(self.account, "Threads is still working on the post", retry_after=60)

    def _broken(self, reason: str) -> ChannelError:
        kind = Unavailable if reason == "UNKNOWN" else Rejected
        return kind(self.account, f"Threads could not make the post: {reason}")

    def _container(self, container: str) -> dict[str, Any]:
        """How a container stands; "GONE" where Threads knows none."""
        try:
            answer = self.call("GET", f"{self._graph}/{container}", params={"fields": "status,error_message"})
        except Gone:
            return {"status": "GONE"}
        told = self.read(answer)
        if not (isinstance(told, dict) and told.get("status") in STATUSES):
            raise Uncertain(self.account, "Threads tells no status that is known")
        return told

    def _published(self, container: str) -> Remote:
        """The one call that people see."""
        try:
            answer = self.call("POST", f"{self._mine}/threads_publish", json={"creation_id": container})
        except Gone as error:
            raise Unavailable(self.account, f"not ready: {error.detail}", retry_after=60) from error
        except Misconfigured as error:
            # Threads says at times that a permission lacks, and publishes all the same
            time.sleep(self.processing)
            if self._container(container)["status"] == "PUBLISHED":
                raise Uncertain(self.account, f"published, though it says {error.detail}") from error
            raise
        media = self.told(answer, "id")
        return Remote(media, self._permalink(media))

    def _permalink(self, media: str) -> str:
        """Where people see it; not to know that undoes no post."""
        try:
            return self.told(self.call("GET", f"{self._graph}/{media}", params={"fields": "permalink"}), "permalink")
        except ChannelError:
            return ""

    def _chain(self, there: list[dict[str, Any]], rendition: Post, since: datetime | None) -> list[dict[str, Any]]:
        """A post, and the account's own answers to it and to each other that are the thread's."""
        if not there or len(rendition.parts) == 1:
            return there
        replies = self.listed(f"{self._user}/replies", fields=FIELDS, limit=RECENT, **begun(since))
        with self.understood("replies"):
            return follow(there, replies, rendition, parent=_answered, said=lambda reply: reply.get("text") or "")

    @contextmanager
    def _unsent(self) -> Iterator[None]:
        """Before the publishing call, a lost answer leaves nothing in doubt."""
        try:
            yield
        except Uncertain as error:
            raise Unavailable(self.account, f"nothing was sent: {error.detail}") from error


def _is(post: dict[str, Any], rendition: Post) -> bool:
    return any(bears(str(post.get(field)), rendition.link) for field in ("text", "link_attachment_url"))


def _answered(reply: dict[str, Any]) -> Any:
    return (reply.get("replied_to") or {}).get("id")
