"""The printing press of mail: everything that all messages share is made once, the rest is put in for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.quoprimime import body_encode
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from content import merging

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.lines import Recipient
    from channels.seal import Seal
    from content.newsletter import Newsletter

    Sign = Callable[[bytes], bytes]

SOFT = b"=\r\n"  # a line's end that no reader sees (RFC 2045 6.7): values stand on lines of their own
WIDE = 66  # characters of a value on one line, so that no encoded line is over 998 octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How an account's mail is addressed."""

    leave: str = ""  # where readers leave the list: "https://mail.example.org"; "": the newsletter's own address
    returns: str = ""  # what bounces come back to: "bounces@example.org"; "": the sender
    reports: str = ""  # a mail address that takes requests to leave


@dataclass(frozen=True, slots=True)
class Printed:
    """One message, ready for the wire but for the dots, and who it says that it is from."""

    sender: str
    data: bytes = field(repr=False)


class Press:
    """Prints one newsletter for each recipient. Safe to use from several threads."""

    def __init__(
        self, newsletter: Newsletter, key: str, seal: Seal, manner: Manner | None = None, sign: Sign | None = None
    ) -> None:
        self._mail, self._key, self._seal, self._manner = newsletter, key, seal, manner or Manner()
        self._sign = sign
        self._domain = newsletter.sender.rpartition("@")[2]
        subjects = (newsletter.subject, *newsletter.subjects)
        self._subjects = [(subject, b"" if merging.OPEN in subject else _subject(subject)) for subject in subjects]
        boundary = f"=_{key}"  # a random one would make every rendering another message
        kind = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'
        self._head = self._common().as_bytes().removesuffix(b"\r\n") + kind.encode()
        self._body = [
            _part(boundary, "plain"), *_encoded(newsletter.text, merging.one_line),
            _part(boundary, "html"), *_encoded(newsletter.html, merging.in_html),
            f"\r\n--{boundary}--\r\n".encode(),
        ]  # fmt: skip

    def message(self, recipient: Recipient, date: datetime | None = None) -> Printed:
        """One recipient's message: a stable Message-ID, and a way off the list (RFC 8058) of their own."""
        hashed, manner = recipient.hashed, self._manner
        mark = self._seal.token(hashed, "bounce")
        leave = f"{manner.leave.rstrip('/')}/u/{self._seal.token(hashed, 'unsubscribe')}" if manner.leave else ""
        leave = leave or self._mail.unsubscribe
        values = {**recipient.fields, merging.UNSUBSCRIBE: leave}
        body = b"".join(piece if isinstance(piece, bytes) else piece(values) for piece in self._body)
        data = self._own(recipient, values, mark, date or datetime.now(UTC)) + self._head + body
        user, _, domain = manner.returns.rpartition("@")
        sender = f"{user}+{mark}@{domain}" if user else self._mail.sender
        return Printed(sender, self._sign(data) + data if self._sign else data)

    def _own(self, recipient: Recipient, values: dict[str, str], mark: str, date: datetime) -> bytes:
        text, encoded = self._subjects[recipient.subject]
        if not encoded:
            encoded = _subject(merging.fill(text, lambda name, other: merging.one_line(values.get(name, "")) or other))
        asked = f", <mailto:{self._manner.reports}?subject=leave%20{mark}>" if self._manner.reports else ""
        lines = (
            f"Date: {format_datetime(date)}",
            f"To: {recipient.address}",
            f"Message-ID: <{self._key}.{mark}@{self._domain}>",
            f"List-Unsubscribe: <{values[merging.UNSUBSCRIBE]}>{asked}",
        )
        return "\r\n".join(lines).encode() + b"\r\nSubject: " + encoded + b"\r\n"

    def _common(self) -> EmailMessage:
        mail = self._mail
        host = urlsplit(mail.url).hostname or self._domain
        user = mail.sender.rpartition("@")[0]
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(mail.from_name, user, self._domain)
        if mail.reply_to:
            message["Reply-To"] = mail.reply_to
        message["List-ID"] = f"<newsletter.{host}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Feedback-ID"] = f"{self._key[:12]}:newsletter:{self._domain}"
        message["Precedence"] = "bulk"
        message["Content-Language"] = mail.language
        message["MIME-Version"] = "1.0"
        return message


def _subject(text: str) -> bytes:
    # what looks encoded would be decoded, and a word too long for a line can be broken in no other way
    plain = text.isascii() and "=?" not in text and all(len(word) <= WIDE for word in text.split())
    return Header(text, "us-ascii" if plain else "utf-8", header_name="Subject").encode(linesep="\r\n").encode()


def _part(boundary: str, kind: str) -> bytes:
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable'
    return f"\r\n--{boundary}\r\n{head}\r\n\r\n".encode()


def _encoded(text: str, clean: Callable[[str], str]) -> list[bytes | Callable[[dict[str, str]], bytes]]:
    """Quoted-printable with a gap at each mark. Each gap is a line of its own, so what comes after keeps its shape."""
    literals, fields = merging.pieces(text)
    made: list[bytes | Callable[[dict[str, str]], bytes]] = [_quoted(literals[0])]
    for gap, literal in zip(fields, literals[1:], strict=True):
        made += [SOFT, partial(_value, gap, clean), SOFT + _quoted(literal)]
    return made


def _value(gap: merging.Field, clean: Callable[[str], str], values: dict[str, str]) -> bytes:
    value = clean(values.get(gap.name, "")) or gap.otherwise
    return SOFT.join(_quoted_value(value[at : at + WIDE]) for at in range(0, len(value), WIDE))


def _quoted_value(text: str) -> bytes:
    # "=20" for a last blank, "=2E" for a first dot: neither may stand at a line's end or start as it is
    quoted = _quoted(text.rstrip(" "))
    quoted += b"=20" * (len(text) - len(text.rstrip(" ")))
    return b"=2E" + quoted[1:] if quoted.startswith(b".") else quoted


def _quoted(text: str) -> bytes:
    octets = text.encode().decode("latin-1")  # body_encode takes one character for one octet
    return body_encode(octets, maxlinelen=75, eol="\r\n").encode("ascii")  # 76 with the "=" of a gap
