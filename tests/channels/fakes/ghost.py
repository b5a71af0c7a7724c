"""Ghost's Admin API as far as posts and pictures go (docs.ghost.org/admin-api): tokens, versions, collisions."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from channels.ghost import GhostSettings
from tests.channels.fakes.server import Answer, Fake, Request

HOME = "/ghost/api/admin/"
ID, SECRET = "6748592f4b9b7700010f6564", "5c1f3a2b" * 8
# https://docs.ghost.org/admin-api/posts/overview
FIELDS = {
    "title", "slug", "html", "status", "published_at", "custom_excerpt", "tags", "canonical_url", "feature_image",
    "feature_image_alt", "feature_image_caption", "updated_at",
}  # fmt: skip
BEGIN, END = "<!--kg-card-begin: html-->", "<!--kg-card-end: html-->"


class Platform(Fake):
    """One site."""

    name = "ghost"

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}  # by address
        self.before = lambda: None  # called as a post is made
        self._clock = 0

    def settings(self) -> GhostSettings:
        return GhostSettings(url=self.url, key=SecretStr(f"{ID}:{SECRET}"))

    @property
    def secrets(self) -> tuple[str, ...]:
        return (SECRET,)

    def texts(self) -> list[str]:
        return [post["html"] for post in self.posts.values() if post["status"] == "published"]

    def entries(self) -> list[dict[str, Any]]:
        """What stands there."""
        return [
            {
                "id": post["id"],
                "slug": post["slug"],
                "title": post["title"],
                "html": post["html"],
                "status": post["status"],
                "tags": [tag["name"] for tag in post["tags"]],
                "hero": self.files.get(post["feature_image"]),
            }
            for post in self.posts.values()
        ]

    def plant(self, slug: str, html: str) -> None:
        """Somebody writes there."""
        self._keep({"slug": slug, "title": slug, "html": html, "status": "published", "tags": []}, {})

    def edit(self, slug: str, more: str) -> None:
        """Somebody changes what is there."""
        [post] = [post for post in self.posts.values() if post["slug"] == slug]
        post |= {"html": post["html"] + more, "updated_at": self._now()}

    def stored(self) -> list[bytes]:
        """The pictures that the site has."""
        return list(self.files.values())

    def creates(self, request: Request) -> bool:
        return request.method in {"POST", "PUT"} and request.path.startswith(f"{HOME}posts/")

    def uploads(self, request: Request) -> bool:
        return request.path == f"{HOME}images/upload/"

    def refusal(
        self, status: int, headers: dict[str, str], kind: str = "InternalServerError", code: str = ""
    ) -> Answer:
        told = {"message": f"No: {SECRET}", "type": kind, "code": code or None}
        return Answer(status=status, json={"errors": [told]}, headers=headers)

    def handle(self, request: Request) -> Answer:
        if refused := self._stranger(request):
            return refused
        if "accept-version" not in request.headers:
            self.faults.append("no version of the API is asked for")
        match (request.method, request.path.removeprefix(HOME).strip("/").split("/")):
            case ("POST", ["images", "upload"]):
                return self._upload(request)
            case ("GET", ["posts", *slug]) if slug[:1] in ([], ["slug"]):
                found = [post for post in self.posts.values() if post["slug"] in slug or not slug]
                return Answer(json={"posts": found}) if found or not slug else self._absent()
            case ("POST", ["posts"]):
                return self._write(request, {})
            case (method, ["posts", number]) if number in self.posts:
                return self._one(method, number, request)
        if not request.path.startswith(f"{HOME}posts/"):
            self.faults.append(f"unknown operation: {request.method} {request.path}")
        return self._absent()

    def _one(self, method: str, number: str, request: Request) -> Answer:
        if method == "DELETE":
            del self.posts[number]
            return Answer(status=204)
        return self._write(request, self.posts[number]) if method == "PUT" else self._told(self.posts[number])

    def _stranger(self, request: Request) -> Answer | None:
        """Whether the token was made with another key, for something else, or for too long (RFC 7519)."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        signed, _, proof = token.rpartition(".")
        wanted = hmac.new(bytes.fromhex(SECRET), signed.encode(), hashlib.sha256).digest()
        if kind != "Ghost" or not hmac.compare_digest(_unpacked(proof), wanted):
            return self.refusal(401, {}, "UnauthorizedError", "INVALID_JWT")
        head, claims = (json.loads(_unpacked(part)) for part in signed.split("."))
        lives = claims["exp"] - claims["iat"]
        good = (head["kid"], claims["aud"], 0 < lives <= 300, abs(time.time() - claims["iat"]) < 60)
        if good != (ID, "/admin/", True, True):
            self.faults.append("the token does not say what Ghost wants to read")
            return self.refusal(400, {}, "BadRequestError", "INVALID_JWT")
        return None

    def _write(self, request: Request, before: dict[str, Any]) -> Answer:
        [given] = request.json["posts"]
        self.faults += [f"unknown field {name}" for name in set(given) - FIELDS]
        if request.query.get("source") != "html":
            self.faults.append("HTML is only read as such with source=html")
        if not given["html"].startswith(BEGIN) or not given["html"].endswith(END):
            self.faults.append("Ghost would make its own of this HTML")
        if before and "updated_at" not in given:
            return self.refusal(422, {}, "ValidationError")
        if before and given["updated_at"] != before["updated_at"]:
            return self.refusal(409, {}, "UpdateCollisionError", "UPDATE_COLLISION")
        if not before:
            self.before()
        return self._told(self._keep(given, before), status=200 if before else 201)

    def _keep(self, given: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        number = before.get("id") or f"{self._tick():024x}"
        taken = {post["slug"] for post in self.posts.values() if post["id"] != number}
        slug = f"{given['slug']}-2" if given["slug"] in taken else given["slug"]
        html = given["html"].replace(BEGIN, "").replace(END, "").strip()
        told = {"id": number, "slug": slug, "html": html, "updated_at": self._now(), "url": f"{self.url}/{slug}/"}
        self.posts[number] = {"feature_image": None, **before, **given, **told}
        return self.posts[number]

    def _upload(self, request: Request) -> Answer:
        file, number = request.files["file"], len(self.files)
        if file.media_type == "image/avif":
            return self.refusal(415, {}, "UnsupportedMediaTypeError")
        address = (
            f"{self.url}/content/images/2026/11/{file.name if number == 0 else file.name.replace('.', f'-{number}.')}"
        )
        self.files[address] = file.data
        return Answer(status=201, json={"images": [{"url": address, "ref": request.form.get("ref")}]})

    def _told(self, post: dict[str, Any], status: int = 200) -> Answer:
        return Answer(status=status, json={"posts": [post]})

    def _absent(self) -> Answer:
        return self.refusal(404, {}, "NotFoundError")

    def _now(self) -> str:
        return f"{datetime.fromtimestamp(1_700_000_000 + self._tick(), UTC):%Y-%m-%dT%H:%M:%S}.000Z"

    def _tick(self) -> int:
        self._clock += 1
        return self._clock


def _unpacked(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
