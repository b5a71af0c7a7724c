"""The canonical article: one Markdown file with YAML front matter, validated, every fault with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from content import faults, foreign, frontmatter, mediums, merging, shortcodes, source
from content.findings import Finding, Refused, blocking
from content.frontmatter import Mapping
from content.markdown import Body, render, until
from content.typography import educate

RIGHT_TO_LEFT = {"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}
DATED_NAME = re.compile(r"^(\d{4}-\d{2}-\d{2})-(.+)$")  # Jekyll's file names


DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[Tt ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(?:(Z)|([+-])(\d{1,2}):?(\d{2})?)?)?"
)


def _moment(value: Any) -> Any:
    """Read `2026-11-23`, `2026-11-23 9:01:13 -0400` and their kin; the time of day stays where it is given."""
    match = DATE.fullmatch(str(value).strip())
    if not match:
        raise ValueError("expected a date such as 2026-11-23, or 2026-11-23 09:00 +0100")
    year, month, day, hour, minute, second, utc, sign, hours, minutes = match.groups()
    if hour is None:
        return date(int(year), int(month), int(day))
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    if abs(offset) >= timedelta(days=1):
        raise ValueError("expected an offset from UTC of less than a day")
    zone = timezone(offset) if utc or sign else None
    return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=zone)


def _web_address(value: str) -> str:
    if not re.match(r"^https?://[^\s/]+\.?[^\s]*$", value):
        raise ValueError("expected a web address that begins with https://")
    return value


def _without_marks(value: str) -> str:
    # YAML's "\\uFDD3" could write one
    if merging.OPEN in value:
        raise ValueError("expected no character that Unicode keeps for programs")
    return value


def _merged(value: Any) -> Any:
    """Mark the merge fields of a subject or preheader, and refuse what looks like one and is none."""
    if not isinstance(value, str):
        return value
    _without_marks(value)
    for match in merging.SPELLED.finditer(value):
        if wrong := merging.trouble(match["name"], match["otherwise"]):
            raise ValueError(f"expected a merge field that can be filled in; {wrong}")
    marked = merging.mark(value)
    if "{{" in marked:
        raise ValueError('expected merge fields such as {{ subscriber.first_name | default("there") }}')
    return marked


def _unmerged(value: str) -> str:
    if merging.MISSPELT.search(value):
        raise ValueError("expected plain words: merge fields belong into the text, or a mail's subject and preheader")
    return _without_marks(value)


SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False, "skip": False}

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Text = Annotated[Said, AfterValidator(_unmerged)]
Prose = Annotated[Text, AfterValidator(educate)]
Merged = Annotated[Said, BeforeValidator(_merged), AfterValidator(educate)]  # may hold merge fields
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=120)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2,3}(?:-[A-Za-z0-9]{2,8})*$")]
Moment = Annotated[date | datetime, BeforeValidator(_moment)]
Address = Annotated[str, AfterValidator(_web_address)]
Hashtag = Annotated[str, StringConstraints(pattern=r"^#?\w*[^\W\d]\w*$")]


class Part(BaseModel):
    """One mapping of the front matter. Frozen; unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(Part):
    """Somebody who answers for the text. A bare name will do."""

    name: Text
    credentials: str = ""  # "MD, FASA"
    role: str = ""
    url: Address | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @property
    def signature(self) -> str:
        """`Ada Byron, MD`."""
        return ", ".join(filter(None, (self.name, self.credentials)))


class Picture(Part):
    """An image: a path beside the article (or from the project's root), or a web address."""

    src: Text
    alt: str = ""
    caption: str = ""
    credit: str = ""


class Reference(Part):
    """A source that readers can look up. A bare string is its title."""

    title: Text
    authors: str = ""
    publisher: str = ""
    year: int | None = None
    url: Address | None = None
    doi: str = ""
    accessed: Moment | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_title(cls, value: Any) -> Any:
        return {"title": value} if isinstance(value, str) else value

    @property
    def link(self) -> str:
        """The address to follow: the DOI's where there is one."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url or ""


class CallToAction(Part):
    """What a reader can do next."""

    text: Prose
    url: Address
    lead: str = ""  # a sentence above the button


class Disclosure(Part):
    """What a reader must be told. `short` is its form for posts."""

    text: Prose
    short: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value


class SubjectTest(Part):
    """Other subject lines beside the first one, each tried on its part of a share of the list."""

    subjects: Annotated[tuple[Merged, ...], Field(min_length=1, max_length=4)]
    share: Annotated[int, Field(ge=2, le=100)] = 20  # per cent of the list, all subjects together
    winner: Literal["hand", "clicks"] = "hand"  # clicks: only where a service counts them


class Overrides(Part):
    """What one channel does differently. Each key is optional."""

    skip: bool = False
    text: Text | None = None
    thread: bool | list[Text] = False  # true: made from the key takeaways
    subject: Merged | None = None
    preheader: Merged | None = None
    excerpt: bool | None = None  # mail: the opening and a button, or all of it
    test: SubjectTest | None = None  # mail: other subjects, tried on a share of the list
    image: Picture | None = None
    hashtags: list[Hashtag] | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_switch(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value or {}
        if value.lower() not in SWITCH:
            raise ValueError("expected what it does differently as key: value lines, or false to skip it")
        return {"skip": not SWITCH[value.lower()]}


class Meta(Part):
    """The front matter of an article."""

    title: Prose
    slug: Slug
    date: Moment
    description: Annotated[str, AfterValidator(_unmerged), AfterValidator(educate)] = ""
    updated: Moment | None = None
    language: Language = "en"
    authors: tuple[Person, ...] = ()
    reviewer: Person | None = None
    tags: tuple[Text, ...] = ()
    canonical: Address | None = None
    hero: Picture | None = None
    takeaways: tuple[Prose, ...] = ()
    call_to_action: CallToAction | None = None
    references: tuple[Reference, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    draft: bool = False
    channels: dict[str, Overrides] = Field(default_factory=dict)


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
        return "rtl" if self.meta.language.split("-")[0].lower() in RIGHT_TO_LEFT else "ltr"

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
