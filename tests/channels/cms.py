"""Content management systems, seen from behind as well: fakes, and a real WordPress."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import httpx
from pydantic import SecretStr

from channels.wordpress import WordPressSettings

STATES = {"publish": "published", "future": "scheduled"}
STANDING = "publish,future,draft,pending"


class RealWordPress:
    """One site, emptied. It has a fake platform's view of what stands there."""

    name = "wordpress"
    before: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, told: dict[str, Any]) -> None:
        self.url, self._passwords = told["url"], told
        self.faults: list[str] = []
        self._http = httpx.Client(base_url=f"{self.url}/wp-json/wp/v2/", auth=("admin", told["admin"]), timeout=30)
        for kind, more in {"posts": {"status": f"{STANDING},trash"}, "media": {}, "tags": {}}.items():
            for row in self._list(kind, **more):
                self._http.delete(f"{kind}/{row['id']}", params={"force": "true"}).raise_for_status()

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self._passwords["author"],)

    def settings(self, user: str = "author") -> WordPressSettings:
        return WordPressSettings(url=self.url, user=user, password=SecretStr(self._passwords[user]))

    def entries(self) -> list[dict[str, Any]]:
        names = {tag["id"]: html.unescape(tag["name"]) for tag in self._list("tags")}
        return [
            {
                "id": str(row["id"]),
                "slug": row["slug"],
                "title": html.unescape(row["title"]["raw"]),  # an author may not write markup
                "html": row["content"]["raw"],
                "status": STATES.get(row["status"], row["status"]),
                "tags": [names[tag] for tag in row["tags"]],
                "hero": self._picture(row["featured_media"]) if row["featured_media"] else None,
            }
            for row in self._list("posts", status=STANDING)
        ]

    def plant(self, slug: str, words: str) -> None:
        body = {"slug": slug, "title": slug, "content": words, "status": "publish"}
        self._http.post("posts", json=body).raise_for_status()

    def edit(self, slug: str, more: str) -> None:
        [row] = [row for row in self._list("posts") if row["slug"] == slug]
        body = {"content": row["content"]["raw"] + more}
        self._http.post(f"posts/{row['id']}", json=body).raise_for_status()

    def stored(self) -> list[bytes]:
        return [self._picture(row["id"]) for row in self._list("media")]

    def close(self) -> None:
        self._http.close()

    def _picture(self, number: int) -> bytes:
        return httpx.get(self._http.get(f"media/{number}").json()["source_url"]).content

    def _list(self, kind: str, **more: str) -> list[dict[str, Any]]:
        asked = {"per_page": 100, "context": "edit", **more}
        return self._http.get(kind, params=asked).raise_for_status().json()
