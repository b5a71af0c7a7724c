"""Resend: a broadcast, drafted and then sent. https://resend.com/docs/api-reference/broadcasts/create-broadcast"""

from __future__ import annotations

import re
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Receipt
from channels.campaigns import Step, sender
from channels.drafts import RECENT, Draft, DraftCampaign, bears, named
from content import merging
from content.fitting import Limits

if TYPE_CHECKING:
    import httpx

    from content.findings import Finding
    from content.newsletter import Newsletter

# every contact has these, whatever properties an account adds; those are spelled as they are
BUILT_IN = {"first_name": "FIRST_NAME", "last_name": "LAST_NAME", "email": "EMAIL"}


class ResendSettings(BaseModel):
    """An API key with full access and the id of a segment; `topic` is the id of a topic that readers may leave."""

    model_config = ConfigDict(frozen=True)

    key: SecretStr = SecretStr("")
    segment: str = ""
    topic: str = ""
    api: str = "https://api.resend.com"


class Resend(DraftCampaign):
    """One segment. A broadcast is known by the key in its name: no idempotency key is taken for one."""

    name = "resend"
    title = "Resend"
    settings_model = ResendSettings
    can = Capabilities(
        limits=Limits(),
        drafts=True,
        finds=True,
        retracts=True,
        source="https://resend.com/docs/api-reference/broadcasts/create-broadcast",
    )
    foreign = re.compile(rf"\{{(?=[{{{merging.OPEN}])|{merging.CLOSE}(?=\}})")
    drafted = frozenset({"draft"})
    going = frozenset({"queued", "sending"})
    gone = frozenset({"sent"})
    halted = frozenset({"canceled", "cancelled", "failed"})
    sending = Step("POST", "/broadcasts/{id}/send", {})

    def __init__(
        self,
        account: str = "",
        settings: ResendSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or ResendSettings()
        self.api = self._settings.api.rstrip("/")

    @property
    def configured(self) -> bool:
        """Whether there are a key and a segment."""
        return bool(self._settings.key.get_secret_value() and self._settings.segment)

    def credentials(self) -> dict[str, str]:
        """The key."""
        return {"Authorization": f"Bearer {self._settings.key.get_secret_value()}"}

    def spelling(self, name: str, otherwise: str) -> str:
        """`{{{FIRST_NAME|…}}}`."""
        if name == merging.UNSUBSCRIBE:
            return "{{{RESEND_UNSUBSCRIBE_URL}}}"
        return f"{{{{{{{BUILT_IN.get(name, name)}|{otherwise}}}}}}}"

    def creation(self, rendition: Newsletter, key: str) -> Step:
        """A broadcast that is not sent yet: no `send` in it."""
        return Step("POST", "/broadcasts", self._body(rendition, key))

    def filling(self, rendition: Newsletter, key: str) -> list[Step]:
        """All of it again."""
        return [Step("PATCH", "/broadcasts/{id}", self._body(rendition, key))]

    def _body(self, rendition: Newsletter, key: str) -> dict[str, Any]:
        worded = self.worded(rendition)
        topic = {"topic_id": self._settings.topic} if self._settings.topic else {}
        return {
            "name": named(rendition, key),
            "segment_id": self._settings.segment,
            **_about(rendition),
            "subject": worded.subject,
            "html": worded.html,
            "text": worded.text,
            **topic,
        }

    def made(self, answer: httpx.Response) -> Draft:
        """The broadcast of an answer, which tells its id alone."""
        return Draft(self.told(answer, "id"), "")

    def seek(self, rendition: Newsletter, key: str) -> Draft | None:
        """Look through the newest broadcasts for a name with the key."""
        told = self.ask("/broadcasts", limit=RECENT)
        with self.understood("broadcasts"):
            mine = [one for one in told["data"] if bears(one["name"], key)]
        return self._draft(mine[0]) if mine else None

    def campaign(self, draft: str) -> Draft:
        """One broadcast."""
        return self._draft(self.ask(f"/broadcasts/{draft}"))

    def _draft(self, broadcast: Any) -> Draft:
        with self.understood("broadcast"):
            return Draft(str(broadcast["id"]), str(broadcast["status"]))

    def retract(self, receipt: Receipt) -> None:
        """Keep what is still queued from going out. What has arrived stays where it is."""
        self.stop(receipt, Step("POST", "/broadcasts/{id}/cancel"))

    def send_test(self, rendition: Newsletter, key: str, to: tuple[str, ...]) -> None:
        """One mail outside of any broadcast, where no merge field is filled in: every default stands in its place."""
        shown = self.unmistaken(rendition).shown()
        body = {**_about(rendition), "to": list(to), "subject": shown.subject, "html": shown.html, "text": shown.text}
        once = sha256("\n".join((key, rendition.digest, *to)).encode()).hexdigest()
        self.must_be_set_up()
        self.take(Step("POST", "/emails", body, (("Idempotency-Key", f"test-{once}"),)))

    def doctor(self) -> list[Finding]:
        """Ask for the segment."""
        if not self.configured:
            return self.missing("key", "segment")
        segment = self._settings.segment
        return self.existing(f"segment “{segment}”", partial(self.ask, f"/segments/{segment}"))


def _about(rendition: Newsletter) -> dict[str, Any]:
    reply_to = {"reply_to": [rendition.reply_to]} if rendition.reply_to else {}
    return {"from": sender(rendition), **reply_to}
