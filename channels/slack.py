"""Slack: one message of an app in a channel. https://docs.slack.dev/reference/methods/chat.postMessage"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Quota, Receipt
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.http import clean, retry_after
from channels.network import Message, Network, Remote, bears
from content.findings import Finding, Severity
from content.fitting import Limits
from content.measures import link_spans, utf16_units
from content.post import Part, Post

if TYPE_CHECKING:
    import httpx

API = "https://slack.com/api"
RECENT = 200  # messages of one page of a read-back: the most that Slack advises to take at once
STYLES = ("bold", "italic", "strike", "code")
# what an answer with status 200 may refuse; all others are about the message itself
MEANING: dict[str, type[ChannelError]] = {
    **dict.fromkeys(
        ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"), Misconfigured
    ),
    **dict.fromkeys(("missing_scope", "not_allowed_token_type", "no_permission", "access_denied"), Misconfigured),
    **dict.fromkeys(("not_in_channel", "channel_not_found", "is_archived", "messages_tab_disabled"), Misconfigured),
    **dict.fromkeys(("org_login_required", "ekm_access_denied", "team_access_not_granted"), Misconfigured),
    **dict.fromkeys(("accesslimited", "enterprise_is_restricted", "method_deprecated"), Misconfigured),
    **dict.fromkeys(("ratelimited", "rate_limited", "message_limit_exceeded", "team_added_to_org"), Unavailable),
    **dict.fromkeys(("fatal_error", "internal_error", "service_unavailable", "request_timeout"), Uncertain),
}


class SlackSettings(BaseModel):
    """A bot's token (`xoxb-…`) with `chat:write` and `channels:history`, and the id of the channel it is in."""

    model_config = ConfigDict(frozen=True)

    token: SecretStr = SecretStr("")
    channel: str = ""
    api: str = API


class Slack(Network):
    """Slack answers 200 to what it refuses. Its rich text is data: nothing in it can be mistaken for markup."""

    name = "slack"
    title = "Slack"
    settings_model = SlackSettings
    guide = """At https://api.slack.com/apps make an app. Under OAuth & Permissions add the bot scopes chat:write and
channels:history, install it, and copy the bot token (xoxb-…). Invite the bot into the channel; its id (C…)
stands at the end of the channel's details. It costs nothing."""
    can = Capabilities(
        # for rich text no limit is published: 3,000 is that of a section's text, and all blocks took 13,000 in practice
        limits=Limits(text=3000, count=utf16_units, knows=frozenset({*STYLES, "link"})),
        unit="UTF-16 units",
        finds=True,
        updates=True,
        retracts=True,
        fetches_card=True,
        # https://docs.slack.dev/apis/web-api/rate-limits: one a second, of a channel; short bursts are taken
        quota=Quota(count=60, hours=1 / 60),
        source="https://docs.slack.dev/reference/block-kit/blocks/section-block",
    )

    def __init__(
        self,
        account: str = "",
        settings: SlackSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or SlackSettings()
        self._api = self._settings.api.rstrip("/")

    @property
    def configured(self) -> bool:
        """Whether there are a token and a channel."""
        return bool(self._settings.token.get_secret_value() and self._settings.channel)

    def credentials(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}

    def message(
        self, post: Post, number: int, earlier: tuple[str, ...], pictures: tuple[str, ...], key: str
    ) -> Message:
        """The words, and Slack's own card of the page that they link to."""
        channel = self._settings.channel or "(id of the channel)"
        body = {"channel": channel, **_worded(post.parts[number]), "unfurl_links": True}
        return Message(method="POST", url=f"{self._api}/chat.postMessage", body=body)

    def deliver(self, message: Message) -> Remote:
        """Post. The id is the channel's and the message's time."""
        told = self._understood(self.put(message))
        with self.understood("channel and ts"):
            return self._remote(told["channel"], told["ts"])

    def find(self, rendition: Post, _key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Look through the channel's newest messages for this delivery's own link in one of the app's own."""
        app = self._asked("auth.test")
        recent = self.paged(lambda mark: self._page(mark, since))
        with self.understood("messages"):
            me = {app["user_id"], app.get("bot_id") or app["user_id"]}
            mine = [m for m in recent if me & {m.get("user"), m.get("bot_id")}]
            there = [m["ts"] for m in mine if bears(_written(m), rendition.link)]
        return self.found(rendition, [self._remote(self._settings.channel, ts) for ts in there[-1:]])

    def _page(self, mark: str, since: datetime | None) -> tuple[list[dict[str, Any]], str]:
        """A page of the channel's messages, newest first, and the next one's cursor."""
        asked = {"channel": self._settings.channel, "limit": str(RECENT)}
        begin = {"oldest": f"{since.timestamp():.6f}"} if since else {}
        place = {"cursor": mark} if mark else {}
        told = self._asked("conversations.history", **asked, **begin, **place)
        with self.understood("messages"):
            return [*told["messages"]], (told.get("response_metadata") or {}).get("next_cursor", "")

    def update(self, receipt: Receipt, rendition: Post) -> Receipt:
        """Put the corrected words in place."""
        self.same_parts(receipt, rendition)
        self._told("chat.update", {**_named(receipt), **_worded(rendition.parts[0])})
        return self.receipt(rendition, [Remote(receipt.remote_ids[0], receipt.url)])

    def retract(self, receipt: Receipt) -> None:
        """Delete the message."""
        try:
            self._told("chat.delete", _named(receipt))
        except Rejected as error:
            if "message_not_found" not in error.detail:
                raise

    def doctor(self) -> list[Finding]:
        """Ask Slack whose token this is, what it may do, and whether it can read the channel."""
        if not self.configured:
            return self.missing("token", "channel")
        scopes: list[str] = []
        return self.examined(lambda: scopes.extend(self._scopes())) or [*self._rights(scopes), *self._reading()]

    def _told(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._understood(self.call("POST", f"{self._api}/{method}", json=body))

    def _asked(self, method: str, **asked: str) -> dict[str, Any]:
        return self._understood(self.call("GET", f"{self._api}/{method}", params=asked))

    def _understood(self, response: httpx.Response) -> dict[str, Any]:
        """What Slack answers. Raises the `ChannelError` of what it refuses."""
        told = self.read(response)
        with self.understood("ok, or an error"):
            if told["ok"] is True:
                return {**told}
            name = str(told["error"])
        raise self._refusal(name, told, response)

    def _refusal(self, name: str, told: dict[str, Any], response: httpx.Response) -> ChannelError:
        more = [told["needed"]] if "needed" in told else []
        with suppress(AttributeError, TypeError):
            more += told.get("response_metadata", {}).get("messages", [])
        detail = clean(": ".join([name, *map(str, more)]), self.secrets())[:300]
        kind = Misconfigured if name.startswith("restricted_action") else MEANING.get(name, Rejected)
        if kind is Unavailable:
            return Unavailable(self.account, detail, retry_after=retry_after(response.headers))
        return kind(self.account, detail)

    def _remote(self, channel: str, ts: str) -> Remote:
        """A message and its address, which only Slack knows; a receipt without one is better than none."""
        page = ""
        with suppress(ChannelError, KeyError):
            page = str(self._asked("chat.getPermalink", channel=channel, message_ts=ts)["permalink"])
        return Remote(f"{channel} {ts}", page)

    def _scopes(self) -> list[str]:
        """What the token may do, as a header of every answer says."""
        answer = self.call("GET", f"{self._api}/auth.test")
        self._understood(answer)
        return [scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",") if scope.strip()]

    def _rights(self, scopes: list[str]) -> list[Finding]:
        if not scopes or "chat:write" in scopes:
            return []
        return [self._lacking("block", "The token lacks the scope chat:write.", "Add it and install the app anew.")]

    def _reading(self) -> list[Finding]:
        """Whether a message whose answer was lost could be looked for."""
        try:
            self._asked("conversations.history", channel=self._settings.channel, limit="1")
        except ChannelError as error:
            severity: Severity = "block" if error.detail.startswith("channel_not_found") else "warn"
            why = f"The channel can't be read back: {error.detail}."
            mend = "Invite the app to the channel, and give it channels:history, or groups:history in a private one."
            return [self._lacking(severity, why, mend)]
        return []

    def _lacking(self, severity: Severity, why: str, mend: str) -> Finding:
        return Finding(rule="account.scopes", severity=severity, why=why, mend=mend, channel=self.account)


def _worded(part: Part) -> dict[str, Any]:
    """The words as people see them, and as a notification reads them out."""
    return {"text": escape(part.text, quote=False), "blocks": blocks(part)}


def blocks(part: Part) -> list[dict[str, Any]]:
    """The words as rich text. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block"""
    bare = list(link_spans(part.text))
    edges = {0, len(part.text), *(edge for span in bare for edge in span)}
    edges |= {edge for mark in part.marks for edge in (mark.start, mark.end)}
    elements = [_element(part, bare, start, end) for start, end in pairwise(sorted(edges))]
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}]


def _element(part: Part, bare: list[tuple[int, int]], start: int, end: int) -> dict[str, Any]:
    """A stretch of words of one style."""
    words = part.text[start:end]
    over = [mark for mark in part.marks if mark.start <= start and end <= mark.end]
    kinds = {mark.kind for mark in over}
    urls = [mark.url for mark in over if mark.kind == "link"]
    if "code" not in kinds:
        urls += [part.text[first:last] for first, last in bare if first <= start and end <= last]
    # a link takes every style but that of code
    style = {kind: True for kind in STYLES if kind in kinds and not (urls and kind == "code")}
    styled = {"style": style} if style else {}
    if not urls:
        return {"type": "text", "text": words, **styled}
    shown = {"text": words} if words != urls[0] else {}
    return {"type": "link", "url": urls[0], **shown, **styled}


def _written(message: dict[str, Any]) -> str:
    """All that stands in a message, the addresses behind words as well."""
    text = f"{message.get('text', '')} {json.dumps(message.get('blocks', []), ensure_ascii=False)}"
    # Slack escapes these three alone; of a query, html.unescape would take &section= for &sect;
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _named(receipt: Receipt) -> dict[str, str]:
    channel, _, ts = receipt.remote_ids[0].partition(" ")
    return {"channel": channel, "ts": ts}
