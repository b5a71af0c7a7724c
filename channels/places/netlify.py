"""A site at Netlify, by deploys that name every file's digest and upload only what is not there yet."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from hashlib import sha1
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from channels.errors import Misconfigured, Rejected, Unavailable, Uncertain
from channels.http import client, send
from channels.places.place import Conflict, File, Whole

if TYPE_CHECKING:
    import httpx

    from channels.places.access import WebSettings

API = "https://api.netlify.com/api/v1"  # github.com/netlify/open-api, swagger.yml
RAW = "application/vnd.bitballoon.v1.raw"  # a file's content in place of what is known of it
READY, PAUSE = 300.0, 1.0  # seconds until a deploy must be ready; between two looks
A_PAGE = 100
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Netlify(Whole):
    """`netlify://SITE`, its id or its name as in SITE.netlify.app."""

    def __init__(self, account: str, settings: WebSettings) -> None:
        super().__init__(account, settings)
        site = settings.directory.removeprefix("netlify://").strip("/")
        named = site if "." in site or ID.fullmatch(site) else f"{site}.netlify.app"
        self._site = f"/sites/{quote(named)}"
        self._base = (settings.endpoint or API).rstrip("/")
        self._http: httpx.Client | None = None
        self._deploy: str | None = None  # that was published when this turn began

    def read(self, path: str) -> bytes | None:
        """A file's bytes, of the deploy that is published."""
        try:
            return self._send("GET", f"{self._site}/files/{quote(path)}", headers={"Accept": RAW}).content
        except Rejected as error:
            if error.detail.startswith("404"):
                return None
            raise

    def put(self, files: Iterable[File], gone: Iterable[str], note: str) -> None:
        """One deploy: what is there already is named by its digest, and stays."""
        new = {f"/{path}": data for path, data in files}
        left_out = {f"/{path}" for path in gone}
        named = {path: digest for path, digest in self._standing().items() if path not in left_out}
        named |= {path: sha1(data, usedforsecurity=False).hexdigest() for path, data in new.items()}
        if self._published() != self._deploy:
            raise Conflict("another deploy has been published")
        made = self._send("POST", f"{self._site}/deploys", json={"files": named}, params={"title": note}).json()
        wanted = set(made.get("required") or ())
        for path, data in new.items():
            if named[path] in wanted:
                wanted.discard(named[path])
                kind = {"Content-Type": "application/octet-stream"}
                self._send("PUT", f"/deploys/{made['id']}/files{quote(path)}", content=data, headers=kind)
        if wanted:
            raise Rejected(self.account, f"Netlify wants {len(wanted)} files that it should have")
        self._wait(made["id"])
        self._deploy = made["id"]

    def examine(self) -> None:
        """Ask for the site."""
        self._send("GET", self._site)

    def look(self) -> None:
        """Remember which deploy is published."""
        self._deploy = self._published()

    def close(self) -> None:
        """Close the client."""
        if self._http:
            self._http.close()
            self._http = None

    def _published(self) -> str:
        deploy = self._send("GET", self._site).json().get("published_deploy") or {}
        return str(deploy.get("id", ""))

    def _standing(self) -> dict[str, str]:
        """Every file of the published deploy, with its SHA-1."""
        found: dict[str, str] = {}
        page = 1
        while True:
            rows = self._send("GET", f"{self._site}/files", params={"page": page, "per_page": A_PAGE}).json()
            fresh = {row["path"]: row["sha"] for row in rows if row["path"] not in found}
            found |= fresh
            if len(rows) < A_PAGE or not fresh:
                return found
            page += 1

    def _wait(self, deploy: str) -> None:
        until = time.monotonic() + READY
        while True:
            state = self._send("GET", f"/deploys/{deploy}").json().get("state", "")
            if state == "ready":
                return
            if state == "error":
                raise Rejected(self.account, "Netlify could not process the deploy; its log says why")
            if time.monotonic() > until:
                raise Uncertain(self.account, f"the deploy is still '{state}' after {READY:.0f} s")
            time.sleep(PAUSE)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        secret = self.settings.secret.get_secret_value()
        if not secret:
            raise Misconfigured(self.account, "there is no token; set the account's SECRET")
        self._http = self._http or client()
        headers = {"Authorization": f"Bearer {secret}", **request.pop("headers", {})}
        try:
            return send(
                self.account, self._http, method, self._base + path, headers=headers, secrets=(secret,), **request
            )
        except Uncertain as error:
            # a deploy that was begun and not finished is seen by nobody
            raise Unavailable(self.account, error.detail) from error
