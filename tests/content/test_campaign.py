"""A campaign's file: what is understood, and that every fault is named with its line and its mend."""

from datetime import date, timedelta

import pytest

from content.campaign import Campaign, parse
from content.findings import Refused
from content.source import decode

HEAD = "article: garden\ntimezone: America/New_York\n"
STEPS = "steps:\n  - channel: web\n    at: now\n"


def campaign(text, name="spring"):
    return parse(decode(text if isinstance(text, bytes) else text.encode(), "c.yaml"), name)


def faults(text, name="spring"):
    with pytest.raises(Refused) as refused:
        campaign(text, name)
    return list(refused.value.findings)


def step(at="now", name="", channel="x", **more):
    named = {"name": name, **more} if name else more
    lines = "".join(f"    {key}: {value}\n" for key, value in named.items())
    return f"  - channel: {channel}\n    at: {at}\n{lines}"


def steps(*written):
    return HEAD + "steps:\n" + "".join(written)


# What is understood


def test_a_whole_file_is_read():
    found = campaign(
        """article: garden
timezone: Europe/Berlin
destination: accounts
audience: lists/readers.csv
segments: [city=Boston]
variant: short
quiet: 21:00-08:00
late: {within: 45 minutes, then: skip}
governor: {same_text: 14 days, apart: 5 minutes}
groups: {networks: [x, mastodon]}
repeat: {rrule: FREQ=WEEKLY;BYDAY=TU;BYHOUR=9, until: 2027-01-31, times: 5, variants: [a, b]}
steps:
  - {channel: web, at: now, name: page, stop_line: yes}
  - {channel: networks, at: +1 day, only_if: before, quiet: no, late: hold}
  - {channel: [x, networks], at: +1 week, name: again, segments: [city=Kew], audience: other.csv, variant: long}
"""
    )
    terms, page, first, again = found.terms, *found.steps.values()

    assert (terms.zone.key, terms.late.within, terms.late.then) == ("Europe/Berlin", timedelta(minutes=45), "skip")
    assert (terms.governor.same_text, terms.governor.apart) == (timedelta(days=14), timedelta(minutes=5))
    assert (terms.repeat.until, terms.repeat.times, terms.repeat.variants) == (date(2027, 1, 31), 5, ("a", "b"))
    assert (page.stop_line, first.quiet, first.late.within, again.variant) == (True, False, timedelta(), "long")
    assert list(found.steps) == ["page", "networks", "again"]
    assert found.accounts(first) == found.accounts(again) == ("x", "mastodon")
    assert found.needed("networks") == ("page",)


def test_what_is_left_out_sends_nothing_for_real_and_repeats_nothing():
    terms = campaign(HEAD + STEPS).terms

    assert (terms.destination, terms.repeat, terms.quiet) == ("outbox", None, None)
    assert (terms.late.within, terms.late.then) == (timedelta(hours=2), "hold")
    assert (terms.governor.same_text, terms.governor.apart) == (timedelta(days=30), timedelta(minutes=10))


@pytest.mark.parametrize(
    ("late", "within", "then"),
    [("skip", 0, "skip"), ("hold", 0, "hold"), ("3 hours", 180, "hold"), ("{then: skip}", 120, "skip")],
)
def test_what_to_do_when_it_is_late_may_be_said_in_a_word(late, within, then):
    found = campaign(f"{HEAD}late: {late}\n{STEPS}").terms.late

    assert (found.within, found.then) == (timedelta(minutes=within), then)


def test_the_same_words_may_go_out_again_at_once_where_that_is_said():
    assert campaign(HEAD + "governor: {same_text: 0}\n" + STEPS).terms.governor.same_text == timedelta()


@pytest.mark.parametrize(("each", "tags"), [("", ()), (" {}", ()), (" {tags: [moss]}", ("moss",))])
def test_a_campaign_of_each_new_article_needs_no_topics(each, tags):
    assert campaign(f"timezone: UTC\neach:{each}\n{STEPS}").terms.each.tags == tags


def test_a_step_without_a_name_is_called_by_its_channels_and_shares_its_part_with_publish():
    found = campaign(steps(step(channel="[x, 'mastodon:clinic-2']"), step("+1 day", "later")))

    assert list(found.steps) == ["x-mastodon-clinic-2", "later"]
    assert [found.part(name) for name in found.steps] == ["", "later"]


def test_a_page_is_what_the_step_for_the_web_brings():
    found = campaign(steps(step(channel="web", name="release"), step("1 hour after the page is live")))

    assert (found.base("x"), found.before("x"), found.before("release")) == ("release", "release", "")


def test_now_is_when_the_campaign_begins_wherever_it_stands():
    found = campaign(steps(step("+3 days", "late"), step("now", "early"), step("+0 days", "with")))

    assert [found.base(name) for name in found.steps] == ["", "", "early"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_may_be_written_in_any_unicode_encoding(encoding):
    assert campaign((HEAD + STEPS).encode(encoding)).notes == ()


def test_a_file_in_latin_1_is_read_with_a_note():
    found = campaign(b"# caf\xe9\n" + (HEAD + STEPS).encode())

    assert [(note.rule, note.severity, note.line) for note in found.notes] == [("file.encoding", "warn", 1)]


def test_a_file_is_read_from_the_disk_by_its_name(tmp_path):
    (tmp_path / "spring-2026.yaml").write_text(HEAD + STEPS)
    found = Campaign.load(tmp_path / "spring-2026.yaml")

    assert (found.name, found.text) == ("spring-2026", HEAD + STEPS)


def test_hundreds_of_steps_are_read():
    assert len(campaign(steps(*(step("+1 day", f"s{n}") for n in range(500)))).steps) == 500


# What is refused: each fault with its line, its rule, and words that tell what was expected


@pytest.mark.parametrize(
    ("text", "line", "rule", "words"),
    [
        ("timezone: America/New_Yrok", 2, "timezone", "did you mean America/New_York?"),
        ("timezone: berlin", 2, "timezone", "did you mean Europe/Berlin?"),
        ("timezone: America", 2, "timezone", "expected an IANA time zone"),
        ("timezone: '../etc/passwd'", 2, "timezone", "such as America/New_York"),
        ("timezone: ''", 2, "timezone", "such as America/New_York"),
        ("timezone: localtime", 2, "timezone", "such as America/New_York"),  # of whichever machine reads it
        ("timezone: posixrules", 2, "timezone", "expected an IANA time zone"),
        ("timezone: right/Europe/Berlin", 2, "timezone", "did you mean Europe/Berlin?"),
        ("timezone: Factory", 2, "timezone", "expected an IANA time zone"),
        ("timezone: UTC\nartcle: x", 3, "key.unknown", "Did you mean 'article'?"),
        ('timezone: UTC\naudience: "a\\0b"', 3, "audience", "no control characters"),
        ("timezone: UTC\nquiet: 25:00-08:00", 3, "quiet", "there is no 25:00"),
        ("timezone: UTC\nquiet: at night", 3, "quiet", "hours such as 21:00-08:00"),
        ("timezone: UTC\nquiet: 08:00-08:00", 3, "quiet", "hours such as 21:00-08:00"),
        ("timezone: UTC\nlate: soon", 3, "within", "2 hours or 30 days"),
        ("timezone: UTC\nlate: {then: shout}", 3, "then", "'hold' or 'skip'"),
        ("timezone: UTC\nlate: [hold]", 3, "late", "key: value lines"),
        ("timezone: UTC\ngovernor: {same_text: for ever}", 3, "same_text", "2 hours or 30 days"),
        ("timezone: UTC\ngovernor: {apart: 3 weekdays}", 3, "apart", "2 hours or 30 days"),
        ("timezone: UTC\nrepeat: weekly", 3, "repeat", "key: value lines"),
        ("timezone: UTC\nrepeat: {}", 3, "repeat", "either cron or rrule"),
        ("timezone: UTC\nrepeat: {cron: 0 9 * * 1, rrule: FREQ=DAILY;BYHOUR=9}", 3, "repeat", "either cron or rrule"),
        ("timezone: UTC\nrepeat: {cron: 0 9 * *}", 3, "cron", "five fields"),
        ("timezone: UTC\nrepeat: {rrule: FREQ=HOURLY}", 3, "rrule", "expected a rule"),
        ("timezone: UTC\nrepeat: {cron: 0 9 * * 1, until: spring}", 3, "until", "valid date"),
        ("timezone: UTC\nrepeat: {cron: 0 9 * * 1, times: 0}", 3, "times", "greater than or equal to 1"),
        ("timezone: UTC\nrepeat: {cron: 0 9 * * 1, variants: [B 1]}", 3, "variants", "pattern"),
        ("timezone: UTC\ngroups: {all: []}", 3, "all", "expected a channel, or several"),
        ("timezone: UTC\ngroups: {Bad Name: [x]}", 3, "Bad Name", "pattern"),
        ("timezone: UTC\ndestination: moon", 3, "destination", "'outbox' or 'accounts'"),
        ("timezone: UTC\nsegments: city=Boston", 3, "segments", "a list"),
        ("timezone: UTC\neach: {tags: [moss]}", 1, "article", "each:"),
        ("timezone: UTC\nsteps: []", 3, "steps", "at least 1"),
    ],
)
def test_a_fault_of_the_whole_is_named_with_its_line(text, line, rule, words):
    found = faults(f"article: garden\n{text}\n" + ("" if "steps:" in text else STEPS.replace("web", "x")))

    assert [(finding.line, finding.rule) for finding in found] == [(line, f"campaign.{rule}")]
    assert words in f"{found[0].why} {found[0].mend}"


@pytest.mark.parametrize(
    ("written", "line", "rule", "words"),
    [
        (step(channel="[]"), 4, "channel", "expected a channel, or several"),
        (step(channel="''"), 4, "channel", "some text"),
        (step(name="Bad"), 6, "name", "pattern"),
        (step(name="x" * 41), 6, "name", "40 characters"),
        (step(name="a", stopline="yes"), 7, "key.unknown", "Did you mean 'stop_line'?"),
        (step(name="a", stop_line="perhaps"), 7, "stop_line", "true or false"),
        (step(name="a", only_if="b"), 7, "only_if", "There is no step 'b'. Steps: a."),
        (step(name="first", only_if="firts"), 7, "only_if", "Did you mean 'first'?"),
        (step(name="a", only_if="before"), 7, "only_if", "There is no step 'before'"),
        (step(channel='"x\\0"'), 4, "channel", "no control characters"),
        (step(name="a", audience='"lists\\0.csv"'), 7, "audience", "no control characters"),
        (step(name="a", segments='["city=\\a"]'), 7, "segments", "no control characters"),
        (step("1 day after page"), 5, "at", "There is no step 'page'"),
        (step("2 days after before"), 5, "at", "There is no step 'before'"),
        (step("1 day after a", "a"), 5, "cycle", "a → a"),
        (step("") + step("24:00", "b"), 5, "at", "expected a time such as"),
        ("  - web\n", 4, "steps", "key: value lines"),
    ],
)
def test_a_fault_of_a_step_is_named_with_its_line(written, line, rule, words):
    found = faults(steps(written))

    assert (found[0].line, found[0].rule) == (line, f"campaign.{rule}")
    assert words in f"{found[0].why} {found[0].mend}"


@pytest.mark.parametrize(
    ("written", "line", "circle"),
    [
        (step("1 day after b", "a") + step("1 day after a", "b"), 5, "a → b → a"),
        (step(name="a", only_if="c") + step(name="b") + step(name="c", only_if="a"), 5, "a → c → a"),
        (step("1 day after b", "a") + step(name="b", only_if="[a]"), 5, "a → b → a"),
        (step(name="a", only_if="c", stop_line="yes") + step(name="b") + step(name="c"), 5, "a → c → a"),
    ],
    ids=["by times", "by conditions", "by both", "by a stop-line"],
)
def test_steps_that_wait_for_each_other_are_refused(written, line, circle):
    [found] = faults(steps(written))

    assert (found.rule, found.line) == ("campaign.cycle", line)
    assert circle in found.why


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (step(name="a") + step(name="a"), 7),
        (step() + step("+1 day"), 6),
        (step(channel="mastodon") + step(name="mastodon"), 6),
    ],
)
def test_two_steps_can_not_have_one_name(written, line):
    [found] = faults(steps(written))

    assert (found.rule, found.line, found.mend) == ("campaign.step.twice", line, "Give one a name.")


def test_steps_whose_deliveries_could_not_be_told_apart_are_refused():
    groups = HEAD + "groups: {networks: [mastodon, x]}\nsteps:\n"
    [found] = faults(groups + step(channel="mastodon") + step("+8 days", channel="networks"))

    assert (found.rule, found.line) == ("campaign.step.alike", 7)
    assert found.why == "The steps 'mastodon' and 'networks' bring the same to 'mastodon'."
    assert campaign(groups + step(channel="mastodon") + step("+8 days", "again", channel="networks"))


@pytest.mark.parametrize("more", ["repeat: {cron: 0 9 * * 1}\n", "each: {}\n"])
def test_what_comes_again_has_no_date_of_its_own(more):
    head = (HEAD if "repeat" in more else "timezone: UTC\n") + more
    found = faults(
        head + "steps:\n" + step("2026-12-01 09:00", "a") + step("+1 day", "b") + step("2026-12-02 09:00Z", "c")
    )

    assert {finding.rule for finding in found} == {"campaign.at"}
    assert [finding.line - head.count("\n") for finding in found] == [3, 9]


def test_what_is_of_each_article_does_not_come_again():
    [found] = faults("timezone: UTC\neach: {}\nrepeat: {cron: 0 9 * * 1}\n" + STEPS)

    assert (found.rule, found.line) == ("campaign.repeat", 3)


@pytest.mark.parametrize("text", ["timezone: UTC\n" + STEPS, HEAD + "each: {}\n" + STEPS])
def test_a_campaign_is_of_one_article_or_of_each(text):
    [found] = faults(text)

    assert (found.rule, found.mend[:17]) == ("campaign.article", "Write `article: i")


def test_steps_that_go_on_for_more_than_a_hundred_years_are_refused_at_the_first_of_them():
    [found] = faults(steps(*(step("+3660 days", f"s{n}") for n in range(900))))

    assert (found.rule, found.line) == ("campaign.at", 32)
    assert "'s9' comes more than 100 years after" in found.why


def test_all_faults_of_a_file_are_told_at_once():
    found = faults("artcle: garden\ntimezone: Mars\nquiet: never\nsteps:\n" + step("soon") + step(channel="[]"))

    assert [finding.line for finding in found] == [1, 2, 3, 6, 7]


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        (b"", 1, "campaign.timezone.missing"),
        (b"steps: [\n", 2, "yaml.syntax"),
        (b"- a\n", 1, "yaml.mapping"),
        (HEAD.encode() + b"article: other\n" + STEPS.encode(), 3, "yaml.duplicate"),
        (b"a: &all [x]\nb: *all\n", 1, "yaml.anchor"),
        (b"steps: " + b"[" * 2000 + b"]" * 2000, 1, "yaml.depth"),
        (b"# \xc3\xa9\n# \xe9\n", 2, "file.encoding"),
        ((HEAD + STEPS).encode("utf-16-le"), 1, "file.nul"),
        (bytes(range(1, 32)) * 50, 1, "file.binary"),
        (b"# " + b"x" * 70_000, 1, "campaign.size"),
        (b"#" * 1_100_000, 0, "file.size"),
    ],
    ids=["empty", "broken", "list", "twice", "anchor", "deep", "mixed", "utf-16", "binary", "long", "huge"],
)
def test_a_file_that_can_not_be_read_is_refused(text, line, rule):
    found = faults(text)[0]

    assert (found.line, found.rule, found.severity, found.file) == (line, rule, "block", "c.yaml")


@pytest.mark.parametrize(
    "name", ["Spring", "spring sale", "spring.2026", "", "-a", "a--b", "été", "x" * 65, "a/b", "a@b"]
)
def test_a_file_whose_name_can_not_be_a_campaigns_is_refused(name):
    [found] = faults(HEAD + STEPS, name)

    assert (found.rule, "such as spring.yaml" in found.mend) == ("campaign.name", True)
