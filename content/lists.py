"""The pages around the articles: the index, topics, authors, and what stands where nothing is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from content.catalogue import Entry, Listing, gathered, key_of, newest_first
from content.page import brand_logo
from content.words import direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from content.context import Context

A_PAGE = 20  # entries


def lists(entries: Iterable[Entry], context: Context) -> Iterator[Listing]:
    """Every page around the articles."""
    known = newest_first(entries)
    logo, labels = brand_logo(context), context.brand.labels
    if logo and logo.asset:
        data = logo.asset.data
        yield Listing(logo.src, logo.asset.digest, lambda: data)
    topics, authors = gathered(known, "tags"), gathered(known, "authors")
    ways = [(labels.all_topics, "topics/")] * bool(topics) + [(labels.all_authors, "authors/")] * bool(authors)
    yield from _paged("", known, context, said=context.brand.tagline, feeds=True, ways=ways)
    yield from _groups("topics", labels.all_topics, labels.articles_on, topics, context)
    yield from _groups("authors", labels.all_authors, labels.articles_by, authors, context)
    said = labels.missing_text
    yield from _moved(known, context)
    yield _listed("404.html", known[:5], context, title=labels.missing_title, said=said, site_root="/", url="")


def _groups(
    folder: str, title: str, phrase: str, groups: dict[str, tuple[str, list[Entry]]], context: Context
) -> Iterator[Listing]:
    """A page for each topic or author, and one that names them all."""
    if not groups:
        return
    for part, (name, entries) in groups.items():
        yield from _paged(f"{folder}/{part}/", entries, context, title=phrase.replace("{}", name))
    named = sorted((name, f"{folder}/{part}/", len(found)) for part, (name, found) in groups.items())
    url = f"{context.site}/{folder}/"
    yield _listed(f"{folder}/index.html", [], context, title=title, names=named, site_root="../", url=url)


def _moved(entries: list[Entry], context: Context) -> Iterator[Listing]:
    """Where articles stood before, a page that leads to where they stand now."""
    taken = {entry.slug for entry in entries}
    for entry in entries:
        for slug in entry.formerly:
            if slug not in taken:
                taken.add(slug)
                yield Listing(f"{slug}/index.html", key_of([entry]), partial(_sign, entry, context))


def _sign(entry: Entry, context: Context) -> bytes:
    made: str = context.templates.get_template("page/moved.html").render(
        brand=context.brand,
        labels=context.brand.labels,
        language=entry.language,
        direction=direction(entry.language),
        title=entry.title,
        url=entry.url,
        address=f"../{entry.slug}/",
    )
    return made.encode()


def _paged(at: str, entries: list[Entry], context: Context, **more: Any) -> Iterator[Listing]:
    """A list in pages of `A_PAGE`: the first at `at`, the others below it at 2/, 3/ …"""
    last = max(1, -(-len(entries) // A_PAGE))
    for number in range(1, last + 1):
        place = at if number == 1 else f"{at}{number}/"
        shown = entries[(number - 1) * A_PAGE : number * A_PAGE]
        turned = {"older": "" if number == last else f"{'./' if number == 1 else '../'}{number + 1}/"}
        if number > 1:
            turned |= {"newer": "../" if number == 2 else f"../{number - 1}/", "number": str(number)}
        around = {"site_root": "../" * place.count("/") or "./", "url": f"{context.site}/{place}"}
        yield _listed(f"{place}index.html", shown, context, **turned, **around, **more)


def _listed(path: str, entries: list[Entry], context: Context, **more: Any) -> Listing:
    return Listing(path, key_of(entries, more), partial(_page, entries, context, **more))


def _page(entries: list[Entry], context: Context, **more: Any) -> bytes:
    brand, logo = context.brand, brand_logo(context)
    told: dict[str, Any] = {"title": "", "said": "", "names": [], "newer": "", "older": "", "number": "", **more}
    made: str = context.templates.get_template("page/list.html").render(
        brand=brand,
        labels=brand.labels,
        colours=brand.colours,
        language=brand.language,
        direction=direction(brand.language),
        style=context.style,
        logo=logo,
        logo_src=f"{told['site_root']}{logo.src}" if logo and logo.asset else logo.src if logo else "",
        description=told["title"] or brand.tagline or brand.name,
        entries=entries,
        **{"feeds": False, "ways": [], **told},
    )
    return made.encode()
