"""OAuth 2 as networks speak it: the page where a person agrees, the address that gives out tokens (RFC 6749, 7636)."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.http import client, send

if TYPE_CHECKING:
    import httpx

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"  # the code is shown to the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who gives out the tokens of a network."""

    page: str  # where a person agrees
    endpoint: str  # where an agreement, or an older token, becomes a token
    scopes: tuple[str, ...]
    pkce: bool = False
    basic: bool = False  # the app's secret goes in a header, not in the form
    host: str = "127.0.0.1"  # this machine, as the network takes it in the address of an answer

    def agreement(self, client_id: str, redirect: str) -> Agreement:
        """A page of its own for each question."""
        asked = {"response_type": "code", "client_id": client_id, "redirect_uri": redirect}
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        asked |= {"scope": " ".join(self.scopes), "state": state}
        if self.pkce:
            digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
            asked |= {"code_challenge": digest, "code_challenge_method": "S256"}
        address = f"{self.page}?{urlencode(asked, quote_via=quote)}"
        return Agreement(address=address, redirect=redirect, state=state, verifier=verifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What a person is asked to agree to, in a browser. `state` comes back with the answer."""

    address: str
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What a server of the fediverse knows us as: each of them registers apps by itself, without a person."""

    account: str
    server: str
    scopes: tuple[str, ...]
    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def registered(cls, account: str, server: str, scopes: tuple[str, ...]) -> App:
        """Register at a server. Raises `ChannelError`. https://docs.joinmastodon.org/methods/apps/#create"""
        form = {"client_name": "Pressroom", "redirect_uris": OUT_OF_BAND, "scopes": " ".join(scopes)}
        with client() as http:
            ask = Endpoint(account, http, f"{server}/api/v1/apps", ())
            told = ask("the server registers no apps", data=form)
        named = [_named(account, told, name) for name in ("client_id", "client_secret")]
        return cls(account=account, server=server, scopes=scopes, client_id=named[0], client_secret=named[1])

    @property
    def address(self) -> str:
        """Where a person agrees, and is shown a code."""
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": OUT_OF_BAND}
        return f"{self.server}/oauth/authorize?{urlencode({**asked, 'scope': ' '.join(self.scopes)}, quote_via=quote)}"

    def token(self, code: str) -> str:
        """The token for that code; it does not run out. Raises `ChannelError`."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": OUT_OF_BAND}
        form |= {"client_id": self.client_id, "client_secret": self.client_secret, "scope": " ".join(self.scopes)}
        with client() as http:
            ask = Endpoint(self.account, http, f"{self.server}/oauth/token", (code, self.client_secret))
            return _named(self.account, ask("the code is refused", data=form), "access_token")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that gives out tokens. It is no place to be in doubt: nothing was posted, whatever it did."""

    account: str
    http: httpx.Client
    address: str
    hidden: tuple[str, ...] = field(repr=False)

    def __call__(self, refused: str, **request: Any) -> Any:
        """What it answers. Raises `Misconfigured`, with `refused` where it takes no such grant, or `Unavailable`."""

        def peculiar(response: httpx.Response, detail: str) -> ChannelError | None:
            return Misconfigured(self.account, f"{refused} ({detail})") if _refuses(response) else None

        try:
            return send(
                self.account, self.http, "POST", self.address, secrets=self.hidden, peculiar=peculiar, **request
            ).json()
        except Uncertain as error:
            raise Unavailable(self.account, f"no token was got: {error.detail}") from error
        except Rejected as error:
            raise Misconfigured(self.account, f"no token was got: {error.detail}") from error
        except ValueError:
            raise Unavailable(self.account, "no token was got: the answer is no JSON") from None


def _refuses(response: httpx.Response) -> bool:
    """Whether a code or token is no longer good, as networks say it; X says invalid_request for one that is spent."""
    try:
        told = response.json()
        error, why = told["error"], str(told.get("error_description", ""))
    except (ValueError, LookupError, TypeError, AttributeError):
        return False
    return error == "invalid_grant" or (error == "invalid_request" and "token" in why)


def _named(account: str, told: Any, name: str) -> str:
    value = told.get(name) if isinstance(told, dict) else None
    if not value:
        raise Unavailable(account, f"the answer has no {name}")
    return str(value)
