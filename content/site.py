"""The whole site in a folder: every article's page, and the lists around them. What has not changed is left alone."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from content.article import Article
from content.catalogue import Entry
from content.context import Context
from content.findings import Finding, Refused
from content.fitting import Limits
from content.manifest import FILE, Manifest, basis, mark
from content.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ARTICLES = Path("content") / "articles"
STATE = Path(".pressroom") / "site.json"
FORM = 2  # raised where what is kept of a build means something else
FEW = 24  # articles that one process renders sooner than two


@dataclass(slots=True)
class Built:
    """What one article has become. `seen` are the times and sizes of the files that it was made of."""

    entry: Entry | None  # None: a draft
    files: dict[str, str]  # path: mark of its bytes
    seen: dict[str, list[int]]


@dataclass(slots=True)
class Report:
    """What a build has done: articles rendered, files written and taken away, what is wrong."""

    articles: int = 0
    rendered: int = 0
    written: int = 0
    removed: int = 0
    findings: list[Finding] = field(default_factory=list)


class Site:
    """A project's site in a folder. Files that it did not write stay as they are."""

    def __init__(self, root: Path, folder: Path, *, jobs: int = 0) -> None:
        self.root = root.resolve()
        self.folder = folder.resolve()
        self.jobs = jobs or os.cpu_count() or 1
        self._built: dict[str, Built] = {}
        self._manifest = Manifest()  # as it stands in the folder
        self._basis = ""
        self._load()

    def build(self, told: Callable[[int, int], None] = lambda _done, _all: None) -> Report:
        """Bring the folder up to date. Raises `Refused` for the brand file, `OSError` where the disk takes nothing."""
        context = Context.open(self.root)
        self._forget_if_all_changed(context)
        sources = {path.name: path for path in sorted((self.root / ARTICLES).glob("*.md"))}
        report = Report()
        gone = [name for name in self._built if name not in sources]
        stale = [name for name in sources if not self._fresh(name)]
        before = {file for built in self._built.values() for file in built.files}
        for name in gone:
            del self._built[name]
        for name, built, findings in self._render([sources[name] for name in stale], context, told):
            report.findings += findings
            if built is None:
                self._built.pop(name, None)
                continue
            self._built[name] = built
            report.rendered += 1
            report.written += len(built.files)
        report.findings += self._twice()
        entries = {built.entry.slug: built.entry for built in self._built.values() if built.entry}
        report.articles = len(entries)
        if stale or gone or entries != self._manifest.entries or basis(context) != self._manifest.basis:
            report.written += self._write_lists(entries, context, before)
            report.removed = self._sweep(before)
            self._save()
        return report

    def _forget_if_all_changed(self, context: Context) -> None:
        """Another brand or other templates make every page anew."""
        now = sha256(context.brand.model_dump_json().encode() + str(self.folder).encode())
        for folder in (self.root / "templates", Path(__file__).parent.parent / "templates", Path(__file__).parent):
            for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
                if path.is_file() and "__pycache__" not in path.parts and "articles" not in path.parts:
                    now.update(f"{path}{path.stat().st_mtime_ns}".encode())
        if now.hexdigest() != self._basis:
            self._built, self._basis = {}, now.hexdigest()

    def _fresh(self, name: str) -> bool:
        built = self._built.get(name)
        return built is not None and all(_seen(self.root / used) == mark for used, mark in built.seen.items())

    def _render(
        self, paths: list[Path], context: Context, told: Callable[[int, int], None]
    ) -> Iterator[tuple[str, Built | None, list[Finding]]]:
        work = [(self.root, self.folder, path) for path in paths]
        if len(paths) < FEW or self.jobs < 2 or "fork" not in get_all_start_methods():
            for done, (_, _, path) in enumerate(work, 1):
                yield _rendered(context, self.folder, path)
                told(done, len(work))
            return
        with get_context("fork").Pool(self.jobs, _begin, (self.root,)) as pool:
            for done, result in enumerate(pool.imap_unordered(_work, work, chunksize=16), 1):
                yield result
                told(done, len(work))

    def _twice(self) -> Iterator[Finding]:
        """Two articles can't stand at one address."""
        first: dict[str, str] = {}
        for name, built in sorted(self._built.items()):
            if built.entry is None:
                continue
            if built.entry.slug in first:
                why = f"{name} and {first[built.entry.slug]} have the same slug, '{built.entry.slug}'."
                mend = "Give one of them another slug."
                yield Finding(rule="site.slug", severity="block", why=why, mend=mend, file=(ARTICLES / name).as_posix())
            first.setdefault(built.entry.slug, name)

    def _write_lists(self, entries: dict[str, Entry], context: Context, before: set[str]) -> int:
        """The lists that have changed, and the manifest, by which other machines know what is here."""
        pages = {path: kept for built in self._built.values() for path, kept in built.files.items()}
        kept = {path: digest for path, digest in self._manifest.files.items() if path not in before}
        change = replace(self._manifest, files={**kept, **pages}).listing(entries, context)
        for path, data in change.files:
            _place(self.folder / path, data)
        for path in change.gone:
            (self.folder / path).unlink(missing_ok=True)
        self._manifest = replace(change.after, files={**change.after.files, **pages})
        _place(self.folder / FILE, self._manifest.told())
        return len(change.files)

    def _sweep(self, before: set[str]) -> int:
        """Take away what earlier builds wrote and nothing needs any more."""
        old = before - {file for built in self._built.values() for file in built.files} - self._manifest.lists.keys()
        for file in old:
            path = self.folder / file
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
        return len(old)

    def _load(self) -> None:
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            kept = json.loads((self.root / STATE).read_bytes())
            if kept["form"] != FORM or not self.folder.is_dir():
                return
            self._manifest = Manifest.read((self.folder / FILE).read_bytes())
            self._basis = kept["basis"]
            self._built = {name: _read(told) for name, told in kept["articles"].items()}

    def _save(self) -> None:
        articles = {
            name: [built.entry.told() if built.entry else None, built.files, built.seen]
            for name, built in self._built.items()
        }
        kept = {"form": FORM, "basis": self._basis, "articles": articles}
        _place(self.root / STATE, json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode())


def _read(told: list[Any]) -> Built:
    entry, files, seen = told
    return Built(entry=Entry.read(entry) if entry else None, files=files, seen=seen)


_context: Context | None = None


def _begin(root: Path) -> None:
    global _context  # noqa: PLW0603 - one for each process: its templates are compiled once
    _context = Context.open(root)


def _work(given: tuple[Path, Path, Path]) -> tuple[str, Built | None, list[Finding]]:
    _, folder, path = given
    assert _context is not None  # noqa: S101 - `_begin` has run
    return _rendered(_context, folder, path)


def _rendered(context: Context, folder: Path, path: Path) -> tuple[str, Built | None, list[Finding]]:
    """Write one article's page. What is wrong with it is told, and stops no other."""
    shown = path.relative_to(context.root).as_posix()
    try:
        seen = {shown: _seen(path)}
        article = Article.load(path, shown)
        if article.meta.draft:
            return path.name, Built(entry=None, files={}, seen=seen), []
        page = Page.of(article, context, "web", Limits())
    except Refused as refused:
        return path.name, None, list(refused.findings)
    except OSError as error:
        why = f"The file can't be read: {error.strerror}."
        return path.name, None, [Finding(rule="article.unreadable", severity="block", why=why, file=shown)]
    home = page.path.rpartition("/")[0]
    files = {f"{home}/{asset.path}": mark(asset.data) for asset in page.assets}
    for asset in page.assets:
        target = folder / home / asset.path
        if not (target.exists() and target.stat().st_size == len(asset.data)):
            _place(target, asset.data)
    _place(folder / page.path, page.html.encode())
    files[page.path] = mark(page.html.encode())
    used = {os.path.relpath(used, context.root): _seen(used) for used in page.sources}
    return path.name, Built(entry=page.entry, files=files, seen=seen | used), []


def _seen(path: Path) -> list[int]:
    """When it was changed, and its size; nothing where there is no such file."""
    try:
        told = path.stat()
    except OSError:
        return []
    return [told.st_mtime_ns, told.st_size]


def _place(path: Path, data: bytes) -> None:
    """Whole or not at all, where readers may have the file already."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except FileExistsError:
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        partial.write_bytes(data)
        partial.replace(path)
