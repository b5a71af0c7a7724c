"""What services for newsletters share: the mail in their own language, and the requests that send it."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.headerregistry import Address
from typing import TYPE_CHECKING, Any, ClassVar

from channels.base import Parcel
from channels.errors import Rejected, Unsupported
from channels.service import Service
from content.findings import Finding
from content.newsletter import Newsletter

if TYPE_CHECKING:
    import httpx

JOINER = "\u2060"  # no reader sees it, and what it parts is nobody's merge tag any more
DRAFT = "(id of the draft)"


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a service's API, without its credentials. `{id}` in the path is the draft's."""

    method: str
    path: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class Campaign(Service[Newsletter]):
    """A service that sends a newsletter, and fills in its merge fields."""

    form = Newsletter
    tests_subjects: ClassVar[bool] = False
    foreign: ClassVar[re.Pattern[str]]  # what of an article's own text would be taken for the service's language
    api: str  # where the service answers

    @abstractmethod
    def steps(self, rendition: Newsletter, key: str) -> list[Step]:
        """Every request that changes something, in order. Pure."""

    @abstractmethod
    def spelling(self, name: str, otherwise: str) -> str:
        """A merge field as the service spells it."""

    def worded(self, rendition: Newsletter) -> Newsletter:
        """The mail in the service's language: its merge fields, and nothing that only looks like one."""
        return self.unmistaken(rendition).spelled(self.spelling)

    def unmistaken(self, rendition: Newsletter) -> Newsletter:
        """The mail with nothing in it that the service would take for its own language."""
        return replace(
            rendition,
            subject=self.parted(rendition.subject),
            subjects=tuple(map(self.parted, rendition.subjects)),
            preheader=self.parted(rendition.preheader),
            html=self.parted(rendition.html),
            text=self.parted(rendition.text),
        )

    def parted(self, text: str) -> str:
        """Text whose own signs the service leaves alone."""
        return self.foreign.sub(self.apart, text)

    def apart(self, found: re.Match[str]) -> str:
        """What stands in the place of a sign that would be misread."""
        return found[0] + JOINER

    def check(self, rendition: Newsletter) -> list[Finding]:
        """What every mail is checked for, and whether the service can try its subjects."""
        found = super().check(rendition)
        if rendition.subjects and not self.tests_subjects:
            why = f"{self.title} can't try several subjects on a part of the list."
            mend = f"Leave out test: for {self.name}, or send with mailchimp, which can."
            found.append(
                Finding(rule="mail.test.unsupported", severity="block", why=why, mend=mend, channel=self.account)
            )
        return found

    def parcel(self, rendition: Newsletter, key: str) -> Parcel:
        """The requests as JSON, and the mail as somebody reads it of whom nothing is known."""
        asked = [
            {"method": s.method, "url": self.address(s, DRAFT), "headers": dict(s.headers), "json": s.body}
            for s in self.steps(rendition, key)
        ]
        shown = rendition.shown()
        files = {
            "preview.html": shown.html.encode(),
            "message.txt": shown.text.encode(),
            "request.json": json.dumps(asked, ensure_ascii=False, indent=2).encode() + b"\n",
        }
        return Parcel(files=tuple(files.items()), opens="preview.html")

    def send_test(self, rendition: Newsletter, key: str, to: tuple[str, ...]) -> None:
        """Send the mail to a few people who want to see it first."""
        raise Unsupported(self.account, "sends no test mail")

    def address(self, step: Step, draft: str) -> str:
        """Where a request goes."""
        return self.api + step.path.replace("{id}", draft)

    def take(self, step: Step, draft: str = "") -> httpx.Response:
        """Make one request. Raises `ChannelError`."""
        body = {} if step.body is None else {"json": step.body}
        return self.call(step.method, self.address(step, draft), headers=dict(step.headers), **body)

    def ask(self, path: str, **params: str | int) -> Any:
        """The JSON that the service gives for a path."""
        return self.read(self.call("GET", self.api + path, params=params))

    def existing(self, what: str, ask: Callable[[], object]) -> list[Finding]:
        """Whether the service knows what the settings name, and the account."""

        def asked() -> None:
            try:
                ask()
            except Rejected as error:
                raise Rejected(self.account, f"there is no {what} ({error.detail})") from None

        return self.examined(asked)


def sender(rendition: Newsletter) -> str:
    """`"Clinic, North" <news@clinic.example>`, quoted where it must be."""
    user, _, domain = rendition.sender.rpartition("@")
    return str(Address(rendition.from_name, user, domain))
