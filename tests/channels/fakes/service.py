"""What the fake services for newsletters share: campaigns, and a reader to whom they are sent."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from channels.campaigns import JOINER
from tests.channels.fakes.server import Answer, Fake, Request


class Service(Fake):
    """One account. `campaigns` are by id, each with its `status`; `leave` is where this service has readers leave."""

    leave = "https://service.example/leave/ada"
    going = "sending"

    def __init__(self) -> None:
        super().__init__()
        self.campaigns: dict[str, dict[str, Any]] = {}
        self.tests: list[tuple[str, ...]] = []
        self.reader: dict[str, str] = {}  # the merge fields of the one who reads

    @abstractmethod
    def makes(self, request: Request) -> bool:
        """Whether a request makes a draft."""

    @abstractmethod
    def rendered(self, text: str, *, html: bool) -> str:
        """What the reader gets, by the service's language. Raises `ValueError` where it makes no sense."""

    @abstractmethod
    def words(self, campaign: dict[str, Any]) -> tuple[str, str]:
        """A campaign's subject and HTML."""

    def texts(self) -> list[str]:
        """Subject and HTML of what was sent, as the reader has it."""
        return [self.read(self.words(c)) for c in self.campaigns.values() if c["status"] == self.going]

    def read(self, words: tuple[str, str]) -> str:
        """Subject and HTML as the reader has them."""
        subject, html = words
        return f"{self.rendered(subject, html=False)}\n{self.rendered(html, html=True)}".replace(JOINER, "")

    def made(self) -> list[Request]:
        """The requests that were to make a draft."""
        return [request for request in self.received if self.makes(request)]

    def put(self, status: str) -> None:
        """Somebody has given every campaign another status."""
        for campaign in self.campaigns.values():
            campaign["status"] = status

    def unread(self, *texts: str) -> list[str]:
        """What is wrong with texts in the service's language."""
        wrong = []
        for text in texts:
            try:
                self.rendered(text, html=text.startswith("<"))
            except ValueError as error:
                wrong.append(str(error))
        return wrong

    def fault(self, *wrong: str, status: int = 400) -> Answer | None:
        """Note what is wrong, and the answer to it; None where nothing is."""
        self.faults += wrong
        return self.refusal(status, {}) if wrong else None


def unknown(body: dict[str, Any], known: set[str], where: str = "body") -> list[str]:
    """Fields that the service does not have."""
    return [f"unknown field in {where}: {name}" for name in sorted(set(body) - known)]


def lacking(body: dict[str, Any], needed: set[str], where: str = "body") -> list[str]:
    """Fields that the service must have."""
    return [f"no {name} in {where}" for name in sorted(needed) if not body.get(name)]
