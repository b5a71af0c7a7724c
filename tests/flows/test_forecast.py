"""A campaign before it goes out: every step's moment, what stands in its way, each with its line."""

from datetime import timedelta

import pytest

from channels.base import Receipt
from content.campaign import parse
from content.source import decode
from flows.agenda import Agenda
from flows.courses import fresh
from flows.forecast import forecast
from flows.records import Delivery
from tests.flows.courses import NOON, campaign, utc
from tests.flows.test_staging import VARIED

DAY = timedelta(days=1)
LIST = "email,city,consent_at\nada@example.org,Kew,2026-01-01\nbo@example.org,Boston,2026-01-01\ncy@example.org,Kew,\n"
LIVE = "destination: accounts\n"
ONE = "  - {channel: mastodon, at: 2026-12-02 09:00}\n"


@pytest.fixture
def foretold(project, ledger):
    """What a campaign will do. Its steps begin on line 4, where the head has no lines of its own."""
    (project / "content" / "articles" / "garden.md").write_text(VARIED, encoding="utf-8")
    return lambda steps, head="", now=NOON, **more: forecast(campaign(steps, head, **more), project, now, ledger)


def told(found):
    return [(finding.rule.removeprefix("campaign."), finding.line, finding.severity) for finding in found.findings]


def settings(project, *lines):
    (project / ".env").write_text("".join(f"PRESSROOM_{line}\n" for line in lines), encoding="utf-8")


def start(ledger, steps, head="", at=NOON, name="spring", **states):
    """A campaign that was begun, its stages as told."""
    agenda, course = Agenda(ledger.engine), fresh(campaign(steps, head, name=name), at)
    agenda.add(course)
    agenda.include(course.id, course.plan.steps)
    for step, (state, due) in states.items():
        agenda.change(agenda.stage(course.id, step), state=state, due_at=due)
    return course


def send(found, ledger, at, **delivery):
    """What the first line of a forecast carries went out, by another delivery."""
    [(account, rendition)] = found.lines[0].carries
    named = {"campaign": "winter", "article": "garden", "account": f"outbox/{account}", **delivery}
    ledger.plan(Delivery(**named))
    ledger.keep(rendition)
    proof = Receipt(channel=account, remote_ids=("1",), url="", digest=rendition.digest, sent_at=at)
    ledger.sent(Delivery(**named), proof)


# What is told of each step


def test_each_step_has_its_moment_its_accounts_and_what_they_carry(foretold):
    steps = """  - {channel: web, at: 2026-12-02 09:00}
  - {channel: [mastodon, bluesky], at: 30 minutes after page is live, only_if: before, variant: bold}
"""
    found = foretold(steps)
    page, posts = found.lines

    assert (page.step, page.accounts, page.slot.due, page.slot.firm) == ("web", ("web",), utc("2026-12-02 09:00"), True)
    assert (posts.slot.due, posts.slot.firm) == (utc("2026-12-02 09:30"), False)
    assert posts.condition == "only if web was sent"
    assert [account for account, _ in posts.carries] == ["mastodon", "bluesky"]
    assert posts.carries[0][1].text.startswith("Take the best chair!")
    assert told(found) == []


def test_without_a_ledger_it_is_told_all_the_same(project):
    found = forecast(campaign(ONE), project, NOON, None)

    assert (len(found.lines), found.findings) == (1, ())
    assert not (project / ".pressroom" / "ledger.db").exists()


def test_what_comes_again_is_told_for_its_next_times(foretold):
    found = foretold(
        "  - {channel: web, at: now}\n  - {channel: mastodon, at: +1 hour}\n", "repeat: {cron: 0 9 1 * *, times: 2}\n"
    )

    assert [turn.due for turn in found.turns] == [utc("2027-01-01 09:00"), utc("2027-02-01 09:00")]
    assert [line.slot.due for line in found.lines] == [utc("2027-01-01 09:00"), utc("2027-01-01 10:00")]


def test_a_campaign_of_each_article_is_told_without_one(project, ledger):
    text = campaign(ONE.replace("2026-12-02 09:00", "now")).text.replace("article: garden", "each:")

    found = forecast(parse(decode(text.encode(), "c.yaml"), "spring"), project, NOON, ledger)

    assert [line.carries for line in found.lines] == [()]
    assert found.findings == ()


# What costs something, and who gets it


def test_what_networks_charge_is_told_for_what_goes_out_for_real(foretold, project, ledger):
    settings(project, "X_TOKEN=1")
    two = "  - {channel: x, at: 2026-12-02 09:00}\n  - {channel: x, at: +40 days, name: again}\n"

    assert foretold(two).costs.total == 0
    assert foretold(two, LIVE).costs.accounts == pytest.approx({"x": 0.40})


@pytest.mark.parametrize(
    ("steps", "article"),
    [("  - {channel: x, at: 2026-11-30 09:00}\n", "garden"), (ONE.replace("mastodon", "x"), "kitchen")],
    ids=["a fault in the file", "no such article"],
)
def test_nobody_can_tell_what_is_charged_where_it_can_not_be_made(foretold, project, ledger, steps, article):
    settings(project, "X_TOKEN=1")
    text = campaign(steps, LIVE).text.replace("garden", article)
    found = forecast(parse(decode(text.encode(), "c.yaml"), "spring"), project, NOON, ledger)

    assert (foretold(ONE.replace("mastodon", "x"), LIVE).costs.known, found.costs.known) == (True, False)
    assert found.costs.accounts == {}


def test_what_was_sent_costs_nothing_more_and_needs_nothing_more(foretold, project, ledger):
    settings(project, "X_TOKEN=1")
    two = "  - {channel: x, at: 2026-12-02 09:00}\n  - {channel: x, at: +40 days, name: again}\n"
    start(ledger, two, LIVE, x=("sent", utc("2026-12-02 09:00")))
    found = foretold(two, LIVE, now=utc("2026-12-03 09:00"))

    assert found.costs.accounts == pytest.approx({"x": 0.20})
    assert [bool(line.carries) for line in found.lines] == [False, True]


@pytest.mark.parametrize(
    ("more", "recipients"),
    [("", 2), (", segments: [city=Kew]", 1), (", audience: other.csv", 1)],
    ids=["the account's list", "a part of it", "another list"],
)
def test_it_is_told_how_many_get_a_mail(foretold, project, more, recipients):
    settings(project, "NEWSLETTER_AUDIENCE=list.csv")
    (project / "list.csv").write_text(LIST)
    (project / "other.csv").write_text("email,consent_at\ndi@example.org,2026-01-01\n")

    assert foretold(f"  - {{channel: newsletter, at: now{more}}}\n").lines[0].recipients == recipients


@pytest.mark.parametrize(
    ("listed", "steps", "line"),
    [
        ("email,consent_at\n", "  - channel: newsletter\n    at: now\n", 4),
        (LIST, "  - channel: newsletter\n    at: now\n    segments: [city=Leeds]\n", 6),
        (LIST, "  - channel: newsletter\n    at: now\n    audience: nowhere.csv\n", 6),
    ],
    ids=["empty", "nobody in the segment", "no such list"],
)
def test_a_mail_to_nobody_is_a_fault(foretold, project, listed, steps, line):
    settings(project, "NEWSLETTER_AUDIENCE=list.csv")
    (project / "list.csv").write_text(listed)

    assert told(foretold(steps)) == [("audience", line, "block")]


@pytest.mark.parametrize(
    ("account", "variable"),
    [("newsletter", "PRESSROOM_NEWSLETTER_CONSENT"), ("newsletter:b-2", "PRESSROOM_NEWSLETTER_B_2_CONSENT")],
)
def test_a_list_without_consent_says_which_variable_takes_it_all_the_same(foretold, project, account, variable):
    settings(project, f"{variable.removeprefix('PRESSROOM_').removesuffix('CONSENT')}AUDIENCE=list.csv")
    (project / "list.csv").write_text("email\nada@example.org\n")
    [finding] = foretold(f"  - {{channel: '{account}', at: now}}\n").findings

    assert finding.why == "The list does not say when anybody agreed to it."
    assert finding.mend == (
        f"Add consent_at, consent_by and consent_wording, or set {variable}=elsewhere if it is kept elsewhere."
    )


# What stands in its way


@pytest.mark.parametrize(
    ("steps", "head", "expected"),
    [
        ("  - channel: mastodom\n    at: now\n", "", ("channel", 4)),
        ("  - channel: mastodom\n    at: now\n", LIVE, ("channel", 5)),
        ("  - channel: 'mastodon:B 1'\n    at: now\n", "", ("channel", 4)),
        ("  - channel: mastodon\n    at: now\n", LIVE, ("account", 5)),
        ("  - channel: newsletter\n    at: now\n    segments: [Boston]\n", "", ("segments", 6)),
        ("  - channel: newsletter\n    at: now\n", "segments: [Boston]\n", ("segments", 3)),
        ("  - channel: mastodon\n    at: 2026-11-30 09:00\n", "", ("past", 5)),
        ("  - channel: mastodon\n    at: +0 days 09:00\n", "", ("past", 5)),
        ("  - {channel: mastodon, at: now}\n", "repeat: {cron: 0 9 * * *, until: 2026-12-01}\n", ("repeat", 3)),
    ],
)
def test_what_stands_in_its_way_is_told_with_its_line(foretold, steps, head, expected):
    assert told(foretold(steps, head)) == [(*expected, "block")]


def test_accounts_that_are_not_set_up_hide_nothing_else_and_are_told_once(foretold, project):
    draft = VARIED.replace("date:", "draft: true\ndate:")
    (project / "content" / "articles" / "garden.md").write_text(draft)
    found = foretold(TWICE.replace("mastodon,", "[mastodon, x],") % ", variant: blod", LIVE)

    assert sorted(told(found)) == [
        ("account", 5, "block"),
        ("account", 5, "block"),
        ("article.draft", 4, "block"),
        ("echo", 6, "warn"),
        ("echo", 6, "warn"),
        ("variant", 6, "warn"),
    ]
    assert found.costs.accounts == pytest.approx({"x": 0.40})


GATED = """  - channel: web
    at: 2026-12-05 09:00
  - channel: bluesky
    at: %s
    only_if: page
"""
LINED = """  - channel: newsletter
    at: 2026-12-01 13:00
  - channel: web
    at: 2026-12-05 09:00
    stop_line: true
  - channel: bluesky
    at: 2026-12-01 13:00
"""


@pytest.mark.parametrize(
    ("steps", "head", "expected"),
    [
        (GATED % "2026-12-01 13:00", "", [("early", 7, "warn")]),
        (GATED % "2026-12-05 08:00", "", [("early", 7, "info")]),
        (GATED % "2026-12-05 08:00", "late: 30 minutes\n", [("early", 8, "warn")]),
        (GATED % "2026-12-05 08:00", "late: hold\n", [("early", 8, "warn")]),
        (GATED % "2026-12-05 08:59", "late: hold\n", []),
        (GATED % "2026-12-05 09:00", "", []),
        (GATED % "1 hour after page is live", "late: hold\n", []),
        (GATED % "2026-12-05 08:00", "quiet: 08:30-18:00\n", [("early", 8, "warn")]),
        (LINED, "", [("early", 10, "warn")]),
        (LINED.replace("    stop_line: true\n", ""), "", []),
    ],
)
def test_a_step_that_is_due_before_what_it_waits_for_is_told(foretold, steps, head, expected):
    assert told(foretold(steps, head)) == expected


def test_it_is_told_what_becomes_of_a_step_that_is_due_too_early(foretold):
    [held] = foretold(GATED % "2026-12-01 13:00").findings
    [skipped] = foretold(GATED % "+0 days 05:00", "late: skip\n").findings
    [sent] = foretold(GATED % "2026-12-05 07:30").findings

    assert held.why == "'bluesky' is due 3 days 20 hours before 'web', which it waits for: it will be late, and held."
    assert held.mend == "Give it a later time, such as `at: when web is sent`."
    assert skipped.why.endswith("4 hours before 'web', which it waits for: it will be late, and skipped.")
    assert sent.why.endswith("1 hour 30 minutes before 'web', which it waits for: it goes out when that has.")


@pytest.mark.parametrize("web", ["sent", "skipped"])
def test_what_waits_for_nothing_more_is_not_early(foretold, ledger, web):
    start(ledger, GATED % "2026-12-01 13:00", web=(web, utc("2026-12-05 09:00")))

    assert told(foretold(GATED % "2026-12-01 13:00")) == []


def test_what_counts_from_a_step_that_has_passed_is_no_fault_of_its_own(foretold):
    assert told(foretold("  - channel: web\n    at: 2026-11-01 09:00\n  - {channel: mastodon, at: +1 hour}\n")) == [
        ("past", 5, "block")
    ]


def test_an_article_that_is_not_there_is_told_where_the_file_names_it(foretold, project):
    (project / "content" / "articles" / "garden.md").unlink()

    assert told(foretold(ONE)) == [("article.absent", 1, "block")]


def test_what_a_check_finds_in_the_article_is_told_once(foretold, project):
    draft = VARIED.replace("date:", "draft: true\ndate:")
    (project / "content" / "articles" / "garden.md").write_text(draft)
    found = foretold(ONE + "  - {channel: bluesky, at: +1 day}\n").findings

    assert [(finding.rule, finding.severity) for finding in found] == [("article.draft", "block")]


def test_a_note_on_the_files_encoding_hides_nothing_else(project, ledger):

    text = campaign(ONE.replace("mastodon", "newsletter")).text
    settings(project, "NEWSLETTER_AUDIENCE=nowhere.csv")
    found = forecast(parse(decode(b"# caf\xe9\n" + text.encode(), "c.yaml"), "spring"), project, NOON, ledger)

    assert [finding.rule for finding in found.findings] == ["file.encoding", "campaign.audience"]


@pytest.mark.parametrize(
    ("steps", "head", "lines"),
    [
        ("  - {channel: mastodon, at: now, variant: blod}\n", "", [4]),
        ("  - {channel: bluesky, at: now, variant: bold}\n", "", [4]),  # it has other words for mastodon alone
        ("  - {channel: [mastodon, bluesky], at: now, variant: bold}\n", "", []),
        ("  - {channel: 'mastodon:clinic', at: now, variant: bold}\n", "", []),
        ("  - {channel: newsletter, at: now, variant: calm}\n", "", []),
        ("  - {channel: web, at: now, variant: bold}\n", "", []),  # a page has no words of its own
        ("  - {channel: mastodon, at: now}\n", "variant: blod\n", [5]),
        ("  - {channel: mastodon, at: now}\n", "repeat: {cron: 0 9 1 * *, variants: [bold, calm, loud]}\n", [5]),
    ],
)
def test_a_variant_that_none_of_a_steps_channels_has_is_told(foretold, steps, head, lines):
    assert told(foretold(steps, head)) == [("variant", line, "warn") for line in lines]


# Other campaigns


@pytest.mark.parametrize(
    ("destination", "name", "conflicts"), [("", "summer", 1), (LIVE, "summer", 0), ("", "spring", 0)]
)
def test_other_campaigns_on_the_same_account_are_told(foretold, ledger, destination, name, conflicts):
    start(ledger, "  - {channel: mastodon, at: 2026-12-02 09:05}\n", destination, name=name)
    found = foretold("  - channel: mastodon\n    at: 2026-12-02 09:00\n")

    assert told(found) == [("conflict", 5, "warn")] * conflicts
    assert (
        conflicts == 0 or "Campaign 'summer' uses this account 5 minutes after step 'mastodon'" in found.findings[0].why
    )


@pytest.mark.parametrize("state", ["sent", "skipped"])
def test_what_others_have_done_is_in_nobodys_way(foretold, ledger, state):
    start(ledger, "  - {channel: mastodon, at: 2026-12-02 09:05}\n", name="summer", mastodon=(state, NOON))

    assert told(foretold(ONE)) == []


def test_a_campaign_that_can_not_be_read_any_more_stands_in_no_others_way(foretold, ledger):
    course = start(ledger, ONE, name="summer")
    Agenda(ledger.engine).amend(course, terms="steps: [\n")

    assert told(foretold(ONE)) == []


def test_other_campaigns_may_bring_a_page_at_the_same_time(foretold, ledger):
    start(ledger, "  - {channel: [web, mastodon], at: 2026-12-02 09:05}\n", name="summer")
    found = foretold("  - channel: [web, mastodon]\n    at: 2026-12-02 09:00\n").findings

    assert [(finding.rule, finding.channel) for finding in found] == [("campaign.conflict", "mastodon")]


def test_moments_are_told_by_the_campaigns_clocks_and_estimates_as_such(foretold, ledger):
    start(ledger, "  - {channel: mastodon, at: 2026-12-02 20:35}\n", name="summer")
    steps = "  - {channel: web, at: 2026-12-02 15:00}\n  - {channel: mastodon, at: 30 minutes after page is live}\n"
    [finding] = foretold(steps, zone="America/New_York").findings

    assert "step 'mastodon' (~2026-12-02 15:30 EST), in step 'mastodon' (2026-12-02 20:35 UTC)" in finding.why


# What goes on by a file that has changed


@pytest.mark.parametrize(
    ("at", "due", "notes"),
    [
        ("2026-12-02 09:00", "2026-12-03 11:00", ("moved by hand",)),
        ("2026-12-04 12:00", "2026-12-04 12:00", ()),
    ],
    ids=["the same", "another"],
)
def test_a_new_time_in_the_file_counts_more_than_one_given_by_hand(foretold, ledger, at, due, notes):
    course, agenda = start(ledger, ONE), Agenda(ledger.engine)
    agenda.change(agenda.stage(course.id, "mastodon"), moved_to=utc("2026-12-03 11:00"))
    [line] = foretold(ONE.replace("2026-12-02 09:00", at)).lines

    assert (line.slot.due, line.slot.notes) == (utc(due), notes)


def test_a_new_step_in_the_past_is_told_and_those_that_were_known_are_not(foretold, ledger):
    start(ledger, ONE, mastodon=("sent", utc("2026-12-02 09:00")))
    found = foretold(ONE + "  - channel: bluesky\n    at: +1 hour\n", now=utc("2026-12-02 12:00"))

    assert told(found) == [("past", 6, "block")]


def test_a_step_under_another_name_would_be_sent_again_and_is_refused(foretold, ledger):
    start(ledger, ONE, mastodon=("sent", utc("2026-12-02 09:00")))
    found = foretold(ONE.replace("mastodon,", "mastodon, name: teaser,"), now=utc("2026-12-02 12:00"))

    assert told(found) == [("past", 4, "block")]


def test_what_changes_in_a_step_that_is_over_is_told_to_be_in_vain(foretold, ledger):
    start(ledger, ONE, mastodon=("sent", utc("2026-12-02 09:00")))
    found = foretold("  - {channel: mastodon, at: 2026-12-05 09:00}\n", now=utc("2026-12-02 12:00"))

    assert told(found) == [("step.over", 4, "warn")]
    assert "'mastodon' is sent" in found.findings[0].why


def test_a_repeat_that_has_begun_is_told_by_its_new_rule(foretold, ledger):
    steps = "  - {channel: mastodon, at: now}\n"
    course = start(ledger, steps, "repeat: {cron: 0 9 1 * *}\n")
    Agenda(ledger.engine).amend(course, next_at=utc("2027-01-01 09:00"))
    found = foretold(steps, "repeat: {cron: 0 9 15 * *}\n", now=NOON + DAY)

    assert found.turns[0].due == utc("2026-12-15 09:00")
    assert told(found) == []


def test_another_article_is_what_is_told_while_nothing_is_out(foretold, ledger, project):
    start(ledger, ONE)
    (project / "content" / "articles" / "kitchen.md").write_text(
        VARIED.replace("Reading in the garden", "Reading in the kitchen")
    )
    text = campaign(ONE).text.replace("garden", "kitchen")

    found = forecast(parse(decode(text.encode(), "c.yaml"), "spring"), project, NOON, ledger)

    assert found.course.article == "kitchen"


# What would be said twice


TWICE = "  - {channel: mastodon, at: 2026-12-02 09:00}\n  - {channel: mastodon, at: +7 days, name: again%s}\n"


@pytest.mark.parametrize(
    ("steps", "head", "echoes"),
    [
        (TWICE % "", "", [("echo", 5, "warn")]),
        (TWICE % ", variant: bold", "", []),
        (TWICE.replace("7 days", "31 days") % "", "", []),
        (TWICE % "", "governor: {same_text: 0}\n", []),
        (TWICE % "", "governor: {same_text: 7 days}\n", []),
        (TWICE.replace("mastodon, at: +7", "bluesky, at: +7") % "", "", []),
        (TWICE.replace("mastodon", "web") % "", "", []),  # a page may say what it says already
    ],
)
def test_a_step_that_the_governor_will_leave_out_is_told_before(foretold, steps, head, echoes):
    found = foretold(steps, head)

    assert told(found) == echoes
    assert not echoes or found.findings[0].why == (
        "'again' would say on 'mastodon' what 'mastodon' says on 2026-12-02: it will be left out, "
        "for the same words go out once in 30 days."
    )


def test_the_day_of_an_echo_is_the_campaigns_own(foretold):
    steps = TWICE.replace("09:00", "20:30") % ""
    after = "  - {channel: web, at: 2026-12-02 20:00}\n" + steps.replace("2026-12-02 20:30", "when page is sent")
    own, about = (foretold(each, zone="America/New_York").findings[0] for each in (steps, after))

    assert "says on 2026-12-02: it" in own.why
    assert "says on ~2026-12-02: it" in about.why


@pytest.mark.parametrize(("ago", "echoes"), [(10, [("echo", 4, "warn")]), (40, [])])
def test_words_that_went_out_a_short_while_ago_are_told(foretold, ledger, ago, echoes):
    send(foretold(ONE), ledger, NOON - ago * DAY)

    assert told(foretold(ONE)) == echoes


def test_a_delivery_that_publish_has_made_already_is_told(foretold, ledger):
    send(foretold(ONE), ledger, NOON - 40 * DAY, campaign="spring")
    found = foretold(ONE)

    assert told(found) == [("already", 4, "warn")]
    assert "It goes out once. To send it again, give the step a name" in found.findings[0].mend


@pytest.mark.parametrize(
    ("repeat", "more", "echoes"),
    [
        ("cron: 0 9 * * 2", "", 1),
        ("cron: 0 9 * * 2, times: 1", "", 0),
        ("cron: 0 9 1 1 *", "", 0),
        ("cron: 0 9 * * 2, variants: [bold, calm]", "", 1),
        ("cron: 0 9 1 * *, variants: [bold, calm]", "", 0),
        ("cron: 0 9 1 * *, variants: [bold, calm]", ", variant: bold", 0),
        ("cron: '0 9 1,15 * *', variants: [bold, calm]", ", variant: bold", 1),
        ("cron: 0 9 * * 2", "same_text: 7 days", 0),
    ],
)
def test_a_repeat_that_comes_too_often_for_its_words_is_told(foretold, repeat, more, echoes):
    head = f"repeat: {{{repeat}}}\n" + (f"governor: {{{more}}}\n" if "same" in more else "")
    steps = f"  - {{channel: mastodon, at: now{'' if 'same' in more else more}}}\n"

    assert [rule for rule, _, _ in told(foretold(steps, head))] == ["echo"] * echoes


def test_nothing_is_written_by_looking_ahead(foretold, ledger):
    before = ledger.records(), Agenda(ledger.engine).courses()
    foretold(ONE)

    assert (ledger.records(), Agenda(ledger.engine).courses()) == before
