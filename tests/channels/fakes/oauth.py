"""An authorization server as X and LinkedIn run it: a page that sends people back with a code, codes good once."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from urllib.parse import urlencode

from tests.channels.fakes.server import Answer, Request

CLIENT_ID, CLIENT_SECRET = "app-4711", "app-secret-5f6a"
BASIC = "Basic " + b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
PAGE = {"response_type", "client_id", "redirect_uri", "scope", "state"}
PKCE = {"code_challenge", "code_challenge_method"}


class Authority:
    """`rotates`: each refresh token is good once. `basic`: apps prove themselves in a header."""

    def __init__(self, name: str, *, lasts: int, rotates: bool = True, basic: bool = False, pkce: bool = False) -> None:
        self.name = name
        self.lasts = lasts
        self.rotates = rotates
        self.basic = basic
        self.pkce = pkce
        self.refreshes = True  # whether tokens come with one that renews them
        self.consents = True
        self.public = False  # an app that keeps no secret
        self.scope = ""
        self.good: set[str] = set()  # access tokens
        self.refresh: set[str] = {f"{name}-refresh-0"}
        self.codes: dict[str, dict[str, str]] = {}
        self.known: list[str] = [CLIENT_SECRET, BASIC.removeprefix("Basic "), f"{name}-refresh-0"]
        self.faults: list[str] = []

    def page(self, request: Request) -> Answer:
        """Somebody agrees, or does not, and is sent back."""
        asked = request.query
        if set(asked) != PAGE | (PKCE if self.pkce else set()) or asked["client_id"] != CLIENT_ID:
            self.faults.append(f"asked: {sorted(asked)}")
            return Answer(status=400, json={"error": "invalid_request"})
        self.scope = asked["scope"]
        told = {"error": "access_denied", "state": asked["state"]}
        if self.consents:
            code = f"{self.name}-code-{len(self.known)}"
            self.codes[code] = asked
            self.known.append(code)
            told = {"code": code, "state": asked["state"]}
        return Answer(status=302, headers={"Location": f"{asked['redirect_uri']}?{urlencode(told)}"})

    def token(self, request: Request) -> Answer:
        """A code or a refresh token becomes a token."""
        form = dict(request.form)
        if not self._proved(form, request.headers.get("authorization", "")):
            return Answer(status=401, json={"error": "invalid_client", "error_description": " ".join(self.known)})
        kind = form.pop("grant_type", "")
        if kind == "authorization_code" and self._agreed(form):
            return self._issued()
        if kind == "refresh_token" and set(form) == {"refresh_token"} and form["refresh_token"] in self.refresh:
            return self._issued(form["refresh_token"])
        error = "invalid_request" if self.basic else "invalid_grant"
        why = f"Value passed for the token was invalid: {' '.join(form.values())}"
        return Answer(status=400, json={"error": error, "error_description": why})

    def _proved(self, form: dict[str, str], header: str) -> bool:
        if self.public:
            return (form.pop("client_id", ""), header) == (CLIENT_ID, "")
        if self.basic:
            return header == BASIC
        return (form.pop("client_id", ""), form.pop("client_secret", "")) == (CLIENT_ID, CLIENT_SECRET)

    def _agreed(self, form: dict[str, str]) -> bool:
        asked = self.codes.pop(form.pop("code", ""), {})
        verifier = form.pop("code_verifier", "")
        digest = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        proved = asked.get("code_challenge", digest) == digest and bool(verifier) == self.pkce
        return bool(asked) and form == {"redirect_uri": asked["redirect_uri"]} and proved

    def _issued(self, spent: str = "") -> Answer:
        number = len(self.known)
        told = {"access_token": f"{self.name}-access-{number}", "expires_in": self.lasts, "scope": self.scope}
        self.good.add(told["access_token"])
        if self.rotates:
            self.refresh.discard(spent)
        if self.refreshes:
            told["refresh_token"] = f"{self.name}-refresh-{number}" if self.rotates or not spent else spent
            self.refresh.add(told["refresh_token"])
            self.known.append(told["refresh_token"])
        self.known.append(told["access_token"])
        return Answer(json={"token_type": "bearer", **told})
