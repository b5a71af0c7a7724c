"""An article's other versions, that a campaign asks for by name."""

from pathlib import Path

import pytest

from content.article import Article, parse
from content.brand import Brand
from content.context import Context
from content.findings import Refused
from content.fitting import Limits
from content.post import Post
from content.source import decode

HEAD = "title: Reading\ndate: 2026-11-16\n"
VARIED = """channels:
  mastodon:
    text: Take a chair.
    hashtags: [reading]
    variants:
      short: {text: Sit., hashtags: []}
      bold: {text: Take the best chair!}
  newsletter:
    subject: A chair
    variants: {bold: {subject: The best chair}}
  x: {variants: {short: false}}
"""
BRAND = Brand.model_validate({"name": "Garden", "site": "https://garden.example.org"})


def article(front=VARIED):
    return parse(decode(f"---\n{HEAD}{front}---\n\nTake a chair outside.\n".encode(), "a.md"), Path("reading.md"))


def post(of: Article, channel="mastodon", part="", campaign="spring"):
    return Post.of(of, Context(root=Path(), brand=BRAND, campaign=campaign, part=part), channel, Limits(text=500))


def test_a_variant_has_its_own_words_and_keeps_the_rest():
    found = article().varied("bold")

    assert found.overrides("mastodon").text == "Take the best chair!"
    assert found.overrides("mastodon").hashtags == ["reading"]
    assert found.overrides("newsletter").subject == "The best chair"


def test_a_variant_may_take_something_away_or_leave_a_channel_out():
    found = article().varied("short")

    assert (found.overrides("mastodon").hashtags, found.overrides("x").skip) == ([], True)


@pytest.mark.parametrize("variant", ["", "unknown"])
def test_without_such_a_variant_it_is_the_article_as_it_is(variant):
    assert article().varied(variant).meta == article().meta
    assert post(article().varied(variant)).digest == post(article()).digest


def test_a_channel_without_that_variant_stays_as_it_is():
    assert post(article().varied("bold"), "bluesky") == post(article(), "bluesky")


def test_variants_are_told_apart_by_their_digests_and_are_one_article():
    found = [article().varied(variant) for variant in ("", "short", "bold")]

    assert len({post(one).digest for one in found}) == 3
    assert {one.meta.identity for one in found} == {"reading"}


def test_a_second_account_takes_the_variants_of_its_channel():
    assert article().varied("short").overrides("mastodon:clinic-2").text == "Sit."


def test_each_part_of_a_campaign_is_recognised_by_its_link():
    links = [post(article(), part=part).link for part in ("", "teaser", "20261201T0900.teaser")]

    assert [link.rpartition("utm_content=")[2] for link in links] == [
        "reading.mastodon",
        "reading.mastodon.teaser",
        "reading.mastodon.20261201T0900.teaser",
    ]
    assert all("utm_campaign=spring&" in link for link in links)


@pytest.mark.parametrize(
    ("variants", "line", "words"),
    [
        ("{Bold One: {text: Sit.}}", 6, "Bold One"),
        ("{bold: {colour: red}}", 6, "There is no key 'colour'"),
        ("{bold: loudly}", 6, "key: value lines"),
        ("{bold: {text: ''}}", 6, "expected some text"),
    ],
)
def test_a_variant_that_can_not_be_used_is_refused_with_its_line(variants, line, words):
    with pytest.raises(Refused) as refused:
        article(f"channels:\n  mastodon:\n    variants: {variants}\n")

    assert refused.value.findings[0].line == line
    assert words in refused.value.findings[0].why
