"""DKIM signatures (RFC 6376), for servers that do not sign themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from channels.errors import Misconfigured

# the pair of RFC 8058 must be among them, or a mailbox provider offers no one-click way off the list
HEADERS = (
    b"from", b"reply-to", b"subject", b"date", b"to", b"message-id", b"list-id", b"list-unsubscribe",
    b"list-unsubscribe-post", b"feedback-id", b"content-language", b"mime-version", b"content-type",
)  # fmt: skip
SELECTOR = re.compile(r"[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?)*", re.ASCII)


def signer(channel: str, key: Path, selector: str, sender: str) -> Callable[[bytes], bytes]:
    """What makes the signature header of a message, with a key in a PEM file. Raises `Misconfigured`."""
    import dkim  # noqa: PLC0415 - only where mail is signed

    try:
        pem = key.read_bytes()
    except OSError as error:
        raise Misconfigured(channel, f"the DKIM key can't be read: {error.strerror}") from None
    if not SELECTOR.fullmatch(selector):
        raise Misconfigured(channel, "the DKIM selector is no name in the DNS: set …_DKIM_SELECTOR, such as press2026")
    domain = sender.rpartition("@")[2].encode()

    def sign(message: bytes) -> bytes:
        there = [name for name in HEADERS if b"\r\n" + name + b":" in b"\r\n" + message[:8192].lower()]
        made: bytes = dkim.sign(
            message, selector.encode(), domain, pem, canonicalize=(b"relaxed", b"relaxed"), include_headers=there
        )
        return made

    try:
        sign(b"Date: today\r\nFrom: " + sender.encode() + b"\r\n\r\n\r\n")
    except Exception as error:  # noqa: BLE001 - the library raises many kinds for a key that is none
        raise Misconfigured(channel, f"the DKIM key or selector can't be used: {type(error).__name__}") from None
    return sign
