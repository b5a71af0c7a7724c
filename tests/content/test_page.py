"""The page: what search engines, readers and link cards find in it."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lxml import html

from content.article import Article
from content.context import Context, Reviewed
from content.fitting import Limits
from content.meta import Person
from content.page import MARKER, Page

HEAD = "---\ntitle: {title}\ndate: 2026-11-16\nslug: t\n{more}---\n\n{body}\n"


@pytest.fixture
def page(project: Path):
    """Render an article of a test's own."""

    def render(body: str = "Words.", title: str = "A title", more: str = "") -> html.HtmlElement:
        path = project / "content" / "articles" / "t.md"
        path.write_text(HEAD.format(title=title, body=body, more=more), encoding="utf-8")
        made = Page.of(Article.load(path), Context.open(project), "web", Limits())
        return html.document_fromstring(made.html)

    return render


def test_a_page_says_what_it_is_to_search_engines_and_link_cards(page):
    tree = page(title='A "quoted" <title>', more="description: One & two.\n")
    graph = {tag.get("property"): tag.get("content") for tag in tree.iter("meta") if tag.get("property")}

    assert tree.findtext(".//title") == "A “quoted” <title> – Garden Letters"
    assert graph["og:url"] == tree.find(".//link[@rel='canonical']").get("href") == "https://garden.example.org/t/"
    assert (graph["og:title"], graph["og:description"]) == ("A “quoted” <title>", "One & two.")


@pytest.mark.parametrize(
    ("description", "introduces"),
    [("How to sit.", True), ("Take a chair outside.", False), ("Take a chair outside. The rest…", False)],
)
def test_a_description_that_the_body_begins_with_is_not_said_twice(page, description, introduces):
    tree = page("Take a chair outside. The rest follows.\n\nEnd.", more=f"description: {description}\n")

    assert bool(tree.find_class("standfirst")) == introduces
    assert tree.find(".//meta[@name='description']").get("content") == description


def test_structured_data_is_valid_json_that_cannot_leave_its_script(page):
    data = page(title="</script><script>alert(1)</script>").find(".//script[@type='application/ld+json']").text

    assert json.loads(data)["@graph"][0]["headline"].startswith("</script>")
    assert "</" not in data


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "<svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<iframe src='https://evil.example'></iframe>",
        "<style>body{display:none}</style>",
        "<p style='position:fixed'>x</p>",
        "<form action='https://evil.example'><input name=q></form>",
        "<math><mtext></p><style><img src=x onerror=alert(1)>",
    ],
)
def test_hostile_html_reaches_no_reader(page, hostile):
    body = page(f"Before\n\n{hostile}\n\nAfter").find(".//div[@class='body']")
    made = html.tostring(body, encoding="unicode")

    assert not re.search(r"<(script|iframe|style|form|input|svg|math)|onerror=|javascript:|style=", made)
    assert "Before" in made


def test_the_title_is_the_only_first_heading_and_the_rest_stand_below_it(page):
    tree = page("# One\n\ntext\n\n### Two\n\ntext")

    assert [heading.text for heading in tree.iter("h1")] == ["A title"]
    assert [(heading.tag, heading.text) for heading in tree.find(".//div[@class='body']").iter("h2", "h3")] == [
        ("h2", "One"),
        ("h3", "Two"),
    ]


def test_markdown_extensions_are_there_for_writers(page):
    body = (
        "| a | b |\n| - | -: |\n| 1 | 2 |\n\nNote[^1].\n\n[^1]: There.\n\nWord\n:   Meaning\n\n"
        '```\n<x>\n```\n\nShe said "so".\n\n## H {#here}\n'
    )
    tree = page(body).find(".//div[@class='body']")

    assert tree.find(".//td[@align='right']").text == "2"
    assert tree.find(".//div[@class='footnote']") is not None
    assert (tree.findtext(".//dd").strip(), tree.findtext(".//pre/code")) == ("Meaning", "<x>\n")
    assert "“so”" in tree.text_content()
    assert tree.find(".//h2").get("id") == "here"


def test_pictures_are_found_measured_and_named_by_their_content(shipped):
    article = Article.load(shipped / "content" / "articles" / "how-to-read-a-clinic-bill.md")
    made = Page.of(article, Context.open(shipped), "web", Limits())
    images = {image.get("src"): image for image in html.document_fromstring(made.html).iter("img")}
    named = {asset.path: asset for asset in made.assets}

    sources = [source.get("srcset").split(", ") for source in html.document_fromstring(made.html).iter("source")]
    offered = {file.split()[0] for files in sources for file in files}
    assert set(images) | offered | {asset for asset in named if "-card-" in asset} == set(named)
    assert {path.rpartition(".")[2] for path in offered} == {"avif", "webp"}
    assert all(path.rpartition("-")[2].startswith(asset.digest[:8]) for path, asset in named.items())
    assert all(image.get("alt") and image.get("width") for image in images.values())


@pytest.mark.parametrize("src", ["nowhere.png", "../../../../etc/passwd", "/etc/passwd", "brand.yaml"])
def test_a_picture_that_cannot_be_shown_is_left_out_and_named_with_its_line(project, page, src):
    tree = page(f"Before.\n\n![Something]({src})\n\nAfter.")
    from content.composed import compose  # noqa: PLC0415

    article = Article.load(project / "content" / "articles" / "t.md")
    notes = compose(article, Context.open(project)).notes

    assert list(tree.find(".//div[@class='body']").iter("img")) == []
    assert [(note.rule, note.line) for note in notes] == [("image.missing", 9)]


def test_links_of_the_site_work_from_anywhere(page):
    tree = page("[a](/about/) [b](more) [c](https://other.example/x) [d](#here)").find(".//div[@class='body']")

    assert [link.get("href") for link in tree.iter("a")] == [
        "https://garden.example.org/about/",
        "https://garden.example.org/t/more",
        "https://other.example/x",
        "#here",
    ]


def test_an_article_from_right_to_left_says_so(page):
    tree = page("مرحبا", title="عنوان", more="language: ar\n")

    assert (tree.get("lang"), tree.get("dir")) == ("ar", "rtl")
    assert "2026" in tree.findtext(".//time") or "٢٠٢٦" in tree.findtext(".//time")


def test_equal_bytes_have_equal_digests_and_any_change_another(project):
    path = project / "content" / "articles" / "garden.md"

    def digest() -> str:
        return Page.of(Article.load(path), Context.open(project), "web", Limits()).digest

    first, again = digest(), digest()
    path.write_text(path.read_text().replace("a chair\n", "a chair.\n"))

    assert first == again
    assert digest() != first


def test_a_project_overrides_one_template_and_keeps_the_rest(project, page):
    (project / "templates" / "page").mkdir(parents=True)
    (project / "templates" / "page" / "style.css").write_text("body{color:rebeccapurple}")

    assert "rebeccapurple" in page().findtext(".//style")


def test_a_reviewer_is_never_shown_without_a_record_of_the_review(page):
    tree = page(more="reviewer: {name: Tobias Okafor, credentials: MD}\n")

    assert "Okafor" not in html.tostring(tree, encoding="unicode")


def data_of(tree):
    """The page's JSON-LD, by type."""
    graph = json.loads(tree.find(".//script[@type='application/ld+json']").text)["@graph"]
    return {str(told["@type"]): told for told in graph}


def test_headings_that_ask_are_told_as_questions_with_their_answers(page):
    body = "## Is it safe?\n\nMostly.\n\nAsk first.\n\n## Does it hurt?\n\nNo.\n\n## Summary\n\nAll is well."
    told = data_of(page(body))["FAQPage"]["mainEntity"]

    assert [(q["name"], q["acceptedAnswer"]["text"]) for q in told] == [
        ("Is it safe?", "Mostly. Ask first."),
        ("Does it hurt?", "No."),
    ]
    assert "FAQPage" not in data_of(page("## Is it safe?\n\nMostly."))


def test_a_review_is_told_only_from_an_approval_on_record(project):
    path = project / "content" / "articles" / "t.md"
    path.write_text(HEAD.format(title="T", body="Words.", more="reviewer: Dr. Who\n"), encoding="utf-8")
    brand = project / "content" / "brand.yaml"
    brand.write_text(brand.read_text() + "\nsubject: health\n")
    context, article = Context.open(project), Article.load(path)
    approved = replace(context, reviewed=Reviewed(Person(name="Ada Byron", credentials="MD"), date(2026, 11, 20)))

    claimed, known = (html.document_fromstring(Page.of(article, c, "web", Limits()).html) for c in (context, approved))

    [kind] = [kind for kind in data_of(known) if "MedicalWebPage" in kind]
    assert "reviewedBy" not in data_of(claimed)[kind]
    assert "Dr. Who" not in claimed.text_content()
    assert data_of(known)[kind]["reviewedBy"]["name"] == "Ada Byron"
    assert data_of(known)[kind]["lastReviewed"] == "2026-11-20"


def test_translations_are_named_with_the_page_itself(page):
    tree = page(more="translations: {es: jardin, de: 'https://example.de/garten/'}\n")
    found = {link.get("hreflang"): link.get("href") for link in tree.iter("link") if link.get("hreflang")}

    assert found == {
        "de": "https://example.de/garten/",
        "en": "https://garden.example.org/t/",
        "es": "https://garden.example.org/jardin/",
    }
    assert "español" in tree.text_content()


def test_a_page_is_known_by_its_marker_and_the_marker_changes_with_the_words(project):
    path = project / "content" / "articles" / "t.md"
    made = []
    for body in ("Words.", "Words.", "Other words."):
        path.write_text(HEAD.format(title="T", body=body, more=""), encoding="utf-8")
        made.append(Page.of(Article.load(path), Context.open(project), "web", Limits()))

    assert f'<meta name="{MARKER}" content="{made[0].marker}">' in made[0].html
    assert (made[0].marker == made[1].marker, made[0].marker == made[2].marker) == (True, False)


def test_readers_can_share_without_a_script_of_anybodys(page):
    tree = page(title="Rest & sleep")
    shares = [link.get("href") for link in tree.find_class("share")[0].iter("a")]

    assert any(link.startswith("mailto:?subject=Rest%20%26%20sleep&body=https%3A//garden") for link in shares)
    assert all("garden.example.org" in link for link in shares)
    assert [script.get("type") for script in tree.iter("script")] == ["application/ld+json"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("## A\n\n#### B\n\n##### C\n\n#### D\n\n## E", ["h2", "h3", "h4", "h3", "h2"]),
        ("### A\n\n## B\n\n### C", ["h2", "h2", "h3"]),
        ("## A\n\n### B\n\n#### C\n\n## D", ["h2", "h3", "h4", "h2"]),
    ],
)
def test_headings_leave_out_no_level_on_the_page(page, written, shown):
    body = page(written).find_class("body")[0]

    assert [heading.tag for heading in body.iter("h1", "h2", "h3", "h4", "h5", "h6")] == shown


def test_tables_of_one_page_have_names_of_their_own(page):
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n\nWords.\n\n"
    regions = page(table * 3).find_class("scroll")

    assert [region.get("aria-label") for region in regions] == ["a, b", "a, b (2)", "a, b (3)"]


def test_a_backslash_in_an_address_takes_a_sign_as_it_is(page):
    links = (
        page("[x][1] [y](https://a.example/b\\_c)\n\n[1]: https://a.example/b\\_c?d=e").find_class("body")[0].iter("a")
    )

    assert [link.get("href") for link in links] == ["https://a.example/b_c?d=e", "https://a.example/b_c"]


def test_a_page_brings_its_icon_along_so_that_no_browser_asks_for_one(page):
    icon = page().find(".//link[@rel='icon']").get("href")

    assert icon.startswith("data:image/svg+xml,")
    assert "%3EG%3C/text" in icon
