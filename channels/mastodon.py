"""Mastodon: one status a part. https://docs.joinmastodon.org/methods/statuses/"""

from __future__ import annotations

from functools import partial

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Receipt
from channels.network import Message, Network, Remote
from content.findings import Finding
from content.fitting import Limits
from content.measures import mastodon as counted
from content.post import Post

RECENT = 40  # statuses that a read-back looks at: the most that the API gives at once


class MastodonSettings(BaseModel):
    """An account on one server; the token needs `read` and `write:statuses`."""

    model_config = ConfigDict(frozen=True)

    server: str = "https://mastodon.social"
    token: SecretStr = SecretStr("")
    visibility: str = "public"


class Mastodon(Network):
    """A server that speaks Mastodon's API. Others than Mastodon ignore the idempotency key, so it proves nothing."""

    name = "mastodon"
    title = "Mastodon"
    settings_model = MastodonSettings
    can = Capabilities(
        limits=Limits(text=500, count=counted(23), alt=1500, parts=12),
        unit="characters, links as 23",
        finds=True,
        updates=True,
        retracts=True,
        fetches_card=True,
        source="https://docs.joinmastodon.org/entities/Instance/",
    )

    def __init__(
        self, account: str = "", settings: MastodonSettings | None = None, http: httpx.Client | None = None
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or MastodonSettings()
        self._api = f"{self._settings.server.rstrip('/')}/api/v1"

    @property
    def configured(self) -> bool:
        """Whether there is a token."""
        return bool(self._settings.token.get_secret_value())

    def message(self, post: Post, number: int, earlier: tuple[str, ...], key: str) -> Message:
        """Every field is sent always: servers differ in what a missing one means."""
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
                "in_reply_to_id": earlier[-1] if earlier else None,
            },
        )

    def deliver(self, message: Message) -> Remote:
        """Post one status."""
        status = self.call(message.method, message.url, json=message.body, headers=dict(message.headers)).json()
        return Remote(str(status["id"]), str(status.get("url") or ""))

    def find(self, rendition: Post, key: str) -> Receipt | None:
        """Look through the account's newest statuses for this delivery's own link."""
        me = self.call("GET", f"{self._api}/accounts/verify_credentials").json()
        answer = self.call("GET", f"{self._api}/accounts/{me['id']}/statuses", params={"limit": RECENT})
        link = rendition.link.replace("&", "&amp;")
        for status in answer.json():
            if f'"{link}"' in status["content"] or f'"{rendition.link}"' in status["content"]:
                return self.receipt(rendition, [Remote(str(status["id"]), str(status.get("url") or ""))])
        return None

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Edit each status. A thread must keep its number of parts."""
        self.same_parts(receipt, rendition)
        sent = []
        for number, status_id in enumerate(receipt.remote_ids):
            body = self.message(rendition, number, (), "").body
            body = {name: body[name] for name in ("status", "language", "sensitive", "spoiler_text")}
            status = self.call("PUT", f"{self._api}/statuses/{status_id}", json=body).json()
            sent.append(Remote(str(status["id"]), str(status.get("url") or "")))
        return self.receipt(rendition, sent)

    def retract(self, receipt: Receipt) -> None:
        """Delete the statuses, the last one first."""
        for status_id in reversed(receipt.remote_ids):
            self.gone_is_fine(partial(self.call, "DELETE", f"{self._api}/statuses/{status_id}"))

    def doctor(self) -> list[Finding]:
        """Ask the server whether the token still opens the account."""
        if not self.configured:
            return self.missing("token")
        return self.examined(lambda: self.call("GET", f"{self._api}/accounts/verify_credentials"))

    def credentials(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}
