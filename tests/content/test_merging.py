"""Merge fields: what is one, where it may stand, and that nothing else of a text is ever taken for one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import merging
from content.article import Article
from content.context import Context
from content.findings import Refused
from content.fitting import Limits
from content.newsletter import Newsletter
from content.page import Page

NAME = '{{ subscriber.first_name | default("there") }}'


@pytest.fixture
def write(project):
    """Writes the article anew, and reads it."""
    path = project / "content" / "articles" / "garden.md"

    def written(body="", front="") -> Article:
        head = f"---\ntitle: Reading\ndescription: In a chair.\ndate: 2026-11-16\n{front}\n---\n\n"
        path.write_text(head + body, encoding="utf-8")
        return Article.load(path)

    return written


@pytest.fixture
def mail(write, project):
    """The mail of an article of such words."""
    return lambda body="", front="": Newsletter.of(write(body, front), Context.open(project), "newsletter", Limits())


def read_by(mail, **known):
    return mail.spelled(known.get)


def refused(make, *words, **more):
    with pytest.raises(Refused) as raised:
        make(*words, **more)
    return list(raised.value.findings)


# What is understood


def test_a_field_is_filled_in_wherever_a_mail_has_words(mail):
    front = f"channels:\n  newsletter:\n    subject: '{NAME}, read this'\n    preheader: 'For {NAME}'"
    made = read_by(
        mail(f"# Hello {NAME}\n\n- *{NAME}*, **and** [you, {NAME}](https://a.example/)\n", front), first_name="Ada"
    )

    assert (made.subject, made.preheader) == ("Ada, read this", "For Ada")
    assert re.findall(r"<em>Ada</em>, <strong[^>]*>and</strong> <a [^>]*>you, Ada</a>", made.html)
    assert "Hello Ada" in made.html
    assert "- Ada, and you, Ada [1]" in made.text
    assert merging.OPEN not in made.text.replace(merging.unsubscribe_mark(made.unsubscribe), "")


@pytest.mark.parametrize(
    "spelt",
    [
        NAME,
        "{{subscriber.first_name|default('there')}}",
        "{{- subscriber.first_name | default( “there” ) -}}",
        "{{  subscriber.first_name\t|  default(‘there’)  }}",
    ],
)
def test_people_spell_a_field_as_they_are_used_to(mail, spelt):
    made = mail(f"Hello {spelt}!")

    assert made.merge_fields == (merging.Field("first_name", "there"),)
    assert "Hello there!" in made.shown().text


def test_a_default_of_several_words_is_one_piece_that_no_line_breaks_within(mail):
    made = mail("word " * 14 + '{{ subscriber.first_name | default("dear friend of the garden") }}, hello.')

    assert made.merge_fields == (merging.Field("first_name", "dear friend of the garden"),)
    assert "dear friend of the garden, hello." in " ".join(made.shown().text.split())


def test_the_page_and_the_posts_say_the_default(write, project):
    page = Page.of(write(f"Hello {NAME}."), Context.open(project), "web", Limits())

    assert "Hello there." in page.html
    assert merging.OPEN not in page.html


# What is left as it is


@pytest.mark.parametrize(
    "body",
    [
        f"Write `{NAME}` for a name.",
        f"```\n{NAME}\n```",
        f"Like this:\n\n    {NAME}\n",
        f"{{% raw %}}{NAME}{{% endraw %}} greets.",
    ],
    ids=["code", "fence", "indented", "raw"],
)
def test_a_text_about_fields_shows_them(mail, body):
    made = mail(body)

    assert made.merge_fields == ()
    assert "{{ subscriber.first_name |" in made.text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters=merging.OPEN), max_size=60))
def test_what_is_no_field_stays_to_the_letter(words):
    assert merging.plain(merging.mark(words)) == words or merging.SPELLED.search(words)


@given(st.text(max_size=60))
def test_a_readers_own_words_can_neither_open_a_tag_nor_another_header(words):
    shown = merging.in_html(words)

    assert not re.search(r"[<>\"'\r\n]", shown)
    assert not re.search(r"[\r\n\x00]", merging.one_line(words))


# What is refused, with its line


@pytest.mark.parametrize(
    ("spelt", "why"),
    [
        ("{{ subscriber.first_name }}", "it says nothing for those without one"),
        ('{{ subscriber.first_name | default("") }}', "it says nothing for those without one"),
        ('{{ subscriber.first_name | default("<b>you</b>") }}', "its default holds signs of Markdown or HTML"),
        ('{{ subscriber.unsubscribe | default("x") }}', "every mail has its own way off the list"),
        ("{{ subscriber.first_name | upper }}", "it is spelt in another way"),
        ("{{ subscriber['first_name'] }}", "it is spelt in another way"),
        ('{{ subscribers.name | default("x") }}', "it is spelt in another way"),
    ],
)
def test_a_field_that_can_not_be_filled_in_is_refused_where_it_stands(write, spelt, why):
    [finding] = refused(write, f"One.\n\nHello {spelt}.")

    assert (finding.rule, finding.severity, finding.line) == ("merge.field", "block", 10)
    assert why in finding.why
    assert merging.EXAMPLE in finding.mend


def test_each_faulty_field_of_an_article_is_named(write):
    found = refused(write, "{{ subscriber.a }}\n\nfine\n\n{{ subscriber.b }} {{ subscriber.c | upper }}")

    assert sorted(finding.line for finding in found) == [8, 12, 12]


@pytest.mark.parametrize(
    ("front", "line"),
    [
        (f"takeaways: ['{NAME} wins.']", 5),
        (f"tags: ['{NAME}']", 5),
        (f"channels:\n  x:\n    text: 'Hello {NAME}'", 7),
        ("channels:\n  newsletter:\n    subject: 'Hello {{ subscriber.first_name }}'", 7),
        ("channels:\n  newsletter:\n    preheader: 'Hello {{ first_name }}'", 7),
        ('channels:\n  newsletter:\n    subject: "\\uFDD3unsubscribe"', 7),
    ],
)
def test_a_field_where_every_reader_gets_the_same_is_refused(write, front, line):
    [finding] = refused(write, "Text.", front)

    assert (finding.severity, finding.line) == ("block", line)


def test_a_character_that_stands_for_a_field_can_not_be_smuggled_in(mail):
    made = mail(f"Hello {merging.OPEN}first_name{merging.OTHERWISE}x{merging.CLOSE} and &#xFDD3;.")

    assert made.merge_fields == ()


@pytest.mark.parametrize(
    "body",
    [
        f"[here](https://a.example/?who={NAME})",
        f"[here][x]\n\n[x]: https://a.example/{NAME}",
        f"<a href='https://a.example/{NAME}'>here</a>",
        f"![A cat](https://a.example/{NAME}.png)",
        f"<https://a.example/{NAME}>",
    ],
)
def test_a_field_in_an_address_is_found(mail, body):
    assert "merge.link" in {finding.rule for finding in mail(body).check("newsletter", Limits())}


def test_a_field_beside_an_address_is_none_in_it(mail):
    made = mail(f'[{NAME}, here](https://a.example/ "For {NAME}")')

    assert made.merge_fields
    assert made.check("newsletter", Limits()) == []
