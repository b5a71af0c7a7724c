"""What lists of articles know of each: enough for indexes, feeds, sitemap and search, without reading it again."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from content.words import long_date, slug

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from content.article import Article
    from content.context import Context


@dataclass(frozen=True, slots=True)
class Listing:
    """A file made of entries. Where `key` is the same, so are its bytes, as long as brand and templates are."""

    path: str
    key: str
    make: Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One published article. Times are ISO 8601; a date without a time of day is midnight UTC."""

    slug: str
    title: str
    description: str
    url: str
    language: str
    published: str
    updated: str
    day: str  # the date as readers see it
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    card: str = ""  # the address of its picture
    formerly: tuple[str, ...] = ()  # slugs that it had before
    mark: str = ""  # of all above: lists that show the same marks are the same

    @classmethod
    def of(cls, article: Article, context: Context, card: str) -> Entry:
        """What is worth knowing of an article."""
        meta = article.meta
        made = cls(
            slug=meta.slug,
            title=meta.title,
            description=article.description,
            url=context.public_url(article),
            language=meta.language,
            published=moment(meta.date).isoformat(),
            updated=moment(meta.updated or meta.date).isoformat(),
            day=long_date(meta.date, meta.language, context.brand.date_format),
            tags=meta.tags,
            authors=tuple(person.name for person in meta.authors),
            card=card,
            formerly=meta.formerly,
        )
        return replace(made, mark=sha256(repr(made).encode()).hexdigest()[:16])

    @classmethod
    def read(cls, told: dict[str, Any]) -> Entry:
        """From `told()`. Raises `TypeError`, `KeyError`."""
        known = {name: told[name] for name in FIELDS}
        return cls(**{**known, **{name: tuple(told[name]) for name in ("tags", "authors", "formerly")}})

    def told(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(field.name for field in fields(Entry))


def moment(given: date | datetime) -> datetime:
    """A point in time; where no offset is given, of UTC."""
    if isinstance(given, datetime):
        return given if given.tzinfo else given.replace(tzinfo=UTC)
    return datetime(given.year, given.month, given.day, tzinfo=UTC)


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """By the time of publication, then by slug."""
    return sorted(entries, key=lambda entry: (-datetime.fromisoformat(entry.published).timestamp(), entry.slug))


def gathered(entries: Iterable[Entry], kind: str) -> dict[str, tuple[str, list[Entry]]]:
    """Entries by topic (`tags`) or `authors`: the address's part, the name as first written, who has it."""
    found: dict[str, tuple[str, list[Entry]]] = {}
    for entry in entries:
        for name in dict.fromkeys(getattr(entry, kind)):
            found.setdefault(slug(name), (name, []))[1].append(entry)
    return found


def key_of(entries: Iterable[Entry], *more: object) -> str:
    """What a listing of these entries, and of these words around them, depends on."""
    told = "\x1f".join((*(entry.mark for entry in entries), repr(more)))
    return sha256(told.encode()).hexdigest()[:24]
