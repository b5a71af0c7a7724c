"""How the articles of a project hang together: their addresses, the links between them and to elsewhere."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag

from content.composed import compose
from content.findings import Finding

if TYPE_CHECKING:
    from content.article import Article
    from content.context import Context

SHOWN = 10  # articles that one finding names
# what stands around the articles
LISTS = {"topics", "authors", "atom.xml", "rss.xml", "feed.json", "sitemap.xml", "search.json", "robots.txt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of an article's text, as the page has it."""

    address: str  # whole, but for one within the page: "#…"
    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the others need to know of an article."""

    file: str
    slug: str
    formerly: tuple[str, ...]
    address: str  # to share
    own: str  # of its own page
    draft: bool
    links: tuple[Link, ...]
    anchors: frozenset[str]


def card(article: Article, context: Context) -> Card:
    """Read an article once; all else here looks at its card."""
    root = compose(article, context).root
    return Card(
        file=article.name,
        slug=article.meta.slug,
        formerly=article.meta.formerly,
        address=context.public_url(article),
        own=context.page_url(article),
        draft=article.meta.draft,
        links=tuple(_links(article, [a.get("href", "") for a in root.iter("a")])),
        anchors=frozenset(element.get("id", "") for element in root.iter() if isinstance(element.tag, str)),
    )


def check_together(cards: Iterable[Card], context: Context, *, whole: bool) -> Iterator[Finding]:
    """What is wrong between articles. `whole`: these are all of the project: what nobody links to can be told."""
    known = list(cards)
    yield from _twice(known)
    slugs = {slug: one for one in known for slug in (*one.formerly, one.slug)}
    reached: set[str] = set()
    for one in known:
        for link in one.links:
            slug = slug_of(link.address, context)
            if slug in slugs and slug != one.slug:
                reached.add(slugs[slug].slug)
            yield from _astray(link, _path(link.address, context), one, slugs)
    alone = [one.slug for one in known if one.slug not in reached and not one.draft]
    if whole and len(known) > 1 and alone:
        named = ", ".join(alone[:SHOWN]) + (f" and {len(alone) - SHOWN} more" if len(alone) > SHOWN else "")
        why, mend = f"No other article links to {named}.", "Link to each where readers would want it."
        yield Finding(rule="link.orphan", severity="info", why=why, mend=mend)


def linking(cards: Iterable[Card], slug: str, context: Context) -> list[Link]:
    """The links of other articles that lead to one."""
    return [link for one in cards for link in one.links if slug_of(link.address, context) == slug and one.slug != slug]


def slug_of(address: str, context: Context) -> str:
    """The slug of the article that an address of our own site means; "" for any other."""
    path = _path(address, context)
    return path if "/" not in path and "." not in path else ""


def _path(address: str, context: Context) -> str:
    """What an address of our own site names, beside the lists around the articles; "" for any other."""
    plain = urldefrag(address).url.partition("?")[0]
    if not plain.startswith(f"{context.site}/"):
        return ""
    path = unquote(plain.removeprefix(f"{context.site}/")).removesuffix("index.html").strip("/")
    return "" if path.partition("/")[0] in LISTS else path


def _links(article: Article, addresses: list[str]) -> Iterator[Link]:
    for address in addresses:
        if address.startswith(("http://", "https://", "#")):
            yield Link(address=address, file=article.name, line=_line(article, address))


def _line(article: Article, address: str) -> int:
    """Where it is written; relative ones by their last part."""
    text = article.markdown
    for spelled in (address, address.rstrip("/").rpartition("/")[2]):
        if spelled and (at := text.find(spelled)) >= 0:
            return article.body_line + text.count("\n", 0, at)
    return article.body_line


def _twice(cards: list[Card]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Card] = {}
    for one in cards:
        if one.slug in LISTS or one.slug.isdigit():
            why, mend = f"The slug '{one.slug}' is the name of one of the site's own lists.", "Give it another slug:."
            yield Finding(rule="site.slug", severity="block", why=why, mend=mend, file=one.file)
        for kind, said in (("slug", one.slug), ("canonical", one.address), *(("slug", old) for old in one.formerly)):
            other = first.setdefault((kind, said), one)
            if other.file != one.file and (kind == "slug" or other.slug != one.slug):
                why = f"{other.file} has the same {kind}, '{said}'."
                mend = f"Give one of them another {kind}."
                yield Finding(rule=f"site.{kind}", severity="block", why=why, mend=mend, file=one.file)


def _astray(link: Link, path: str, one: Card, slugs: dict[str, Card]) -> Iterator[Finding]:
    found = partial(Finding, file=link.file, line=link.line)
    if link.address.startswith("#"):
        if unquote(link.address[1:]) not in one.anchors | {""}:
            why = f"The link '{link.address}' leads to nothing in this article."
            yield found(rule="link.anchor", severity="warn", why=why, mend=_near(link.address, one.anchors, "#"))
        return
    if path and path not in slugs:
        why = f"The link to /{path} leads to no article of this project."
        mend = (
            _near(path.rpartition("/")[2], slugs, "/")
            or "Look whether the site has such a page: pressroom check --online."
        )
        yield found(rule="link.unknown", severity="info", why=why, mend=mend)
    elif path and slugs[path].draft and not one.draft:
        why = f"The link leads to {slugs[path].file}, which is a draft."
        yield found(rule="link.draft", severity="warn", why=why, mend="Publish that one first.")


def _near(said: str, known: Iterable[str], sign: str) -> str:
    near = difflib.get_close_matches(said.strip("#/"), [name for name in known if name], n=1)
    return f"Did you mean '{sign}{near[0]}'?" if near else ""
