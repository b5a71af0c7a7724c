"""What is known of a campaign before its moments come: costs, quotas, ends, long mailings, other campaigns."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from channels.facebook import Facebook, FacebookSettings
from channels.linkedin import LinkedIn, LinkedInSettings
from channels.newsletter import Mail, NewsletterSettings
from channels.registry import offline
from flows.foresight import Intent, conflicts, costs, foresee, lapses, mail_pace, over_quota
from flows.intents import spelled

BERLIN = ZoneInfo("Europe/Berlin")
NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def intent(account="x", at=NINE, step="teaser", **more):
    return Intent(account=account, at=at, step=step, file="content/campaigns/bees.yaml", line=7, **more)


def many(number, account="x", at=NINE, every=timedelta(seconds=1), **more):
    """So many steps, one after the other."""
    return [intent(account, at + every * n, f"step-{n}", **more) for n in range(number)]


def theirs(*args, **more):
    return [intent(*args, campaign="honey", step="launch", **more)]


def channels(*accounts):
    return {account: offline(account) for account in accounts}


def mail(**settings):
    return {"newsletter": Mail("newsletter", NewsletterSettings(**settings))}


def whys(findings):
    return [finding.why for finding in findings]


# costs


def test_what_networks_charge_is_told_by_account_and_in_all():
    due = [*many(3), intent("x:clinic-2", links=False), intent("mastodon")]

    charged = costs(due, channels("x", "x:clinic-2", "mastodon"))

    assert charged.accounts == pytest.approx({"x": 0.60, "x:clinic-2": 0.015})
    assert charged.total == pytest.approx(0.615)


def test_the_further_parts_of_a_thread_cost_what_posts_without_a_link_do():
    assert costs([intent(posts=4)], channels("x")).total == pytest.approx(0.20 + 3 * 0.015)


def test_what_costs_nothing_or_is_known_to_nobody_is_not_charged():
    assert costs([intent("mastodon"), intent("nobody")], channels("mastodon")).accounts == {}


# quotas


def test_as_many_posts_as_a_network_takes_are_none_too_many():
    assert over_quota(many(100), [], channels("x")) == []


def test_one_post_too_many_is_told_where_it_stands():
    [finding] = over_quota(many(101), [], channels("x"))

    assert (finding.rule, finding.severity, finding.channel) == ("campaign.quota", "warn", "x")
    assert (finding.file, finding.line) == ("content/campaigns/bees.yaml", 7)
    assert finding.why == (
        "101 posts are due within 15 minutes about step 'step-100' (2026-12-01 09:01 UTC); "
        "X takes 100, and the rest will be late."
    )


def test_a_quota_slides_over_the_time_and_knows_no_quarters_of_an_hour():
    spread = [*many(60, at=NINE - 5 * MINUTE), *many(60, at=NINE + 5 * MINUTE)]
    apart = [*many(60, at=NINE), *many(60, at=NINE + 16 * MINUTE)]

    assert len(over_quota(spread, [], channels("x"))) == 1
    assert over_quota(apart, [], channels("x")) == []


def test_other_campaigns_use_up_a_quota_too():
    others = many(100, at=NINE + MINUTE, campaign="honey")

    [finding] = over_quota([intent()], others, channels("x"))

    assert "101 posts (100 of other campaigns) are due" in finding.why
    assert "step 'teaser'" in finding.why


def test_what_other_campaigns_do_alone_is_not_told():
    assert over_quota([intent(at=NINE - DAY)], many(150, campaign="honey"), channels("x")) == []


def test_another_account_has_a_quota_of_its_own():
    both = [*many(60, "x"), *many(60, "x:clinic-2")]

    assert over_quota(both, [], channels("x", "x:clinic-2")) == []


def test_each_crowd_is_told_once_by_its_greatest():
    found = over_quota([*many(130), *many(105, at=NINE + DAY)], [], channels("x"))

    assert [why.split(" posts")[0] for why in whys(found)] == ["130", "105"]


def test_parts_of_a_thread_count_but_where_the_network_counts_them_apart():
    due = [intent(account, NINE + n * HOUR, posts=12) for account in ("bluesky", "threads") for n in range(23)]
    crowded = [intent("telegram", NINE + timedelta(seconds=n), posts=11) for n in range(2)]

    assert over_quota(due, [], channels("bluesky", "threads")) == []
    assert "22 posts are due within 1 minute" in over_quota(crowded, [], channels("telegram"))[0].why


def test_a_network_that_publishes_no_quota_is_left_alone():
    assert over_quota(many(1000, "facebook"), [], channels("facebook")) == []


def test_many_moments_are_looked_through_in_no_time():
    due, others = many(20_000, every=MINUTE), many(20_000, every=MINUTE, campaign="honey")
    begun = time.perf_counter()

    over_quota(due, others, channels("x"))
    conflicts(due, others, DAY)

    # a look at every pair takes minutes
    assert time.perf_counter() - begun < 10


# what ends


def linkedin(**settings):
    return {"linkedin": LinkedIn("linkedin", LinkedInSettings(**settings))}


def test_a_version_that_ends_before_a_step_stands_in_its_way():
    due = [intent("linkedin", datetime(2027, month, 1, 9, tzinfo=UTC), f"month-{month}") for month in (8, 11, 12)]

    [finding] = lapses(due, linkedin(version="202610"))

    assert (finding.rule, finding.severity, finding.line) == ("campaign.lapse", "block", 7)
    assert "LinkedIn-Version 202610 ends about 2027-10-01" in finding.why
    assert "After that comes step 'month-11' (2027-11-01 09:00 UTC). 1 later step of this account too." in finding.why
    assert "PRESSROOM_LINKEDIN_VERSION" in finding.mend


@pytest.mark.parametrize(("seconds", "told"), [(-1, 0), (0, 1)])
def test_what_ends_at_the_very_moment_of_a_step_is_too_early(seconds, told):
    at = datetime(2027, 10, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    assert len(lapses([intent("linkedin", at)], linkedin(version="202610"))) == told


def test_an_end_after_which_posts_still_go_out_stops_nothing():
    page = Facebook("facebook", FacebookSettings(version="v21.0"))

    [finding] = lapses([intent("facebook", datetime(2027, 3, 1, tzinfo=UTC))], {"facebook": page})

    assert finding.severity == "warn"


def test_a_token_that_ends_before_a_step_is_told_in_the_campaigns_own_time(tmp_path):
    settings = LinkedInSettings(client_id="app", tokens=tmp_path, version="")
    kept = {"access_token": "t", "expires_at": (NINE - HOUR).timestamp(), "grown_from": ""}
    (tmp_path / "linkedin.json").write_text(json.dumps(kept))
    channel = LinkedIn("linkedin", settings)

    [finding] = lapses([intent("linkedin", zone=BERLIN)], {"linkedin": channel})

    assert finding.why == (
        "The token ends on 2026-12-01 at 08:00 UTC: nothing renews it. "
        "After that comes step 'teaser' (2026-12-01 10:00 CET)."
    )


# mail


def test_a_mailing_that_takes_hours_says_how_long_and_until_when():
    [finding] = mail_pace([intent("newsletter", recipients=5000)], [], mail(per_hour=2000))

    assert (finding.rule, finding.severity) == ("campaign.pace", "warn")
    assert "5,000 readers at 2,000 an hour take 2 hours 30 minutes" in finding.why
    assert "through at 2026-12-01 11:30 UTC" in finding.why


@pytest.mark.parametrize(("firm", "mark"), [(True, ""), (False, "~")])
def test_a_mailing_is_through_by_the_clocks_that_it_begins_by(firm, mark):
    [finding] = mail_pace([intent("newsletter", recipients=166, zone=BERLIN, firm=firm)], [], mail(per_hour=100))

    assert f"step 'teaser' ({mark}2026-12-01 10:00 CET) is through at {mark}2026-12-01 11:39 CET." in finding.why


@pytest.mark.parametrize("settings", [{}, {"per_hour": 5000}, {"warm_up": "10", "warm_up_from": date(2026, 11, 1)}])
def test_a_mailing_that_its_account_takes_at_once_needs_no_word(settings):
    assert mail_pace([intent("newsletter", recipients=5000)], [], mail(**settings)) == []


def test_a_warm_up_spreads_a_mailing_over_days():
    settings = {"warm_up": "100,500,1000", "warm_up_from": NINE.date(), "per_hour": 10}

    [finding] = mail_pace([intent("newsletter", recipients=1200)], [], mail(**settings))

    assert "lets 100 of 1,200 readers have step 'teaser'" in finding.why
    assert "all have it on 2026-12-03" in finding.why


def test_mailings_of_one_account_share_its_days():
    settings = {"warm_up": "100,100,100,100", "warm_up_from": NINE.date()}
    before = [intent("newsletter", NINE - HOUR, campaign="honey", recipients=150)]

    [finding] = mail_pace([intent("newsletter", recipients=60)], before, mail(**settings))

    assert "lets 0 of 60 readers" in finding.why
    assert "all have it on 2026-12-03" in finding.why


@pytest.mark.parametrize("warm_up", ["0", "1"])
def test_a_warm_up_that_never_ends_is_looked_at_for_a_year(warm_up):
    [finding] = mail_pace([intent("newsletter", recipients=5000)], [], mail(warm_up=warm_up))

    assert "a year is too short for the rest" in finding.why


def test_a_service_that_sends_by_itself_has_its_own_pace():
    assert mail_pace([intent("buttondown", recipients=5000)], [], channels("buttondown")) == []


# other campaigns


@pytest.mark.parametrize(
    ("gap", "when"),
    [
        (-20 * MINUTE, "20 minutes before"),
        (timedelta(0), "at the same moment as"),
        (59 * MINUTE, "59 minutes after"),
    ],
)
def test_another_campaigns_step_nearby_is_named(gap, when):
    [finding] = conflicts([intent()], theirs(at=NINE + gap), HOUR)

    assert (finding.rule, finding.severity, finding.line) == ("campaign.conflict", "warn", 7)
    assert finding.why.startswith(f"Campaign 'honey' uses this account {when} step 'teaser' (2026-12-01 09:00 UTC)")
    assert f"in step 'launch' ({NINE + gap:%Y-%m-%d %H:%M} UTC)." in finding.why


@pytest.mark.parametrize("other", [{"at": NINE + HOUR}, {"at": NINE - HOUR}, {"account": "mastodon"}])
def test_what_is_far_enough_away_or_elsewhere_is_no_conflict(other):
    assert conflicts([intent()], theirs(**other), HOUR) == []


@pytest.mark.parametrize("account", ["web", "wordpress", "devto", "web:second"])
def test_pages_are_in_nobodys_way(account):
    assert conflicts([intent(account)], theirs(account), HOUR) == []


def test_the_nearest_of_several_is_named_and_the_rest_are_counted():
    others = [*theirs(at=NINE - 40 * MINUTE), *theirs(at=NINE + 10 * MINUTE), *theirs(at=NINE + 50 * MINUTE)]

    [finding] = conflicts([intent()], others, HOUR)

    assert "10 minutes after" in finding.why
    assert "2 more steps of others" in finding.why


def test_a_campaigns_own_steps_do_not_conflict_with_each_other():
    assert conflicts(many(3), [], DAY) == []


def test_all_is_told_at_once():
    accounts = {**channels("x"), **linkedin(version="202501"), **mail(per_hour=10)}
    due = [*many(101), intent("linkedin"), intent("newsletter", recipients=100)]

    found = foresee(due, theirs(at=NINE - 5 * MINUTE), accounts, 5 * MINUTE + timedelta(seconds=1))

    rules = ["campaign.lapse", "campaign.quota", "campaign.pace", "campaign.conflict"]
    assert [finding.rule for finding in found] == rules


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(hours=0.25), "15 minutes"),
        (timedelta(hours=1 / 60), "1 minute"),
        (DAY, "1 day"),
        (26 * HOUR + MINUTE, "1 day 2 hours"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_spans_are_spelled_by_their_greatest_units(span, words):
    assert spelled(span) == words
