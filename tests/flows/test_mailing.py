"""A newsletter to a list: each recipient once, whatever the server, the list and people do in the middle of it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import update

from channels.errors import Misconfigured, Rejected, Unavailable
from channels.newsletter import Mail, NewsletterSettings
from channels.seal import Seal
from content.article import Article
from content.context import Context
from flows.audience import Audience, AudienceUnusable
from flows.errors import Unusable
from flows.mailing import Postman
from flows.pace import Pace
from flows.records import Delivery
from flows.roll import Roll, Settled
from flows.segments import Segment
from flows.sending import Sending
from flows.suppressions import Suppressions
from flows.tables import deliveries
from flows.terms import Heart, Terms
from tests.smtpd import Smtpd

DELIVERY = Delivery(campaign="spring", article="garden", account="newsletter")
SEAL = Seal(b"a secret of at least sixteen bytes")


class Desk:
    """One mailing of the garden article, and everything around it."""

    def __init__(self, project, ledger, **settings):
        self.project, self.ledger, self.settings = project, ledger, settings
        self.segments = ()

    def write_list(self, *rows, head="email,first_name,consent_at"):
        (self.project / "list.csv").write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")

    def readers(self, number):
        self.write_list(*(f"r{n}@list{n % 7}.test,Name{n},2026-01-01" for n in range(number)))

    def slow_readers(self, number):
        """A list in a database that takes half a millisecond for each row."""
        count = "WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT {} FROM n"
        work = count.format("r.i - r.i", "1500", "sum(i)")
        reader = f"'r' || i || '@list.test' AS email, 'N' AS first_name, '2026-01-01' AS consent_at, ({work}) AS work"
        query = count.format("0", number - 1, "i")
        self.settings |= {"audience": "sqlite://", "query": f"SELECT {reader} FROM ({query}) AS r"}

    def article(self, **changes):
        path = self.project / "content" / "articles" / "garden.md"
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def postman(self, **more):
        account = {"audience": "list.csv", "leave": "https://leave.example", "returns": "bounces@garden.example.org"}
        mail = Mail("newsletter", NewsletterSettings(**{**account, **self.settings}))
        article = Article.load(self.project / "content" / "articles" / "garden.md")
        rendition = mail.render(article, Context.open(self.project))
        fields = tuple(field.name for field in rendition.merge_fields)
        audience = Audience.of(mail.settings, SEAL, self.project, fields=fields, segments=self.segments)
        terms = {"patience": 3.0, "defer": 0.2, **more}
        return Postman(
            channel=mail,
            rendition=rendition,
            delivery=DELIVERY,
            ledger=self.ledger,
            audience=audience,
            seal=SEAL,
            **terms,
        )

    def deliver(self, *, accept=False, **more):
        return self.postman(**more).deliver(accept=accept)

    def counts(self):
        with closing(Roll(self.ledger.engine)) as roll:
            return roll.counts(roll.find(DELIVERY.key))

    def ask(self, wanted):
        with closing(Roll(self.ledger.engine)) as roll:
            return roll.ask(DELIVERY.key, wanted)


@pytest.fixture
def server():
    with Smtpd() as smtpd:
        yield smtpd


@pytest.fixture
def desk(project, ledger, server):
    made = Desk(project, ledger, **server.account(connections=3))
    made.article(**{"Take a chair": 'Dear {{ subscriber.first_name | default("friend") }}, take a chair'})
    made.readers(25)
    return made


def test_everybody_has_it_once_with_their_own_words(desk, server):
    outcome = desk.deliver()

    assert (outcome.status, outcome.detail) == ("sent", "25 of 25 sent")
    assert server.had() == Counter({f"r{n}@list{n % 7}.test": 1 for n in range(25)})
    text = server.message("r3@list3.test").get_body(("plain",)).get_content()
    assert "Dear Name3, take a chair" in text


def test_a_second_run_sends_nothing(desk, server):
    desk.deliver()
    again = desk.deliver()

    assert again.status == "already"
    assert len(server.taken) == 25


def test_each_message_has_its_own_sender_identity_and_way_off_the_list(desk, server):
    desk.deliver()
    message = server.message("r3@list3.test")
    sender = next(sender for sender, to, _ in server.taken if to == "r3@list3.test")
    hashed = SEAL.hash("R3@list3.test")

    assert SEAL.read(sender.removeprefix("bounces+").split("@")[0], "bounce") == hashed
    assert message["List-Unsubscribe"] == f"<https://leave.example/u/{SEAL.token(hashed, 'unsubscribe')}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Message-ID"].startswith(f"<{DELIVERY.key}.")
    assert SEAL.token(hashed, "unsubscribe") in message.get_body(("html",)).get_content()


def test_hostile_words_of_a_reader_stay_words(desk, server):
    hostile = '"<script>x</script>\r\nBcc: all@list.test\r\n.\r\n=C3"'
    desk.write_list(f"a@list.test,{hostile},2026-01-01", "b@list.test,.Ünï,2026-01-01")
    desk.article(
        **{
            "date: 2026-11-16": "date: 2026-11-16\nchannels: {newsletter: {subject: 'For {{ subscriber.first_name | default(\"you\") }}'}}"
        }
    )

    assert desk.deliver().status == "sent"
    message = server.message("a@list.test")
    assert message["Bcc"] is None
    assert message["Subject"] == "For <script>x</script> Bcc: all@list.test . =C3"
    html = message.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;x&lt;/script&gt; Bcc: all@list.test . =C3" in html
    assert "Dear .Ünï, take" in server.message("b@list.test").get_body(("plain",)).get_content()


def test_another_secret_would_send_everything_twice_and_is_refused(desk, server):
    server.script = lambda stage, to: "450 4.2.0 later" if (stage, to) == ("rcpt", "r1@list1.test") else ""
    desk.deliver(defer=600)
    begun = len(server.taken)
    postman = desk.postman()
    postman.seal = Seal(b"the secret of quite another machine")
    with pytest.raises(Unusable, match="not the one that this ledger's addresses were hashed with"):
        postman.deliver(accept=True)

    assert len(server.taken) == begun
    assert desk.ledger.record(DELIVERY.key).state == "begun"


def test_the_ledger_and_the_log_know_no_address(desk, server, caplog):
    server.script = lambda stage, to: (
        "550 5.1.1 no <r1@list1.test> here" if (stage, to) == ("rcpt", "r1@list1.test") else ""
    )
    caplog.set_level("DEBUG")
    desk.deliver()
    desk.ledger.close()

    stored = b"".join(path.read_bytes() for path in desk.project.parent.glob("ledger.db*"))
    assert b"@list" not in stored
    assert "@list" not in caplog.text


def test_who_is_suppressed_gets_nothing_though_the_list_says_so(desk, server):
    Suppressions(desk.ledger.engine).add(SEAL.hash("r4@list4.test"), "unsubscribed")

    outcome = desk.deliver()

    assert (outcome.status, outcome.detail) == ("sent", "24 of 25 sent, 1 left out (suppressed)")
    assert "r4@list4.test" not in server.had()


def test_a_reader_who_leaves_in_mid_send_gets_nothing_any_more(desk, server):
    desk.settings |= {"connections": 1, "per_hour": 3600 * 60}

    def leave(stage, to):
        if stage == "dot" and to == "r0@list0.test":
            Suppressions(desk.ledger.engine).add(SEAL.hash("r20@list6.test"), "unsubscribed")
            time.sleep(1.1)
        return ""

    server.script = leave
    assert desk.deliver().detail == "24 of 25 sent, 1 left out (suppressed)"


def test_a_dead_address_is_suppressed_for_good_and_others_are_not(desk, server):
    answers = {"r7@list0.test": "550 5.1.1 no such user", "r8@list1.test": "554 5.7.1 we do not like your text"}
    server.script = lambda stage, to: answers.get(to, "") if stage == "rcpt" else ""

    outcome = desk.deliver()

    suppressions = Suppressions(desk.ledger.engine)
    assert outcome.status == "failed"
    assert "23 of 25 sent, 1 with no such mailbox (suppressed), 1 refused" in outcome.detail
    assert suppressions.among([SEAL.hash("r7@list0.test"), SEAL.hash("r8@list1.test")]) == {SEAL.hash("r7@list0.test")}

    server.script = lambda stage, to: ""
    again = desk.deliver()
    assert (again.status, server.had()["r8@list1.test"], server.had()["r7@list0.test"]) == ("sent", 1, 0)


def test_a_server_that_refuses_everybody_stops_the_run_and_costs_no_reader(desk, server):
    server.script = lambda stage, to: "550 5.1.1 relay denied" if stage == "rcpt" else ""

    with pytest.raises(Misconfigured, match="one recipient after the other"):
        desk.deliver()

    assert Suppressions(desk.ledger.engine).counts() == {}
    server.script = lambda stage, to: ""
    assert desk.deliver().detail == "25 of 25 sent"


def test_who_is_put_off_is_tried_again_and_the_others_do_not_wait(desk, server):
    tries = Counter()

    def greylist(stage, to):
        if stage == "rcpt" and to.startswith("r1"):
            tries[to] += 1
            return "450 4.2.0 greylisted" if tries[to] == 1 else ""
        return ""

    server.script = greylist
    assert desk.deliver().detail == "25 of 25 sent"
    assert set(tries.values()) == {2}


def test_who_is_put_off_for_long_is_left_for_another_run(desk, server):
    server.script = lambda stage, to: "450 4.2.0 later" if (stage, to) == ("rcpt", "r1@list1.test") else ""
    outcome = desk.deliver(defer=600)

    assert outcome.status == "held"
    assert "24 of 25 sent, 1 put off" in outcome.detail
    assert desk.counts() == {"sent": 24, "later": 1}


def test_a_lost_answer_leaves_one_in_doubt_who_is_never_sent_to_again_by_itself(desk, server):
    server.script = lambda stage, to: "take and hang up" if (stage, to) == ("dot", "r5@list5.test") else ""
    first = desk.deliver()
    server.script = lambda stage, to: ""
    second = desk.deliver()

    assert (first.status, second.status) == ("held", "held")
    assert "24 of 25 sent, 1 in doubt" in second.detail
    assert server.had()["r5@list5.test"] == 1


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_connection_that_breaks_before_the_message_is_no_doubt(desk, server, stage):
    broken = []

    def hang_up(at, to):
        if at == stage and to == "r5@list5.test" and len(broken) < 2:
            broken.append(to)
            return "hang up"
        return ""

    server.script = hang_up
    assert desk.deliver().detail == "25 of 25 sent"
    assert max(server.had().values()) == 1


def test_a_server_that_is_away_is_waited_for_then_the_run_ends_and_a_later_one_goes_on(desk, server):
    desk.settings["port"] = 1
    started = time.monotonic()
    with pytest.raises(Unavailable):
        desk.deliver(patience=1.0)
    assert 1.0 < time.monotonic() - started < 10

    desk.settings["port"] = server.port
    assert desk.deliver().detail == "25 of 25 sent"


def test_a_changed_article_is_refused_in_mid_send(desk, server):
    server.script = lambda stage, to: "450 4.2.0 later" if stage == "rcpt" and to < "r2" else ""
    desk.deliver(defer=600)
    desk.article(**{"half the book.": "half of it."})
    outcome = desk.deliver()

    assert outcome.status == "held"
    assert "the article has changed" in outcome.detail


def test_a_changed_list_is_refused_in_mid_send_and_taken_only_when_told_to(desk, server):
    server.script = lambda stage, to: "450 4.2.0 later" if (stage, to) == ("rcpt", "r1@list1.test") else ""
    desk.deliver(defer=0.01, patience=0.001)
    server.script = lambda stage, to: ""
    desk.readers(27)

    refused = desk.deliver()
    had = sum(server.had().values())
    accepted = desk.deliver(accept=True)

    assert (refused.status, had) == ("held", 24)
    assert "the list has changed" in refused.detail
    assert accepted.detail == "27 of 27 sent"
    assert max(server.had().values()) == 1


@pytest.mark.parametrize(
    ("rows", "sent"),
    [
        (["a@list.test,A,2026-01-01", "A@LIST.test,A,2026-01-01"], 1),
        (["a@list.test,A,2026-01-01", "b@list.test,B,"], 1),
        (["a@list.test,A,2026-01-01", "not an address,B,2026-01-01", "b@@list.test,B,2026-01-01"], 1),
        (["jürgen@bücher.example,J,2026-01-01", "a@bücher.example,A,2026-01-01"], 1),
    ],
    ids=["twice", "no consent", "no address", "international"],
)
def test_a_row_that_should_get_no_mail_gets_none(desk, server, rows, sent):
    desk.write_list(*rows)
    assert desk.deliver().detail == f"{sent} of {sent} sent"


def test_the_same_reader_far_apart_on_the_list_has_it_once(desk, server):
    rows = [f"r{n}@list.test,N,2026-01-01" for n in range(1200)]
    desk.write_list(*rows, *rows[:600])

    assert desk.deliver().detail == "1,200 of 1,200 sent"
    assert max(server.had().values()) == 1


@pytest.mark.parametrize(
    ("head", "why"), [("name,consent_at", "no column 'email'"), ("email,first_name", "when anybody agreed")]
)
def test_a_list_without_what_it_needs_is_refused_before_anything_is_sent(desk, server, head, why):
    desk.write_list("a@list.test,x", head=head)
    with pytest.raises(AudienceUnusable, match=why):
        desk.deliver()
    assert server.taken == []


def test_an_empty_list_is_refused(desk):
    desk.write_list()
    with pytest.raises(Rejected, match="nobody"):
        desk.deliver()


def test_a_segment_gets_it_and_nobody_else(desk, server):
    desk.write_list(
        "a@list.test,A,2026-01-01,Kew", "b@list.test,B,2026-01-01,Bath", head="email,first_name,consent_at,City"
    )
    desk.segments = (Segment.of("city=kew"),)

    assert desk.deliver().detail == "1 of 1 sent"
    assert list(server.had()) == ["a@list.test"]


def test_a_list_in_a_database_is_asked_with_a_query(desk, server):
    import sqlite3  # noqa: PLC0415

    with closing(sqlite3.connect(desk.project / "crm.db")) as database:
        database.execute("CREATE TABLE people (mail TEXT, given TEXT, ok TEXT)")
        database.executemany(
            "INSERT INTO people VALUES (?, ?, ?)",
            [("a@list.test", "Ann", "2026-01-01"), ("b@list.test", None, "2026-01-01")],
        )
        database.commit()
    desk.settings |= {
        "audience": f"sqlite:///{desk.project}/crm.db",
        "query": "SELECT mail AS email, given AS first_name, ok AS consent_at FROM people",
    }

    assert desk.deliver().detail == "2 of 2 sent"
    assert "Dear Ann," in server.message("a@list.test").get_body(("plain",)).get_content()
    assert "Dear friend," in server.message("b@list.test").get_body(("plain",)).get_content()


def test_a_password_in_the_lists_address_is_never_repeated(desk):
    desk.settings |= {"audience": "nosuch://user:hunter2@db.example/crm", "query": "SELECT 1"}
    with pytest.raises(AudienceUnusable) as caught:
        desk.deliver()
    assert "hunter2" not in f"{caught.value} {desk.postman()}"


@pytest.mark.parametrize(("audience", "passing"), [("postgresql://127.0.0.1:1/crm", True), ("nosuch://db/crm", False)])
def test_a_lists_database_that_does_not_answer_may_do_so_in_a_while(desk, audience, passing):
    desk.settings |= {"audience": audience, "query": "SELECT 1"}
    with pytest.raises(AudienceUnusable) as caught:
        desk.deliver()

    assert caught.value.passing is passing


def test_pause_resume_and_cancel_take_effect_within_seconds(desk, server):
    desk.readers(4000)
    desk.settings |= {"connections": 1, "per_hour": 3600 * 100}
    ended = []
    sending = threading.Thread(target=lambda: ended.append(desk.deliver()))
    sending.start()
    wait_until(lambda: len(server.taken) > 50)

    desk.ask("pause")
    time.sleep(2.5)
    paused = len(server.taken)
    time.sleep(1.5)
    assert len(server.taken) == paused

    desk.ask("go")
    wait_until(lambda: len(server.taken) > paused, 5)
    desk.ask("cancel")
    sending.join(5)

    assert not sending.is_alive()
    assert (ended[0].status, "cancelled by hand" in ended[0].detail) == ("held", True)
    assert max(server.had().values()) == 1
    assert desk.deliver().status == "held"


def test_what_was_stopped_before_there_was_a_mailing_to_stop_sends_nothing_until_it_goes_on(desk, server):
    outcome = desk.deliver(barred=lambda: "the campaign is paused")
    record = desk.ledger.record(DELIVERY.key)

    assert (outcome.status, outcome.detail, outcome.passing) == ("held", "the campaign is paused", True)
    assert (record.state, sum(server.had().values())) == ("planned", 0)
    assert desk.deliver().detail == "25 of 25 sent"


def test_a_subject_test_goes_to_a_share_and_the_rest_gets_the_winner(desk, server):
    desk.article(
        **{
            "date: 2026-11-16": "date: 2026-11-16\nchannels: {newsletter: {subject: One, test: {subjects: [Two], share: 30}}}"
        }
    )
    desk.readers(200)
    first = desk.deliver()
    tried = Counter(server.message(to)["Subject"] for to in server.had())
    with closing(Roll(desk.ledger.engine)) as roll:
        assert roll.win(DELIVERY.key, 1)
    second = desk.deliver()
    all_had = Counter(server.message(to)["Subject"] for to in server.had())

    assert first.status == "held"
    assert 30 <= sum(tried.values()) <= 90
    assert min(tried["One"], tried["Two"]) > 5
    assert (second.status, all_had["One"], sum(all_had.values())) == ("sent", tried["One"], 200)


def test_warming_up_sends_the_days_share_and_no_more(desk, server):
    desk.settings |= {"warm_up": "10,20", "warm_up_from": time.strftime("%Y-%m-%d", time.gmtime())}
    outcome = desk.deliver()
    again = desk.deliver()

    assert (outcome.status, len(server.taken)) == ("held", 10)
    assert "warm-up" in again.detail


def test_a_domain_has_its_own_pace_and_holds_up_no_other(desk, server):
    desk.write_list(*(f"r{n}@slow.test,N,2026-01-01" for n in range(30)), "a@other.test,A,2026-01-01")
    desk.settings["domain_per_hour"] = 600
    sending = threading.Thread(target=desk.deliver, daemon=True)
    sending.start()
    wait_until(lambda: "a@other.test" in server.had(), 5)

    assert server.had()["a@other.test"] == 1
    assert sum(count for to, count in server.had().items() if to.endswith("slow.test")) <= 12
    desk.ask("cancel")
    sending.join(10)


def test_commands_travel_together_where_the_server_takes_them(desk, server):
    desk.deliver()
    begun = [line.split(":")[0] for line in server.lines if line.split(" ")[0] in {"MAIL", "RCPT", "DATA"}]
    assert Counter(begun) == {"MAIL FROM": 25, "RCPT TO": 25, "DATA": 25}
    assert sum(line.upper().startswith("EHLO") for line in server.lines) <= 3


def test_the_record_says_what_is_left(desk, server):
    server.script = lambda stage, to: "take and hang up" if (stage, to) == ("dot", "r5@list5.test") else ""
    desk.deliver()
    record = desk.ledger.records()[0]
    assert (record.state, json.dumps(record.detail)) == ("held", json.dumps(record.detail))
    assert "1 in doubt" in record.detail


def test_who_is_no_longer_on_the_list_gets_nothing_and_is_counted(desk, server):
    server.script = lambda stage, to: "450 4.2.0 later" if stage == "rcpt" else ""
    desk.deliver(defer=0.01, patience=0.001)
    server.script = lambda stage, to: ""
    desk.readers(20)

    assert desk.deliver().status == "held"
    time.sleep(0.1)
    assert desk.deliver(accept=True).detail == "20 of 25 sent, 5 no longer on the list"
    assert sum(server.had().values()) == 20


def test_a_list_that_breaks_off_in_mid_send_costs_no_reply(desk, server):
    desk.write_list(*(f"r{n}@list.test,N,2026-01-01" for n in range(1500)))
    path = desk.project / "list.csv"

    def scramble(stage, to):
        if stage == "dot" and to == "r3@list.test":
            path.write_bytes(path.read_bytes().replace(b"r900@", b"r900\xff@"))
        return ""

    server.script = scramble
    with pytest.raises(AudienceUnusable):
        desk.deliver()
    counts = desk.counts()
    assert "claimed" not in counts
    assert counts["sent"] == len(server.taken)


def test_one_who_slept_while_another_took_over_sends_nothing_twice(desk, server):
    desk.readers(60)
    desk.settings["connections"] = 1
    slept = []

    def sleep(stage, to):
        if stage == "dot" and to == "r20@list6.test" and not slept:
            slept.append(to)
            with closing(Roll(desk.ledger.engine)) as roll:  # another run, which has found the lease at its end
                mailing = roll.find(DELIVERY.key)
                places = roll.places(mailing, {SEAL.hash(f"r{n}@list{n % 7}.test") for n in range(21, 60)})
                roll.turn(mailing, (), [place.number for place in places.values()])
        return ""

    server.script = sleep
    with pytest.raises(Unavailable, match="another run"):
        desk.deliver()
    assert sum(server.had().values()) == 21


def test_a_stop_ends_a_mailing_in_good_order(desk, server):
    desk.readers(2000)
    desk.settings["per_hour"] = 3600 * 100
    postman = desk.postman()
    ended = []
    sending = threading.Thread(target=lambda: ended.append(postman.deliver()))
    sending.start()
    wait_until(lambda: len(server.taken) > 20)
    postman.stopped.set()
    sending.join(5)

    assert (ended[0].status, "stopped" in ended[0].detail) == ("held", True)
    assert set(desk.counts()) == {"sent", "waiting"}


def begun(desk, **more):
    """A mailing in a thread, its list on its way to the roll; and what it ended with."""
    postman, ended = desk.postman(**more), []
    run = threading.Thread(target=lambda: ended.append(postman.deliver()))
    run.start()
    wait_until(lambda: enrolled(desk) > 0)
    return postman, run, ended


def enrolled(desk):
    with closing(Roll(desk.ledger.engine)) as roll:
        mailing = roll.find(DELIVERY.key)
        return sum(roll.counts(mailing).values()) if mailing else 0


def test_a_list_is_written_down_under_a_claim_that_is_kept(desk, server):
    desk.slow_readers(20_000)
    postman, run, ended = begun(desk, lease=timedelta(seconds=3))
    time.sleep(4)
    written, second = enrolled(desk), desk.deliver()
    time.sleep(1)
    more = enrolled(desk)
    postman.stopped.set()
    run.join(5)

    assert (second.status, more > written) == ("busy", True)
    assert (ended[0].status, ended[0].detail, server.taken) == ("held", "stopped in mid-send", [])
    assert desk.ledger.record(DELIVERY.key).state == "begun"


def test_a_cancel_is_heeded_while_a_list_is_written_down_and_remembered(desk, server):
    desk.slow_readers(20_000)
    _, run, ended = begun(desk)
    desk.ask("cancel")
    run.join(5)
    desk.settings |= {"audience": "list.csv"}

    assert (ended[0].status, ended[0].detail) == ("held", "cancelled by hand")
    assert desk.deliver().detail == "cancelled by hand"
    assert server.taken == []


def test_one_who_lost_the_claim_writes_nothing_more_down(desk, server):
    desk.slow_readers(20_000)
    raised = []
    postman = desk.postman(lease=timedelta(seconds=3))

    def run():
        with pytest.raises(Unavailable, match="another run has taken this mailing over") as caught:
            postman.deliver()
        raised.append(caught.value)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: enrolled(desk) > 0)
    with desk.ledger.engine.begin() as connection:
        connection.execute(update(deliveries).values(owner="elsewhere:1:x"))
    thread.join(5)

    assert raised
    assert server.taken == []


def test_a_list_that_was_half_taken_over_is_taken_over_once_more(desk, server):
    server.script = lambda stage, to: "450 4.2.0 later" if stage == "rcpt" else ""
    desk.deliver(defer=0.01, patience=0.001)
    server.script = lambda stage, to: ""
    desk.readers(30)
    with closing(Roll(desk.ledger.engine)) as roll:  # a run that was killed half-way
        assert roll.enrol(roll.find(DELIVERY.key), 26, [(SEAL.hash("r25@list4.test"), 0)]) == 1
    time.sleep(0.1)

    assert desk.deliver(accept=True).detail == "30 of 30 sent"
    assert max(server.had().values()) == 1


def test_who_has_a_long_list_that_had_it_already_gives_signs_of_life_and_heeds_a_stop(desk, server):
    desk.slow_readers(10_000)
    postman, beats = desk.postman(), []
    with closing(Roll(desk.ledger.engine)) as roll, closing(postman.channel.crew(postman.rendition, "k", SEAL)) as crew:
        desk.ledger.plan(DELIVERY)
        mailing = roll.begin(DELIVERY.key, "0" * 64)
        roll.enrol(mailing, 1, [(SEAL.hash(f"r{n}@list.test"), 0) for n in range(10_000)])
        roll.turn(mailing, [Settled(number=n + 1, state="sent") for n in range(10_000)], ())
        heart = Heart(lambda: beats.append(1) or True, 0.0, postman.stopped)
        terms = Terms(account="newsletter", pace=Pace(0, 0, time.monotonic))
        sending = Sending(mailing, roll, Suppressions(desk.ledger.engine), postman.audience, terms, heart)
        threading.Timer(2.5, postman.stopped.set).start()
        began = time.monotonic()
        sending.run(crew)

    assert (sending.halt, time.monotonic() - began < 4.5) == ("stopped in mid-send", True)
    assert len(beats) >= 3


def wait_until(true, seconds=20):
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.02)
