"""LinkedIn's Posts API as documented: protocol headers, little text, the id in a header."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from pydantic import SecretStr

from channels.linkedin import LinkedInSettings
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "linkedin-token-90cc"
AUTHOR = "urn:li:organization:5515715"
VERSION = "202610"
RESERVED = r"\\<>#~_|\[\]*(){}@"
# text is anything but reserved characters, or these behind a backslash; a hashtag is a template
LITTLE = re.compile(rf"(?:[^{RESERVED}]|\\[{RESERVED}]|\{{hashtag\|\\#\|(?:[^{RESERVED}\s]|\\_)+\}})*")
FIELDS = {
    "author",
    "commentary",
    "content",
    "distribution",
    "isReshareDisabledByAuthor",
    "lifecycleState",
    "visibility",
}


class Platform(Fake):
    """One organization's page."""

    secrets = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, str] = {}
        self.version = VERSION
        self.may_read = True

    def settings(self) -> LinkedInSettings:
        return LinkedInSettings(token=SecretStr(TOKEN), author=AUTHOR, version=VERSION, api=self.url)

    def texts(self) -> list[str]:
        return [read(commentary) for commentary in self.posts.values()]

    def creates(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/rest/posts")

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        said = {"message": f"no: {TOKEN}", "status": status, "code": "NO"}
        return Answer(status=status, json=said, headers=headers)

    def handle(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.refusal(401, {})
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            self.faults.append("no X-Restli-Protocol-Version: 2.0.0")
        if request.headers.get("linkedin-version") != self.version:
            return Answer(status=426, json={"status": 426, "code": "NONEXISTENT_VERSION"})
        if request.method == "GET":
            return Answer(json={"elements": []}) if self.may_read else self.refusal(403, {})
        if self.creates(request):
            return self._create(request.json)
        return self._one(request, unquote(request.path.removeprefix("/rest/posts/")))

    def _create(self, body: dict[str, Any]) -> Answer:
        if set(body) != FIELDS or set(body["content"]["article"]) - {
            "source",
            "title",
            "description",
        }:
            self.faults.append(f"fields: {sorted(body)}")
        if not self._understood(body["commentary"]):
            return self.refusal(422, {})
        earlier = [urn for urn, text in self.posts.items() if text == body["commentary"]]
        if earlier:
            return duplicate(earlier[0])
        urn = f"urn:li:share:71{len(self.received):06}"
        self.posts[urn] = body["commentary"]
        return Answer(status=201, headers={"x-restli-id": urn})

    def _one(self, request: Request, urn: str) -> Answer:
        if urn not in self.posts:
            return self.refusal(404, {})
        if request.method == "DELETE":
            del self.posts[urn]
            return Answer(status=204)
        if request.headers.get("x-restli-method") != "PARTIAL_UPDATE":
            self.faults.append("no X-RestLi-Method: PARTIAL_UPDATE")
        commentary = request.json["patch"]["$set"]["commentary"]
        if not self._understood(commentary):
            return self.refusal(422, {})
        self.posts[urn] = commentary
        return Answer(status=204)

    def _understood(self, commentary: str) -> bool:
        wrong = [] if LITTLE.fullmatch(commentary) else ["no little text"]
        wrong += ["over 3000 characters"] if len(read(commentary)) > 3000 else []
        self.faults += wrong
        return not wrong


def duplicate(urn: str) -> Answer:
    """The answer to a text that is there already."""
    error = {"code": "DUPLICATE_POST", "description": "Duplicate post is detected", "input": {}}
    message = f"Content is a duplicate of {urn}"
    body = {"errorDetails": {"inputErrors": [error]}, "message": message, "status": 422}
    return Answer(status=422, json=body)


def read(commentary: str) -> str:
    """Little text as readers see it."""
    tags = re.sub(r"\{hashtag\|\\#\|((?:[^}\\]|\\.)+)\}", r"#\1", commentary)
    return re.sub(r"\\(.)", r"\1", tags)
