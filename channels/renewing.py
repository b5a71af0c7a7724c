"""Accounts whose tokens run out, and renew themselves."""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Lapse
from channels.disk import no_room
from channels.errors import Misconfigured, Unavailable
from channels.http import client
from channels.network import Network
from channels.oauth import Agreement, Authority, Endpoint
from channels.tokens import TokenFile, Tokens
from content.findings import Finding

if TYPE_CHECKING:
    import httpx

HIDDEN = ("code", "code_verifier", "refresh_token")  # of a form; the token may be newer than the one that is held
log = logging.getLogger("pressroom.oauth")


class OAuthSettings(BaseModel):
    """An app's id, with which tokens are renewed, or a token that somebody renews by hand."""

    model_config = ConfigDict(frozen=True)

    token: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    tokens: Path = Path(".pressroom/tokens")  # a folder: renewed tokens are kept there


class Renewing(Network):
    """A network whose tokens run out. Without a `client_id` there is the settings' token, and nothing renews it."""

    def __init__(self, account: str, settings: OAuthSettings, http: httpx.Client | None = None) -> None:
        super().__init__(account, http)
        self._settings = settings
        self._file = TokenFile(self.account, settings.tokens)
        self._held: Tokens | None = None
        self._unwritten = False  # the disk failed when the tokens were there already

    @property
    @abstractmethod
    def authority(self) -> Authority:
        """Who gives out this account's tokens."""

    @property
    def app(self) -> str:
        """The id of the app that renews; "" where there is none."""
        return self._settings.client_id

    @property
    def tokened(self) -> bool:
        """Whether there is a token, or the means to get one."""
        known = [tokens for tokens in (self._given, self._held) if tokens]
        if any(tokens.access_token for tokens in known):
            return True
        return bool(self.app and (self._file.there or self._given.refresh_token))

    def credentials(self) -> dict[str, str]:
        """The token of now."""
        return {"Authorization": f"Bearer {self._tokens().access_token}"}

    def secrets(self) -> tuple[str, ...]:
        """The app's secret, as it is and as it travels, and every token."""
        secret = self._settings.client_secret.get_secret_value()
        basic = b64encode(f"{self.app}:{secret}".encode()).decode()
        known = [tokens for tokens in (self._given, self._held) if tokens]
        return (secret, basic, *(value for t in known for value in (t.access_token, t.refresh_token)))

    def _call(self, method: str, url: str, **request: Any) -> httpx.Response:
        """A token that has run out is renewed ahead."""
        tokens = self._tokens()
        if tokens.due(time.time()) and self._renewable(tokens):
            self._renew()
        return super()._call(method, url, **request)

    def renewed(self, error: Misconfigured) -> bool:
        """A token that is refused is renewed once. Raises `ChannelError`."""
        if not error.detail.startswith("401 ") or not self.app:
            return False
        self._renew()
        return True

    def ends(self) -> list[Lapse]:
        """A token that nothing renews, or what renews it, where its end is known."""
        try:
            tokens = self._tokens()
        except Misconfigured:
            return []  # a file that can't be read tells of no end; the doctor names it
        what, at, because = "The token", tokens.expires_at, "nothing renews it"
        if self._renewable(tokens):
            what, at, because = "What renews the token", tokens.refresh_expires_at, "a person must agree anew"
        moment = datetime.fromtimestamp(at, UTC)
        return [Lapse(what=what, at=moment, because=because, mend=self._mend)] if at else []

    def lasting(self, now: datetime | None = None) -> list[Finding]:
        """What the token's rights lack, and what ends so soon that a person must see to it."""
        tokens, ending = self._tokens(), self.ending(now or datetime.now(UTC))
        lacking = [scope for scope in self.authority.scopes if tokens.scopes and scope not in tokens.scopes]
        if not lacking:
            return ending
        why, account = f"The token may not {' or '.join(lacking)}.", self.account
        return [Finding(rule="account.scopes", severity="warn", why=why, mend=self._mend, channel=account), *ending]

    def agreement(self, redirect: str) -> Agreement:
        """A page on which a person agrees; the answer is sent to `redirect`."""
        return self.authority.agreement(self.app, redirect)

    def take(self, agreement: Agreement, code: str) -> None:
        """Turn what a person has agreed to into tokens, which are held until `keep`. Raises `ChannelError`."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": agreement.redirect}
        if self.authority.pkce:
            form["code_verifier"] = agreement.verifier
        self._held = self._asked(form, "the code", Tokens())

    def keep(self) -> None:
        """Write the tokens that are held. Raises `Misconfigured` where the disk takes nothing."""
        with self._file.locked():
            try:
                with self._file.place() as put:
                    put(self._tokens(), self._origin)
            except OSError as error:
                raise no_room(self.account, error) from error

    @property
    def _given(self) -> Tokens:
        s = self._settings
        return Tokens(access_token=s.token.get_secret_value(), refresh_token=s.refresh_token.get_secret_value())

    @property
    def _origin(self) -> str:
        """The settings' own tokens as a hash; "" where they have none."""
        given = self._given.access_token, self._given.refresh_token
        return sha256("\n".join(given).encode()).hexdigest() if any(given) else ""

    def _tokens(self) -> Tokens:
        if self._held is None:
            self._held = self._kept() or self._given
        return self._held

    def _kept(self) -> Tokens | None:
        """What was renewed before, by this process or another."""
        return self._file.read(self._origin) if self.app and not self._unwritten else None

    def _renewable(self, tokens: Tokens) -> bool:
        return bool(self.app and tokens.refresh_token)

    def _renew(self) -> None:
        """Fresh tokens in the place of those that are held: another process's, or new ones."""
        held = self._tokens()
        with self._file.locked():
            now = self._kept() or held
            elsewhere = now.access_token != held.access_token and not now.due(time.time())
            self._held = now if elsewhere else self._exchanged(now)

    def _exchanged(self, old: Tokens) -> Tokens:
        """New tokens for an old one, which may be good for this once: they are on the disk before they are used."""
        if not old.refresh_token:
            raise Misconfigured(self.account, f"the token has run out; {self._again}")
        form = {"grant_type": "refresh_token", "refresh_token": old.refresh_token}
        fresh = None
        try:
            with self._file.place() as put:
                fresh = self._asked(form, "the refresh token", old)
                put(fresh, self._origin)
            self._unwritten = False
        except OSError as error:
            if fresh is None:
                raise no_room(self.account, error) from error
            # they can't be asked for again: this run goes on with them, and says so
            self._unwritten = True
            log.warning("%s: the new tokens can't be written (%s); after this, %s", self.account, error, self._again)
        return fresh

    def _asked(self, form: dict[str, str], what: str, before: Tokens) -> Tokens:
        """What the endpoint gives for a form. Raises `Misconfigured`, or `Unavailable` where it may be asked again."""
        app, secret = self.app, self._settings.client_secret.get_secret_value()
        self._http = self._http or client()
        request: dict[str, Any] = {"data": {**form, "client_id": app}}
        if secret and self.authority.basic:
            request = {"data": form, "auth": (app, secret)}
        elif secret:
            request["data"]["client_secret"] = secret
        hidden = (*self.secrets(), *(form[name] for name in HIDDEN if name in form))
        ask = Endpoint(self.account, self._http, self.authority.endpoint, hidden)
        told = ask(f"{what} is refused; {self._again}", **request)
        try:
            return before.followed(told, time.time())
        except (LookupError, TypeError, ValueError, AttributeError):
            raise Unavailable(self.account, "the answer has no access_token") from None

    @property
    def _again(self) -> str:
        return f"connect again: pressroom connect {self.account}"

    @property
    def _mend(self) -> str:
        return f"{self._again[0].upper()}{self._again[1:]}"
