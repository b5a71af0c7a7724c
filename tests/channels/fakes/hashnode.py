"""Hashnode's publications and posts, by the schema and the codes that it publishes (github.com/Hashnode/gql-skill)."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from channels.hashnode import HashnodeSettings
from tests.channels.fakes.server import Answer, Fake, Request

TOKEN = "9f2c1d7e-" * 4 + "pat"
HOME, HOST = "64f0c1a2b3d4e5f601234567", "clinic.hashnode.dev"
INPUT = {
    "title", "subtitle", "contentMarkdown", "coverImage", "slug", "tags", "originalArticleURL", "metaTitle",
    "metaDescription", "ogImage", "disableComments", "isDelisted", "enableToc", "publishAs", "coAuthors", "seriesId",
    "publishedAt",
}  # fmt: skip


class Platform(Fake):
    """One publication with a plan that opens the API; `plan` False: without."""

    name = "hashnode"

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, dict[str, Any]] = {}
        self.plan = True

    def settings(self) -> HashnodeSettings:
        return HashnodeSettings(api=self.url, token=SecretStr(TOKEN), publication=HOST)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (TOKEN,)

    def texts(self) -> list[str]:
        return [post["contentMarkdown"] for post in self.posts.values()]

    def copies(self) -> list[dict[str, Any]]:
        """What readers can see there."""
        return [
            {
                "title": post["title"],
                "original": post["originalArticleURL"],
                "markdown": post["contentMarkdown"],
                "tags": [tag["slug"] for tag in post.get("tags", [])],
            }
            for post in self.posts.values()
        ]

    def plant(self, slug: str, original: str, words: str) -> None:
        """Somebody writes there."""
        self._keep({"title": slug, "slug": slug, "contentMarkdown": words, "originalArticleURL": original}, "")

    def creates(self, request: Request) -> bool:
        return "mutation" in request.json["query"]

    def refusal(self, status: int, headers: dict[str, str], code: str = "INTERNAL_SERVER_ERROR") -> Answer:
        errors = [{"message": f"No: {TOKEN}", "extensions": {"code": code}}]
        return Answer(status=status, json={"errors": errors, "data": None}, headers=headers)

    def handle(self, request: Request) -> Answer:
        if request.method != "POST":
            self.faults.append("GraphQL is asked by POST")
        query, given = request.json["query"], request.json["variables"]
        if query.count("{") != query.count("}"):
            self.faults.append("the query is not well formed")
        if not self.plan:
            return self.refusal(200, {}, "FORBIDDEN")
        known = request.headers.get("authorization") == f"Bearer {TOKEN}"
        if not known and ("mutation" in query or "me {" in query):
            return self.refusal(200, {}, "UNAUTHENTICATED")
        if "publication(" in query:
            here = HOST in given.values() or HOME in given.values()
            found = [post for post in self.posts.values() if post["slug"] == given["slug"]]
            told = {"id": HOME, "post": self._shown(found[0]) if found else None}
            return Answer(json={"data": {"publication": told if here else None}})
        return self._mutate("publishPost" if "publishPost(" in query else "updatePost", given["input"])

    def _mutate(self, name: str, given: dict[str, Any]) -> Answer:
        known = INPUT | ({"publicationId"} if name == "publishPost" else {"id"})
        wrong = [f"{name}: unknown field {field}" for field in set(given) - known]
        wrong += [f"tag without slug: {tag}" for tag in given["tags"] if set(tag) - {"slug", "name"} or not tag["slug"]]
        if name == "publishPost" and given.get("publicationId") != HOME:
            wrong.append("no publication's id")
        self.faults += wrong
        if wrong or len(given["tags"]) > 15:
            return self.refusal(200, {}, "BAD_USER_INPUT")
        if name == "updatePost" and given["id"] not in self.posts:
            return self.refusal(200, {}, "NOT_FOUND")
        return Answer(json={"data": {name: {"post": self._shown(self._keep(given, given.get("id", "")))}}})

    def _keep(self, given: dict[str, Any], number: str) -> dict[str, Any]:
        number = number or f"{len(self.posts) + 1:024x}"
        taken = {post["slug"] for post in self.posts.values() if post["id"] != number}
        slug = f"{given['slug']}-1" if given["slug"] in taken else given["slug"]
        self.posts[number] = {**self.posts.get(number, {}), **given, "id": number, "slug": slug}
        return self.posts[number]

    def _shown(self, post: dict[str, Any]) -> dict[str, Any]:
        told = {name: post[name] for name in ("id", "title", "slug")}
        return {**told, "url": f"https://{HOST}/{post['slug']}", "content": {"markdown": post["contentMarkdown"]}}
