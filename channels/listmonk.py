"""listmonk, on a server of one's own: a campaign, drafted and then run. https://listmonk.app/docs/apis/campaigns/"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from channels.base import Capabilities, Receipt
from channels.campaigns import Step, sender
from channels.drafts import RECENT, Draft, DraftCampaign, bears, named
from content import merging
from content.fitting import Limits

if TYPE_CHECKING:
    import httpx

    from content.findings import Finding
    from content.newsletter import Newsletter

# what every subscriber has; anything else is an attribute
BUILT_IN = {"first_name": "FirstName", "last_name": "LastName", "name": "Name", "email": "Email"}
COMMENT = re.compile(r"(<!--.*?-->)", re.DOTALL)


class ListmonkSettings(BaseModel):
    """A server (listmonk 5 or newer), an API user with its token, and the numbers of lists: "3" or "3,7".

    `template` is the number of one that holds nothing but the content; 0: none is needed.
    """

    model_config = ConfigDict(frozen=True)

    server: str = ""  # "https://lists.clinic.example"
    user: str = ""
    token: SecretStr = SecretStr("")
    lists: Annotated[str, Field(pattern=r"^(\d+(,\s*\d+)*)?$")] = ""
    template: int = 0


class Listmonk(DraftCampaign):
    """Some lists of one server. Its language is that of Go's templates."""

    name = "listmonk"
    title = "listmonk"
    settings_model = ListmonkSettings
    can = Capabilities(
        limits=Limits(),
        drafts=True,
        finds=True,
        retracts=True,
        source="https://listmonk.app/docs/apis/campaigns/",
    )
    foreign = re.compile(rf"\{{(?=[{{{merging.OPEN}])|@(?=TrackLink)")
    drafted = frozenset({"draft"})
    going = frozenset({"running"})
    gone = frozenset({"finished"})
    halted = frozenset({"paused", "cancelled"})
    sending = Step("PUT", "/campaigns/{id}/status", {"status": "running"})

    def __init__(
        self,
        account: str = "",
        settings: ListmonkSettings | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or ListmonkSettings()
        self.api = (self._settings.server.rstrip("/") or "https://(server)") + "/api"
        self._lists = [int(number) for number in self._settings.lists.split(",") if number]

    @property
    def configured(self) -> bool:
        """Whether there are a server, a user and a list."""
        settings = self._settings
        return bool(settings.server and settings.user and settings.token.get_secret_value() and self._lists)

    def credentials(self) -> dict[str, str]:
        """The API user and its token."""
        return {"Authorization": f"token {self._settings.user}:{self._settings.token.get_secret_value()}"}

    def secrets(self) -> tuple[str, ...]:
        """The token alone."""
        return (self._settings.token.get_secret_value(),)

    def spelling(self, name: str, otherwise: str) -> str:
        """`{{ with .Subscriber.FirstName }}{{ . }}{{ else }}…{{ end }}`."""
        if name == merging.UNSUBSCRIBE:
            return "{{ UnsubscribeURL }}"
        field = BUILT_IN.get(name, f"Attribs.{name}")
        return f"{{{{ with .Subscriber.{field} }}}}{{{{ . }}}}{{{{ else }}}}{otherwise}{{{{ end }}}}"

    def parted(self, text: str) -> str:
        """Go's HTML templates drop every comment, and with them what Outlook needs, unless it is called safe."""
        return "".join(
            f"{{{{ Safe `{piece}` }}}}"
            if piece.startswith("<!--") and "`" not in piece
            else super(Listmonk, self).parted(piece)
            for piece in COMMENT.split(text)
        )

    def unmistaken(self, rendition: Newsletter) -> Newsletter:
        """Go reads the plain text as HTML too: a stray `<` would swallow the merge fields after it."""
        text = self.foreign.sub(self.apart, rendition.text).replace("<", "{{ Safe `<` }}")
        return replace(super().unmistaken(rendition), text=text)

    def apart(self, found: re.Match[str]) -> str:
        """A sign as a string of Go's."""
        return f'{{{{ "{found[0]}" }}}}'

    def creation(self, rendition: Newsletter, key: str) -> Step:
        """A campaign, which is a draft until it is run."""
        return Step("POST", "/campaigns", self._body(rendition, key))

    def filling(self, rendition: Newsletter, key: str) -> list[Step]:
        """All of it again."""
        return [Step("PUT", "/campaigns/{id}", self._body(rendition, key))]

    def _body(self, rendition: Newsletter, key: str) -> dict[str, Any]:
        worded = self.worded(rendition)
        # a visual campaign is the one kind that no template is put around
        layout = {"content_type": "html", "template_id": self._settings.template}
        return {
            "name": named(rendition, key),
            "subject": worded.subject,
            "lists": self._lists,
            "from_email": sender(rendition),
            "type": "regular",
            "messenger": "email",
            "body": worded.html,
            "altbody": worded.text,
            "headers": [{"Reply-To": rendition.reply_to}] if rendition.reply_to else [],
            **(layout if self._settings.template else {"content_type": "visual"}),
        }

    def made(self, answer: httpx.Response) -> Draft:
        """The campaign of an answer."""
        return self._draft(self.read(answer))

    def seek(self, rendition: Newsletter, key: str) -> Draft | None:
        """Look for a name with the key."""
        told = self.ask("/campaigns", query=key, per_page=RECENT, no_body="true")
        with self.understood("campaigns"):
            mine = [one for one in told["data"]["results"] if bears(one["name"], key)]
        return self._draft({"data": mine[0]}) if mine else None

    def campaign(self, draft: str) -> Draft:
        """One campaign."""
        return self._draft(self.ask(f"/campaigns/{draft}", no_body="true"))

    def _draft(self, told: Any) -> Draft:
        with self.understood("campaign"):
            return Draft(str(told["data"]["id"]), str(told["data"]["status"]))

    def retract(self, receipt: Receipt) -> None:
        """Keep what has not gone out yet from going out. What has arrived stays where it is."""
        self.stop(receipt, Step("PUT", "/campaigns/{id}/status", {"status": "cancelled"}))

    def send_test(self, rendition: Newsletter, key: str, to: tuple[str, ...]) -> None:
        """Send the draft to a few subscribers: the server knows nobody else."""
        body = {**self._body(rendition, key), "subscribers": list(to)}
        self.take(Step("POST", "/campaigns/{id}/test", body), self.prepare(rendition, key))

    def doctor(self) -> list[Finding]:
        """Ask for each list."""
        if not self.configured:
            return self.missing("server", "user", "token", "lists")
        for number in self._lists:
            if found := self.existing(f"list {number}", partial(self.ask, f"/lists/{number}")):
                return found
        return []
