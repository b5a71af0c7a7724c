"""A step of a campaign as an order to publish, and what its outcomes make of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from flows.courses import Stage, fresh
from flows.orders import Order
from flows.plan import plan
from flows.records import CORRECT, Outcome
from flows.staging import BRIEF, conclusion, deliveries, given_up, in_brief, order_of
from tests.conftest import ARTICLE
from tests.flows.courses import NOON, begun

VARIED = ARTICLE.replace(
    "---\n\nTake",
    """channels:
  mastodon:
    text: Take a chair outside.
    variants: {bold: {text: Take the best chair!}, calm: {text: Take any chair.}}
  newsletter: {variants: {calm: {subject: Any chair}}}
---

Take""",
)
STEPS = """  - {channel: [web, mastodon], at: now}
  - {channel: [mastodon, 'x:clinic'], at: +1 day, name: again, variant: bold, segments: [city=Kew], audience: few.csv}
"""
HEAD = "segments: [city=Boston]\naudience: all.csv\nvariant: calm\n"


def test_a_step_is_an_order_with_what_the_campaign_says_where_it_says_nothing_itself(tmp_path):
    course = begun(STEPS, HEAD + "destination: accounts\n")
    first, again = order_of(course, "web-mastodon", tmp_path), order_of(course, "again", tmp_path)

    assert (first.channels, first.part, first.variant) == (["web", "mastodon"], "", "calm")
    assert (first.segments, first.audience, first.destination) == (["city=Boston"], "all.csv", "accounts")
    assert (again.channels, again.part, again.variant) == (["mastodon", "x:clinic"], "again", "bold")
    assert (again.segments, again.audience, again.campaign) == (["city=Kew"], "few.csv", "spring")


@pytest.mark.parametrize(("number", "variant"), [(0, "a"), (1, "b"), (2, "a"), (7, "b")])
def test_what_comes_again_takes_its_variants_in_turn(tmp_path, number, variant):
    plan = begun(STEPS, "repeat: {cron: 0 9 * * *, variants: [a, b]}\n").plan
    course = fresh(plan, NOON, occurrence="20261201T0900", number=number)

    assert order_of(course, "web-mastodon", tmp_path).variant == variant
    assert order_of(course, "again", tmp_path).variant == "bold"
    assert course.part("again") == "20261201T0900.again"


@pytest.mark.parametrize("head", ["", "repeat: {cron: 0 9 * * *}\n"])
def test_a_step_is_known_to_the_ledger_by_what_it_publishes(project, head):
    course = begun(STEPS.replace("'x:clinic'", "'mastodon:clinic'"), head)
    course = replace(course, occurrence="20261201T0900" if head else "")
    for step in course.plan.steps:
        planned = plan(order_of(course, step, project).model_copy(update={"segments": []}))
        known = deliveries(course, step, planned.article.meta.identity)

        assert [entry.delivery for entry in planned.entries] == known


def test_a_step_without_a_name_is_the_delivery_that_publish_makes_for_the_campaign(project):
    course = begun("  - {channel: mastodon, at: now}\n  - {channel: mastodon, at: now, name: again}\n")
    published = plan(Order(article="garden", campaign="spring", channels=["mastodon"], root=str(project)))
    keys = [deliveries(course, step, "garden")[0].key for step in course.plan.steps]

    assert keys[0] == published.entries[0].delivery.key
    assert keys[1] != keys[0]


def test_the_deliveries_of_two_articles_and_of_two_times_are_never_the_same():
    course = begun(STEPS)
    other = replace(course, occurrence="20261202T0900")
    found = [
        delivery.key
        for one in (course, other, replace(course, campaign="summer"))
        for article in ("garden", "kitchen")
        for step in course.plan.steps
        for delivery in deliveries(one, step, article)
    ]

    assert len(set(found)) == len(found) == 24


def outcome(status, passing=False, account="mastodon"):
    return Outcome(account=account, status=status, detail=f"it is {status}", passing=passing)


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([outcome("sent"), outcome("already")], "sent"),
        ([outcome("sent"), outcome("skipped")], "sent"),
        ([outcome("handed")], "sent"),
        ([outcome("skipped"), outcome("skipped")], "skipped"),
        ([], "skipped"),
        ([outcome("sent"), outcome("failed", passing=True)], "waiting"),
        ([outcome("busy"), outcome("unknown")], "waiting"),
        ([outcome("failed", passing=True), outcome("failed")], "failed"),
        ([outcome("failed"), outcome("held")], "failed"),
        ([outcome("sent"), outcome("held")], "held"),
        ([outcome("changed")], "sent"),
        ([outcome("changed"), outcome("sent")], "sent"),
        ([outcome("changed"), outcome("skipped")], "sent"),
        ([outcome("changed"), outcome("held")], "held"),
        ([outcome("changed"), outcome("failed", passing=True)], "waiting"),
        ([outcome("sent"), outcome("held", passing=True)], "waiting"),
        ([outcome("failed", passing=True), outcome("held", passing=True)], "waiting"),
        ([outcome("failed"), outcome("held", passing=True)], "failed"),
        ([outcome("unknown"), outcome("held")], "held"),
    ],
)
def test_a_step_was_sent_when_all_have_it_and_is_tried_again_only_where_that_may_help(outcomes, state):
    assert conclusion(outcomes)[0] == state


def test_what_is_left_is_said_by_account():
    left = [outcome("sent"), outcome("failed", account="x"), outcome("held", account="bluesky")]

    assert conclusion(left) == ("failed", "x: it is failed; bluesky: it is held")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "publish garden -c mastodon --correct"),
        (
            {"destination": "accounts", "campaign": "spring"},
            "publish garden --live --campaign spring -c mastodon --correct",
        ),
        ({"part": "again", "variant": "bold"}, "publish garden --part again --variant bold -c mastodon --correct"),
    ],
)
def test_what_went_out_with_its_earlier_text_is_sent_and_said_with_the_command_that_corrects_it(more, told):
    kept = outcome("changed", account="outbox/mastodon")
    kept = replace(kept, detail=f"carries the earlier text; {CORRECT}", url="https://posts.example/1")
    state, said = conclusion([kept], Order(article="garden", **more))

    assert state == "sent"
    assert said == (
        "https://posts.example/1; outbox/mastodon: carries the earlier text; to change it there: pressroom " + told
    )


@pytest.mark.parametrize(
    ("within", "late", "over"),
    [(119, "", False), (121, "", True), (1, "late: skip\n", True), (1439, "late: 1 day\n", False)],
)
def test_what_is_sent_by_hand_has_its_window_from_then(within, late, over):
    course = begun("  - {channel: x, at: now}\n", late)
    mine = Stage(course=course.id, step="x", due_at=NOON - timedelta(days=3), released=True, released_at=NOON)
    now = NOON + timedelta(minutes=within)

    assert bool(given_up(course, mine, now)) is over
    assert given_up(course, replace(mine, released=False), now) == ""
    assert given_up(replace(course, state="paused"), mine, now) == ""


def test_what_prefect_shows_is_brief():
    assert in_brief("sent", "") == "Sent."
    assert in_brief("held", "look") == "Held, and waits for a person: look"
    assert len(in_brief("failed", "x" * 999)) == BRIEF
