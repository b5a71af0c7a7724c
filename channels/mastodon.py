"""Mastodon: one status a part. https://docs.joinmastodon.org/methods/statuses/"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import unescape
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Receipt
from channels.errors import ChannelError, Rejected
from channels.network import Message, Network, Remote, bears
from content.findings import Finding, Severity
from content.fitting import Limits
from content.measures import mastodon as counted
from content.post import Post

if TYPE_CHECKING:
    import httpx

RECENT = 40  # statuses that a read-back looks at: the most that the API gives at once
EDITED = ("status", "language", "sensitive", "spoiler_text")  # the rest can't be changed
LINK = 23  # characters that a link counts, whatever its length
LIMITS = Limits(text=500, count=counted(LINK), alt=1500, parts=12)
A_LINK = "https://example.org/"


class MastodonSettings(BaseModel):
    """An account on one server; the token needs `read` and `write:statuses`."""

    model_config = ConfigDict(frozen=True)

    server: str = ""  # "https://mastodon.social": no default, or a token would go to a stranger
    token: SecretStr = SecretStr("")
    visibility: str = "public"


class Mastodon(Network):
    """A server that speaks Mastodon's API. Many ignore the idempotency key: it proves nothing."""

    name = "mastodon"
    title = "Mastodon"
    settings_model = MastodonSettings
    can = Capabilities(
        limits=LIMITS,
        unit="characters, links as 23",
        finds=True,
        updates=True,
        retracts=True,
        fetches_card=True,
        source="https://docs.joinmastodon.org/entities/Instance/",
    )

    def __init__(
        self,
        account: str = "",
        settings: MastodonSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or MastodonSettings()
        self._server = self._settings.server.rstrip("/") or "https://(server)"
        self._api = f"{self._server}/api/v1"

    @property
    def configured(self) -> bool:
        """Whether there are a server and a token."""
        return bool(self._settings.server and self._settings.token.get_secret_value())

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """Every field is sent always: servers differ in what a missing one means."""
        reply = {"in_reply_to_id": earlier[-1]} if earlier else {}
        return Message(
            method="POST",
            url=f"{self._api}/statuses",
            headers=(("Idempotency-Key", f"{key}-{number + 1}"),),
            body={
                "status": post.parts[number].text,
                "visibility": self._settings.visibility,
                "language": post.language.split("-")[0].lower(),
                "sensitive": False,
                "spoiler_text": "",
                **reply,
            },
        )

    def deliver(self, message: Message) -> Remote:
        """Post one status."""
        answer = self.call(message.method, message.url, json=message.body, headers=dict(message.headers))
        return self._remote(self.read(answer))

    def find(self, rendition: Post, _key: str, prepared: str = "") -> Receipt | None:
        """Look through the account's newest statuses for this delivery's own link."""
        me = self.told(self.call("GET", f"{self._api}/accounts/verify_credentials"), "id")
        mine = f"{self._api}/accounts/{me}/statuses"
        recent = self.read(self.call("GET", mine, params={"limit": RECENT}))
        with self.understood("statuses"):
            there = [s for s in recent if bears(unescape(s["content"]), rendition.link)][:1]
            answers = {status["in_reply_to_id"]: status for status in recent}
            while there and len(there) < len(rendition.parts) and there[-1]["id"] in answers:
                there.append(answers[there[-1]["id"]])
        return self.found(rendition, [self._remote(status) for status in there])

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Edit each status. A thread must keep its number of parts."""
        self.same_parts(receipt, rendition)
        sent = []
        for number, status_id in enumerate(receipt.remote_ids):
            body = self.message(rendition, number, (), (), "").body
            body = {name: body[name] for name in EDITED}
            answer = self.call("PUT", f"{self._api}/statuses/{status_id}", json=body)
            sent.append(self._remote(self.read(answer)))
        return self.receipt(rendition, sent)

    def retract(self, receipt: Receipt) -> None:
        """Delete the statuses, the last one first."""
        for status_id in reversed(receipt.remote_ids):
            self.gone_is_fine(partial(self.call, "DELETE", f"{self._api}/statuses/{status_id}"))

    def doctor(self) -> list[Finding]:
        """Ask the server whether the token still opens the account, and what its posts may hold."""
        if not self.configured:
            return self.missing("server", "token")
        refused = self.examined(partial(self.call, "GET", f"{self._api}/accounts/verify_credentials"))
        return refused or self._other_limits()

    def limits_of_server(self) -> Limits:
        """What this server takes, by its v2 or v1 instance call. Raises `ChannelError`."""
        try:
            told = self._instance("v2")
        except Rejected:
            told = self._instance("v1")
        with self.understood("limits"):
            statuses = told.get("configuration", {}).get("statuses", {})
            # Pleroma and its kin say max_toot_chars in v1 alone
            text = statuses.get("max_characters") or told.get("max_toot_chars") or LIMITS.text
            return replace(LIMITS, text=text, count=counted(statuses.get("characters_reserved_per_url", LINK)))

    def _instance(self, version: str) -> dict[str, Any]:
        told: dict[str, Any] = self.read(self.call("GET", f"{self._server}/api/{version}/instance"))
        return told

    def _other_limits(self) -> list[Finding]:
        """A server that takes less than the posts were fitted to would refuse them."""
        try:
            takes = self.limits_of_server()
        except ChannelError as error:
            why = f"The server does not say what it takes: {error.detail}."
            return [Finding(rule="account.limits", severity="warn", why=why, channel=self.account)]
        if takes.text == LIMITS.text and takes.size(A_LINK) == LIMITS.size(A_LINK):
            return []
        why = f"Posts are fitted to {LIMITS.text} characters, links as {LINK}; "
        why += f"this server takes {takes.text}, links as {takes.size(A_LINK)}."
        less = (takes.text or 0) < (LIMITS.text or 0) or takes.size(A_LINK) > LIMITS.size(A_LINK)
        severity: Severity = "warn" if less else "info"
        return [Finding(rule="account.limits", severity=severity, why=why, channel=self.account)]

    def credentials(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}

    def _remote(self, status: dict[str, Any]) -> Remote:
        with self.understood("status"):
            return Remote(str(status["id"]), status.get("url") or "")
