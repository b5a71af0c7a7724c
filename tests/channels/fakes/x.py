"""X as far as a post goes: /2/tweets, /2/users/me, /2/users/:id/tweets."""

from __future__ import annotations

import re

from pydantic import SecretStr

from channels.x import XSettings
from content.measures import x_links, x_weighted
from tests.channels.fakes.described import faults
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "x-user-token-1f2e"
ME = "2244994945"


class Platform(Fake):
    """One account that posts with a user token."""

    secrets = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, str] = {}

    def settings(self) -> XSettings:
        return XSettings(token=SecretStr(TOKEN), api=self.url)

    def texts(self) -> list[str]:
        return list(self.posts.values())

    def creates(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/2/tweets")

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        problem = {"title": "No", "type": "about:blank", "status": status, "detail": f"no {TOKEN}"}
        return Answer(status=status, json=problem, headers=headers)

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.refusal(401, {})
        if self.creates(request):
            return self._create(request)
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
        if wrong:
            self.faults += wrong
            return self.refusal(400, {})
        text = request.json["text"]
        if text in self.posts.values():
            return self.duplicate()
        post_id = str(1_900_000_000_000_000_000 + len(self.received))
        self.posts[post_id] = text
        return Answer(status=201, json={"data": {"id": post_id, "text": text}})

    def duplicate(self) -> Answer:
        """The answer to a text that is there already."""
        detail = "You are not allowed to create a Tweet with duplicate content."
        problem = {"detail": detail, "type": "about:blank", "title": "Forbidden", "status": 403}
        return Answer(status=403, json=problem)

    def _timeline(self, request: Request) -> Answer:
        if not 5 <= int(request.query.get("max_results", "10")) <= 100:
            self.faults.append("max_results is from 5 to 100")
        if not self.posts:
            return Answer(json={"meta": {"result_count": 0}})
        return Answer(json={"data": [_tweet(*post) for post in reversed(self.posts.items())]})


def _tweet(post_id: str, text: str) -> dict[str, object]:
    """A post as X gives it back: its links are t.co addresses, the true ones stand in the entities."""
    links = [text[start:end] for start, end in x_links(text)]
    urls = [{"url": f"https://t.co/{n}", "expanded_url": link} for n, link in enumerate(links)]
    for n, link in enumerate(links):
        text = text.replace(link, f"https://t.co/{n}")
    return {"id": post_id, "text": text, "entities": {"urls": urls}}
