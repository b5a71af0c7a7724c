"""What a site holds of ours: known where it stands, so that any machine can add a page and leave the rest alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from content.catalogue import Entry
from content.feeds import feeds
from content.lists import lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from content.context import Context
    from content.page import Page

FILE = "pressroom-site.json"
FORM = 1  # raised where what is kept means something else
TEMPLATES = Path("templates") / "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What brings a site from one manifest to the next: files in the order in which they are written."""

    files: tuple[tuple[str, bytes], ...]  # pictures, then pages, then lists
    gone: tuple[str, ...]
    after: Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The articles that stand on a site, and every file that we put there."""

    entries: Mapping[str, Entry] = field(default_factory=dict)  # by slug
    files: Mapping[str, str] = field(default_factory=dict)  # path: the first 32 hex digits of its SHA-256
    lists: Mapping[str, str] = field(default_factory=dict)  # path: what it depends on
    basis: str = ""  # brand and templates that the lists were made with

    @classmethod
    def read(cls, told: bytes) -> Manifest:
        """From `told()`. Raises `ValueError` for anything else."""
        try:
            kept = json.loads(told)
            if kept["form"] != FORM:
                raise ValueError(f"made by another version of Pressroom (form {kept['form']})")
            entries = {entry["slug"]: Entry.read(entry) for entry in kept["entries"]}
            return cls(entries=entries, files=kept["files"], lists=kept["lists"], basis=kept["basis"])
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"not a manifest ({type(error).__name__})") from None

    def told(self) -> bytes:
        """As it stands beside the pages; it tells nothing that the pages do not."""
        entries = [entry.told() for _, entry in sorted(self.entries.items())]
        files, keys = dict(sorted(self.files.items())), dict(sorted(self.lists.items()))
        told = {"form": FORM, "basis": self.basis, "entries": entries, "lists": keys, "files": files}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def with_page(self, page: Page, context: Context, *, whole: bool = False) -> Change:
        """With a page, and the lists that name it. `whole`: with its files even where they should be there already."""
        home = page.path.rpartition("/")[0]
        files = [*((f"{home}/{asset.path}", asset.data) for asset in page.assets), (page.path, page.html.encode())]
        entries = {slug: entry for slug, entry in self.entries.items() if slug not in page.entry.formerly}
        wanted = files if whole else [(path, data) for path, data in files if self.files.get(path) != mark(data)]
        change = self.listing(entries | {page.entry.slug: page.entry}, context)
        known = {**change.after.files, **{path: mark(data) for path, data in files}}
        gone = tuple(path for path in change.gone if path != page.path)
        return Change(files=(*wanted, *change.files), gone=gone, after=replace(change.after, files=known))

    def without(self, path: str, context: Context) -> Change:
        """Without a page. Its pictures stay, for they may be linked."""
        slug = path.partition("/")[0]
        entries = {known: entry for known, entry in self.entries.items() if known != slug}
        change = self.listing(entries, context)
        files = {name: kept for name, kept in change.after.files.items() if name != path}
        gone = tuple(dict.fromkeys((path, *change.gone)))
        return replace(change, gone=gone, after=replace(change.after, files=files))

    def claiming(self, paths: Iterable[str]) -> Manifest:
        """With these as ours, though they are not there yet: if the writing breaks off, they are not a stranger's."""
        return replace(self, files={**dict.fromkeys(paths, ""), **self.files})

    def leaving(self, paths: Iterable[str]) -> Manifest:
        """Without these, which are a stranger's."""
        theirs = set(paths)
        return replace(
            self,
            files={path: kept for path, kept in self.files.items() if path not in theirs},
            lists={path: key for path, key in self.lists.items() if path not in theirs},
        )

    def listing(self, entries: Mapping[str, Entry], context: Context) -> Change:
        """With these articles in every list, and no others; their pages are somebody else's work."""
        made = [*lists(entries.values(), context), *feeds(entries.values(), context)]
        now = basis(context)
        stale = [one for one in made if self.basis != now or self.lists.get(one.path) != one.key]
        fresh = [(listing.path, listing.make()) for listing in stale]
        fresh = [(path, data) for path, data in fresh if self.files.get(path) != mark(data)]
        keys = {listing.path: listing.key for listing in made}
        gone = tuple(path for path in self.lists if path not in keys)
        known = {path: kept for path, kept in self.files.items() if path not in gone}
        known |= {path: mark(data) for path, data in fresh}
        return Change(
            files=tuple(fresh),
            gone=gone,
            after=Manifest(entries=entries, files=known, lists=keys, basis=now),
        )


def mark(data: bytes) -> str:
    """What is kept of a file's bytes."""
    return sha256(data).hexdigest()[:32]


@lru_cache(maxsize=4)  # by the context's identity
def basis(context: Context) -> str:
    """What every list depends on beside its entries: the brand, the templates, and how we make them."""
    told = sha256(f"{version('pressroom')} {context.brand.model_dump_json()}".encode())
    for folder in (context.root / TEMPLATES, Path(__file__).parent.parent / TEMPLATES):
        for path in sorted(folder.rglob("*.*")) if folder.is_dir() else ():
            told.update(f"\x1f{path.relative_to(folder).as_posix()}\x1f".encode() + path.read_bytes())
    return told.hexdigest()[:32]
