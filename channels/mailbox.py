"""A mailbox that bounces come back to, read by IMAP: each mail once, and marked only when it has been dealt with."""

from __future__ import annotations

import imaplib
import re
import ssl
from base64 import b64encode
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.errors import Misconfigured, Unavailable
from channels.smtp import LOOPBACK, Security, trusting

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "returns"
MOST = 1024 * 1024  # bytes of one mail: a report stands at its beginning, and what it returns may be of any size
PATIENCE = 60.0  # seconds for one answer


class ReturnsSettings(BaseModel):
    """The mailbox of the address that `PRESSROOM_NEWSLETTER_RETURNS` names. `port` 0: 993 for `tls`, else 143."""

    model_config = ConfigDict(frozen=True)

    host: str = ""
    port: int = 0
    security: Security = "tls"
    user: str = ""
    password: SecretStr = SecretStr("")
    folder: str = "INBOX"
    ca: Path | None = None  # a file of certificates that are trusted beside the system's


@dataclass(slots=True)
class Letter:
    """One mail, and where it was found. Set `keep` for a person to see it: then its mailbox shows it with a flag."""

    name: str
    data: bytes
    keep: bool = False


def unseen(settings: ReturnsSettings) -> Iterator[Letter]:
    """The mails that nobody has seen, one after the other. Asking for the next one marks the last one as seen.

    Raises `Misconfigured` or `Unavailable`; what was not marked by then comes again next time.
    """
    if not settings.host:
        raise Misconfigured(NAME, "no mailbox is set up: set PRESSROOM_RETURNS_HOST, _USER and _PASSWORD")
    with _explained(settings):
        imap = _connected(settings)
        try:
            _select(imap, settings)
            for number in _answer(imap.uid("SEARCH", "UNSEEN")).split():
                yield from _letter(imap, number.decode())
        finally:
            _hang_up(imap)


def _letter(imap: imaplib.IMAP4, number: str) -> Iterator[Letter]:
    # PEEK: looking marks nothing
    _, found = imap.uid("FETCH", number, f"(BODY.PEEK[]<0.{MOST}>)")
    data = next((part[1] for part in found if isinstance(part, tuple)), None)
    if data is None:
        return  # somebody has deleted it since
    letter = Letter(f"mail {number}", data)
    yield letter
    flags = r"(\Seen \Flagged)" if letter.keep else r"(\Seen)"
    _answer(imap.uid("STORE", number, "+FLAGS.SILENT", flags))


def _connected(settings: ReturnsSettings) -> imaplib.IMAP4:
    """A connection that is logged in."""
    context = trusting(NAME, settings.ca)
    if settings.security == "none" and settings.host not in LOOPBACK:
        raise Misconfigured(NAME, "a password never travels without TLS; set PRESSROOM_RETURNS_SECURITY")
    if settings.security == "tls":
        imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(
            settings.host, settings.port or 993, ssl_context=context, timeout=PATIENCE
        )
    else:
        imap = imaplib.IMAP4(settings.host, settings.port or 143, timeout=PATIENCE)
    try:
        _log_in(imap, settings, context)
    except BaseException:
        _hang_up(imap)
        raise
    return imap


def _hang_up(imap: imaplib.IMAP4) -> None:
    with suppress(OSError, imaplib.IMAP4.error):
        imap.logout()
    with suppress(OSError):
        imap.shutdown()  # which a logout that fails leaves undone


def _log_in(imap: imaplib.IMAP4, settings: ReturnsSettings, context: ssl.SSLContext) -> None:
    if settings.security == "starttls":
        if "STARTTLS" not in imap.capabilities:
            raise Misconfigured(NAME, f"{settings.host} has no STARTTLS; set PRESSROOM_RETURNS_SECURITY to tls")
        imap.starttls(context)
    user, password = settings.user, settings.password.get_secret_value()
    try:
        # LOGIN can carry ASCII alone, as imaplib speaks it
        if "AUTH=PLAIN" in imap.capabilities:
            imap.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
        else:
            imap.login(user, password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        if re.search(r"\[(UNAVAILABLE|INUSE|LIMIT)\]", str(error)):  # RFC 5530
            raise Unavailable(NAME, f"{settings.host} lets nobody in just now") from None
        raise Misconfigured(NAME, f"{settings.host} does not take the user name and password") from None


def _select(imap: imaplib.IMAP4, settings: ReturnsSettings) -> None:
    answer, _ = imap.select(_quoted(settings.folder))
    if answer != "OK":
        raise Misconfigured(NAME, f"there is no folder '{settings.folder}' in the mailbox")


def _quoted(folder: str) -> str:
    """A folder's name as IMAP writes it: modified UTF-7 (RFC 3501 5.1.3), in quotes."""

    def encoded(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        packed = b64encode(found[0].encode("utf-16-be")).decode()
        return f"&{packed.rstrip('=').replace('/', ',')}-"

    name = re.sub(r"&|[^\x20-\x7e]+", encoded, folder)
    return '"{}"'.format(name.replace("\\", "\\\\").replace('"', '\\"'))


def _answer(said: tuple[str, list[bytes | None]]) -> bytes:
    if said[0] != "OK":
        raise imaplib.IMAP4.error(said[0])
    return b" ".join(line for line in said[1] if line)


@contextmanager
def _explained(settings: ReturnsSettings) -> Iterator[None]:
    """What goes wrong, in words that help. Never the server's own: they may hold an address."""
    try:
        yield
    except ssl.SSLError as error:
        why = getattr(error, "verify_message", "") or error.reason or "it fails"
        raise Misconfigured(NAME, f"no safe connection to {settings.host}: {why}") from None
    except imaplib.IMAP4.abort:
        raise Unavailable(NAME, f"{settings.host} hung up") from None
    except OSError as error:
        raise Unavailable(NAME, f"no connection to {settings.host}: {error.strerror or error}") from None
    except imaplib.IMAP4.error:
        raise Misconfigured(NAME, f"{settings.host} can't do what is set, or refuses it") from None
