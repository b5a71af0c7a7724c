"""Text that fits: never over the limit, never a broken link, the same when fitted twice."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from content.fitting import Limits, fit, split
from content.measures import linkedin, links_in, mastodon, x_weighted

LIMITS = {
    "x": Limits(text=280, count=x_weighted),
    "linkedin": Limits(text=3000, count=linkedin),
    "mastodon": Limits(text=500, count=mastodon(23)),
    "bluesky": Limits(text=300, bytes=3000),
    "narrow": Limits(text=40),
}
WORDS = st.one_of(
    st.from_regex(r"[a-zäöüßœ]{1,14}[,;:]?", fullmatch=True),
    st.from_regex(r"https://[a-z]{2,12}\.example/[a-zA-Z0-9_/?=&-]{0,60}", fullmatch=True),
    st.sampled_from(
        [
            "👩‍👩‍👧‍👦",
            "👍🏽",
            "🇦🇶",
            "e\u0301t\u0301",
            "שלום",
            "标题很长的文字没有空格",
            "Dr.",
            "e.g.",
            "U.S.",
            "end.",
            "what?",
            "done!”",
            "\n\n",
            "(so",
            "x" * 60,
            "例。",
        ]
    ),
)
TEXTS = st.lists(WORDS, max_size=120).map(" ".join)


def graphemes(text: str) -> list[str]:
    return regex.findall(r"\X", text)


@pytest.mark.parametrize("network", LIMITS)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_a_fitted_text_is_within_the_limit_and_stays_as_it_is(network, text):
    fitted = fit(text, LIMITS[network])

    assert LIMITS[network].fits(fitted)
    assert fit(fitted, LIMITS[network]) == fitted


@pytest.mark.parametrize("network", LIMITS)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_no_link_is_ever_cut_nor_any_grapheme(network, text):
    fitted = fit(text, LIMITS[network])
    kept = graphemes(fitted.removesuffix("…").rstrip())

    assert set(links_in(fitted)) <= set(links_in(text))
    assert graphemes(text.strip())[: len(kept)] == kept


@settings(max_examples=60, deadline=None)
@given(text=TEXTS, link=st.from_regex(r"https://[a-z]{3,9}\.example/[a-z]{0,40}", fullmatch=True))
def test_a_frame_around_the_text_counts_too(text, link):
    limits = LIMITS["x"]

    assert limits.fits(f"{fit(text, limits, lambda words: f'{words} {link} #Tag')} {link} #Tag")


@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_a_thread_loses_no_word(text):
    limits = LIMITS["bluesky"]
    parts = split(text, limits, lambda part: part + " 10/12")

    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(limits.fits(part + " 10/12") for part in parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One two three. Four five six. Seven eight nine.", "One two three. Four five six."),
        ("Dr. Smith and Mr. Jones went over the hill together", "Dr. Smith and Mr. Jones went over the…"),
        ("A short one. " + "then a sentence that never ends and goes on", "A short one. then a sentence that never…"),
        ("He said “no (as always, when asked by us) and left”", "He said “no (as always, when asked by…"),
        ("words, words, words, words, words, words, words", "words, words, words, words, words…"),
        ("标题很长的文字没有空格" * 5, "标题很长的文字没有空格" * 3 + "标题很长的文…"),
        ("Look here https://a.example/a-long-address-of-many-words", "Look here…"),
        ("exactly as long as the limit, forty char", "exactly as long as the limit, forty char"),
        ("https://a.example/" + "x" * 60, ""),
    ],
)
def test_a_text_ends_where_a_reader_would_end(text, expected):
    assert fit(text, LIMITS["narrow"]) == expected


def test_an_address_before_the_ellipsis_stays_an_address():
    text = "See https://a.example/one " + "and a word more than fits in here"

    assert fit(text, Limits(text=28)) == "See https://a.example/one …"


def test_a_thread_ends_its_parts_with_sentences():
    parts = split("One two three. Four five six seven eight. Nine ten.", LIMITS["narrow"])

    assert parts == ["One two three.", "Four five six seven eight. Nine ten."]


def test_fitting_a_book_takes_no_longer_than_fitting_its_first_page():
    page = "A sentence of some words. " * 400
    seen: list[int] = []

    def frame(text: str) -> str:
        seen.append(len(text))
        return text

    fit(page * 50, LIMITS["bluesky"], frame)

    assert max(seen[1:]) <= 300 * 8
    assert len(seen) < 60
