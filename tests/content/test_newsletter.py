"""The newsletter: one mail that holds in every program, and a text that a person would type."""

import re
from pathlib import Path

import pytest
from lxml import html

from content.article import Article
from content.context import Context
from content.fitting import Limits
from content.newsletter import Newsletter
from content.plaintext import WIDTH, of, wrap


@pytest.fixture
def sample(shipped: Path) -> Newsletter:
    article = Article.load(shipped / "content" / "articles" / "is-ketamine-an-opioid.md")
    return Newsletter.of(article, Context.open(shipped), "newsletter", Limits())


def test_subject_and_preheader_are_the_channels_own(sample):
    assert sample.subject == "Is ketamine an opioid? The short and the long answer"
    assert sample.preheader in sample.html
    assert sample.check("newsletter", Limits()) == []


def test_nothing_is_loaded_but_pictures_of_the_own_site(sample):
    loaded = re.findall(r"""(?:src|background)=["']([^"']+)|url\(([^)]+)\)|@import[^;]+""", sample.html)

    assert loaded
    assert all(source.startswith("https://harbourlane.example.org/") for source, _ in loaded)


def test_a_language_from_right_to_left_runs_so_in_every_part_of_the_mail(project):
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text().replace("date:", "language: ar\ndate:", 1), encoding="utf-8")
    mail = Newsletter.of(Article.load(path), Context.open(project), "newsletter", Limits())

    assert '<html lang="ar" dir="rtl"' in mail.html
    assert not re.search(r"direction:\s*ltr|border-left", mail.html)


def test_every_picture_has_words_and_a_width_for_outlook(sample):
    images = list(html.document_fromstring(sample.html).iter("img"))

    assert len(images) == 2
    assert all(image.get("alt") and image.get("width") for image in images)


def test_disclosures_come_before_the_call_to_action_and_the_address_after_it(sample):
    order = [
        sample.html.index(words) for words in ("this use is off-label", "See questions for your visit", "12 Harbour")
    ]

    assert order == sorted(order)


def test_a_jump_within_the_text_leads_to_the_page(sample):
    links = [link.get("href") for link in html.document_fromstring(sample.html).iter("a")]

    assert not [link for link in links if link.startswith("#")]
    assert any(link.startswith("https://harbourlane.example.org/is-ketamine-an-opioid/#fn") for link in links)


def test_the_plain_text_has_every_word_of_the_body(sample, shipped):
    article = Article.load(shipped / "content" / "articles" / "is-ketamine-an-opioid.md")
    words = set(re.findall(r"[^\W\d_]{3,}", article.body.root.text_content()))

    assert words <= set(re.findall(r"[^\W\d_]{3,}", sample.text))
    assert not re.search(r"[<>]|&\w+;|\*\*|\]\(", sample.text)


def test_no_line_of_the_plain_text_is_wide_but_for_an_address(sample):
    wide = [line for line in sample.text.splitlines() if len(line) > WIDTH + 4 and "http" not in line]

    assert wide == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>See <a href='https://a.example/'>this</a>.</p>", "See this [1].\n\n[1] https://a.example/"),
        ("<ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul>", "- one\n- two\n  - deep"),
        ("<ol start='3'><li>c</li><li>d</li></ol>", "3. c\n4. d"),
        ("<blockquote><p>Said.</p></blockquote>", "> Said."),
        ("<h2>Head</h2><p>Text</p>", "Head\n----\n\nText"),
        ("<table><tr><th></th><th>A</th></tr><tr><th>x</th><td>1</td></tr></table>", "x\nA: 1"),
        ("<p>one<br>two</p>", "one\ntwo"),
        ("<pre><code>a\n  b\n</code></pre>", "    a\n      b"),
        ("<p><img src='x.png' alt='A cat'></p>", "[A cat]"),
        ("<dl><dt>Word</dt><dd>Meaning</dd></dl>", "Word\n    Meaning"),
        ("<p>Loose <em>words</em></p>tail", "Loose words\n\ntail"),
    ],
)
def test_each_block_becomes_text_that_a_person_would_type(source, expected):
    assert of(html.fragment_fromstring(source, create_parent="div"), "https://base.example/") == expected


def test_an_address_is_never_broken_by_wrapping():
    address = "https://a.example/" + "x" * 100

    assert address in wrap(f"Some words in front of {address} and behind it.").split()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"brand": "postal_address:"}, "mail.postal_address"),
        ({"title": "A subject that goes on " * 4}, "mail.subject.long"),
        ({"body": "word " * 25_000}, "mail.size"),
    ],
)
def test_what_would_break_a_mail_is_found(project, change, rule):
    brand, path = project / "content" / "brand.yaml", project / "content" / "articles" / "garden.md"
    if "brand" in change:
        brand.write_text(re.sub(r"postal_address:.*\n", "", brand.read_text()))
    text = path.read_text().replace("Reading in the garden", change.get("title", "Reading in the garden").strip())
    path.write_text(text + change.get("body", ""))
    mail = Newsletter.of(Article.load(path), Context.open(project), "newsletter", Limits())

    assert rule in {finding.rule for finding in mail.check("newsletter", Limits())}
