"""Blocks for one medium alone: the page has some, the mail others, and no mark of them reaches a reader."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import mediums
from content.article import parse
from content.context import Context
from content.findings import Refused
from content.fitting import Limits
from content.newsletter import Newsletter
from content.page import Page
from content.post import Post
from content.source import decode

BOTH = """
Both begin.

::: web-only
The page has [a map](https://a.example/map).
:::

::: mail-only
The mail has a kiss, {{ subscriber.first_name | default("dear") }}.
:::

Both end.
"""
FIRST = 5  # the body's first line


def article(body, front=""):
    text = f"---\ntitle: Reading\ndate: 2026-11-16\n{front}---\n{body}"
    return parse(decode(text.encode(), "a.md"), Path("garden.md"))


def shown(body):
    """What a reader of the page sees of it, and what a reader of the mail."""
    read = article(body)
    return [" ".join(part.root.text_content().split()) for part in (read.body, read.mail_body)]


def test_page_mail_and_posts_each_have_their_own_words(project):
    read, context = article(BOTH), Context.open(project)
    page = Page.of(read, context, "web", Limits())
    mail = Newsletter.of(read, context, "newsletter", Limits())
    post = Post.of(article(BOTH, "channels:\n  x:\n    thread: true\n"), context, "x", Limits(text=280))

    assert ("a map" in page.html, "a kiss" in page.html) == (True, False)
    for part in (mail.html, mail.text):
        assert ("a map" in part, "a kiss" in part) == (False, True)
    assert "a kiss" not in "".join(part.text for part in post.parts)
    assert ":::" not in page.html + mail.html + mail.text
    assert all("Both begin" in part and "Both end" in part for part in (page.html, mail.html, mail.text))


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("::: web-only", ":::"),
        (":::web-only", "::::"),
        ("  ::::: {.web-only}", "  :::"),
        ("::: WEB-ONLY :::", ":::"),
        ("::: {web-only}", "::: "),
    ],
)
def test_a_block_is_understood_as_pandoc_and_people_write_it(begin, end):
    assert shown(f"One.\n\n{begin}\nTwo.\n{end}\n\nThree.") == ["One. Two. Three.", "One. Three."]


def test_a_block_may_hold_lists_code_and_another_programs_blocks():
    body = "::: mail-only\n- one\n\n```\n:::\n```\n\n::: note\ninner\n:::\n\n- two\n:::\n\nEnd."
    page, mail = shown(body)

    assert page == "End."
    assert ("inner" in mail, "two" in mail, mail.endswith("End.")) == (True, True, True)


@pytest.mark.parametrize("fence", ["```", "~~~", "````"])
def test_a_text_about_blocks_shows_them(fence):
    page, mail = shown(f"So:\n\n{fence}\n::: web-only\nx\n:::\n{fence}\n")

    assert page == mail == "So: ::: web-only x :::"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ("::: web-only\nnever ends", [(FIRST, "never ends")]),
        ("One.\n\n::: mail-only\n\n::: web-only\nTwo.\n:::\n", [(FIRST + 4, f"inside the one of line {FIRST + 2}")]),
        ("::: web only\nx\n:::\n", [(FIRST, "spelt in another way")]),
        ("::: email-only\nx\n:::\n", [(FIRST, "spelt in another way")]),
        ("::: only-web\nx\n:::\n\n::: page-only\ny\n:::\n", [(FIRST, "another way"), (FIRST + 4, "another way")]),
    ],
)
def test_a_block_that_would_show_the_wrong_words_is_refused_with_its_line(body, faults):
    with pytest.raises(Refused) as refused:
        article(body)

    found = refused.value.findings
    assert [finding.line for finding in found] == [line for line, _ in faults]
    assert all(why in finding.why for finding, (_, why) in zip(found, faults, strict=True))
    assert all(":::" in finding.mend for finding in found)


def test_findings_behind_a_block_name_the_right_line():
    read = article("::: web-only\nx\n:::\n\n{{< youtube id >}}\n")

    assert [note.line for note in read.notes] == [FIRST + 4]


@given(st.lists(st.sampled_from(["a", "", "::: web-only", "::: mail-only", ":::", "```", "~~~", "    b", "::: x"])))
def test_no_line_is_moved_and_none_is_in_neither(lines):
    text = "\n".join(lines)
    web, mail = mediums.only(text, "web").split("\n"), mediums.only(text, "mail").split("\n")

    assert len(web) == len(mail) == len(text.split("\n"))
    for line, of_web, of_mail in zip(text.split("\n"), web, mail, strict=True):
        assert {of_web, of_mail} <= {line, ""}
        assert line in {of_web, of_mail} or line.startswith(":::")


# The opening that a mail may have instead of all of it

EXCERPT = "channels:\n  newsletter:\n    excerpt: true\n"


def opening(body, project, front=EXCERPT):
    mail = Newsletter.of(article(body, front), Context.open(project), "newsletter", Limits())
    return mail, " ".join(mail.text.split("-" * 72)[1].split())


@pytest.mark.parametrize(
    "body",
    [
        "Above.\n\n<!-- more -->\n\nBelow.",
        "Above.\n<!--MORE-->\nBelow.",
        "Above.\n\n## Head\n\nBelow.",
        "Above.\n\n::: mail-only\n<!-- more -->\n:::\n\nBelow.",
        "- Above.\n  <!-- more -->\n- Below.",
    ],
)
def test_a_mail_may_end_where_the_writer_says_or_at_the_first_heading(project, body):
    mail, text = opening(body, project)

    assert "Above." in text
    assert "Below." not in mail.html + mail.text
    assert "more --" not in mail.html
    assert text.count("Read the whole article: https://garden.example.org/garden/") == 1


def test_without_a_sign_it_ends_after_a_few_paragraphs(project):
    mail, _ = opening("\n\n".join(f"Paragraph {n}: " + "word " * 30 for n in range(10)), project)

    assert "Paragraph 2:" in mail.text
    assert "Paragraph 5:" not in mail.text


def test_the_brand_may_want_it_and_an_article_may_not(project):
    brand = project / "content" / "brand.yaml"
    brand.write_text(brand.read_text().replace("email: {", "email: {body: excerpt, "), encoding="utf-8")
    body = "Above.\n\n## Head\n\nBelow."

    assert "Below." not in opening(body, project, "")[0].text
    assert "Below." in opening(body, project, EXCERPT.replace("true", "false"))[0].text


def test_the_sign_within_code_is_none(project):
    _, text = opening("Above.\n\n```\n<!-- more -->\n```\n\nStill above.\n", project)

    assert "Still above." in text
