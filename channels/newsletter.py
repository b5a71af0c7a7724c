"""Newsletter: one message of RFC 5322 a recipient, handed to a mail server by SMTP."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, time
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from channels.base import Capabilities, Channel, Parcel, Receipt
from channels.dkim import signer
from channels.errors import ChannelError, Misconfigured, Unsupported
from channels.lines import Crew, Recipient
from channels.lists import ListSettings, uncounted
from channels.press import Manner, Press
from channels.seal import Seal
from channels.smtp import Security, Server
from channels.wires import Wires
from content.findings import Finding
from content.fitting import Limits
from content.newsletter import Newsletter

SOMEBODY = Recipient(address="reader@example.invalid", hashed=bytes(16))  # stands for each recipient
NOBODYS = Seal(bytes(32))  # what is only looked at needs no secret


class NewsletterSettings(ListSettings):
    """A mail server and a list. `leave` is where `pressroom mail serve` answers, `returns` where bounces arrive."""

    host: str = ""
    port: int = 0
    security: Security = "starttls"
    user: str = ""
    password: SecretStr = SecretStr("")
    ca: Path | None = None
    leave: str = ""
    returns: str = ""
    dkim_key: Path | None = None
    dkim_selector: str = ""


class Mail(Channel[Newsletter]):
    """The newsletter by SMTP, to everybody of a list, once each."""

    name = "newsletter"
    title = "Newsletter"
    form = Newsletter
    settings_model = NewsletterSettings
    can = Capabilities(limits=Limits(), recipients=True, source="https://www.rfc-editor.org/rfc/rfc8058")

    def __init__(self, account: str = "", settings: NewsletterSettings | None = None) -> None:
        super().__init__(account)
        self.settings = settings or NewsletterSettings()

    @property
    def configured(self) -> bool:
        """Whether there are a server and a list."""
        return bool(self.settings.host and self.settings.has_list)

    def check(self, rendition: Newsletter) -> list[Finding]:
        """What mail programs and the law would object to, and what we can't do ourselves."""
        return [*super().check(rendition), *uncounted(rendition, self.account)]

    def parcel(self, rendition: Newsletter, key: str) -> Parcel:
        """The message, both of its parts, and a view that needs no internet."""
        day = datetime.combine(rendition.date, time(9), UTC)
        manner = Manner(leave=self.settings.leave or _origin(rendition.unsubscribe), returns=self.settings.returns)
        message = Press(rendition, key, NOBODYS, manner).message(SOMEBODY, day)
        shown = rendition.shown()
        preview = shown.html
        for asset in rendition.assets:
            preview = preview.replace(rendition.page_url + asset.path, f"images/{asset.path}")
        files = {
            "message.eml": message.data,
            "message.html": shown.html.encode(),
            "message.txt": shown.text.encode(),
            "preview.html": preview.encode(),
            **{f"images/{asset.path}": asset.data for asset in rendition.assets},
        }
        return Parcel(files=tuple(files.items()), opens="preview.html")

    def publish(self, rendition: Newsletter, key: str, prepared: str = "") -> Receipt:
        """Refuses: a list is sent to recipient by recipient, on the lines of `crew`."""
        raise Unsupported(self.account, "is sent recipient by recipient")

    def crew(self, rendition: Newsletter, key: str, seal: Seal) -> Crew:
        """The connections on which this newsletter goes to its readers. Raises `Misconfigured`."""
        if not self.configured:
            raise Misconfigured(self.account, "no server or no list is set up; `pressroom doctor` says what is missing")
        if not self.settings.leave:
            missing = "readers have no way off the list: set …_LEAVE to where `pressroom mail serve` answers"
            raise Misconfigured(self.account, missing)
        return self._crew(rendition, key, seal, self.settings.connections)

    def proof_crew(self, rendition: Newsletter, key: str, seal: Seal) -> Crew:
        """One connection for a proof to oneself, which needs no list. Raises `Misconfigured`."""
        if not self.settings.host:
            raise Misconfigured(self.account, "no mail server is set up; `pressroom doctor` says what is missing")
        return self._crew(rendition, key, seal, 1)

    def _crew(self, rendition: Newsletter, key: str, seal: Seal, connections: int) -> Crew:
        settings = self.settings
        manner = Manner(leave=settings.leave, returns=settings.returns)
        sign = None
        if settings.dkim_key:
            sign = signer(self.account, settings.dkim_key, settings.dkim_selector, rendition.sender)
        press = Press(rendition, key, seal, manner, sign)
        return Wires(self._server(), press, connections)

    def doctor(self) -> list[Finding]:
        """Whether the server lets us in, and what a list still lacks."""
        missing = [name for name in ("host", "audience", "leave") if not self._set(name)]
        if not self.settings.host:
            return self.missing(*missing)
        try:
            with closing(self._server().connect()):
                pass
        except ChannelError as error:
            why = f"The mail server does not answer as it should: {error.detail}."
            return [Finding(rule="account.refused", severity="block", why=why, channel=self.account)]
        return self.missing(*missing) if missing else []

    def _set(self, name: str) -> bool:
        value = getattr(self.settings, name)
        return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)

    def _server(self) -> Server:
        settings = self.settings
        return Server(
            channel=self.account,
            host=settings.host,
            port=settings.port,
            security=settings.security,
            user=settings.user,
            password=settings.password.get_secret_value(),
            ca=settings.ca,
        )


def _origin(address: str) -> str:
    scheme, host, *_ = urlsplit(address)
    return f"{scheme}://{host}"
