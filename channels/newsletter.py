"""Newsletter: one MIME message as every mail server takes it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from channels.base import Capabilities, Channel, Parcel, Receipt
from channels.errors import Misconfigured
from content.findings import Finding
from content.fitting import Limits
from content.newsletter import Newsletter

SOMEBODY = "reader@example.invalid"  # stands for each recipient
NOT_YET = "mail is not sent by this release; the outbox holds the message as it would go out"


class Mail(Channel[Newsletter]):
    """The newsletter as a message of RFC 5322. Nothing is sent yet: it goes to the outbox."""

    name = "newsletter"
    title = "Newsletter"
    form = Newsletter
    can = Capabilities(limits=Limits(), source="https://www.rfc-editor.org/rfc/rfc8058")

    @property
    def configured(self) -> bool:
        """Not in this release."""
        return False

    def parcel(self, rendition: Newsletter, key: str) -> Parcel:
        """The message, both of its parts, and a view that needs no internet."""
        day = datetime.combine(rendition.date, time(9), UTC)
        message = compose(rendition, SOMEBODY, key, day)
        preview = rendition.html
        for asset in rendition.assets:
            preview = preview.replace(rendition.page_url + asset.path, f"images/{asset.path}")
        files = {
            "message.eml": message.as_bytes(),
            "message.html": rendition.html.encode(),
            "message.txt": rendition.text.encode(),
            "preview.html": preview.encode(),
            **{f"images/{asset.path}": asset.data for asset in rendition.assets},
        }
        return Parcel(files=tuple(files.items()), opens="preview.html")

    def publish(self, rendition: Newsletter, key: str, prepared: str = "") -> Receipt:
        """Refuses: no mail leaves this machine yet."""
        raise Misconfigured(self.account, NOT_YET)

    def doctor(self) -> list[Finding]:
        """Says that mail goes to the outbox."""
        why = NOT_YET[:1].upper() + NOT_YET[1:] + "."
        return [Finding(rule="account.missing", severity="info", why=why, channel=self.account)]


def compose(newsletter: Newsletter, recipient: str, key: str, date: datetime) -> EmailMessage:
    """One recipient's message: multipart/alternative, one-click unsubscribe (RFC 8058), a stable Message-ID."""
    message = EmailMessage(policy=SMTP)
    user, _, domain = newsletter.sender.rpartition("@")
    message["From"] = Address(newsletter.from_name, user, domain)
    message["To"] = recipient
    if newsletter.reply_to:
        message["Reply-To"] = newsletter.reply_to
    message["Subject"] = newsletter.subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{key}@{domain}>"
    message["List-ID"] = f"<newsletter.{urlsplit(newsletter.url).hostname or domain}>"
    message["List-Unsubscribe"] = f"<{newsletter.unsubscribe}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Content-Language"] = newsletter.language
    message.set_content(newsletter.text, cte="quoted-printable")
    message.add_alternative(newsletter.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{key}")  # a random one would make every rendering of a message another
    return message
