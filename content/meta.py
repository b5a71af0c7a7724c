"""The front matter of an article: what may be said there, and in which form."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from content import merging
from content.styled import styled
from content.typography import educate

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
    """Mark the merge fields of a subject or preheader, one line each, and refuse what looks like one and is none."""
    if not isinstance(value, str):
        return value
    value = " ".join(_without_marks(value).split())
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
Plain = AfterValidator(lambda value: styled(value).text)  # shown where no Markdown is read: it leaves no trace
Prose = Annotated[Text, AfterValidator(educate)]
Merged = Annotated[Said, BeforeValidator(_merged), AfterValidator(educate)]  # may hold merge fields
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=120)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2,3}(?:-[A-Za-z0-9]{2,8})*$")]
Moment = Annotated[date | datetime, BeforeValidator(_moment)]
Address = Annotated[str, AfterValidator(_web_address)]
Focus = Annotated[str, StringConstraints(pattern=r"^\d{1,3}% +\d{1,3}%$")]
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
    focus: Focus = "50% 50%"  # from the left and from the top: what stays in sight where it is cropped

    @property
    def point(self) -> tuple[float, float]:
        """The focus as shares of width and height."""
        across, down = (min(100, int(share)) / 100 for share in re.findall(r"\d+", self.focus))
        return across, down


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
    images: tuple[Picture, ...] = ()  # several, where the network shows them
    hashtags: list[Hashtag] | None = None
    variants: dict[Slug, Overrides] = Field(default_factory=dict)  # other versions, that a campaign asks for by name

    def varied(self, variant: str) -> Overrides:
        """With what a variant says in its place; unchanged where there is no such variant."""
        other = self.variants.get(variant)
        told = {name: getattr(other, name) for name in other.model_fields_set} if other else {}
        return self.model_copy(update=told)

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

    title: Annotated[Text, Plain, AfterValidator(educate)]
    slug: Slug
    date: Moment
    description: Annotated[str, AfterValidator(_unmerged), Plain, AfterValidator(educate)] = ""
    updated: Moment | None = None
    language: Language = "en"
    authors: tuple[Person, ...] = ()
    reviewer: Person | None = None
    tags: tuple[Text, ...] = ()
    formerly: tuple[Slug, ...] = ()  # slugs that it had before, the first one first
    canonical: Address | None = None
    translations: dict[Language, Slug | Address] = Field(default_factory=dict)  # language: slug, or an address
    hero: Picture | None = None
    takeaways: tuple[Annotated[Text, Plain, AfterValidator(educate)], ...] = ()
    call_to_action: CallToAction | None = None
    references: tuple[Reference, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    draft: bool = False
    channels: dict[str, Overrides] = Field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What the article is known by for good: the first slug that it had."""
        return self.formerly[0] if self.formerly else self.slug
