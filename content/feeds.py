"""What programs read of a site: feeds, the sitemap, the search index, and what crawlers may do."""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from content.catalogue import Entry, Listing, key_of, newest_first

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from content.context import Context

NEWEST = 20  # entries of a feed
A_SITEMAP = 49_999  # addresses, and that of the site; sitemaps.org allows 50,000
SITEMAPS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


def feeds(entries: Iterable[Entry], context: Context) -> Iterator[Listing]:
    """Every file. An entry's id is its address: it stays the same over every build."""
    known = newest_first(entries)
    newest, every = known[:NEWEST], key_of(known)
    for path, make in (("atom.xml", _atom), ("rss.xml", _rss), ("feed.json", _json)):
        yield Listing(path, key_of(newest), lambda make=make: make(newest, context).encode())  # type: ignore[misc]
    yield from _sitemaps(known, context, every)
    robots = f"User-agent: *\nAllow: /\nSitemap: {context.site}/sitemap.xml\n"
    yield Listing("robots.txt", robots, robots.encode)
    if key := context.brand.indexnow:  # how engines know that it is the site's own
        yield Listing(f"{key}.txt", key, key.encode)
    yield Listing("search.json", every, lambda: _search(known).encode())


def _changed(entries: list[Entry]) -> str:
    return max((entry.updated for entry in entries), default="1970-01-01T00:00:00+00:00")


def _atom(entries: list[Entry], context: Context) -> str:
    """RFC 4287."""
    brand, site = context.brand, escape(context.site)
    parts = [
        HEAD,
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(brand.language)}>\n',
        f"<title>{escape(brand.name)}</title>\n",
        f"<subtitle>{escape(brand.tagline)}</subtitle>\n" if brand.tagline else "",
        f'<link href="{site}/"/>\n<link rel="self" type="application/atom+xml" href="{site}/atom.xml"/>\n',
        f'<link rel="hub" href={quoteattr(brand.hub)}/>\n' if brand.hub else "",
        f"<id>{site}/</id>\n<updated>{_changed(entries)}</updated>\n",
        f"<author><name>{escape(brand.name)}</name></author>\n",
    ]
    for entry in entries:
        parts += [
            f"<entry xml:lang={quoteattr(entry.language)}>\n<title>{escape(entry.title)}</title>\n",
            f"<link href={quoteattr(entry.url)}/>\n<id>{escape(entry.url)}</id>\n",
            f"<published>{entry.published}</published>\n<updated>{entry.updated}</updated>\n",
            *(f"<author><name>{escape(name)}</name></author>\n" for name in entry.authors),
            *(f"<category term={quoteattr(tag)}/>\n" for tag in entry.tags),
            f"<summary>{escape(entry.description)}</summary>\n</entry>\n",
        ]
    return "".join([*parts, "</feed>\n"])


def _rss(entries: list[Entry], context: Context) -> str:
    """RSS 2.0, with Atom's link to itself and Dublin Core's authors."""
    brand, site = context.brand, escape(context.site)
    spaces = 'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    parts = [
        HEAD,
        f'<rss version="2.0" {spaces}>\n<channel>\n<title>{escape(brand.name)}</title>\n<link>{site}/</link>\n',
        f"<description>{escape(brand.tagline or brand.name)}</description>\n",
        f"<language>{escape(brand.language)}</language>\n",
        f"<lastBuildDate>{_mail_date(_changed(entries))}</lastBuildDate>\n",
        f'<atom:link rel="self" type="application/rss+xml" href="{site}/rss.xml"/>\n',
        f'<atom:link rel="hub" href={quoteattr(brand.hub)}/>\n' if brand.hub else "",
    ]
    for entry in entries:
        parts += [
            f"<item>\n<title>{escape(entry.title)}</title>\n<link>{escape(entry.url)}</link>\n",
            f'<guid isPermaLink="true">{escape(entry.url)}</guid>\n',
            f"<pubDate>{_mail_date(entry.published)}</pubDate>\n",
            *(f"<dc:creator>{escape(name)}</dc:creator>\n" for name in entry.authors),
            *(f"<category>{escape(tag)}</category>\n" for tag in entry.tags),
            f"<description>{escape(entry.description)}</description>\n</item>\n",
        ]
    return "".join([*parts, "</channel>\n</rss>\n"])


def _mail_date(moment: str) -> str:
    return format_datetime(datetime.fromisoformat(moment))


def _json(entries: list[Entry], context: Context) -> str:
    """JSON Feed 1.1."""
    brand = context.brand
    items = [
        {
            "id": entry.url,
            "url": entry.url,
            "title": entry.title,
            "summary": entry.description,
            "content_text": entry.description,
            "date_published": entry.published,
            "date_modified": entry.updated,
            "language": entry.language,
            "tags": list(entry.tags),
            "authors": [{"name": name} for name in entry.authors],
            **({"image": entry.card} if entry.card else {}),
        }
        for entry in entries
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": brand.name,
        "description": brand.tagline,
        "home_page_url": f"{context.site}/",
        "feed_url": f"{context.site}/feed.json",
        "language": brand.language,
        **({"hubs": [{"type": "WebSub", "url": brand.hub}]} if brand.hub else {}),
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1) + "\n"


def _sitemaps(entries: list[Entry], context: Context, key: str) -> Iterator[Listing]:
    """sitemaps.org; an index over several where there are too many addresses for one. Others' addresses stay out."""
    ours = [entry for entry in entries if entry.url.startswith(f"{context.site}/")]
    shares = [ours[at : at + A_SITEMAP] for at in range(0, max(1, len(ours)), A_SITEMAP)]
    if len(shares) == 1:
        yield Listing("sitemap.xml", key, lambda: _sitemap(ours, context, home=True))
        return
    names = [f"sitemap-{number}.xml" for number in range(1, len(shares) + 1)]
    for name, share in zip(names, shares, strict=True):
        yield Listing(name, key_of(share), partial(_sitemap, share, context, home=name == names[0]))
    named = "".join(f"<sitemap><loc>{escape(context.site)}/{name}</loc></sitemap>\n" for name in names)
    index = f"{HEAD}<sitemapindex {SITEMAPS}>\n{named}</sitemapindex>\n"
    yield Listing("sitemap.xml", index, index.encode)


def _sitemap(entries: list[Entry], context: Context, *, home: bool) -> bytes:
    rows = [f"<url><loc>{escape(e.url)}</loc><lastmod>{e.updated}</lastmod></url>\n" for e in entries]
    if home:
        rows.insert(0, f"<url><loc>{escape(context.site)}/</loc><lastmod>{_changed(entries)}</lastmod></url>\n")
    return f"{HEAD}<urlset {SITEMAPS}>\n{''.join(rows)}</urlset>\n".encode()


def _search(entries: list[Entry]) -> str:
    """What a search box of the site's may look through."""
    rows = [{"url": e.url, "title": e.title, "text": e.description, "tags": list(e.tags)} for e in entries]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + "\n"
