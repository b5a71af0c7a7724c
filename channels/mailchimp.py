"""Mailchimp: a campaign, its content, its checklist, its sending. https://mailchimp.com/developer/marketing/api/"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities
from channels.campaigns import Step
from channels.drafts import RECENT, Draft, DraftCampaign, bears, named
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.http import retry_after
from content import merging
from content.findings import Finding
from content.fitting import Limits

if TYPE_CHECKING:
    import httpx

    from content.newsletter import Newsletter

TAGS = {"first_name": "FNAME", "last_name": "LNAME"}
CENTRE = re.compile(r"-([a-z]+\d+)")  # a key ends with its data centre: the host that it may be sent to
WAIT = 240  # minutes before the winning subject is chosen; whole hours
LEAST = 10  # per cent of a list that subjects can be tried on
FIELDS = "id,type,status,long_archive_url,settings.title"


class MailchimpSettings(BaseModel):
    """An API key with its data centre ("…-us6") and an audience's id; `segment` is the id of a saved one, or 0."""

    model_config = ConfigDict(frozen=True)

    key: SecretStr = SecretStr("")
    audience: str = ""
    segment: int = 0
    api: str = ""  # "" is the key's own data centre


class Mailchimp(DraftCampaign):
    """One audience. Nothing of it is idempotent: a campaign is known by the key in its title."""

    name = "mailchimp"
    title = "Mailchimp"
    settings_model = MailchimpSettings
    can = Capabilities(
        limits=Limits(), drafts=True, finds=True, source="https://mailchimp.com/developer/marketing/api/campaigns/"
    )
    tests_subjects = True
    foreign = re.compile(rf"\*(?=\|)|{merging.CLOSE}(?=\|)")
    drafted = frozenset({"save"})
    going = frozenset({"sending"})
    gone = frozenset({"sent"})
    halted = frozenset({"canceled", "canceling"})
    sending = Step("POST", "/campaigns/{id}/actions/send")

    def __init__(
        self,
        account: str = "",
        settings: MailchimpSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or MailchimpSettings()
        self._key = self._settings.key.get_secret_value()
        centre = CENTRE.fullmatch(self._key, self._key.rfind("-")) if "-" in self._key else None
        self._centre = centre[1] if centre else ""
        host = f"https://{self._centre or '(data centre)'}.api.mailchimp.com/3.0"
        self.api = self._settings.api.rstrip("/") or host

    @property
    def configured(self) -> bool:
        """Whether there are a key and an audience."""
        return bool(self._key and self._settings.audience)

    def credentials(self) -> dict[str, str]:
        """The key, with a user's name that nobody reads."""
        if not self._centre:
            raise Misconfigured(self.account, "the key does not end with its data centre, as in “…-us6”")
        return {"Authorization": f"Basic {b64encode(f'pressroom:{self._key}'.encode()).decode()}"}

    def secrets(self) -> tuple[str, ...]:
        """The key, and how it is sent."""
        return (self._key, self.credentials()["Authorization"].removeprefix("Basic "))

    def spelling(self, name: str, otherwise: str) -> str:
        """`*|FNAME|*` within a condition: a merge tag has no default of its own."""
        if name == merging.UNSUBSCRIBE:
            return "*|UNSUB|*"
        tag = TAGS.get(name, name.upper())
        return f"*|IF:{tag}|**|{tag}|**|ELSE:|*{otherwise}*|END:IF|*"

    def check(self, rendition: Newsletter) -> list[Finding]:
        """What every mail is checked for, and how small a test may be."""
        found = super().check(rendition)
        if rendition.subjects and rendition.test_share < LEAST:
            why = f"{self.title} tries subjects on {LEAST} per cent of a list at least."
            mend = f"Set share: {LEAST} or more."
            found.append(Finding(rule="mail.test.share", severity="block", why=why, mend=mend, channel=self.account))
        return found

    def steps(self, rendition: Newsletter, key: str) -> list[Step]:
        """The draft, its content, its sending."""
        return [self.creation(rendition, key), self._content(rendition), self.sending]

    def creation(self, rendition: Newsletter, key: str) -> Step:
        """An empty campaign."""
        return Step("POST", "/campaigns", {"type": _type(rendition), **self._about(rendition, key)})

    def filling(self, rendition: Newsletter, key: str) -> list[Step]:
        """Everything but its type, which can't be changed."""
        return [Step("PATCH", "/campaigns/{id}", self._about(rendition, key)), self._content(rendition)]

    def _about(self, rendition: Newsletter, key: str) -> dict[str, Any]:
        worded = self.worded(rendition)
        segment = {"segment_opts": {"saved_segment_id": self._settings.segment}} if self._settings.segment else {}
        settings = {
            "title": named(rendition, key),
            "from_name": rendition.from_name,
            "reply_to": rendition.reply_to or rendition.sender,
            "auto_footer": False,  # the mail has its own; its preheader is in its HTML, so no preview_text either
            "inline_css": False,
        }
        recipients = {"list_id": self._settings.audience, **segment}
        if not rendition.subjects:
            return {"recipients": recipients, "settings": {**settings, "subject_line": worded.subject}}
        return {"recipients": recipients, "settings": settings, "variate_settings": _trial(worded)}

    def _content(self, rendition: Newsletter) -> Step:
        worded = self.worded(rendition)
        body: dict[str, Any] = {"html": worded.html, "plain_text": worded.text}
        if rendition.subjects:
            body = {"variate_contents": [{"content_label": "the mail", **body}]}
        return Step("PUT", "/campaigns/{id}/content", body)

    def make(self, rendition: Newsletter, key: str) -> str:
        """A new campaign with its content."""
        draft = super().make(rendition, key)
        self.take(self._content(rendition), draft)
        return draft

    def made(self, answer: httpx.Response) -> Draft:
        """The campaign of an answer."""
        return self._draft(self.read(answer))

    def seek(self, rendition: Newsletter, key: str) -> Draft | None:
        """Look through the audience's newest campaigns for a title with the key."""
        told = self.ask(
            "/campaigns",
            list_id=self._settings.audience,
            sort_field="create_time",
            sort_dir="DESC",
            count=RECENT,
            fields=",".join(f"campaigns.{field}" for field in FIELDS.split(",")),
        )
        with self.understood("campaigns"):
            mine = [one for one in told["campaigns"] if bears((one.get("settings") or {}).get("title"), key)]
            # a draft of the other type can't be filled: it stays where it is, and nobody gets it
            usable = [one for one in mine if one["status"] not in self.drafted or one["type"] == _type(rendition)]
        return self._draft(usable[0]) if usable else None

    def campaign(self, draft: str) -> Draft:
        """One campaign."""
        return self._draft(self.ask(f"/campaigns/{draft}", fields=FIELDS))

    def cleared(self, draft: str) -> str:
        """Raises `Rejected` with the words of the checklist's items where it is not ready."""
        told = self.ask(f"/campaigns/{draft}/send-checklist")
        with self.understood("checklist"):
            ready = told["is_ready"] is True
            wrong = [item for item in told.get("items", []) if item.get("type") == "error"]
            said = "; ".join(f"{item.get('heading', '')}: {item.get('details', '')}" for item in wrong)
        if not ready:
            raise Rejected(self.account, f"the campaign is not ready: {said or 'Mailchimp does not say why'}")
        return self.campaign(draft).url

    def sent(self, answer: httpx.Response, draft: str) -> Draft:
        """It is sent where the answer is empty, and says so."""
        if answer.status_code != 204:
            raise Uncertain(self.account, f"the answer to the send is {answer.status_code}, not 204")
        return Draft(draft, "sending")

    def _draft(self, campaign: Any) -> Draft:
        with self.understood("campaign"):
            return Draft(str(campaign["id"]), str(campaign["status"]), campaign.get("long_archive_url") or "")

    def send_test(self, rendition: Newsletter, key: str, to: tuple[str, ...]) -> None:
        """Send the draft to a few addresses."""
        body = {"test_emails": list(to), "send_type": "html"}
        self.take(Step("POST", "/campaigns/{id}/actions/test", body), self.prepare(rendition, key))

    def doctor(self) -> list[Finding]:
        """Ask for the audience, and for the segment."""
        if not self.configured:
            return self.missing("key", "audience")
        audience, segment = self._settings.audience, self._settings.segment
        list_ = f"/lists/{audience}"
        found = self.existing(f"audience “{audience}”", partial(self.ask, list_, fields="id"))
        if found or not segment:
            return found
        return self.existing(f"segment {segment}", partial(self.ask, f"{list_}/segments/{segment}", fields="id"))

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """A 403 without JSON is no lack of permission: too many requests came at once."""
        if response.status_code == 403 and not _problem(response):
            return Unavailable(self.account, detail, retry_after=retry_after(response.headers))
        return None


def _type(rendition: Newsletter) -> str:
    return "variate" if rendition.subjects else "regular"


def _trial(worded: Newsletter) -> dict[str, Any]:
    return {
        "subject_lines": [worded.subject, *worded.subjects],
        "test_size": worded.test_share,
        "winner_criteria": "clicks" if worded.test_winner == "clicks" else "manual",
        "wait_time": WAIT,
    }


def _problem(response: httpx.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except ValueError:
        return False
