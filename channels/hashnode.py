"""Hashnode: posts by its GraphQL API, which a publication's Pro plan opens. https://apidocs.hashnode.com

Fields, limits and codes as in the references that Hashnode publishes (github.com/Hashnode/gql-skill, July 2026).
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Quota
from channels.copies import Copies, Copy
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.http import clean
from content.fitting import Limits

if TYPE_CHECKING:
    import httpx

    from content.crosspost import CrossPost
    from content.findings import Finding

TAGS, BODY = 15, 100_000  # tags, bytes of a request
OBJECT = re.compile(r"[0-9a-f]{24}")
POST = "{ id url title slug content { markdown } }"
SEEK = f"""query ($id: ObjectId, $host: String, $slug: String!) {{
  me {{ id }} publication(id: $id, host: $host) {{ id post(slug: $slug) {POST} }}
}}"""
PUBLISH = f"mutation ($input: PublishPostInput!) {{ publishPost(input: $input) {{ post {POST} }} }}"
UPDATE = f"mutation ($input: UpdatePostInput!) {{ updatePost(input: $input) {{ post {POST} }} }}"


class HashnodeSettings(BaseModel):
    """A personal access token, and a publication by its host (`blog.clinic.example`) or id."""

    model_config = ConfigDict(frozen=True)

    token: SecretStr = SecretStr("")
    publication: str = ""
    api: str = "https://gql-beta.hashnode.com"


class Hashnode(Copies):
    """One publication. A taken slug would silently become another, so it is looked for first.

    The API deletes no post: what is to go, a person deletes.
    """

    name = "hashnode"
    title = "Hashnode"
    settings_model = HashnodeSettings
    guide = """In Hashnode's account settings, under Developer, make a personal access token. The publication needs
the Pro plan; its host is what stands in its address, such as clinic.hashnode.dev."""
    asks = ("token", "publication")
    can = Capabilities(
        limits=Limits(),
        repeat_safe=True,
        finds=True,
        updates=True,
        fetches_card=True,
        quota=Quota(count=500, hours=1 / 60),  # mutations, as the source has it
        source="https://apidocs.hashnode.com",
    )

    def __init__(
        self, account: str = "", settings: HashnodeSettings | None = None, http: httpx.Client | None = None
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or HashnodeSettings()

    @property
    def configured(self) -> bool:
        """Whether there is a token and a publication."""
        return bool(self._settings.token.get_secret_value() and self._settings.publication)

    def credentials(self) -> dict[str, str]:
        """The token."""
        return {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}

    def words(self, rendition: CrossPost) -> str:
        """Markdown as it is."""
        return rendition.markdown

    def fields(self, rendition: CrossPost) -> dict[str, Any]:
        """What `PublishPostInput` and `UpdatePostInput` have in common."""
        told = {
            "title": rendition.title,
            "slug": rendition.slug,
            "contentMarkdown": self.words(rendition),
            "originalArticleURL": rendition.original,
            "metaDescription": rendition.description,
            "tags": _tags(rendition)[:TAGS],
        }
        return told | ({"coverImage": rendition.cover} if rendition.cover else {})

    def check(self, rendition: CrossPost) -> list[Finding]:
        """A text that is too long, tags that are too many."""
        size = len(
            json.dumps({"query": UPDATE, "variables": {"input": self.fields(rendition)}}, ensure_ascii=False).encode()
        )
        names = [tag["name"] for tag in _tags(rendition)]
        return self.too_long("text, in bytes,", size, BODY) + self.left_out(names, TAGS)

    def seek(self, rendition: CrossPost) -> Copy | None:
        """By slug. Hashnode may answer with what was true 25 seconds ago."""
        told = self._publication(rendition.slug)["post"]
        return self._copy(told) if told else None

    def store(self, rendition: CrossPost, remote_id: str = "") -> Copy:
        """Make the post, or change it."""
        if remote_id:
            return self._copy(self._done(UPDATE, {**self.fields(rendition), "id": remote_id}, "updatePost"))
        home = self._publication(rendition.slug)["id"]
        return self._copy(self._done(PUBLISH, {**self.fields(rendition), "publicationId": home}, "publishPost"))

    def doctor(self) -> list[Finding]:
        """Does the token open the publication, and has it the plan?"""
        if not self.configured:
            return self.missing("token", "publication")
        return self.examined(partial(self._publication, "pressroom-looks-whether-it-may"))

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """GraphQL's errors come with any status."""
        return self._error(self.said(response), detail)

    def _publication(self, slug: str) -> dict[str, Any]:
        named = self._settings.publication
        which = {"id": named} if OBJECT.fullmatch(named) else {"host": named}
        try:
            told = self._ask(SEEK, {**which, "slug": slug})
        except Uncertain as error:
            raise Unavailable(self.account, f"nothing was sent: {error.detail}") from None
        with self.understood("publication"):
            found: dict[str, Any] | None = told["publication"]
        if found is None:
            raise Misconfigured(self.account, f"there is no publication {named}")
        return found

    def _done(self, mutation: str, given: dict[str, Any], name: str) -> dict[str, Any]:
        told = self._ask(mutation, {"input": given})
        with self.understood("post"):
            post: dict[str, Any] = told[name]["post"]
            return post

    def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        response = self.call("POST", self._settings.api, json={"query": query, "variables": variables})
        told = self.read(response)
        with self.understood("data"):
            if told.get("errors"):
                detail = clean(_messages(told), self.secrets())
                raise self._error(told, detail) or Uncertain(self.account, detail)
            data: dict[str, Any] = told["data"]
            return data

    def _error(self, told: dict[str, Any], detail: str) -> ChannelError | None:
        match _code(told):
            case "UNAUTHENTICATED" | "FORBIDDEN":
                return Misconfigured(self.account, detail)
            case "BAD_USER_INPUT" | "NOT_FOUND" | "GRAPHQL_VALIDATION_FAILED":
                return Rejected(self.account, detail)
        return None

    def _copy(self, told: dict[str, Any]) -> Copy:
        with self.understood("post"):
            return Copy(id=told["id"], url=told["url"], title=told["title"], markdown=told["content"]["markdown"])


def _tags(rendition: CrossPost) -> list[dict[str, str]]:
    """Slugs and names: “Mental Health” is `mental-health`."""
    made = {re.sub(r"[^a-z0-9]+", "-", tag.lower()).strip("-"): tag for tag in rendition.tags}
    return [{"slug": slug, "name": name} for slug, name in made.items() if slug]


def _code(told: dict[str, Any]) -> str:
    try:
        return str(told["errors"][0]["extensions"]["code"])
    except (LookupError, TypeError):
        return ""


def _messages(told: dict[str, Any]) -> str:
    return "; ".join(str(error["message"]) for error in told["errors"])[:300]
