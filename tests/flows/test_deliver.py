"""One delivery is made once, whatever goes wrong between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels.base import Receipt
from channels.errors import Duplicate, Misconfigured, Rejected, Unavailable, Uncertain, Unsupported
from flows.deliver import Courier, Decision, decide
from flows.records import Delivery, Record

DELIVERY = Delivery(campaign="spring", article="garden", account="scripted")
AT_ONCE = timedelta(0)


def courier(channel, post, ledger, settling=AT_ONCE):
    return Courier(channel, post, DELIVERY, ledger, settling=settling)


def edited(post):
    return replace(post, parts=(replace(post.parts[0], text="Another text."),))


@pytest.mark.parametrize(
    ("state", "sent", "expected"),
    [
        ("planned", None, Decision.SEND),
        ("failed", None, Decision.SEND),
        ("claimed", None, Decision.BUSY),
        ("unknown", None, Decision.LOOK),
        ("held", None, Decision.HELD),
        ("retracted", "same", Decision.HELD),
        ("sent", "same", Decision.ALREADY),
        ("sent", "other", Decision.CHANGED),
        ("sent", None, Decision.CHANGED),
    ],
)
def test_a_row_decides_what_is_done(state, sent, expected):
    receipt = sent and Receipt(channel="a", remote_ids=("1",), url="", digest=sent, sent_at=datetime.now(UTC))

    now = datetime.now(UTC)

    record = Record(delivery=DELIVERY, state=state, receipt=receipt or None, created_at=now, changed_at=now)

    assert decide(record, "same") is expected


def test_publishing_twice_sends_once_and_says_so(scripted, post, ledger, platform):
    first = courier(scripted(), post, ledger).deliver()
    second = courier(scripted(), post, ledger).deliver()

    assert (first.status, second.status) == ("sent", "already")
    assert len(platform.posts) == 1


def test_what_was_sent_is_kept_word_for_word_and_what_replaced_it_too(scripted, post, ledger):
    later = edited(post)
    courier(scripted(), post, ledger).deliver()
    courier(scripted(), later, ledger).deliver()
    before = ledger.kept(later.digest)
    courier(scripted(), later, ledger).deliver(correct=True)

    assert ledger.kept(post.digest)["parts"][0]["text"] == post.parts[0].text
    assert (before, ledger.kept(later.digest)["parts"][0]["text"]) == (None, "Another text.")


def test_an_edit_is_not_sent_again_but_said(scripted, post, ledger, platform):
    courier(scripted(), post, ledger).deliver()
    outcome = courier(scripted(), edited(post), ledger).deliver()

    assert outcome.status == "changed"
    assert "--correct" in outcome.detail
    assert platform.posts == [(DELIVERY.key, post.digest)]


def test_a_correction_changes_the_post_in_its_place(scripted, post, ledger, platform):
    courier(scripted(), post, ledger).deliver()
    outcome = courier(scripted(), edited(post), ledger).deliver(correct=True)

    assert outcome.status == "corrected"
    assert platform.posts == [(DELIVERY.key, edited(post).digest)]
    assert courier(scripted(), edited(post), ledger).deliver().status == "already"


def test_a_channel_that_cannot_change_says_so_when_asked_to_correct(scripted, post, ledger, platform):
    courier(scripted(updates=False), post, ledger).deliver()
    outcome = courier(scripted(updates=False), edited(post), ledger).deliver(correct=True)

    assert outcome.status == "changed"
    assert "can't be changed" in outcome.detail
    assert len(platform.posts) == 1


@pytest.mark.parametrize("error", [Rejected("scripted", "too long"), Misconfigured("scripted", "no token")])
def test_a_refusal_is_kept_with_its_reason_and_may_be_tried_again(scripted, post, ledger, platform, error):
    platform.script = [error]
    with pytest.raises(type(error)):
        courier(scripted(), post, ledger).deliver()
    record = ledger.plan(DELIVERY)

    assert (record.state, record.detail) == ("failed", error.detail)
    assert courier(scripted(), post, ledger).deliver().status == "sent"


def test_an_unavailable_platform_is_tried_again_and_gets_one_post(scripted, post, ledger, platform):
    platform.script = [Unavailable("scripted", "busy", retry_after=1.0)]
    with pytest.raises(Unavailable):
        courier(scripted(), post, ledger).deliver()

    assert courier(scripted(), post, ledger).deliver().status == "sent"
    assert len(platform.posts) == 1


def test_a_lost_answer_is_found_by_reading_back(scripted, post, ledger, platform):
    platform.script, platform.lost = [Uncertain("scripted", "timed out")], True
    with pytest.raises(Uncertain):
        courier(scripted(), post, ledger).deliver()
    outcome = courier(scripted(), post, ledger).deliver()

    assert (outcome.status, len(platform.posts)) == ("sent", 1)
    assert "had arrived" in outcome.detail


def test_a_lost_request_is_sent_again_once_its_absence_is_proved(scripted, post, ledger, platform):
    platform.script = [Uncertain("scripted", "timed out")]
    with pytest.raises(Uncertain):
        courier(scripted(), post, ledger).deliver()

    assert courier(scripted(), post, ledger).deliver().status == "sent"
    assert len(platform.posts) == 1


def test_absence_proves_nothing_while_a_platform_may_still_be_at_work(scripted, post, ledger, platform):
    platform.script = [Uncertain("scripted", "timed out")]
    with pytest.raises(Uncertain):
        courier(scripted(), post, ledger).deliver()
    with pytest.raises(Unavailable) as waiting:
        courier(scripted(), post, ledger, settling=timedelta(seconds=30)).deliver()

    assert 25 < waiting.value.retry_after <= 30
    assert platform.calls == 1


def test_what_cannot_be_looked_up_nor_repeated_is_held_for_a_person(scripted, post, ledger, platform):
    platform.script = [Uncertain("scripted", "timed out")]
    with pytest.raises(Uncertain):
        courier(scripted(finds=False), post, ledger).deliver()
    outcomes = [courier(scripted(finds=False), post, ledger).deliver() for _ in range(2)]

    assert [outcome.status for outcome in outcomes] == ["held", "held"]
    assert platform.calls == 1


def test_what_cannot_be_looked_up_is_repeated_where_a_repeat_is_safe(scripted, post, ledger, platform):
    platform.script = [Uncertain("scripted", "timed out")]
    channel = scripted(finds=False, repeat_safe=True)
    with pytest.raises(Uncertain):
        courier(channel, post, ledger).deliver()

    assert courier(channel, post, ledger).deliver().status == "sent"
    assert platform.calls == 2


def test_a_duplicate_answer_adopts_the_earlier_post(scripted, post, ledger, platform):
    channel = scripted()
    platform.script = [Duplicate("scripted", "seen before", sent=channel.receipt(post))]

    assert courier(channel, post, ledger).deliver().status == "already"
    assert ledger.plan(DELIVERY).receipt.url == "https://scripted.example/1"


def test_a_broken_thread_goes_on_where_a_repeat_is_safe(scripted, post, ledger, platform):
    channel = scripted(repeat_safe=True)
    platform.script = [Unavailable("scripted", "busy", sent=channel.receipt(post))]
    with pytest.raises(Unavailable):
        courier(channel, post, ledger).deliver()

    assert courier(channel, post, ledger).deliver().status == "sent"


def test_an_account_that_cannot_be_read_now_is_read_later(scripted, post, ledger, platform):
    platform.script = [Uncertain("scripted", "timed out")]
    with pytest.raises(Uncertain):
        courier(scripted(), post, ledger).deliver()
    platform.seen = Unavailable("scripted", "busy")
    with pytest.raises(Unavailable, match="can't be read back yet"):
        courier(scripted(), post, ledger).deliver()

    assert (ledger.plan(DELIVERY).state, platform.calls) == ("unknown", 1)


def test_an_account_with_too_many_posts_to_look_through_is_left_to_a_person(scripted, post, ledger, platform):
    platform.script = [Uncertain("scripted", "timed out")]
    with pytest.raises(Uncertain):
        courier(scripted(), post, ledger).deliver()
    platform.seen = Unsupported("scripted", "can't look through more than 800 posts")

    outcome = courier(scripted(), post, ledger).deliver()

    assert (outcome.status, platform.calls) == ("held", 1)


def test_a_look_reaches_back_to_before_the_first_attempt(scripted, post, ledger, platform):
    before = datetime.now(UTC)
    platform.script = [Uncertain("scripted", "timed out")] * 2
    for _ in range(2):
        with pytest.raises(Uncertain):
            courier(scripted(), post, ledger).deliver()

    courier(scripted(), post, ledger).deliver()

    assert platform.since <= before


def test_a_fault_of_ours_in_mid_send_leaves_the_delivery_unknown(scripted, post, ledger, platform):
    platform.script = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        courier(scripted(), post, ledger).deliver()

    assert ledger.plan(DELIVERY).state == "unknown"


def test_a_reason_to_wait_begins_nothing_and_claims_nothing(scripted, post, ledger, platform):
    outcome = courier(scripted(), post, ledger).deliver(hold="waits for the page")

    assert (outcome.status, outcome.passing, platform.calls) == ("held", True, 0)
    assert ledger.plan(DELIVERY).state == "planned"
