"""The long tail: any of the services that Apprise knows, by its address. https://github.com/caronc/apprise/wiki"""

from __future__ import annotations

import logging
import re
import threading
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Channel, Parcel, Receipt
from channels.errors import Misconfigured, Rejected, Unavailable, Uncertain
from content.findings import Finding
from content.fitting import Limits
from content.measures import codepoints
from content.post import Post

CAREFUL, LONGEST = 1000, 4000  # characters: what most services take, and what people still read there
STATUS = re.compile(r"error\s*=\s*(\d{3})")


class LongTailSettings(BaseModel):
    """An Apprise address, such as `matrix://user:password@host/#room`; it holds the secrets."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr = SecretStr("")


class LongTail(Channel[Post]):
    """One message of words. Apprise says no more than whether it went well: what failed is looked at by a person."""

    name = "apprise"
    title = "Apprise"
    form = Post
    settings_model = LongTailSettings
    guide = """An address as https://github.com/caronc/apprise/wiki spells it for each service, such as
matrix://user:password@host/#room. It holds the service's secrets."""
    can = Capabilities(
        limits=Limits(text=CAREFUL, count=codepoints),
        fetches_card=True,
        source="https://github.com/caronc/apprise/wiki",
    )

    def __init__(self, account: str = "", settings: LongTailSettings | None = None) -> None:
        super().__init__(account)
        self._settings = settings or LongTailSettings()

    @property
    def configured(self) -> bool:
        """Whether there is an address."""
        return bool(self._settings.url.get_secret_value())

    def parcel(self, rendition: Post, _key: str) -> Parcel:
        """The words."""
        return Parcel(files=(("post.txt", f"{rendition.text}\n".encode()),), opens="post.txt")

    def publish(self, rendition: Post, _key: str, prepared: str = "") -> Receipt:
        """Notify, and read from what Apprise logs why it did not work."""
        from apprise import Apprise, NotifyFormat  # noqa: PLC0415

        service = self._service()
        every = Apprise()
        every.add(service)
        with _Overhearing() as heard:
            # said to be plain, it is spelled as the service wants it: HTML for a mail
            well = every.notify(body=rendition.text, body_format=NotifyFormat.TEXT)
        if not well:
            # of several targets, some may have it
            raise self._failure(heard.status if len(service) == 1 else 0)
        return Receipt(
            channel=self.account,
            remote_ids=(str(service.service_name),),  # some are translated when they are read
            url="",
            digest=rendition.digest,
            sent_at=datetime.now(UTC),
        )

    @property
    def server(self) -> str:
        """Apprise's address, with the secrets in it."""
        return self._settings.url.get_secret_value()

    def learn(self) -> dict[str, int]:
        """The longest message of the service behind the address."""
        return {"text": min(int(self._service().body_maxlen), LONGEST)}

    def adapt(self, learnt: dict[str, int]) -> None:
        """Fit posts to the service."""
        limits = Limits(text=learnt.get("text", CAREFUL), count=codepoints)
        self.can = Capabilities(limits=limits, fetches_card=True, source=self.can.source)

    def doctor(self) -> list[Finding]:
        """Whether Apprise understands the address. It can ask no service whether it would take a message."""
        if not self.configured:
            return self.missing("url")
        try:
            self._service()
        except Misconfigured as error:
            return [Finding(rule="account.refused", severity="block", why=f"{error.detail}.", channel=self.account)]
        return []

    def _service(self) -> Any:
        """Apprise's own object for the address. Raises `Misconfigured`."""
        from apprise import Apprise  # noqa: PLC0415 - 0.3 s that only those pay who use it

        if not self.configured:
            raise Misconfigured(self.account, "no account is set up; `pressroom doctor` says what is missing")
        logging.getLogger("apprise").propagate = False  # it may log what the address holds
        service = Apprise.instantiate(self._settings.url.get_secret_value())
        if service is None:
            raise Misconfigured(self.account, "Apprise does not understand the address")
        return service

    def _failure(self, status: int) -> Misconfigured | Rejected | Unavailable | Uncertain:
        match status:
            case 401 | 403:
                return Misconfigured(self.account, f"the service answered {status}")
            case 429:
                return Unavailable(self.account, "the service answered 429")
            case _ if 400 <= status < 500:
                return Rejected(self.account, f"the service answered {status}")
        return Uncertain(self.account, f"the service answered {status}" if status else "there was no answer")


class _Overhearing(logging.Handler):
    """Takes the status of an answer from Apprise's log, and nothing else: the rest may hold secrets."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.status = 0
        self._thread = threading.get_ident()  # other accounts send at the same time

    def emit(self, record: logging.LogRecord) -> None:
        """Look for a status."""
        if record.thread == self._thread and (found := STATUS.search(record.getMessage())):
            self.status = int(found[1])

    def __enter__(self) -> _Overhearing:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)
