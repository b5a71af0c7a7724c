"""LinkedIn's Posts and Images APIs as documented: protocol headers, little text, the id in a header; its tokens."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic import SecretStr

from channels.linkedin import LinkedInSettings
from tests.channels.fakes.oauth import CLIENT_ID, CLIENT_SECRET, Authority
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "linkedin-token-90cc"
AUTHOR = "urn:li:organization:5515715"
VERSION = f"{datetime.now(UTC):%Y%m}"  # one that LinkedIn serves, whenever this runs
RESERVED = r"\\<>#~_|\[\]*(){}@"
PLAIN = rf"[^{RESERVED}]|\\[{RESERVED}]"
MENTION = rf"@\[((?:{PLAIN})+)\]\(urn:li:(?:organization|person):[A-Za-z0-9_-]+\)"
# text is anything but reserved characters, or these behind a backslash; a hashtag is a template
LITTLE = re.compile(rf"(?:{PLAIN}|{MENTION}|\{{hashtag\|\\#\|(?:[^{RESERVED}\s]|\\_)+\}})*")
CONTENT = ({"source", "title", "description"}, {"source", "title", "description", "thumbnail"})
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

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, str] = {}
        self.contents: dict[str, dict[str, Any]] = {}
        self.images: dict[str, bytes] = {}  # empty until the bytes are there
        self.version = VERSION
        self.may_read = True
        self.authority = Authority("linkedin", lasts=5_184_000, rotates=False)
        self.authority.faults = self.faults
        self.authority.good.add(TOKEN)
        self.connected = False  # whether the account knows its app's secret

    @property
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN, *self.authority.known) if self.connected else (TOKEN,)

    def settings(self) -> LinkedInSettings:
        return LinkedInSettings(
            token=SecretStr(TOKEN), author=AUTHOR, version=self.version, api=self.url, site=self.url
        )

    def renewing(self, tokens: Path, token: str = TOKEN, refresh: str = "linkedin-refresh-0") -> LinkedInSettings:
        """Settings of an account that renews its token."""
        self.connected = True
        return LinkedInSettings(
            token=SecretStr(token),
            refresh_token=SecretStr(refresh),
            client_id=CLIENT_ID,
            client_secret=SecretStr(CLIENT_SECRET),
            tokens=tokens,
            author=AUTHOR,
            version=self.version,
            api=self.url,
            site=self.url,
        )

    def texts(self) -> list[str]:
        return [read(commentary) for commentary in self.posts.values()]

    def pictures(self) -> list[tuple[bytes, str]]:
        media = [self.contents[urn]["media"] for urn in self.posts if "media" in self.contents[urn]]
        return [(self.images[shown["id"]], shown["altText"]) for shown in media]

    def thumbnails(self) -> list[bytes]:
        """The pictures of the cards that people see now."""
        cards = [self.contents[urn].get("article", {}) for urn in self.posts]
        return [self.images[card["thumbnail"]] for card in cards if "thumbnail" in card]

    def uploads(self, request: Request) -> bool:
        return request.method == "PUT" or request.path == "/oauth/v2/accessToken"

    def creates(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", "/rest/posts")

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        said = {"message": f"no: {' '.join(self.secrets)}", "status": status, "code": "NO"}
        return Answer(status=status, json=said, headers=headers)

    def handle(self, request: Request) -> Answer:  # noqa: C901 - one branch a call
        if request.path == "/oauth/v2/authorization":
            return self.authority.page(request)
        if request.path == "/oauth/v2/accessToken":
            return self.authority.token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.authority.good:
            return self.refusal(401, {})
        if request.path.startswith("/dms-uploads/"):
            return self._bytes(request)
        if request.headers.get("x-restli-protocol-version") != "2.0.0":
            self.faults.append("no X-Restli-Protocol-Version: 2.0.0")
        if request.headers.get("linkedin-version") != self.version:
            return Answer(status=426, json={"status": 426, "code": "NONEXISTENT_VERSION"})
        if request.method == "GET":
            return Answer(json={"elements": []}) if self.may_read else self.refusal(403, {})
        if self.creates(request):
            return self._create(request.json)
        if request.path == "/rest/images":
            return self._initialize(request)
        return self._one(request, unquote(request.path.removeprefix("/rest/posts/")))

    def _create(self, body: dict[str, Any]) -> Answer:
        if set(body) != FIELDS:
            self.faults.append(f"fields: {sorted(body)}")
        self._look_at(body["content"])
        if not self._understood(body["commentary"]):
            return self.refusal(422, {})
        earlier = [urn for urn, text in self.posts.items() if text == body["commentary"]]
        if earlier:
            return duplicate(earlier[0])
        urn = f"urn:li:share:71{len(self.received):06}"
        self.posts[urn] = body["commentary"]
        self.contents[urn] = body["content"]
        return Answer(status=201, headers={"x-restli-id": urn})

    def _look_at(self, content: dict[str, Any]) -> None:
        match content:
            case {"media": {"id": urn, "altText": str()}, **rest} if not rest and self.images.get(urn):
                return
            case {"article": card, **rest} if not rest and set(card) in CONTENT:
                if "thumbnail" not in card or self.images.get(card["thumbnail"]):
                    return
        self.faults.append(f"content: {content}")

    def _initialize(self, request: Request) -> Answer:
        if request.query != {"action": "initializeUpload"}:
            self.faults.append(f"query: {request.query}")
        if request.json != {"initializeUploadRequest": {"owner": AUTHOR}}:
            self.faults.append(f"body: {request.json}")
            return self.refusal(400, {})
        urn = f"urn:li:image:C4D{len(self.received):06}"
        self.images[urn] = b""
        address = f"{self.url}/dms-uploads/{urn.rpartition(':')[2]}/uploaded-image/0?ca=vector_feedshare"
        return Answer(json={"value": {"uploadUrlExpiresAt": 1796000000000, "uploadUrl": address, "image": urn}})

    def _bytes(self, request: Request) -> Answer:
        urn = f"urn:li:image:{request.path.split('/')[2]}"
        if request.method != "PUT" or urn not in self.images or not request.data:
            return self.refusal(400, {})
        if not request.data.startswith((b"\xff\xd8", b"\x89PNG")):
            self.faults.append("no JPEG or PNG")
        self.images[urn] = request.data
        return Answer(status=201)

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
    return re.sub(r"\\(.)", r"\1", re.sub(MENTION, r"\1", tags))
