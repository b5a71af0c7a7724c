"""Drafts from anywhere become article files that can be read back."""

import io
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content import article, markdown, source
from content.findings import Refused
from content.importing import Draft, bylines, draft, signs, titles
from tests.corpus import CORPUS

DATA = Path(__file__).parent / "data/import"
TODAY = date(2026, 11, 23)
KETAMINE = "is-ketamine-an-opioid.txt"
IMAGE = bytes.fromhex("89504e470d0a1a0a") + b"pixels"
BREAD = "Bread rises because yeast breathes out a gas, and the dough around it is too tough to let the gas go."
SPACE = "http://schemas.openxmlformats.org"


def imported(name: str, media_type: str = "", url: str = "") -> Draft:
    return draft((DATA / name).read_bytes(), name, media_type, today=TODAY, url=url)


def of_text(text: str, name: str = "notes.txt") -> Draft:
    return draft(text.encode(), name, today=TODAY)


def parsed(found: Draft) -> article.Article:
    path = Path(f"{found.slug}.md")
    return article.parse(source.decode(found.text.encode(), str(path)), path)


def said(found: Draft) -> str:
    return markdown.text_of(parsed(found).body.root)


def headings(found: Draft) -> list[tuple[int, str]]:
    return [(heading.level, heading.text) for heading in parsed(found).body.headings]


@pytest.fixture(scope="module")
def clinic() -> tuple[str, Draft]:
    data = (CORPUS / KETAMINE).read_bytes()
    return data.decode(), draft(data, KETAMINE, today=TODAY)


def docx(body: str, *, creator: str = "", extra: dict[str, bytes] | None = None) -> bytes:
    """A small Word file of paragraphs in WordprocessingML."""
    word = f'xmlns:w="{SPACE}/wordprocessingml/2006/main"'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{SPACE}/package/2006/content-types">'
        '<Default Extension="png" ContentType="image/png"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{SPACE}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{SPACE}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/styles.xml": f'<w:styles {word}><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style></w:styles>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{SPACE}/package/2006/relationships">'
        f'<Relationship Id="s" Type="{SPACE}/officeDocument/2006/relationships/styles" Target="styles.xml"/>'
        f'<Relationship Id="p" Type="{SPACE}/officeDocument/2006/relationships/image" Target="media/a.png"/></Relationships>',
        "word/document.xml": f"<w:document {word}><w:body>{body}</w:body></w:document>",
        "docProps/core.xml": f'<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>{creator}</dc:creator></c>',
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**parts, **(extra or {})}.items():
            archive.writestr(name, text)
    return stream.getvalue()


def paragraph(text: str, style: str = "") -> str:
    props = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{props}<w:r><w:t>{text}</w:t></w:r></w:p>"


def picture() -> str:
    return (
        f'<w:p><w:r><w:drawing><wp:inline xmlns:wp="{SPACE}/drawingml/2006/wordprocessingDrawing"><wp:docPr id="1" name="a" descr="A hive"/>'
        f'<a:graphic xmlns:a="{SPACE}/drawingml/2006/main"><a:graphicData><pic:pic xmlns:pic="{SPACE}/drawingml/2006/picture">'
        f'<pic:blipFill><a:blip xmlns:r="{SPACE}/officeDocument/2006/relationships" r:embed="p"/></pic:blipFill></pic:pic>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


@pytest.mark.corpus
class TestTheClinicsArticle:
    def test_its_takeaways_and_headings_are_found(self, clinic):
        text, found = clinic
        lines = text.splitlines()
        assert list(parsed(found).meta.takeaways) == [line.removeprefix("- ") for line in lines[1:5]]
        expected = [lines[7].removeprefix("Toggle"), lines[10], lines[13], lines[16]]
        assert headings(found) == [(2, heading) for heading in expected]

    def test_every_sentence_of_its_body_stands_word_for_word(self, clinic):
        text, found = clinic
        rest = [line.removeprefix("Toggle") for n, line in enumerate(text.splitlines()) if n == 5 or n > 6]
        written = [re.sub("^## ", "", part) for part in parsed(found).markdown.strip().split("\n\n")]
        assert written == rest

    def test_its_title_is_a_question_and_said_to_be_a_guess(self, clinic):
        _, found = clinic
        assert parsed(found).meta.title == "Is Ketamine an Opioid?"
        assert "The title 'Is Ketamine an Opioid?' is a guess, made from the file's name." in found.guesses
        assert "Dropped the table-of-contents remains on lines 7 to 8." in found.changes

    def test_its_description_is_the_first_sentences(self, clinic):
        text, found = clinic
        description = parsed(found).meta.description
        assert len(description) <= 160
        assert text.splitlines()[5].startswith(description.rstrip("…"))


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir()))
def test_every_fixture_reads_back_without_a_block_finding(name):
    read = parsed(imported(name))
    assert read.meta.title
    assert read.body.words > 5
    assert not read.notes


class TestPlainText:
    def test_title_byline_and_date_come_from_the_first_lines(self):
        meta = parsed(imported("rooftop-bees.txt")).meta
        assert meta.title == "Bees on the Library Roof"
        assert [person.signature for person in meta.authors] == ["Ines Marchetti, MA", "Tom Okoro"]
        assert meta.date == date(2026, 3, 3)

    def test_numbered_and_shouted_lines_become_headings(self):
        expected = [(2, "1. What you need"), (2, "2. What it costs"), (2, "WHERE TO BEGIN")]
        assert headings(imported("rooftop-bees.txt")) == expected

    def test_wrapped_lines_become_paragraphs_again(self):
        body = parsed(imported("rooftop-bees.txt")).markdown
        assert "spring of last year. In 2024" in body
        assert "that began in 1986. It was" in body
        assert "a well-known gardener" in body

    def test_bullets_of_any_shape_become_a_list(self):
        body = parsed(imported("rooftop-bees.txt")).markdown
        assert "- a veil, which may be white or green\n- a smoker\n- two calm friends" in body

    def test_signs_of_markdown_in_prose_are_shown_as_they_are(self):
        text = said(imported("rooftop-bees.txt"))
        for words in ("at <b>120</b>", "file_name is *not*", "{{ name }}", "{% if %}", "# bees is", "- That line"):
            assert words in text

    def test_a_web_address_becomes_a_link(self):
        links = [link for _, _, link, _ in parsed(imported("rooftop-bees.txt")).body.root.iterlinks()]
        assert links == ["https://example.org/a_b_c"]

    def test_windows_letters_and_line_ends_are_read(self):
        found = imported("coffee.txt")
        assert parsed(found).meta.title == "Kaffee für alle"
        assert "1. Bohnen mahlen\n2. Wasser kochen" in found.text
        assert any("Windows-1252" in guess for guess in found.guesses)

    @pytest.mark.parametrize("line", ["1986. That was a year.", "- said nobody ever.", "# one of them.", "> more than two.",
                                      "* a note on it.", ": so it was.", "[x]: https://example.org", "[TOC]", "| a | b |"])  # fmt: skip
    def test_a_line_alone_keeps_its_signs(self, line):
        found = of_text(f"It began a long time ago, and nobody knows how it did.\n\n{line}\n\nIt ended soon after.\n")
        assert f"how it did. {line} It ended" in said(found).replace("\n", " ")

    def test_entries_of_a_table_of_contents_go_and_their_headings_stay(self):
        text = "It began with a small seed.\n\nContents\nThe seed .... 3\nThe tree .... 9\n\n"
        found = of_text(text + "The seed\n\nA seed is small indeed.\n\nThe tree\n\nA tree is not small.\n", "tree.txt")
        assert headings(found) == [(2, "The seed"), (2, "The tree")]
        assert "...." not in found.text

    def test_an_address_in_short_lines_is_no_row_of_headings(self):
        found = of_text("We moved to a new house last month.\n\nAnn Lee\nOak Street\nSpringtown\n", "move.txt")
        assert headings(found) == []

    def test_a_reading_time_beside_the_date_is_no_heading(self):
        found = of_text(f"How bread rises\n12 March 2024 | By Omar Nasser, PhD | 5 min read\n\n{BREAD}\n", "bread.txt")
        meta = parsed(found).meta
        assert (meta.date, meta.authors[0].signature) == (date(2024, 3, 12), "Omar Nasser, PhD")
        assert headings(found) == []

    def test_an_invitation_at_the_end_is_proposed_and_stays_in_place(self):
        found = of_text(f"{BREAD}\n\nVisit us on Sunday and learn how.\n", "bread.txt")
        assert found.text.endswith("Visit us on Sunday and learn how.\n")
        assert any("call_to_action" in guess for guess in found.guesses)

    def test_nested_lists_stay_nested(self):
        found = of_text("You need these things:\n\n- tea\n  - green\n  - black\n- milk\n", "tea.txt")
        assert parsed(found).body.root.xpath("count(.//ul/li/ul/li)") == 2


class TestHtml:
    def test_a_page_gives_its_article_and_what_its_head_tells(self):
        found = imported("page.html", "text/html; charset=utf-8", "https://example.org/bees?utm=1")
        meta = parsed(found).meta
        assert (meta.title, meta.date, meta.language) == ("Bees on the roof", date(2026, 3, 4), "en-GB")
        assert (meta.description, meta.canonical) == ("How a library keeps bees.", "https://example.org/bees")
        assert "Copyright" not in found.text

    def test_a_page_keeps_links_lists_tables_and_pictures(self):
        body = parsed(imported("page.html", url="https://example.org/bees")).markdown
        for part in ("[about honey](https://example.org/honey)", "- A veil\n    - white", "1. Open the lid",
                     "| May | Swarms |", "![A hive on a roof](https://example.org/hive.jpg)", "H<sub>2</sub>O", "`a_b`"):  # fmt: skip
            assert part in body

    def test_a_fragment_starts_its_headings_at_two_hashes(self):
        found = imported("fragment.html")
        assert parsed(found).meta.title == "Pears"
        assert headings(found) == [(2, "When")]
        assert parsed(found).meta.takeaways == ("Buy them hard.", "Eat them soft.")

    def test_nothing_in_a_fragment_runs(self):
        text = imported("fragment.html").text
        assert not re.search(r"alert|javascript|onclick|<script", text)

    def test_words_of_a_fragment_are_shown_as_they_are(self):
        text = said(imported("fragment.html"))
        assert "# is no heading, {{ nor }} this" in text
        assert "In 1986. they ripened late" in text

    def test_a_page_in_another_encoding_is_read(self):
        page = "<html><head><meta charset=iso-8859-2></head><body><p>Łódź leży w środku kraju.</p></body></html>"
        found = draft(page.encode("iso-8859-2"), "lodz.html", today=TODAY)
        assert "Łódź leży w środku" in said(found)

    def test_bold_text_and_links_of_a_google_document_are_understood(self):
        body = parsed(imported("ferns-from-docs.html")).markdown
        assert "**much water** *too*. See [this](https://fern.example/a?b)." in body
        assert "**Ferns" not in body

    def test_the_title_and_lists_of_a_word_page_are_understood(self):
        found = imported("moss-from-word.htm")
        assert parsed(found).meta.title == "Moss"
        assert "- one thing\n- two things\n\n1. first\n2. second" in found.text

    def test_short_bold_lines_are_headings_where_there_are_no_others(self):
        found = draft(f"<p><b>Why it rises</b></p><p>{BREAD}</p>".encode(), "bread.html", today=TODAY)
        assert headings(found) == [(2, "Why it rises")]
        assert any("'Why it rises'" in guess for guess in found.guesses)

    def test_a_picture_within_the_page_is_left_out_and_said_so(self):
        page = f'<p>{BREAD}</p><p><img alt="A loaf" src="data:image/png;base64,AAAA"></p>'
        found = draft(page.encode(), "bread.html", today=TODAY, url="https://example.org/bread")
        assert "![" not in found.text
        assert any("left out: 'A loaf'" in guess for guess in found.guesses)

    def test_a_bracket_in_a_pictures_text_does_not_end_it(self):
        found = draft(f'<p>{BREAD}</p><p><img alt="Loaf b] of 3" src="b.png"></p>'.encode(), "bread.html", today=TODAY)
        assert parsed(found).body.root.xpath("//img/@alt") == ["Loaf b] of 3"]

    def test_a_nest_without_end_is_refused(self):
        with pytest.raises(Refused) as caught:
            draft(b"<blockquote>" * 5000 + b"deep", "deep.html", today=TODAY)
        assert caught.value.findings[0].rule == "import.depth"


class TestMarkdown:
    def test_the_first_heading_becomes_the_title(self):
        found = imported("how-to-fold.md")
        assert parsed(found).meta.title == "How to fold a letter"
        assert headings(found) == [(2, "Next")]

    def test_key_takeaways_move_to_the_front_matter(self):
        found = imported("how-to-fold.md")
        assert parsed(found).meta.takeaways == ("Fold twice.", "Use the long side.")
        assert "# not a title" in parsed(found).markdown

    def test_a_byline_below_the_title_moves_to_the_front_matter(self):
        found = of_text(f"# Bread\n\n*By Ann Lee*\n\n{BREAD}\n", "bread.md")
        assert parsed(found).meta.authors[0].name == "Ann Lee"
        assert parsed(found).markdown.strip() == BREAD

    def test_an_article_is_not_imported_twice(self):
        with pytest.raises(Refused, match="article already"):
            of_text("---\ntitle: A\n---\n\nText.\n", "a.md")


class TestWord:
    def test_title_headings_author_and_picture_are_kept(self):
        body = (
            paragraph("Bees above", "Title") + paragraph("Why", "H1") + paragraph("1986. Bees &lt;hum&gt;.") + picture()
        )
        found = draft(docx(body, creator="Ann Lee", extra={"word/media/a.png": IMAGE}), "Roof bees.docx", today=TODAY)
        assert parsed(found).meta.title == "Bees above"
        assert headings(found) == [(2, "Why")]
        assert found.assets == (("roof-bees/picture-1.png", IMAGE),)
        assert "![A hive](roof-bees/picture-1.png)" in found.text
        assert "1986. Bees <hum>." in said(found)

    def test_what_the_word_file_says_that_is_not_understood_is_told(self):
        found = draft(docx(paragraph(BREAD, "Odd")), "bread.docx", today=TODAY)
        assert any("Odd" in change for change in found.changes)

    @pytest.mark.parametrize(
        ("data", "rule"),
        [
            (b"PK\x03\x04 broken", "import.docx.broken"),
            (docx("<w:p>"), "import.docx.broken"),
            (docx("", extra={"word/x.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"}), "import.docx.bomb"),
            (docx("", extra={"word/x.xml": b" " * 30_000_000}), "import.docx.bomb"),
            (docx(""), "import.empty"),
            (docx("<w:p>" * 5000 + "</w:p>" * 5000), None),
        ],
        ids=["no zip", "broken xml", "entities", "bomb", "empty", "deep"],
    )
    def test_a_broken_or_hostile_file_is_refused(self, data, rule):
        with pytest.raises(Refused) as caught:
            draft(data, "a.docx", today=TODAY)
        assert rule in {None, caught.value.findings[0].rule}
        assert caught.value.findings[0].rule.startswith("import.")


@pytest.mark.parametrize(
    ("data", "rule"),
    [(b"", "empty"), (b" \n\n", "empty"), (IMAGE, "type"), (b"%PDF-1.7", "type"), (b"a\0b\0" * 9, "binary"),
     (bytes(range(1, 32)) * 9, "binary"), (b"a" * 2_000_000, "size"), (b"<html>" + b"a" * 9_000_000, "size")],
)  # fmt: skip
def test_what_is_no_text_is_refused_by_name(data, rule):
    with pytest.raises(Refused) as caught:
        draft(data, "a.txt", today=TODAY)
    assert caught.value.findings[0].rule == f"import.{rule}"


@pytest.mark.parametrize(
    ("name", "title"),
    [("is-it-safe.txt", "Is It Safe?"), ("how-to-read-a-bill.txt", "How to Read a Bill"), ("NHS_forms.txt", "NHS Forms"),
     ("what-is-a-hive.txt", "What Is a Hive?"), ("https://example.org/the-end/", "The End"), ("standard input", "")],
)  # fmt: skip
def test_a_name_makes_a_title(name, title):
    assert titles.from_name(name) == title


@pytest.mark.parametrize(
    "line", ["By the way, it rained.", "By Monday it was over.", "May 2026", "03/04/2026", "Standing by"]
)
def test_prose_is_no_byline(line):
    assert bylines.read(line) is None


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab1 .#*_`[](){}<>&!|\\-+=~:%;^/"), min_size=1, max_size=30))
def test_escaped_words_are_shown_word_for_word(text):
    plain = " ".join(text.split()) or "a"
    shown = markdown.text_of(markdown.render(signs.line(plain)).root)
    assert _untyped(shown) == _untyped(plain)


def _untyped(text: str) -> str:
    """Without what typography changes on purpose: dashes and ellipses."""
    return re.sub(r"[-–—]+", "-", re.sub(r"\.\.\.", "…", text))
