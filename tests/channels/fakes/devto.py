"""Forem's articles, as its source handles them (app/controllers/concerns/api/articles_controller.rb)."""

from __future__ import annotations

import re
from typing import Any

from pydantic import SecretStr

from channels.devto import DevToSettings
from tests.channels.fakes.server import Answer, Fake, Request

KEY = "dK3y" * 8
FIELDS = {
    "title", "body_markdown", "published", "series", "main_image", "canonical_url", "description", "tags",
    "published_at", "subforem_id", "language", "organization_id",
}  # fmt: skip
CODE = re.compile(r"(?s)(~{3}|`{3}|`).*?\1")


class Platform(Fake):
    """One author."""

    name = "devto"

    def __init__(self) -> None:
        super().__init__()
        self.articles: list[dict[str, Any]] = []

    def settings(self) -> DevToSettings:
        return DevToSettings(url=self.url, key=SecretStr(KEY))

    @property
    def secrets(self) -> tuple[str, ...]:
        return (KEY,)

    def texts(self) -> list[str]:
        return [article["body_markdown"] for article in self.articles if article["published"]]

    def copies(self) -> list[dict[str, Any]]:
        """What readers can see there."""
        return [
            {
                "title": one["title"],
                "original": one["canonical_url"],
                "markdown": one["body_markdown"],
                "tags": one["tag_list"],
            }
            for one in self.articles
            if one["published"]
        ]

    def plant(self, slug: str, original: str, words: str) -> None:
        """The author writes there."""
        given = {"title": slug, "body_markdown": words, "published": True, "canonical_url": original}
        self.articles.append(self._article(given, {"id": len(self.articles) + 1}))

    def creates(self, request: Request) -> bool:
        return request.method in {"POST", "PUT"}

    def refusal(self, status: int, headers: dict[str, str], why: str = "no") -> Answer:
        return Answer(status=status, json={"error": f"{why} {KEY}", "status": status}, headers=headers)

    def handle(self, request: Request) -> Answer:
        if "forem.api-v1" not in request.headers.get("accept", ""):
            self.faults.append("no version of the API is asked for")
        if request.headers.get("api-key") != KEY:
            return self.refusal(401, {}, "unauthorized")
        match (request.method, request.path.removeprefix("/api/").split("/")):
            case ("GET", ["users", "me"]):
                return Answer(json={"type_of": "user", "id": 1, "username": "ada"})
            case ("GET", ["articles", "me", "all"]):
                size, page = int(request.query["per_page"]), int(request.query["page"])
                return Answer(json=self.articles[::-1][(page - 1) * size : page * size])
            case ("POST", ["articles"]):
                return self._write(request.json["article"], {"id": len(self.articles) + 1})
            case ("PUT", ["articles", number]):
                found = [one for one in self.articles if str(one["id"]) == number]
                return self._write(request.json["article"], found[0]) if found else self.refusal(404, {}, "not found")
        self.faults.append(f"unknown operation: {request.method} {request.path}")
        return self.refusal(404, {}, "not found")

    def _write(self, given: dict[str, Any], before: dict[str, Any]) -> Answer:
        self.faults += [f"unknown field {name}" for name in set(given) - FIELDS]
        made = self._article(given, before)
        if wrong := self._wrong(made):
            return self.refusal(422, {}, wrong)
        self.articles = [one for one in self.articles if one["id"] != made["id"]] + [made]
        told = {name: value for name, value in made.items() if name != "published"}  # it is not told
        return Answer(status=200 if before.get("title") else 201, json=told)

    def _wrong(self, made: dict[str, Any]) -> str:
        others = [one for one in self.articles if one["id"] != made["id"] and one["published"]]
        if made["published"] and made["canonical_url"] in [one["canonical_url"] for one in others]:
            return "Canonical url has already been taken. Email support@dev.to for further details."
        if len(made["title"]) > 128:
            return "Title is too long (maximum is 128 characters)"
        if len(made["tag_list"]) > 4:
            return "Tag list exceed the maximum of 4 tags"
        if any(not tag.isalnum() or len(tag) > 30 for tag in made["tag_list"]):
            return "Tag contains non-alphanumeric characters"
        if re.search(r"\{[{%]", CODE.sub("", made["body_markdown"])):
            return "Liquid syntax error: Unknown tag"
        return "Front matter is not of this article" if made["body_markdown"].startswith("---") else ""

    def _article(self, given: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        made = {**before, **given}
        tags = given.get("tags", before.get("tag_list", []))
        return {**made, "tag_list": tags, "url": f"{self.url}/ada/{made['id']}"}
