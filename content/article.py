"""The canonical article: one Markdown file with YAML front matter, validated, every fault with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from content import faults, foreign, frontmatter, mediums, merging, shortcodes, source, words
from content.findings import Finding, Refused, blocking
from content.frontmatter import Mapping
from content.markdown import Body, render, until
from content.meta import Meta, Overrides

DATED_NAME = re.compile(r"^(\d{4}-\d{2}-\d{2})-(.+)$")  # Jekyll's file names


@dataclass(frozen=True, kw_only=True, eq=False)
class Article:
    """One article, read and validated. `notes` are findings that did not stop it."""

    path: Path
    name: str  # the path as people should read it in messages
    meta: Meta
    markdown: str
    body_line: int  # the body's first line in the file
    marks: Mapping
    notes: tuple[Finding, ...] = ()

    @classmethod
    def load(cls, path: Path, name: str = "") -> Article:
        """Read a file. Raises `Refused` with every fault of the file, each with line, column and mend."""
        return parse(source.read(path, name), path)

    @cached_property
    def body(self) -> Body:
        """The body as readers of the page see it: safe HTML, in blocks. Made once. Raises `Refused`."""
        return self._rendered(self._for_web)

    @cached_property
    def mail_body(self) -> Body:
        """The body of a mail: with the blocks for mail, and its merge fields as marks. Raises `Refused`."""
        return self.body if self._for_mail == self._for_web else self._rendered(self._for_mail)

    @cached_property
    def mail_opening(self) -> Body | None:
        """What stands above `<!-- more -->` in a mail; None where the article has no such line."""
        marked = mediums.with_cut(self._for_mail)
        return None if marked is None else until(self._rendered(marked), mediums.CUT)

    @property
    def _for_web(self) -> str:
        return merging.plain(mediums.only(self.markdown, "web"))

    @property
    def _for_mail(self) -> str:
        return mediums.only(self.markdown, "mail")

    def _rendered(self, markdown: str) -> Body:
        """Raises `Refused` where it is nested without end."""
        try:
            return render(markdown)
        except RecursionError as error:
            why = "Lists, quotes or tags are nested too deeply to be read."
            finding = Finding(rule="article.depth", severity="block", why=why, file=self.name, line=self.body_line)
            raise Refused([finding]) from error

    @property
    def direction(self) -> str:
        """`rtl` for Arabic, Hebrew and their kin, else `ltr`."""
        return words.direction(self.meta.language)

    @property
    def description(self) -> str:
        """The front matter's description, or the body's first sentences."""
        return self.meta.description or self.body.lead

    @property
    def standfirst(self) -> str:
        """The description, to stand between title and body; nothing where the body begins with the same words."""
        said = self.meta.description
        return "" if self.body.first.startswith(said.rstrip("…")) else said

    def overrides(self, channel: str, kind: str = "") -> Overrides:
        """What the front matter says for a channel: `mastodon:clinic` before `mastodon`, and last its kind."""
        channels = self.meta.channels
        names = (channel, channel.split(":", maxsplit=1)[0], kind)
        return next((channels[name] for name in names if name in channels), Overrides())

    def varied(self, variant: str) -> Article:
        """The article as a campaign's variant has it: other words for the channels that have some under that name."""
        if not variant:
            return self
        channels = {name: overrides.varied(variant) for name, overrides in self.meta.channels.items()}
        return replace(self, meta=self.meta.model_copy(update={"channels": channels}))


def parse(text: source.Source, path: Path) -> Article:
    """Make an article of a source text. Raises `Refused`."""
    head, body, body_line = frontmatter.split(text.text, text.name)
    marks = frontmatter.load(head, text.name, first_line=2)
    translated = foreign.translate(marks)
    values = {**_from_file_name(path), **translated.values}
    faulty = [*translated.faults]
    meta: Meta | None = None
    try:
        meta = Meta.model_validate(values)
    except ValidationError as error:
        faulty += faults.explain(error, marks, Meta, translated.spelled)
    if faulty or meta is None:
        raise Refused(sorted((*text.notes, *faulty), key=lambda finding: (finding.line, finding.column)))
    cleaned = shortcodes.remove(body, text.name, body_line)
    unsound = [*blocking(cleaned.notes), *mediums.faults(cleaned.text, text.name, body_line)]
    if unsound:
        raise Refused(unsound)
    article = Article(
        path=path,
        name=text.name,
        meta=meta,
        markdown=cleaned.text,
        body_line=body_line,
        marks=marks,
        notes=(*text.notes, *translated.notes, *cleaned.notes),
    )
    if not cleaned.text.strip():
        why = "The article has no text below its front matter."
        raise Refused([Finding(rule="article.empty", severity="block", why=why, file=text.name, line=body_line)])
    return article


def _from_file_name(path: Path) -> dict[str, Any]:
    """What the name of a file tells: `2015-11-06-lessons.md` has a date and a slug."""
    dated = DATED_NAME.match(path.stem)
    known = {"date": dated[1], "slug": dated[2]} if dated else {"slug": path.stem}
    return {key: value.lower().replace("_", "-").replace(" ", "-") for key, value in known.items()}


def with_notes(article: Article, *notes: Finding) -> Article:
    """The article with further findings."""
    return replace(article, notes=(*article.notes, *notes))
