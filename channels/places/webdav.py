"""A folder on a server that speaks WebDAV (RFC 4918)."""

from __future__ import annotations

import mimetypes
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from channels.errors import Misconfigured, Rejected, Unavailable, Uncertain
from channels.http import client, send
from channels.places.place import Place

if TYPE_CHECKING:
    import httpx

    from channels.places.access import WebSettings


class WebDav(Place):
    """`davs://HOST/FOLDER`, or `dav://` without TLS. A file is put beside its place, then moved there."""

    def __init__(self, account: str, settings: WebSettings) -> None:
        super().__init__(account, settings)
        secure, _, rest = settings.directory.partition("://")
        self._base = f"{'https' if secure == 'davs' else 'http'}://{rest.rstrip('/')}/"
        self._http: httpx.Client | None = None
        self._folders = {""}  # that are known to be there

    def read(self, path: str) -> bytes | None:
        """A file's bytes."""
        try:
            return self._send("GET", path).content
        except Rejected as error:
            if error.detail.startswith("404"):
                return None
            raise

    def write(self, path: str, data: bytes) -> None:
        """PUT, then MOVE, which replaces in one step."""
        folder, _, name = path.rpartition("/")
        partial = f"{folder}/.{name}.{uuid.uuid4().hex[:8]}.partial".lstrip("/")
        self._make_folder(folder)
        self._send("PUT", partial, content=data, headers=_kind(path))
        self._send("MOVE", partial, headers={"Destination": self._at(path), "Overwrite": "T"})

    def create(self, path: str, data: bytes) -> bool:
        """PUT where nothing is. A server that does not know `If-None-Match` is asked first."""
        try:
            if self.read(path) is not None:
                return False
            self._send("PUT", path, content=data, headers={"If-None-Match": "*", **_kind(path)})
        except Rejected as error:
            if error.detail.startswith("412"):
                return False
            raise
        return self.read(path) == data

    def remove(self, path: str) -> None:
        """DELETE; the folder stays, for DELETE would take whatever is in it."""
        try:
            self._send("DELETE", path)
        except Rejected as error:
            if not error.detail.startswith(("404", "410")):
                raise

    def close(self) -> None:
        """Close the client."""
        if self._http:
            self._http.close()
            self._http = None

    def _make_folder(self, folder: str) -> None:
        if folder in self._folders:
            return
        self._make_folder(folder.rpartition("/")[0])
        try:
            self._send("MKCOL", f"{folder}/")
        except Rejected as error:
            if not error.detail.startswith("405"):  # it is there
                raise
        self._folders.add(folder)

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        self._http = self._http or client()
        secret = self.settings.secret.get_secret_value()
        auth = (self.settings.user, secret) if self.settings.user else None
        try:
            return send(
                self.account,
                self._http,
                method,
                self._at(path),
                auth=auth,
                secrets=(secret,),
                peculiar=self._peculiar,
                **request,
            )
        except Uncertain as error:
            # every request here may be made twice
            raise Unavailable(self.account, error.detail) from error

    def _peculiar(self, response: httpx.Response, detail: str) -> Unavailable | Misconfigured | None:
        match response.status_code:
            case 423:
                return Unavailable(self.account, f"somebody has locked the file: {detail}", retry_after=10)
            case 507:
                return Misconfigured(self.account, f"the server's disk is full: {detail}")
        return None

    def _at(self, path: str) -> str:
        return self._base + quote(path)


def _kind(path: str) -> dict[str, str]:
    return {"Content-Type": mimetypes.guess_type(path)[0] or "application/octet-stream"}
