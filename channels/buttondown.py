"""Buttondown: one email, drafted and then sent. https://docs.buttondown.com/api-emails-introduction"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities
from channels.campaigns import Step
from channels.drafts import Draft, DraftCampaign
from channels.errors import ChannelError, Misconfigured
from content import merging
from content.fitting import Limits

if TYPE_CHECKING:
    import httpx

    from content.findings import Finding
    from content.newsletter import Newsletter

# without it, HTML may be taken for Markdown; and nothing is taken for front matter, which is refused
MODE = "<!-- buttondown-editor-mode: fancy -->"
MARK = "pressroom"  # the delivery's key in an email's metadata


class ButtondownSettings(BaseModel):
    """A newsletter's API key that may write and send emails; `template` "" is the newsletter's own."""

    model_config = ConfigDict(frozen=True)

    key: SecretStr = SecretStr("")
    template: str = "naked"  # the mail has a layout of its own; needs a plan with naked mode
    api: str = "https://api.buttondown.com/v1"


class Buttondown(DraftCampaign):
    """One newsletter. Its language is Django's."""

    name = "buttondown"
    title = "Buttondown"
    settings_model = ButtondownSettings
    can = Capabilities(
        limits=Limits(), drafts=True, finds=True, source="https://docs.buttondown.com/api-emails-introduction"
    )
    foreign = re.compile(rf"\{{(?=[{{%{merging.OPEN}]|#.*#\}})")
    drafted = frozenset({"draft"})
    going = frozenset({"about_to_send", "in_flight", "throttled", "resending"})
    gone = frozenset({"sent"})
    halted = frozenset({"paused", "errored"})
    sending = Step("PATCH", "/emails/{id}", {"status": "about_to_send"})

    def __init__(
        self,
        account: str = "",
        settings: ButtondownSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or ButtondownSettings()
        self.api = self._settings.api.rstrip("/")

    @property
    def configured(self) -> bool:
        """Whether there is a key."""
        return bool(self._settings.key.get_secret_value())

    def credentials(self) -> dict[str, str]:
        """The key."""
        return {"Authorization": f"Token {self._settings.key.get_secret_value()}"}

    def secrets(self) -> tuple[str, ...]:
        """The key alone."""
        return (self._settings.key.get_secret_value(),)

    def spelling(self, name: str, otherwise: str) -> str:
        """`{{ subscriber.metadata.name|default:"…" }}`."""
        if name == merging.UNSUBSCRIBE:
            return "{{ unsubscribe_url }}"
        quoted = otherwise.replace("\\", "\\\\").replace('"', '\\"')
        return f'{{{{ subscriber.metadata.{name}|default:"{quoted}" }}}}'

    def apart(self, found: re.Match[str]) -> str:
        """Django has a tag for a brace that is none of its own."""
        return "{% templatetag openbrace %}"

    def creation(self, rendition: Newsletter, key: str) -> Step:
        """A draft with the key in its metadata. A corrected text is another request, not the same once more."""
        body = {**self._content(rendition), "status": "draft", "metadata": {MARK: key}}
        return Step("POST", "/emails", body, (("X-Idempotency-Key", f"{key}-{rendition.digest[:16]}"),))

    def filling(self, rendition: Newsletter, key: str) -> list[Step]:
        """The words again."""
        return [Step("PATCH", "/emails/{id}", self._content(rendition))]

    def _content(self, rendition: Newsletter) -> dict[str, Any]:
        worded = self.worded(rendition)
        template = {"template": self._settings.template} if self._settings.template else {}
        return {
            "subject": worded.subject,
            "body": MODE + worded.html,
            "description": merging.plain(rendition.preheader),
            "canonical_url": rendition.url,
            **template,
        }

    def made(self, answer: httpx.Response) -> Draft:
        """The email of an answer."""
        return self._draft(self.read(answer))

    def seek(self, rendition: Newsletter, key: str) -> Draft | None:
        """Look through the newest emails for the key."""
        told = self.ask("/emails", ordering="-creation_date", excluded_fields="body")
        with self.understood("emails"):
            mine = [email for email in told["results"] if (email.get("metadata") or {}).get(MARK) == key]
        return self._draft(mine[0]) if mine else None

    def campaign(self, draft: str) -> Draft:
        """One email."""
        return self._draft(self.ask(f"/emails/{draft}"))

    def _draft(self, email: Any) -> Draft:
        with self.understood("email"):
            return Draft(str(email["id"]), str(email["status"]), email.get("absolute_url") or "")

    def send_test(self, rendition: Newsletter, key: str, to: tuple[str, ...]) -> None:
        """Send the draft to a few addresses."""
        draft = self.prepare(rendition, key)
        self.take(Step("POST", "/emails/{id}/send-draft", {"recipients": list(to)}), draft)

    def doctor(self) -> list[Finding]:
        """Ask for the emails: that is what a draft is looked for among."""
        if not self.configured:
            return self.missing("key")
        return self.examined(partial(self.ask, "/emails", excluded_fields="body"))

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """A newsletter's first email by API wants a person's confirmation."""
        if response.status_code == 400 and '"sending_requires_confirmation"' in response.text:
            return Misconfigured(self.account, detail)
        return None
