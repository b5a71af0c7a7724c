"""DEV and other communities on Forem: articles by its API, version 1. https://developers.forem.com/api/v1

Limits as in Forem's source (app/models/article.rb, tag.rb, concerns/api/articles_controller.rb).
"""

from __future__ import annotations

import re
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.base import Capabilities, Receipt
from channels.copies import Copies, Copy
from channels.errors import ChannelError, Duplicate, Unsupported
from content.fitting import Limits

if TYPE_CHECKING:
    import httpx

    from content.crosspost import CrossPost
    from content.findings import Finding

TITLE, TAGS, TAG = 128, 4, 30  # characters, tags, characters of a tag
PAGE, PAGES = 100, 20  # articles of the account that are looked through
CODE = re.compile(r"(?ms)^(`{3,}|~{3,}).*?^\1|(`+)(?!`).*?(?<!`)\2(?!`)")  # where Forem reads no Liquid
LIQUID = re.compile(r"\{(?=[{%])")


class DevToSettings(BaseModel):
    """An API key, from the settings' page “Extensions”."""

    model_config = ConfigDict(frozen=True)

    key: SecretStr = SecretStr("")
    url: str = "https://dev.to"  # of another community on Forem: its own address


class DevTo(Copies):
    """One author. An article has one canonical address, and no other of the community may have the same."""

    name = "devto"
    title = "DEV"
    settings_model = DevToSettings
    guide = """On dev.to, under Settings › Extensions › DEV Community API Keys, make a key named Pressroom.
It costs nothing."""
    can = Capabilities(
        limits=Limits(),
        repeat_safe=True,
        finds=True,
        updates=True,
        retracts=True,
        fetches_card=True,
        source="https://developers.forem.com/api/v1",
    )

    def __init__(
        self, account: str = "", settings: DevToSettings | None = None, http: httpx.Client | None = None
    ) -> None:
        super().__init__(account, http)
        self._settings = settings or DevToSettings()

    @property
    def configured(self) -> bool:
        """Whether there is a key."""
        return bool(self._settings.key.get_secret_value())

    def credentials(self) -> dict[str, str]:
        """The key, and the version of the API."""
        return {"api-key": self._settings.key.get_secret_value(), "Accept": "application/vnd.forem.api-v1+json"}

    def secrets(self) -> tuple[str, ...]:
        """The key."""
        return (self._settings.key.get_secret_value(),)

    def words(self, rendition: CrossPost) -> str:
        """Markdown that holds no Liquid, and does not begin like front matter."""
        text, at = "", 0
        for code in CODE.finditer(rendition.markdown):
            text += LIQUID.sub("&#123;", rendition.markdown[at : code.start()]) + code[0]
            at = code.end()
        text += LIQUID.sub("&#123;", rendition.markdown[at:])
        return re.sub(r"\A-{3,}", "***", text)

    def fields(self, rendition: CrossPost) -> dict[str, Any]:
        """As `POST /api/articles` takes them."""
        article = {
            "title": rendition.title,
            "body_markdown": self.words(rendition),
            "published": True,
            "canonical_url": rendition.original,
            "description": rendition.description,
            "tags": _tags(rendition)[:TAGS],
        }
        return {"article": article | ({"main_image": rendition.cover} if rendition.cover else {})}

    def check(self, rendition: CrossPost) -> list[Finding]:
        """A title that is too long, tags that are too many."""
        return self.too_long("title", len(rendition.title), TITLE) + self.left_out(_tags(rendition), TAGS)

    def seek(self, rendition: CrossPost) -> Copy | None:
        """Among all of the account's articles, drafts too: there is no other way to ask."""
        for page in count(1):
            if page > PAGES:
                raise Unsupported(self.account, f"can't look through more than {PAGE * PAGES} articles")
            told = self.read(self.call("GET", self._at("articles/me/all"), params={"per_page": PAGE, "page": page}))
            with self.understood("list of articles"):
                for one in told:
                    if one["canonical_url"] == rendition.original:
                        return _copy(one)
                if len(told) < PAGE:
                    break
        return None

    def store(self, rendition: CrossPost, remote_id: str = "") -> Copy:
        """Make the article, or change it."""
        method, where = ("PUT", f"articles/{remote_id}") if remote_id else ("POST", "articles")
        told = self.read(self.call(method, self._at(where), json=self.fields(rendition)))
        with self.understood("article"):
            return _copy({"published": True, **told})

    def retract(self, receipt: Receipt) -> None:
        """Make it a draft again: the API deletes nothing."""
        body = {"article": {"published": False}}
        self.gone_is_fine(partial(self.call, "PUT", self._at(f"articles/{receipt.remote_ids[0]}"), json=body))

    def failure(self, response: httpx.Response, detail: str) -> ChannelError | None:
        """An article of that canonical address is there already."""
        if response.status_code == 422 and "already been taken" in detail:
            return Duplicate(self.account, detail)
        return None

    def doctor(self) -> list[Finding]:
        """Does the key open an account?"""
        if not self.configured:
            return self.missing("key")
        return self.examined(partial(self.call, "GET", self._at("users/me")))

    def _at(self, path: str) -> str:
        return f"{self._settings.url.rstrip('/')}/api/{path}"


def _tags(rendition: CrossPost) -> list[str]:
    """Letters and figures alone: “Mental Health” is `mentalhealth`."""
    made = ("".join(filter(str.isalnum, tag.lower()))[:TAG] for tag in rendition.tags)
    return list(dict.fromkeys(filter(None, made)))


def _copy(told: dict[str, Any]) -> Copy:
    return Copy(
        id=str(told["id"]),
        url=told["url"],
        title=told["title"],
        markdown=told["body_markdown"],
        public=told["published"],
    )
