"""A Facebook Page as far as its posts go: /feed, /photos, /me, and Meta's errors."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from channels.facebook import FacebookSettings
from tests.channels.fakes.graph import CODES, missing, refusal, turned
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "EAAG-facebook-page-token-81bb"
PAGE = "104523789012345"
VERSION = FacebookSettings().version
# https://developers.facebook.com/docs/graph-api/reference/page/feed and /photos: what each call takes
TAKES = {
    "feed": {"message", "link", "published", "scheduled_publish_time"},
    "photos": {"caption", "alt_text_custom", "published", "source"},
}


class Platform(Fake):
    """One Page, with its own token."""

    secrets = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, dict[str, Any]] = {}
        self.photos: dict[str, tuple[bytes, str]] = {}
        self.owner = PAGE
        self.blind = False  # the token may not see single posts any more
        self.shimmed = False  # attachments have Facebook's own redirects alone
        self.headers = {"facebook-api-version": VERSION, "X-App-Usage": '{"call_count":3,"total_time":0}'}

    def settings(self) -> FacebookSettings:
        return FacebookSettings(token=SecretStr(TOKEN), page=PAGE, api=self.url)

    def texts(self) -> list[str]:
        return [post["message"] for post in self.posts.values()]

    def pictures(self) -> list[tuple[bytes, str]]:
        return [self.photos[post_id] for post_id in self.posts if post_id in self.photos]

    def creates(self, request: Request) -> bool:
        return request.method == "POST" and request.path.rpartition("/")[2] in TAKES

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        return refusal(status, CODES[status], f"no: {TOKEN}", headers)

    def handle(self, request: Request) -> Answer:
        body = {**request.form, **dict.fromkeys(request.files, "(file)"), **(request.json or {})}
        if "access_token" in {**request.query, **body}:
            self.faults.append("a token where addresses and bodies are logged")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal(400, 190, "Invalid OAuth access token - Cannot parse access token")
        version, _, node = request.path.removeprefix("/").partition("/")
        if not version.startswith("v") or "." not in version:
            return refusal(400, 2500, "Unknown path components")
        if self.creates(request):
            return self._create(node, request, body)
        if (request.method, node) == ("GET", f"{PAGE}/published_posts"):
            return self._feed(request)
        named = {"me": self.owner, PAGE: PAGE}
        if request.method == "GET" and node in named:
            return Answer(json={"id": named[node], "name": "Clinic"}, headers=self.headers)
        return self._one(node, request, body)

    def _create(self, node: str, request: Request, body: dict[str, Any]) -> Answer:
        page, _, edge = node.partition("/")
        wrong = [f"{name} is unknown" for name in set(body) - TAKES[edge]]
        words = body.get("message") or body.get("caption")
        if page != PAGE or not words or len(words) > 63_206:
            wrong.append("no words, too many, or not this Page's")
        if edge == "photos" and "source" not in request.files:
            wrong.append("no picture")
        if wrong:
            self.faults += wrong
            return refusal(400, 100, wrong[0])
        number = 122_100_000_000_000 + len(self.received)
        post_id = f"{PAGE}_{number}"
        self.posts[post_id] = {"message": words, "link": body.get("link", ""), "time": self.now().timestamp()}
        if edge == "feed":
            return Answer(json={"id": post_id})
        self.photos[post_id] = (request.files["source"].data, body["alt_text_custom"])
        return Answer(json={"id": str(number - 1), "post_id": post_id})

    def _one(self, post_id: str, request: Request, body: dict[str, Any]) -> Answer:
        if post_id not in self.posts or self.blind:
            return missing(post_id)
        if request.method == "DELETE":
            del self.posts[post_id]
        elif set(body) == {"message"}:
            self.posts[post_id]["message"] = body["message"]
        else:
            self.faults.append(f"{sorted(body)} can't be changed")
        return Answer(json={"success": True})

    def _feed(self, request: Request) -> Answer:
        if request.query.get("fields") != "id,message,permalink_url,attachments{unshimmed_url,url}":
            self.faults.append("fields that are not enough")
        if not 1 <= int(request.query.get("limit", "25")) <= 100:
            self.faults.append("limit is from 1 to 100")
        since = float(request.query.get("since", "0"))
        newest = [post for post in reversed(self.posts.items()) if post[1]["time"] >= since]
        return turned(request, [self._entry(*post) for post in newest], endless=self.endless)

    def _entry(self, post_id: str, post: dict[str, Any]) -> dict[str, Any]:
        """A post as the feed has it: its link goes by way of Facebook, which adds a mark of its own."""
        number = post_id.partition("_")[2]
        entry = {
            "id": post_id,
            "message": post["message"],
            "permalink_url": f"https://www.facebook.com/1/posts/{number}",
        }
        if not post["link"]:
            return entry
        redirect = f"https://l.facebook.com/l.php?u={quote(post['link'] + '&fbclid=IwAR0x', safe='')}&h=AT0"
        plain = {} if self.shimmed else {"unshimmed_url": post["link"]}
        return {**entry, "attachments": {"data": [{"url": redirect, **plain}]}}
