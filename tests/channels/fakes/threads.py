"""Threads as far as posts and replies go: containers that are published once, and Meta's errors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from channels.threads import ThreadsSettings
from content.measures import links_in
from tests.channels.fakes.graph import CODES, missing, refusal, turned
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "THAA-threads-token-5d10"
ME = "17841405822304914"
BASE = f"/v1.0/{ME}"
# https://developers.facebook.com/docs/threads/reference: what each call may be given, and what it must
TAKES: dict[str, tuple[set[str], set[str]]] = {
    "threads": ({"media_type", "text"}, {"link_attachment", "reply_to_id", "reply_control", "topic_tag"}),
    "threads_publish": ({"creation_id"}, set()),
}


class Platform(Fake):
    """One account. `slow`: questions until a container is processed; `fails`: why none ever is."""

    secrets = (TOKEN,)

    def __init__(self) -> None:
        super().__init__()
        self.containers: dict[str, dict[str, Any]] = {}
        self.posts: dict[str, dict[str, Any]] = {}
        self.slow = 0
        self.fails = ""
        self.used = 3
        self.owner = ME
        self.linkless = False  # published posts have no address yet
        self.unlisted = False  # the lists are behind
        self.headers: dict[str, str] = {}

    def settings(self) -> ThreadsSettings:
        return ThreadsSettings(token=SecretStr(TOKEN), user=ME, api=self.url)

    def texts(self) -> list[str]:
        return [post["text"] for post in self.posts.values()]

    def creates(self, request: Request) -> bool:
        return (request.method, request.path) == ("POST", f"{BASE}/threads_publish")

    def makes(self, request: Request) -> bool:
        """Whether a request makes a container."""
        return (request.method, request.path) == ("POST", f"{BASE}/threads")

    def uploads(self, request: Request) -> bool:
        return self.makes(request)

    def made(self) -> list[Request]:
        """The requests that were to make a container: these have the words."""
        return [request for request in self.received if self.makes(request)]

    def refusal(self, status: int, headers: dict[str, str]) -> Answer:
        return refusal(status, CODES[status], f"no: {TOKEN}", headers)

    def handle(self, request: Request) -> Answer:
        if "access_token" in {**request.query, **(request.json or {})}:
            self.faults.append("a token where addresses and bodies are logged")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal(400, 190, "Invalid OAuth access token - Cannot parse access token")
        if request.method == "POST":
            return self._post(request)
        node = request.path.removeprefix("/v1.0/")
        if request.method == "DELETE":
            return Answer(json={"success": True}) if self.posts.pop(node, None) else missing(node)
        lists = {f"{ME}/threads": False, f"{ME}/replies": True}
        if node in lists:
            newest = [] if self.unlisted else self._listed(request, replies=lists[node])
            return turned(request, newest, endless=self.endless)
        return self._node(node, request)

    def _node(self, node: str, request: Request) -> Answer:
        quota = {"quota_usage": self.used, "config": {"quota_total": 250, "quota_duration": 86400}}
        nodes: dict[str, dict[str, Any]] = {
            "me": {"id": self.owner, "username": "clinic"},
            f"{ME}/threads_publishing_limit": {"data": [quota]},
            **self.posts,
            **{name: self._standing(name) for name in self.containers if name == node},
        }
        found = nodes.get(node)
        asked = {*request.query.get("fields", "").split(","), "id", "data"}
        shown = {name: value for name, value in (found or {}).items() if name in asked}
        return Answer(json=shown, headers=self.headers) if found else missing(node)

    def _standing(self, container: str) -> dict[str, Any]:
        status = self.containers[container]["status"]
        if status == "IN_PROGRESS":
            self.slow -= 1
            status = "IN_PROGRESS" if self.slow > 0 else "FINISHED"
            self.containers[container]["status"] = status
        reason = {"error_message": self.fails} if self.fails else {}
        return {"id": container, "status": "ERROR" if self.fails else status, **reason}

    def _post(self, request: Request) -> Answer:
        call = request.path.removeprefix(f"{BASE}/")
        wrong = self._wrong(call, request.json or {})
        if wrong:
            self.faults += wrong
            return refusal(400, 100, wrong[0])
        if call == "threads":
            container = str(17_900_000_000_000_000 + len(self.received))
            self.containers[container] = {**request.json, "status": "IN_PROGRESS" if self.slow else "FINISHED"}
            return Answer(json={"id": container})
        return self._publish(request.json["creation_id"])

    def _publish(self, container: str) -> Answer:
        given = self.containers.get(container, {})
        if given.get("status") != "FINISHED":
            return refusal(400, 24, "The requested resource does not exist", subcode=4279009)
        given["status"] = "PUBLISHED"
        media = str(18_000_000_000_000_000 + len(self.received))
        link = {"link_attachment_url": given["link_attachment"]} if "link_attachment" in given else {}
        reply = {"replied_to": {"id": given["reply_to_id"]}} if "reply_to_id" in given else {}
        place = {} if self.linkless else {"permalink": f"https://www.threads.com/@clinic/post/D{media[-6:]}"}
        self.posts[media] = {
            "id": media,
            "text": given["text"],
            "timestamp": self.now().isoformat(),
            **place,
            **link,
            **reply,
        }
        return Answer(json={"id": media})

    def _wrong(self, call: str, body: dict[str, Any]) -> list[str]:
        if call not in TAKES:
            return [f"there is no {call}"]
        must, may = TAKES[call]
        wrong = [f"{name} is not sent" for name in must - set(body)]
        wrong += [f"{name} is unknown" for name in set(body) - must - may]
        text = body.get("text", "")
        if len(text) > 500 or len({*links_in(text), body.get("link_attachment", "")} - {""}) > 5:
            wrong.append("Param text must be at most 500 characters long, with five links")
        if body.get("media_type", "TEXT") != "TEXT":
            wrong.append("no address of a picture")
        if body.get("reply_to_id", "") not in {"", *self.posts}:
            wrong.append("answers nothing that is there")
        return wrong

    def _listed(self, request: Request, *, replies: bool) -> list[dict[str, Any]]:
        if not 1 <= int(request.query.get("limit", "25")) <= 100:
            self.faults.append("limit is from 1 to 100")
        asked = {*request.query.get("fields", "").split(","), "id"}
        since = datetime.fromtimestamp(float(request.query.get("since", "0")), UTC).isoformat()
        newest = [post for post in reversed(self.posts.values()) if ("replied_to" in post) is replies]
        newest = [post for post in newest if post["timestamp"] >= since]
        return [{name: value for name, value in post.items() if name in asked} for post in newest]
