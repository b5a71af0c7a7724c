"""A mailing in shares: each recipient once, whoever comes to help, stays away, gives up or is gone."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest

from channels.errors import ChannelError, Unavailable
from flows.errors import Unusable
from flows.roll import Overtaken, Roll, Settled
from flows.shares import Shares, Stake, share_of
from flows.sharing import Mate
from flows.suppressions import Suppressions
from tests.flows.test_mailing import DELIVERY, SEAL, Desk, wait_until
from tests.smtpd import Smtpd

NOBODY = "nobody:1:x"  # a process of another machine


@pytest.fixture
def server():
    with Smtpd() as smtpd:
        yield smtpd


@pytest.fixture
def desk(project, ledger, server):
    made = Desk(project, ledger, **server.account(connections=2))
    made.article(**{"Take a chair": 'Dear {{ subscriber.first_name | default("friend") }}, take a chair'})
    made.readers(300)
    return made


class Team:
    """A main run in three shares, and whoever comes to help, each in a thread."""

    def __init__(self, desk, **more):
        self.desk, self.ended, self.raised = desk, {}, {}
        self.postman = desk.postman(shares=3, worth=1, **more)
        self.main = self.begin("main", self.postman.deliver)

    def begin(self, name, deliver):
        def run():
            try:
                self.ended[name] = deliver()
            except (ChannelError, Unusable) as error:
                self.raised[name] = error

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def offered(self):
        return Shares(self.desk.ledger.engine).offered(DELIVERY.key)

    def mate(self, number, desk=None, **more):
        """Help with a share as soon as it is offered."""
        wait_until(lambda: [share for share in self.offered() if share.number == number])
        [share] = [share for share in self.offered() if share.number == number]
        made = helper(desk or self.desk, share, **more)
        return made, self.begin(number, made.deliver)

    def outcome(self, seconds=60):
        self.main.join(seconds)
        assert not self.main.is_alive()
        return self.ended["main"]


def helper(desk, share, **more):
    """Who sends a share."""
    like = desk.postman()
    return Mate(
        channel=like.channel,
        rendition=like.rendition,
        key=DELIVERY.key,
        claim=share.claim,
        number=share.number,
        ledger=desk.ledger,
        audience=like.audience,
        seal=SEAL,
        **{"patience": 3.0, "defer": 0.2, **more},
    )


def all_once(server, number):
    return server.had() == Counter({f"r{n}@list{n % 7}.test": 1 for n in range(number)})


def slowly(server, seconds=0.01):
    """A server that takes its time, so that there is a middle."""

    def script(stage, to):
        if stage == "dot":
            time.sleep(seconds)
        return ""

    server.script = script


def test_everybody_has_it_once_and_each_share_is_sent_by_whoever_took_it(desk, server):
    slowly(server)
    team = Team(desk)
    first, second = team.mate(1), team.mate(2)
    outcome = team.outcome()

    assert (outcome.status, outcome.detail) == ("sent", "300 of 300 sent")
    assert all_once(server, 300)
    belong = Counter(share_of(SEAL.hash(to), 3) for to in server.had())
    assert {number: team.ended[number] for number in (1, 2)} == {number: belong[number] for number in (1, 2)}
    assert "Dear Name3, take a chair" in server.message("r3@list3.test").get_body(("plain",)).get_content()
    assert first[0].deliver() is second[0].deliver() is None


def test_where_nobody_comes_the_main_run_sends_it_all(desk, server):
    assert Team(desk).outcome().detail == "300 of 300 sent"
    assert all_once(server, 300)
    assert Shares(desk.ledger.engine).offered(DELIVERY.key) == []


def test_a_list_that_is_too_short_is_sent_by_the_main_run(desk, server):
    assert desk.postman(shares=3).deliver().detail == "300 of 300 sent"
    with closing(Roll(desk.ledger.engine)) as roll:
        assert Shares(desk.ledger.engine).all(roll.find(DELIVERY.key)) == []


def test_a_mate_that_cannot_send_gives_its_share_back(desk, server):
    slowly(server)
    elsewhere = Desk(desk.project, desk.ledger, **{**desk.settings, "port": 1})
    team = Team(desk)
    team.mate(1, elsewhere, patience=0.5)
    team.mate(2)

    assert team.outcome().detail == "300 of 300 sent"
    assert isinstance(team.raised[1], Unavailable)
    assert all_once(server, 300)


@pytest.mark.parametrize("change", ["article", "list"])
def test_a_mate_whose_copy_of_the_project_is_another_sends_nothing(desk, server, change, tmp_path):
    slowly(server)
    team = Team(desk)
    wait_until(team.offered)
    share = team.offered()[0]
    made = helper(desk, share)
    if change == "article":
        desk.article(**{"half the book.": "half of it."})
        made.rendition = desk.postman().rendition
    else:
        (tmp_path / "old.csv").write_text("email,consent_at\nr1@list1.test,2026-01-01\n", encoding="utf-8")
        made.audience.source = str(tmp_path / "old.csv")
    with pytest.raises(Unusable, match=r"otherwise here|differs here"):
        made.deliver()

    assert team.outcome().detail == "300 of 300 sent"
    assert all_once(server, 300)


def test_a_mate_that_is_stopped_gives_the_rest_back(desk, server):
    slowly(server, 0.03)
    team = Team(desk)
    made, thread = team.mate(1)
    wait_until(lambda: len(server.taken) > 30)
    made.stopped.set()
    thread.join(10)

    assert not thread.is_alive()
    assert team.outcome().detail == "300 of 300 sent"
    assert all_once(server, 300)


def test_pause_and_cancel_reach_every_share(desk, server):
    desk.readers(3000)
    slowly(server, 0.02)
    team = Team(desk)
    team.mate(1), team.mate(2)
    wait_until(lambda: len(server.taken) > 100)

    desk.ask("pause")
    time.sleep(2.5)
    paused = len(server.taken)
    time.sleep(1.5)
    assert len(server.taken) == paused

    desk.ask("go")
    wait_until(lambda: {share_of(SEAL.hash(to), 3) for _, to, _ in server.taken[paused:]} == {0, 1, 2})
    desk.ask("cancel")
    outcome = team.outcome(10)
    assert (outcome.status, "cancelled by hand" in outcome.detail) == ("held", True)
    assert set(desk.counts()) == {"sent", "waiting"}
    assert max(server.had().values()) == 1


def test_a_stop_of_the_main_run_ends_the_mates_too(desk, server):
    desk.readers(3000)
    slowly(server, 0.02)
    team = Team(desk)
    threads = [team.mate(number)[1] for number in (1, 2)]
    wait_until(lambda: len(server.taken) > 100)
    team.postman.stopped.set()
    outcome = team.outcome(15)

    assert "stopped" in outcome.detail
    assert set(desk.counts()) == {"sent", "waiting"}
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("cap", ["per_hour", "domain_per_hour"])
def test_a_pace_holds_over_all_shares(desk, server, cap):
    desk.write_list(*(f"r{n}@list.test,N{n},2026-01-01" for n in range(600)))
    desk.settings[cap] = 3600 * 5  # five a second, and a minute's worth at once
    team = Team(desk)
    team.mate(1), team.mate(2)
    wait_until(lambda: server.taken)
    started = time.monotonic()
    wait_until(lambda: len(server.taken) >= 300)
    had, since = len(server.taken), time.monotonic()
    time.sleep(6)
    went, ended = len(server.taken), time.monotonic()
    desk.ask("cancel")
    team.outcome(10)

    assert went <= 300 + 5 * (ended - started) + 3
    assert went - had >= 5 * (ended - since) * 0.7


def test_a_cap_too_small_to_part_and_a_day_of_a_warm_up_are_counted_by_one(desk, server):
    desk.settings |= {"warm_up": "100,200", "warm_up_from": time.strftime("%Y-%m-%d", time.gmtime())}
    outcome = desk.postman(shares=3, worth=1).deliver()
    assert (outcome.status, len(server.taken)) == ("held", 100)

    desk.settings |= {"warm_up": "", "per_hour": 119}
    postman = desk.postman(shares=3, worth=1)
    threading.Timer(2, postman.stopped.set).start()
    postman.deliver()
    with closing(Roll(desk.ledger.engine)) as roll:
        assert Shares(desk.ledger.engine).all(roll.find(DELIVERY.key)) == []


def test_a_day_of_a_warm_up_that_is_long_enough_for_all_is_shared(desk, server):
    desk.settings |= {"warm_up": "300,600", "warm_up_from": time.strftime("%Y-%m-%d", time.gmtime())}
    slowly(server)
    team = Team(desk)
    team.mate(1), team.mate(2)

    assert team.outcome().detail == "300 of 300 sent"
    assert team.ended[1]


def test_who_is_put_off_is_tried_again_by_whoever_has_the_share(desk, server):
    tries = Counter()

    def greylist(stage, to):
        if stage == "rcpt" and to.startswith("r1"):
            tries[to] += 1
            return "450 4.2.0 greylisted" if tries[to] == 1 else ""
        time.sleep(0.005)
        return ""

    server.script = greylist
    team = Team(desk, defer=0.5)
    team.mate(1, defer=0.5), team.mate(2, defer=0.5)

    assert team.outcome().detail == "300 of 300 sent"
    assert set(tries.values()) == {2}
    assert team.ended[1] == sum(share_of(SEAL.hash(to), 3) == 1 for to in server.had())


def test_a_subject_test_goes_to_its_share_and_the_rest_waits(desk, server):
    changed = "date: 2026-11-16\nchannels: {newsletter: {subject: One, test: {subjects: [Two], share: 30}}}"
    desk.article(**{"date: 2026-11-16": changed})
    slowly(server)
    team = Team(desk)
    team.mate(1), team.mate(2)
    first = team.outcome()
    tried = Counter(server.message(to)["Subject"] for to in server.had())
    with closing(Roll(desk.ledger.engine)) as roll:
        assert roll.win(DELIVERY.key, 1)
    again = Team(desk)
    again.mate(1)
    second = again.outcome()
    all_had = Counter(server.message(to)["Subject"] for to in server.had())

    assert (first.status, 45 <= sum(tried.values()) <= 135) == ("held", True)
    assert min(tried["One"], tried["Two"]) > 8
    assert (second.status, all_had["One"], sum(all_had.values())) == ("sent", tried["One"], 300)
    assert max(server.had().values()) == 1


def test_a_reader_who_leaves_in_mid_send_gets_nothing_from_a_mate_either(desk, server):
    gone = next(
        f"r{n}@list{n % 7}.test" for n in range(299, 0, -1) if share_of(SEAL.hash(f"r{n}@list{n % 7}.test"), 3) == 1
    )
    slowly(server, 0.03)
    team = Team(desk)
    team.mate(1)
    wait_until(lambda: len(server.taken) > 10)
    Suppressions(desk.ledger.engine).add(SEAL.hash(gone), "unsubscribed")

    assert team.outcome().detail == "299 of 300 sent, 1 left out (suppressed)"
    assert gone not in server.had()


def lost_share(team, server):
    """A share that another machine's process has begun and is not heard of any more, with two of it on the wire."""
    engine = team.desk.ledger.engine
    wait_until(lambda: len(team.offered()) == 2)
    share = team.offered()[0]
    stake = Stake(engine, share, NOBODY)
    assert stake.take()
    mailing = stake.find(DELIVERY.key)
    hashes = [SEAL.hash(f"r{n}@list{n % 7}.test") for n in range(300)]
    mine = [hashed for hashed in hashes if share.meant(hashed)][:2]
    numbers = [place.number for place in stake.places(mailing, mine).values()]
    stake.turn(mailing, (), numbers)
    return stake, mailing, numbers


def test_a_share_whose_mate_is_silent_is_taken_over_and_what_it_had_in_hand_is_in_doubt(desk, server):
    slowly(server, 0.005)
    team = Team(desk, silence=timedelta(seconds=2))
    stake, mailing, numbers = lost_share(team, server)
    outcome = team.outcome()
    counts = desk.counts()

    assert "298 of 300 sent, 2 in doubt" in outcome.detail
    assert (counts, max(server.had().values())) == ({"sent": 298, "doubt": 2}, 1)

    with pytest.raises(Overtaken):  # it wakes, and tells of one; more it may not take
        stake.turn(mailing, [Settled(number=numbers[0], state="sent")], numbers)
    assert (stake.beat(), desk.counts()) == (False, {"sent": 299, "doubt": 1})
    stake.close()
