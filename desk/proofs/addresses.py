"""Where each view, proof and file is found: on the running desk, or in a copy that opens from disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from desk.proofs import frames

if TYPE_CHECKING:
    from content.rendition import Asset


@dataclass(frozen=True, slots=True)
class Desktop:
    """Addresses on the running desk."""

    live = True

    def view(self, name: str, view: str) -> str:
        """A view of an article."""
        return f"/articles/{quote(name)}" + (f"/{quote(view)}" if view != "all" else "")

    def frame(self, name: str, account: str, look: str) -> str:
        """A page or mail as one reader sees it."""
        return f"/frames/{quote(name)}/{quote(account)}/{look}.html"

    def file(self, name: str, account: str, path: str) -> str:
        """A file as it goes out."""
        return f"/files/{quote(name)}/{quote(account)}/{quote(path)}"

    def picture(self, name: str, asset: Asset) -> str:
        """A picture of the article."""
        return f"/pictures/{quote(name)}/{quote(asset.path)}"

    def static(self, path: str) -> str:
        """The desk's own style and script."""
        return f"/static/{path}"


@dataclass(frozen=True, slots=True)
class Folder:
    """Addresses in a copy that opens from disk."""

    live = False

    def view(self, _name: str, view: str) -> str:
        """A view of the article."""
        return "index.html" if view == "all" else f"{plain(view)}.html"

    def frame(self, _name: str, account: str, look: str) -> str:
        """A page or mail as one reader sees it."""
        return f"frames/{plain(account)}-{look}.html"

    def file(self, _name: str, account: str, path: str) -> str:
        """A file as it goes out."""
        return f"files/{quote(plain(account))}/{quote(path)}"

    def picture(self, _name: str, asset: Asset) -> str:
        """A picture of the article, inside the page."""
        return frames.data_address(asset)

    def static(self, path: str) -> str:
        """The desk's own style and script."""
        return f"static/{path}"


def plain(account: str) -> str:
    """`mastodon:clinic-2` as a file's name."""
    return account.replace(":", "-")
