"""The same words do not go out again too soon on one account."""

from datetime import timedelta

import pytest

from channels.base import Receipt
from flows.governor import governed, last_sent, words
from flows.orders import Order
from flows.plan import plan
from tests.flows.courses import NOON
from tests.flows.test_staging import VARIED

DAY = timedelta(days=1)
MONTH = 30 * DAY


@pytest.fixture
def planned(project):
    """Plans an article for some channels, in the outbox."""
    (project / "content" / "articles" / "garden.md").write_text(VARIED, encoding="utf-8")
    return lambda *channels, **more: plan(Order(article="garden", channels=channels, root=str(project), **more))


def send(plan, ledger, at):
    """What a plan carries is out."""
    for entry in plan.entries:
        ledger.plan(entry.delivery)
        ledger.keep(entry.rendition)
        proof = Receipt(channel=entry.account, remote_ids=("1",), url="", digest=entry.rendition.digest, sent_at=at)
        ledger.sent(entry.delivery, proof)


def kept_back(plan, ledger, within=MONTH, now=NOON):
    """The channels that are left out, and what is said of them."""
    left, outcomes = governed(plan, ledger, within, now)
    assert {entry.account for entry in left.entries} | {outcome.account for outcome in outcomes} == {
        entry.account for entry in plan.entries
    }
    return {outcome.account.removeprefix("outbox/"): (outcome.status, outcome.detail) for outcome in outcomes}


@pytest.mark.parametrize("channel", ["mastodon", "newsletter"])
def test_the_same_words_are_left_out_until_some_days_have_passed(planned, ledger, channel):
    send(planned(channel, campaign="spring"), ledger, NOON - 29 * DAY)
    again = planned(channel, campaign="summer")

    said = "the same words went out on 2026-11-02, and may again 30 days after that"
    assert kept_back(again, ledger) == {channel: ("skipped", said)}
    assert kept_back(again, ledger, now=NOON + 2 * DAY) == {}


@pytest.mark.parametrize(("within", "words"), [(12 * timedelta(hours=1), "12 hours"), (7 * DAY, "7 days")])
def test_how_long_is_told_in_words(planned, ledger, within, words):
    send(planned("mastodon", part="a"), ledger, NOON - timedelta(hours=1))

    assert kept_back(planned("mastodon", part="b"), ledger, within)["mastodon"][1].endswith(f"{words} after that")


def test_other_marks_in_its_links_do_not_make_other_words(planned, ledger):
    first, second = planned("mastodon", campaign="spring", part="a"), planned("mastodon", campaign="summer", part="b")
    send(first, ledger, NOON - DAY)

    assert first.entries[0].rendition.digest != second.entries[0].rendition.digest
    assert list(kept_back(second, ledger)) == ["mastodon"]


def test_another_account_or_other_words_may_go_out(planned, ledger):
    send(planned("mastodon", campaign="spring"), ledger, NOON - DAY)

    assert kept_back(planned("mastodon:clinic", "bluesky", campaign="summer"), ledger) == {}
    assert kept_back(planned("mastodon", campaign="summer", variant="bold"), ledger) == {}


def test_one_that_is_left_out_stops_no_other(planned, ledger):
    send(planned("mastodon"), ledger, NOON - DAY)
    left, outcomes = governed(planned("mastodon", "bluesky", part="again"), ledger, MONTH, NOON)

    assert [entry.account for entry in left.entries] == ["outbox/bluesky"]
    assert [outcome.well for outcome in outcomes] == [True]


def test_the_same_delivery_may_be_tried_again(planned, ledger):
    plan = planned("mastodon", "newsletter", part="teaser")
    send(plan, ledger, NOON - DAY)

    assert kept_back(plan, ledger) == {}


def test_a_page_may_say_what_it_says_already(planned, ledger):
    send(planned("web", campaign="spring"), ledger, NOON - DAY)

    assert kept_back(planned("web", campaign="summer"), ledger) == {}


def test_what_was_planned_and_never_sent_does_not_count(planned, ledger):
    ledger.plan(planned("mastodon", campaign="spring").entries[0].delivery)

    assert kept_back(planned("mastodon", campaign="summer"), ledger) == {}


def test_of_two_with_the_same_words_at_once_the_second_waits_for_what_comes_of_the_first(planned, ledger):
    first, second = planned("mastodon", campaign="spring"), planned("mastodon", campaign="summer")

    assert kept_back(first, ledger) == {}
    waits = "the same words are just going out on it, or perhaps have: tried again in a minute"
    assert kept_back(second, ledger) == {"mastodon": ("busy", waits)}
    send(first, ledger, NOON)
    assert kept_back(second, ledger)["mastodon"][0] == "skipped"


def test_words_are_compared_without_addresses_and_spaces():
    one = {"parts": [{"text": "Sit down. https://a.example/x?utm_content=1"}, {"text": "And read."}]}
    same = {"parts": [{"text": "Sit  down.\nhttps://b.example/y"}, {"text": "And read."}]}

    assert words(one) == words(same)
    assert words(one) != words({"parts": [{"text": "Sit down."}]})
    assert words({"text": "Sit down. And read."}) == words(one)


def test_when_one_of_some_accounts_has_sent_something_last(planned, ledger):
    send(planned("mastodon", part="a"), ledger, NOON - DAY)
    send(planned("bluesky", part="b"), ledger, NOON)
    mine = [planned(account, part="c").entries[0].delivery for account in ("mastodon", "bluesky")]

    assert last_sent(ledger, mine, NOON - MONTH) == NOON
    assert last_sent(ledger, mine[:1], NOON - MONTH) == NOON - DAY
    assert last_sent(ledger, mine[:1], NOON - timedelta(hours=1)) is None


def test_what_it_has_sent_itself_does_not_keep_a_delivery_back(planned, ledger):
    mine = planned("mastodon", part="a")
    send(mine, ledger, NOON)

    assert last_sent(ledger, [mine.entries[0].delivery], NOON - MONTH) is None
