"""X as far as a post goes: /2/tweets, /2/users/me, /2/users/:id/tweets, /2/media, and its tokens."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from channels.x import XSettings
from content.measures import x_links, x_weighted
from tests.channels.fakes.described import faults
from tests.channels.fakes.oauth import CLIENT_ID, CLIENT_SECRET, Authority
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "x-user-token-1f2e"
ME = "2244994945"
TOKENS = "/2/oauth2/token"


class Platform(Fake):
    """One account that posts with a user token."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, str] = {}
        self.times: dict[str, datetime] = {}
        self.attached: dict[str, list[str]] = {}
        self.media: dict[str, tuple[bytes, str]] = {}
        self.authority = Authority("x", lasts=7200, basic=True, pkce=True)
        self.authority.faults = self.faults
        self.authority.good.add(TOKEN)
        self.connected = False  # whether the account knows its app's secret

    @property
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN, *self.authority.known) if self.connected else (TOKEN,)

    def settings(self) -> XSettings:
        return XSettings(token=SecretStr(TOKEN), api=self.url, site=self.url)

    def renewing(self, tokens: Path, token: str = TOKEN, refresh: str = "x-refresh-0") -> XSettings:
        """Settings of an account that renews its token."""
        self.connected = True
        return XSettings(
            token=SecretStr(token),
            refresh_token=SecretStr(refresh),
            client_id=CLIENT_ID,
            client_secret=SecretStr(CLIENT_SECRET),
            tokens=tokens,
            api=self.url,
            site=self.url,
        )

    def texts(self) -> list[str]:
        return list(self.posts.values())

    def pictures(self) -> list[tuple[bytes, str]]:
        return [self.media[media_id] for post_id in self.posts for media_id in self.attached.get(post_id, [])]

    def uploads(self, request: Request) -> bool:
        return (request.method, request.path) in {("POST", "/2/media/upload"), ("POST", TOKENS)}

    def creates(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/2/tweets")

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        problem = {"title": "No", "type": "about:blank", "status": status, "detail": f"no {' '.join(self.secrets)}"}
        return Answer(status=status, json=problem, headers=headers)

    def handle(self, request: Request) -> Answer:  # noqa: C901 - one branch a call
        if request.path == "/i/oauth2/authorize":
            return self.authority.page(request)
        if request.path == TOKENS:
            return self.authority.token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.authority.good:
            return self.refusal(401, {})
        if self.creates(request):
            return self._create(request)
        if request.path == "/2/media/upload":
            return self._upload(request)
        if request.path == "/2/media/metadata":
            return self._describe(request)
        if deleted := re.fullmatch(r"/2/tweets/(\d+)", request.path):
            known = self.posts.pop(deleted[1], None)
            return Answer(json={"data": {"deleted": True}}) if known else self.refusal(404, {})
        if request.path == "/2/users/me":
            return Answer(json={"data": {"id": ME, "name": "Clinic", "username": "clinic"}})
        if request.path == f"/2/users/{ME}/tweets":
            return self._timeline(request)
        return self.refusal(404, {})

    def _create(self, request: Request) -> Answer:
        wrong = faults("x", "POST /2/tweets", request.json)
        if x_weighted(request.json.get("text", "")) > 280:
            wrong.append("over 280 weighted characters")
        media = request.json.get("media", {}).get("media_ids", [])
        if set(media) - set(self.media):
            wrong.append("media that is not there")
        if wrong:
            self.faults += wrong
            return self.refusal(400, {})
        text = request.json["text"]
        if text in self.posts.values():
            return self.duplicate()
        post_id = str(1_900_000_000_000_000_000 + len(self.received))
        self.posts[post_id] = text
        self.times[post_id] = self.now()
        self.attached[post_id] = media
        return Answer(status=201, json={"data": {"id": post_id, "text": text}})

    def _upload(self, request: Request) -> Answer:
        file = request.files["media"]
        wrong = faults("x", "POST /2/media/upload", {**request.form, "media": file.name})
        if file.media_type not in {"image/jpeg", "image/png", "image/webp"} or len(file.data) > 5_000_000:
            wrong.append(f"no picture for X: {file.media_type}")
        if wrong:
            self.faults += wrong
            return self.refusal(400, {})
        media_id = str(1_800_000_000_000_000_000 + len(self.received))
        self.media[media_id] = (file.data, "")
        return Answer(json={"data": {"id": media_id, "media_key": f"3_{media_id}", "size": len(file.data)}})

    def _describe(self, request: Request) -> Answer:
        self.faults += faults("x", "POST /2/media/metadata", request.json)
        media_id = request.json["id"]
        self.media[media_id] = (self.media[media_id][0], request.json["metadata"]["alt_text"]["text"])
        return Answer(json={"data": {"id": media_id, "associated_metadata": request.json["metadata"]}})

    def duplicate(self) -> Answer:
        """The answer to a text that is there already."""
        detail = "You are not allowed to create a Tweet with duplicate content."
        problem = {"detail": detail, "type": "about:blank", "title": "Forbidden", "status": 403}
        return Answer(status=403, json=problem)

    def _timeline(self, request: Request) -> Answer:
        if not 5 <= int(request.query.get("max_results", "10")) <= 100:
            self.faults.append("max_results is from 5 to 100")
        since = datetime.fromisoformat(request.query.get("start_time", "2010-11-06T00:00:00Z"))
        newest = [post for post in reversed(self.posts.items()) if self.times.get(post[0], since) >= since]
        begin = int(request.query.get("pagination_token", "0"))
        page = newest[begin : begin + int(request.query.get("max_results", "10"))]
        following = begin + len(page)
        more = {"next_token": str(following)} if self.endless or following < len(newest) else {}
        meta = {"meta": {"result_count": len(page), **more}}
        return Answer(json={"data": [_tweet(*post) for post in page], **meta} if page else meta)


def _tweet(post_id: str, text: str) -> dict[str, object]:
    """A post as X gives it back: its links are t.co addresses, the true ones stand in the entities."""
    links = [text[start:end] for start, end in x_links(text)]
    urls = [{"url": f"https://t.co/{n}", "expanded_url": link} for n, link in enumerate(links)]
    for n, link in enumerate(links):
        text = text.replace(link, f"https://t.co/{n}")
    return {"id": post_id, "text": text, "entities": {"urls": urls}}
