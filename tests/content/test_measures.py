"""Each network's own count; X's by X's own cases."""

from pathlib import Path

import pytest
import yaml

from content import measures

CASES = yaml.safe_load((Path(__file__).parent / "data" / "twitter-text" / "validate.yml").read_text(encoding="utf-8"))[
    "tests"
]
WEIGHED = [
    pytest.param(
        case["text"],
        case["expected"]["weightedLength"],
        not section.endswith("dTweetsCounterTest"),
        id=f"{section}-{n}",
    )
    for section in (
        "WeightedTweetsCounterTest",
        "WeightedTweetsWithDiscountedEmojiCounterTest",
        "UnicodeDirectionalMarkerCounterTest",
    )
    for n, case in enumerate(CASES[section])
]


@pytest.mark.parametrize(("text", "weight", "emoji_as_two"), WEIGHED)
def test_x_weighs_as_its_own_cases_say(text, weight, emoji_as_two):
    assert measures.x_weighted(text, emoji_as_two=emoji_as_two) == weight


@pytest.mark.parametrize("case", CASES["urls_without_protocol"], ids=lambda case: case["description"])
def test_x_links_a_bare_domain_as_its_own_cases_say(case):
    whole = list(measures.x_links(case["text"])) == [(0, len(case["text"]))]

    assert whole == case["expected"]


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("https://example.org/" + "x" * 300, 23),
        ("see example.com.", 28),
        ("me@example.com", 14),
        ("a.b", 3),
        ("(https://example.org/a)", 25),
        ("https://example.org/a_(b)", 23),
        ("v1.2.3", 6),
    ],
)
def test_x_counts_a_link_as_23_and_nothing_else_as_a_link(text, weight):
    assert measures.x_weighted(text) == weight


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("plain", 5),
        ("https://example.org/" + "x" * 300, 23),
        ("two https://a.example/1 and https://a.example/2.", 4 + 23 + 5 + 23 + 1),
        ("@ada@social.example hello", 10),
        ("mail ada@social.example", 23),
        ("👩‍👩‍👧‍👦", 1),
    ],
)
def test_mastodon_counts_links_and_strangers_cheaply(text, length):
    assert measures.mastodon(23)(text) == length


@pytest.mark.parametrize(
    ("text", "graphemes", "points", "units", "size"),
    [("e\u0301", 1, 2, 2, 3), ("👍🏽", 1, 2, 4, 8), ("\r\n", 1, 2, 2, 2), ("abc", 3, 3, 3, 3), ("한", 1, 1, 1, 3)],
)
def test_length_is_several_functions(text, graphemes, points, units, size):
    counted = (measures.graphemes, measures.codepoints, measures.utf16_units, measures.utf8_bytes)

    assert tuple(count(text) for count in counted) == (graphemes, points, units, size)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://a.example/x.", ["https://a.example/x"]),
        ("(https://a.example/x)", ["https://a.example/x"]),
        ("https://a.example/x_(y) and", ["https://a.example/x_(y)"]),
        ("“https://a.example/?a=1&b=2”", ["https://a.example/?a=1&b=2"]),
        ("no link", []),
    ],
)
def test_a_link_ends_before_the_marks_of_its_sentence(text, links):
    assert measures.links_in(text) == links
