"""The Markdown of a post's words, as networks can show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from content.styled import Mark, Styled, styled

ALL = frozenset({"bold", "italic", "strike", "code", "link"})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("**Rest** *well*, `now`, ~~not later~~", "Rest well, now, not later"),
        ("* one\n* two\n- three", "• one\n• two\n• three"),
        ("# A heading\n> said somebody", "A heading\nsaid somebody"),
        ("#Sleep is a hashtag", "#Sleep is a hashtag"),
        ("5 * 3 and snake_case_name", "5 * 3 and snake_case_name"),
        ("See [the source](https://example.org/a_b).", "See the source (https://example.org/a_b)."),
        ("[https://example.org](https://example.org)", "https://example.org"),
        ("write [us](mailto:a@example.org)", "write us (a@example.org)"),
        ("look [here](#part) and [there](/page)", "look here and there"),
        ("![a bed](bed.jpg) stands", "a bed stands"),
        ("https://example.org/_a_/**b", "https://example.org/_a_/**b"),
        ("2**10 is 1024", "2**10 is 1024"),
        ("card ending ****1234", "card ending ****1234"),
        (r"f(\*args, \*\*kwargs)", "f(*args, **kwargs)"),
        ("> 90% recover\n- 10 °C is cold\n* 3 times", "> 90% recover\n- 10 °C is cold\n• 3 times"),
        ("<b>Rest <em class='x'>well</em></b><br>and a <b> alone", "Rest well\nand a <b> alone"),
        ("a link [](https://example.org/a)around nothing", "a link around nothing"),
        ("**https://example.org/_a_/**", "https://example.org/_a_/"),
        ("標題**重要。**文字", "標題重要。文字"),
        (r"\*not slanted\*", "*not slanted*"),
        ("AT&amp;T", "AT&T"),
        ("one\n\ntwo\nthree", "one\n\ntwo\nthree"),
    ],
)
def test_a_network_that_knows_nothing_gets_words_alone(written, read):
    assert styled(written) == Styled(text=read)


@pytest.mark.parametrize("lead", ["&nbsp;", "&emsp;", ""])
def test_marks_count_from_the_first_word(lead):
    made = styled(f"{lead}Hello **bold** word&nbsp;", ALL)

    assert made == Styled(text="Hello bold word", marks=(Mark(kind="bold", start=6, end=10),))


def test_marks_cover_the_words_that_they_stood_around():
    made = styled("👩‍⚕️ says **rest *well*** and [read **this**](https://example.org/a?b=1&c=2)", ALL)

    stood = [(mark.kind, made.text[mark.start : mark.end], mark.url) for mark in made.marks]
    assert stood == [
        ("bold", "rest well", ""),
        ("italic", "well", ""),
        ("link", "read this", "https://example.org/a?b=1&c=2"),
        ("bold", "this", ""),
    ]


@pytest.mark.parametrize(
    "written",
    [
        "详见 https://example.org/path。更多内容在这里",
        "（https://example.org/path）好的",
        "انظر https://example.org/path، ثم",
    ],
)
def test_an_address_ends_where_other_scripts_put_their_punctuation(written):
    made = styled(written, ALL, lambda address: f"{address}?t=1", shown_link=12)

    assert [mark.url for mark in made.marks] == ["https://example.org/path?t=1"]
    assert made.text == written.replace("https://example.org/path", "example.org…")


def test_every_address_is_spelled_as_the_delivery_wants_it():
    made = styled("https://a.org/x, [b](https://b.org) and **https://c.org**", ALL, lambda address: f"{address}?t=1")

    assert made.text == "https://a.org/x?t=1, b and https://c.org?t=1"
    assert [mark.url for mark in made.marks if mark.kind == "link"] == ["https://b.org?t=1"]


def test_a_bare_address_may_be_shown_short_and_lead_to_the_whole():
    made = styled("Read https://www.example.org/a/very/long/way/to/an/article.", ALL, shown_link=20)

    [link] = made.marks
    assert made.text == "Read example.org/a/very/…."
    assert (made.text[link.start : link.end], link.url) == (
        "example.org/a/very/…",
        "https://www.example.org/a/very/long/way/to/an/article",
    )


def test_a_page_of_linkedins_is_named():
    knows = frozenset({"mention"})
    made = styled("With [Our Clinic](urn:li:organization:123)", knows)

    assert made.marks == (Mark(kind="mention", start=5, end=15, url="urn:li:organization:123"),)
    assert styled("With [Our Clinic](urn:li:organization:123)").text == "With Our Clinic"


@given(some.text(max_size=60))
def test_any_text_can_be_read_and_its_marks_lie_within(text):
    made = styled(text, ALL)

    assert all(0 <= mark.start < mark.end <= len(made.text) for mark in made.marks)
    assert "**" not in made.text


@given(some.lists(some.text(alphabet="ab ", min_size=1, max_size=8), min_size=1, max_size=5), some.data())
def test_a_cut_keeps_each_mark_on_its_letters(words, data):
    text = "".join(words)
    start = data.draw(some.integers(0, len(text) - 1))
    end = data.draw(some.integers(start + 1, len(text)))
    whole = Styled(text=text, marks=(Mark(kind="bold", start=start, end=end),))

    at = data.draw(some.integers(0, len(text)))
    pieces = [whole.cut(0, at), whole.cut(at, len(text))]

    assert "".join(piece.text[mark.start : mark.end] for piece in pieces for mark in piece.marks) == text[start:end]
