"""The whole site in a folder, and what programs read of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from lxml import etree, html

from content.catalogue import Entry
from content.context import Context
from content.feeds import feeds
from content.lists import lists
from content.site import Site

ARTICLE = "---\ntitle: {title}\ndate: 2026-11-{day:02}\ndescription: About {title} & more.\nauthors: [{author}]\ntags: [{tags}]\n---\n\nWords of {title}.\n"


@pytest.fixture
def write(project):
    """Write an article of a name."""

    def place(name, title="", author="Ada Byron", tags="rest, plain language", day=16):
        text = ARTICLE.format(title=title or name, author=author, tags=tags, day=day)
        (project / "content" / "articles" / f"{name}.md").write_text(text, encoding="utf-8")

    (project / "content" / "articles" / "garden.md").unlink()
    return place


@pytest.fixture
def site(project, write):
    """A site of three articles."""
    for day, name in enumerate(("sleep", "walks", "water"), 1):
        write(name, day=day)
    return Site(project, project / "public")


def files(site):
    return {p.relative_to(site.folder).as_posix(): p.stat().st_mtime_ns for p in site.folder.rglob("*") if p.is_file()}


def test_a_site_has_pages_lists_feeds_and_what_crawlers_ask_for(site):
    report = site.build()

    assert (report.articles, report.rendered, report.findings) == (3, 3, [])
    assert {
        "index.html", "sleep/index.html", "topics/index.html", "topics/plain-language/index.html",
        "authors/ada-byron/index.html", "atom.xml", "rss.xml", "feed.json", "sitemap.xml", "robots.txt", "404.html",
        "search.json",
    } <= set(files(site))  # fmt: skip


def test_the_index_names_the_newest_first_and_every_link_leads_somewhere(site):
    site.build()
    index = html.parse(site.folder / "index.html")

    assert [link.text for link in index.iterfind(".//ol//h2/a")] == ["water", "walks", "sleep"]
    for page in site.folder.rglob("index.html"):
        for link in html.parse(page).getroot().iter("a"):
            href = link.get("href").partition("#")[0]
            if href and "://" not in href and not href.startswith("mailto:"):
                assert (page.parent / href).is_file() or (page.parent / href / "index.html").is_file(), (page, href)


def test_an_unchanged_site_is_left_alone_and_an_edit_writes_only_what_depends_on_it(site, project, write):
    site.build()
    before = files(site)
    assert (Site(project, site.folder).build().rendered, files(site)) == (0, before)

    write("walks", title="Walks by the sea", author="Lin Wu", day=2)
    Site(project, site.folder).build()
    changed = {path for path, time in files(site).items() if before.get(path) != time}
    assert {"walks/index.html", "index.html", "atom.xml", "authors/lin-wu/index.html"} <= changed
    assert not {"sleep/index.html", "water/index.html", "robots.txt"} & changed


def test_what_is_gone_leaves_no_page_and_files_of_others_stay(site, project):
    site.build()
    (site.folder / "google123.html").write_text("theirs")
    (project / "content" / "articles" / "walks.md").unlink()

    report = site.build()

    assert not (site.folder / "walks").exists()
    assert report.removed >= 1
    assert (site.folder / "google123.html").read_text() == "theirs"
    assert "walks" not in (site.folder / "index.html").read_text()


def test_a_faulty_article_and_a_slug_that_stands_twice_are_told_and_stop_no_other(site, project, write):
    (project / "content" / "articles" / "broken.md").write_text("---\ntitle: [\n---\n")
    write("other")
    path = project / "content" / "articles" / "other.md"
    path.write_text(path.read_text().replace("title:", "slug: sleep\ntitle:"))

    report = site.build()

    assert {("site.slug", "block")} <= {(found.rule, found.severity) for found in report.findings}
    assert any(found.file.endswith("broken.md") for found in report.findings)
    assert (site.folder / "water" / "index.html").is_file()


def test_a_picture_that_comes_later_is_seen(site, project, write):
    path = project / "content" / "articles" / "sleep.md"
    path.write_text(path.read_text() + "\n![A bed](bed.svg)\n")
    site.build()
    (project / "content" / "articles" / "bed.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')

    assert site.build().rendered == 1
    assert "<img" in (site.folder / "sleep" / "index.html").read_text().partition('class="body"')[2]


def test_many_articles_are_built_by_several_processes_as_by_one(site, project, write):
    for number in range(40):
        write(f"more-{number}", day=number % 28 + 1)
    Site(project, project / "one", jobs=1).build()
    (project / ".pressroom" / "site.json").unlink()
    Site(project, project / "two", jobs=2).build()

    one, two = (
        {p.relative_to(f): p.read_bytes() for p in f.rglob("*") if p.is_file()}
        for f in (project / "one", project / "two")
    )
    assert one == two
    assert "2/index.html" in {path.as_posix() for path in one}


def test_feeds_keep_their_ids_and_are_well_formed_whatever_words_hold(project):
    context = Context.open(project)
    entry = Entry(
        slug="a", title="<b> & “quotes” ]]>", description="x < y & z", url="https://garden.example.org/a/", language="en",
        published="2026-11-16T00:00:00+00:00", updated="2026-11-17T00:00:00+00:00", day="", tags=('a"b',), authors=("A & B",), mark="1",
    )  # fmt: skip
    made = {listing.path: listing.make() for listing in feeds([entry], context)}

    atom, rss = etree.fromstring(made["atom.xml"]), etree.fromstring(made["rss.xml"])
    assert atom.findtext(".//{*}entry/{*}id") == rss.findtext(".//item/guid") == entry.url
    assert atom.findtext(".//{*}entry/{*}title") == rss.findtext(".//item/title") == entry.title
    assert json.loads(made["feed.json"])["items"][0]["id"] == entry.url
    assert etree.fromstring(made["sitemap.xml"]).findtext(".//{*}url[2]/{*}loc") == entry.url


def test_a_sitemap_beyond_its_limit_becomes_an_index(project):
    context = Context.open(project)
    entry = Entry(
        slug="a", title="A", description="", url=f"{context.site}/a/", language="en", published="2026-11-16T00:00:00+00:00",
        updated="2026-11-16T00:00:00+00:00", day="", tags=(), authors=(), mark="1",
    )  # fmt: skip
    entries = [replace(entry, slug=f"a{n}", url=f"{context.site}/a{n}/") for n in range(60_000)]

    made = {listing.path: listing.make() for listing in feeds(entries, context) if "sitemap" in listing.path}

    counts = {path: data.count(b"<url>") for path, data in made.items()}
    assert counts == {"sitemap-1.xml": 50_000, "sitemap-2.xml": 10_001, "sitemap.xml": 0}
    assert made["sitemap.xml"].count(b"<sitemap>") == 2


def test_lists_of_the_same_entries_have_the_same_keys(project):
    context = Context.open(project)
    entry = Entry(
        slug="a", title="A", description="", url="https://garden.example.org/a/", language="en",
        published="2026-11-16T00:00:00+00:00", updated="2026-11-16T00:00:00+00:00", day="", tags=("t",), authors=(), mark="1",
    )  # fmt: skip
    keys = {listing.path: listing.key for listing in lists([entry], context)}
    again = {listing.path: listing.key for listing in lists([replace(entry, mark="2")], context)}

    assert keys == {listing.path: listing.key for listing in lists([entry], Context.open(project))}
    assert {path for path in keys if keys[path] != again[path]} == {"index.html", "topics/t/index.html", "404.html"}
