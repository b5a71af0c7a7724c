"""WordPress's posts, tags and media, as 6.1 answers: a taken slug becomes another, a tag twice is a refusal."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from channels.wordpress import WordPressSettings
from tests.channels.fakes.server import Answer, Fake, Request

HOME = "/wp-json/wp/v2/"
USER, PASSWORD = "ada", "abcd EFGH 1234 ijkl MNOP 5678"
# https://developer.wordpress.org/rest-api/reference/posts/#create-a-post
FIELDS = {"date", "date_gmt", "slug", "status", "title", "content", "excerpt", "featured_media", "tags"}
FINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@dataclass
class Row:
    """A post, or a file."""

    id: int
    slug: str
    status: str = "publish"
    title: str = ""
    html: str = ""
    excerpt: str = ""
    tags: list[int] = field(default_factory=list)
    hero: int = 0
    date: str = ""
    changed: int = 0
    data: bytes = b""
    alt: str = ""


class Platform(Fake):
    """One site. `author` False: the user may write, but not publish."""

    name = "wordpress"

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[int, Row] = {}
        self.files: dict[int, Row] = {}
        self.tags: dict[int, str] = {}
        self.author = True
        self.before = lambda: None  # called as a post is made
        self._clock = 0

    def settings(self) -> WordPressSettings:
        return WordPressSettings(url=self.url, user=USER, password=SecretStr(PASSWORD))

    @property
    def secrets(self) -> tuple[str, ...]:
        return (PASSWORD, PASSWORD.replace(" ", ""))

    def texts(self) -> list[str]:
        return [row.html for row in self.posts.values() if row.status == "publish"]

    def entries(self) -> list[dict[str, Any]]:
        """What stands there, the trash apart."""
        return [
            {
                "id": str(row.id),
                "slug": row.slug,
                "title": row.title,
                "html": row.html,
                "status": {"publish": "published", "future": "scheduled"}.get(row.status, row.status),
                "tags": [self.tags[tag] for tag in row.tags],
                "hero": self.files[row.hero].data if row.hero else None,
            }
            for row in self.posts.values()
            if row.status != "trash"
        ]

    def plant(self, slug: str, html: str) -> None:
        """Somebody writes there."""
        number = self._number()
        self.posts[number] = Row(id=number, slug=slug, html=html, changed=self._tick())

    def edit(self, slug: str, more: str) -> None:
        """Somebody changes what is there."""
        [row] = [row for row in self.posts.values() if row.slug == slug]
        row.html += more
        row.changed = self._tick()

    def stored(self) -> list[bytes]:
        """The pictures that the site has."""
        return [row.data for row in self.files.values()]

    def creates(self, request: Request) -> bool:
        return request.method == "POST" and request.path.startswith(f"{HOME}posts")

    def uploads(self, request: Request) -> bool:
        return request.method == "POST" and request.path == f"{HOME}media"

    def refusal(self, status: int, headers: dict[str, str], code: str = "rest_error", data: Any = None) -> Answer:
        told = {"code": code, "message": f"No: {PASSWORD}", "data": data or {"status": status}}
        return Answer(status=status, json=told, headers=headers)

    def handle(self, request: Request) -> Answer:
        if refused := self._stranger(request):
            return refused
        kind, _, number = request.path.removeprefix(HOME).partition("/")
        match (request.method, kind):
            case ("GET", "users"):
                return Answer(json={"capabilities": {"edit_posts": True, **self._rights()}})
            case ("GET", _) if not number:
                return self._list(kind, request)
            case ("POST", "tags"):
                return self._make_tag(request.json["name"])
            case ("POST", "media"):
                return self._upload(request)
            case (_, "posts"):
                return self._post(request, int(number or 0))
        self.faults.append(f"unknown operation: {request.method} {request.path}")
        return self.refusal(404, {}, "rest_no_route")

    def _stranger(self, request: Request) -> Answer | None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        user, _, password = b64decode(given).decode().partition(":") if kind == "Basic" else ("", "", "")
        if (user, password.replace(" ", "")) == (USER, PASSWORD.replace(" ", "")):
            return None
        if request.query.get("status") == "any":
            return self.refusal(400, {}, "rest_invalid_param", {"params": {"status": "Status is forbidden."}})
        return self.refusal(401, {}, "rest_cannot_create")

    def _list(self, kind: str, request: Request) -> Answer:
        if kind == "tags":
            wanted = request.query["search"].lower()
            return Answer(json=[self._tag(tag) for tag, name in self.tags.items() if wanted in name.lower()])
        rows = self.posts if kind == "posts" else self.files
        found = [row for row in rows.values() if row.slug == request.query["slug"] and row.status != "trash"]
        return Answer(json=[self._shown(row, request) for row in found])

    def _rights(self) -> dict[str, bool]:
        return {"publish_posts": True, "upload_files": True} if self.author else {}

    def _post(self, request: Request, number: int) -> Answer:
        if number and number not in self.posts:
            return self.refusal(404, {}, "rest_post_invalid_id")
        match request.method:
            case "GET":
                return Answer(json=self._shown(self.posts[number], request))
            case "DELETE":
                return self._delete(number, whole=request.query.get("force") == "true")
        wrong = [f"unknown field {name}" for name in set(request.json) - FIELDS]
        wrong += [
            f"no date: {request.json[name]}" for name in ("date", "date_gmt") if not _date(request.json.get(name))
        ]
        wrong += [f"no tag: {tag}" for tag in request.json.get("tags", []) if tag not in self.tags]
        self.faults += wrong
        if wrong:
            return self.refusal(400, {}, "rest_invalid_param")
        if not self.author and request.json["status"] != "draft":
            return self.refusal(403, {}, "rest_cannot_publish")
        return self._keep(request, number)

    def _keep(self, request: Request, number: int) -> Answer:
        if not number:
            self.before()
        told, row = request.json, self.posts.get(number) or Row(id=self._number(), slug="")
        taken = {other.slug for other in self.posts.values() if other is not row}
        row.slug = f"{told['slug']}-2" if told["slug"] in taken else told["slug"]
        row.date = told.get("date_gmt") or told["date"]
        later = told["status"] == "publish" and row.date > f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"
        row.status = "future" if later else told["status"]
        row.title, row.html, row.excerpt = told["title"], told["content"], told["excerpt"]
        row.tags, row.hero, row.changed = told["tags"], told["featured_media"], self._tick()
        self.posts[row.id] = row
        return Answer(status=200 if number else 201, json=self._shown(row, request))

    def _delete(self, number: int, *, whole: bool) -> Answer:
        row = self.posts[number]
        if whole:
            del self.posts[number]
        elif row.status == "trash":
            return self.refusal(410, {}, "rest_already_trashed")
        else:
            row.status, row.slug = "trash", f"{row.slug}__trashed"
        return Answer(json={"id": number})

    def _upload(self, request: Request) -> Answer:
        [file] = request.files.values()
        if file.media_type not in {"image/png", "image/jpeg", "image/webp", "image/gif"}:
            return self.refusal(500, {}, "rest_upload_sideload_error")
        number = self._number()
        form = request.form
        row = Row(id=number, slug=form["slug"], title=form["title"], data=file.data, alt=form["alt_text"])
        self.files[number] = row
        return Answer(status=201, json=self._shown(row, request))

    def _make_tag(self, name: str) -> Answer:
        there = [number for number, other in self.tags.items() if other.lower() == name.lower()]
        if there:
            return self.refusal(400, {}, "term_exists", {"status": 400, "term_id": there[0]})
        number = self._number()
        self.tags[number] = name
        return Answer(status=201, json=self._tag(number))

    def _tag(self, number: int) -> dict[str, Any]:
        return {"id": number, "name": self.tags[number].replace("&", "&amp;")}

    def _shown(self, row: Row, request: Request) -> dict[str, Any]:
        if row.data:
            return {"id": row.id, "slug": row.slug, "source_url": f"{self.url}/wp-content/uploads/{row.id}.png"}
        moment = datetime.fromtimestamp(1_700_000_000 + row.changed, UTC)
        told = {"id": row.id, "slug": row.slug, "status": row.status, "link": f"{self.url}/{row.slug}/"}
        # only the context `edit` has what was written
        content = {"raw": row.html} if request.query.get("context") == "edit" else {"rendered": row.html}
        return {**told, "content": content, "modified_gmt": f"{moment:%Y-%m-%dT%H:%M:%S}"}

    def _number(self) -> int:
        return 1 + len(self.posts) + len(self.files) + len(self.tags) + self._tick()

    def _tick(self) -> int:
        self._clock += 1
        return self._clock


def _date(value: object) -> bool:
    return value is None or FINE.fullmatch(json.dumps(value).strip('"')) is not None
