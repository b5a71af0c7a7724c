"""Netlify's deploys, by the operations of its public description (github.com/netlify/open-api)."""

from __future__ import annotations

from hashlib import sha1
from urllib.parse import unquote

from pydantic import SecretStr

from channels.places.access import WebSettings
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "nfp_" + "n" * 36
RAW = "application/vnd.bitballoon.v1.raw"
DEPLOY = {"files", "draft", "async", "functions", "branch", "framework", "function_schedules"}


class Netlify(Fake):
    """One site. `meanwhile` is called once the files were listed; `slow` is how often a deploy is still being processed."""

    def __init__(self) -> None:
        super().__init__()
        self.blobs: dict[str, bytes] = {}  # by SHA-1
        self.deploys: list[dict[str, str]] = [{}]  # the files of each, by path; the last one is published
        self.uploaded: list[str] = []
        self.ends: str = "ready"
        self.meanwhile = lambda: None
        self.slow = 1
        self._next: dict[str, str] | None = None
        self._asked = 0

    def settings(self) -> WebSettings:
        return WebSettings(directory="netlify://clinic", endpoint=f"{self.url}/api/v1", secret=SecretStr(TOKEN))

    @property
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN,)

    def texts(self) -> list[str]:
        return []

    def creates(self, request: Request) -> bool:
        return request.method in {"POST", "PUT"}

    def files(self) -> dict[str, bytes]:
        return {path[1:]: self.blobs[digest] for path, digest in self.deploys[-1].items()}

    def plant(self, path: str, data: bytes) -> None:
        digest = sha1(data).hexdigest()
        self.blobs[digest] = data
        self.deploys.append({**self.deploys[-1], f"/{path}": digest})

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.refusal(401, {})
        path = request.path.removeprefix("/api/v1")
        site = "/sites/clinic.netlify.app"
        match (request.method, path.partition(site)[2] if path.startswith(site) else path):
            case ("GET", ""):
                return Answer(json={"id": "s1", "published_deploy": {"id": f"d{len(self.deploys)}"}})
            case ("GET", "/files"):
                return self._list(int(request.query["page"]), int(request.query["per_page"]))
            case ("GET", rest) if rest.startswith("/files/"):
                return self._file(unquote(rest.removeprefix("/files")), request)
            case ("POST", "/deploys"):
                return self._begin(request)
            case ("PUT", rest) if rest.startswith("/deploys/new/files/"):
                return self._upload(unquote(rest.removeprefix("/deploys/new/files")), request)
            case ("GET", "/deploys/new"):
                return self._state()
        self.faults.append(f"unknown operation: {request.method} {request.path}")
        return Answer(status=404, json={"code": 404, "message": "Not Found"})

    def _list(self, page: int, size: int) -> Answer:
        rows = [{"id": path, "path": path, "sha": digest} for path, digest in self.deploys[-1].items()]
        self.meanwhile()
        return Answer(json=rows[(page - 1) * size : page * size])

    def _file(self, path: str, request: Request) -> Answer:
        if request.headers.get("accept") != RAW:
            self.faults.append("a file's content must be asked for as such")
        digest = self.deploys[-1].get(path)
        return Answer(data=self.blobs[digest]) if digest else Answer(status=404, json={"code": 404})

    def _begin(self, request: Request) -> Answer:
        self.faults += [f"unknown field: {name}" for name in set(request.json) - DEPLOY]
        self.faults += [f"no path: {path}" for path in request.json["files"] if not path.startswith("/")]
        self._next, self._asked = request.json["files"], 0
        required = sorted(set(self._next.values()) - set(self.blobs))
        return Answer(json={"id": "new", "state": "uploading" if required else "uploaded", "required": required})

    def _upload(self, path: str, request: Request) -> Answer:
        if request.headers.get("content-type") != "application/octet-stream":
            self.faults.append("files go as application/octet-stream")
        digest = sha1(request.data).hexdigest()
        if self._next is None or self._next.get(path) != digest:
            self.faults.append(f"not what was announced: {path}")
            return self.refusal(422, {})
        self.blobs[digest] = request.data
        self.uploaded.append(path[1:])
        return Answer(json={"path": path, "sha": digest})

    def _state(self) -> Answer:
        self._asked += 1
        if self._asked <= self.slow:
            return Answer(json={"id": "new", "state": "processing"})
        if self.ends == "ready" and self._next is not None:
            self.deploys.append(self._next)
            self._next = None
        return Answer(json={"id": f"d{len(self.deploys)}", "state": self.ends})


Platform = Netlify
