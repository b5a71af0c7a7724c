"""What stands for an address wherever an address must not stand: keyed hashes, and tokens that can't be made up."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Literal

HASH, TAG = 16, 8  # bytes; a token is 39 letters and digits, so that it fits the local part of an address (64)

Purpose = Literal["unsubscribe", "bounce"]


class Seal:
    """Made of an installation's secret. Whoever does not hold it can neither name an address nor forge a token."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("a secret has at least 16 bytes")
        self._secret = secret

    @property
    def fingerprint(self) -> bytes:
        """16 bytes by which two secrets are told apart, and from which none can be found."""
        return self._mac(b"fingerprint", b"")

    def hash(self, address: str) -> bytes:
        """16 bytes that stand for an address, whatever its capitals."""
        return self._mac(b"address", address.strip().casefold().encode())

    def token(self, hashed: bytes, purpose: Purpose) -> str:
        """A hash with a signature, for one purpose alone: 39 lower-case letters and digits."""
        return base64.b32encode(hashed + self._tag(hashed, purpose)).decode().rstrip("=").lower()

    def read(self, token: str, purpose: Purpose) -> bytes | None:
        """The hash within a token; None where it is not one of ours, or for something else."""
        try:
            packed = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        except ValueError:
            return None
        hashed, tag = packed[:HASH], packed[HASH:]
        return hashed if hmac.compare_digest(tag, self._tag(hashed, purpose)) else None

    def _tag(self, hashed: bytes, purpose: Purpose) -> bytes:
        return self._mac(purpose.encode(), hashed)[:TAG]

    def _mac(self, purpose: bytes, data: bytes) -> bytes:
        return hashlib.blake2b(data, digest_size=HASH, key=self._secret[:64], person=purpose[:16]).digest()
