"""Threads that break in the middle, between the ledger and a network that keeps no keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Thread
from time import sleep

import pytest

from channels.bluesky import Bluesky
from channels.errors import Rejected, Unavailable, Uncertain
from channels.mastodon import Mastodon
from channels.threads import Threads
from channels.x import X
from flows.deliver import Courier
from flows.records import Delivery
from tests.channels.fakes import bluesky, mastodon, threads, x
from tests.channels.fakes.graph import refusal
from tests.channels.fakes.server import FINE, Answer, Trouble
from tests.channels.samples import LINK, http_client, post

DELIVERY = Delivery(campaign="sleep", article="sleep", account="mastodon")
THREAD = post("One", "Two", "Three")
REFUSED = Trouble(answer=Answer(status=422, json={"error": "Validation failed"}))
BUSY = Trouble(answer=Answer(status=429, headers={"Retry-After": "0"}))


@pytest.fixture
def server():
    with mastodon.Platform() as fake:
        fake.keeps_keys = False
        yield fake


@pytest.fixture
def deliver(server, ledger):
    """Deliver a thread once, as one attempt of one run does."""

    def attempt(thread=THREAD):
        with http_client() as http:
            channel = Mastodon("mastodon", server.settings(), http)
            return Courier(channel, thread, DELIVERY, ledger, settling=timedelta(0)).deliver()

    return attempt


def words(server):
    """The first word of each post, in the order in which they answer each other."""
    parents = [status["in_reply_to_id"] for status in server.statuses.values()]
    assert parents == [None, *list(server.statuses)[:-1]]
    return [text.split("\n")[0] for text in server.texts()]


@pytest.mark.parametrize("out", [1, 2])
def test_a_refused_part_is_sent_once_it_is_mended_and_those_before_it_are_not_sent_again(server, deliver, ledger, out):
    server.troubles.extend([FINE] * out + [REFUSED])
    with pytest.raises(Rejected, match=f"{out} of its parts are out"):
        deliver()

    mended = replace(THREAD, parts=(*THREAD.parts[:2], replace(THREAD.parts[2], text="Three, mended")))
    assert deliver(mended).status == "sent"
    assert words(server) == ["One", "Two", "Three, mended"]
    assert ledger.plan(DELIVERY).receipt.digest == mended.digest


def test_a_thread_that_the_network_puts_off_goes_on_later(server, deliver):
    server.troubles.extend([FINE, BUSY, BUSY])
    for _ in range(2):
        with pytest.raises(Unavailable):
            deliver()

    assert deliver().status == "sent"
    assert words(server) == ["One", "Two", "Three"]


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("out", [0, 1, 2])
def test_a_lost_answer_in_a_thread_is_looked_for_and_the_rest_follows(server, deliver, out, arrived):
    server.troubles.extend([FINE] * out + [Trouble(stored=arrived, hangs_up=True)])
    with pytest.raises(Uncertain):
        deliver()

    assert deliver().status == "sent"
    assert words(server) == ["One", "Two", "Three"]
    assert deliver().status == "already"


def test_a_thread_whose_first_words_have_changed_since_is_held(server, deliver, ledger):
    server.troubles.extend([FINE, FINE, REFUSED])
    with pytest.raises(Rejected):
        deliver()

    other = deliver(post("One, but better", "Two", "Three"))

    assert (other.status, "the text has changed since" in other.detail) == ("held", True)
    assert words(server) == ["One", "Two"]
    assert len(ledger.plan(DELIVERY).receipt.remote_ids) == 2


def test_a_thread_of_a_process_that_died_goes_on_from_what_is_there(server, deliver, ledger):
    ledger.plan(DELIVERY)
    ledger.keep(THREAD)
    ledger.claim(DELIVERY, THREAD.digest, lease=timedelta(seconds=-1))
    with http_client() as http:
        channel = Mastodon("mastodon", server.settings(), http)
        server.troubles.extend([FINE, FINE, Trouble(hangs_up=True)])
        with pytest.raises(Uncertain):
            channel.publish(THREAD, DELIVERY.key)

    assert deliver().status == "sent"
    assert words(server) == ["One", "Two", "Three"]


def test_what_a_person_has_released_begins_anew(server, deliver, ledger):
    server.troubles.extend([FINE, Trouble(hangs_up=True)])
    with pytest.raises(Uncertain):
        deliver()
    server.statuses.clear()
    ledger.release(DELIVERY)

    assert deliver().status == "sent"
    assert words(server) == ["One", "Two", "Three"]


@pytest.mark.parametrize("trouble", [BUSY, Trouble(hangs_up=True)])
def test_what_was_taken_back_and_released_counts_for_nothing_even_after_a_failure(server, deliver, ledger, trouble):
    deliver()
    ledger.retracted(DELIVERY)
    server.statuses.clear()
    ledger.release(DELIVERY)
    server.troubles.append(trouble)
    with pytest.raises((Unavailable, Uncertain)):
        deliver()

    assert deliver().status == "sent"
    assert words(server) == ["One", "Two", "Three"]


def test_what_is_found_is_recorded_as_what_was_tried_and_not_as_the_text_of_now(server, deliver, ledger):
    server.troubles.append(Trouble(stored=True, hangs_up=True))
    first, second = post("The first words"), post("Other words")
    with pytest.raises(Uncertain):
        deliver(first)

    assert deliver(second).status == "sent"
    assert ledger.plan(DELIVERY).receipt.digest == first.digest
    assert deliver(second).status == "changed"


def test_a_duplicate_without_a_name_is_looked_for_and_adopted(ledger):
    delivery = Delivery(campaign="sleep", article="sleep", account="x")
    with x.Platform() as network, http_client() as http:
        channel = X("x", network.settings(), http)
        channel.publish(post(), delivery.key)
        outcome = Courier(channel, post(), delivery, ledger, settling=timedelta(0)).deliver()

        assert outcome.status == "sent"
        assert outcome.url.endswith(ledger.plan(delivery).receipt.remote_ids[0])
        assert len(network.texts()) == 1


def test_a_duplicate_that_is_not_found_waits_for_a_person(ledger):
    delivery = Delivery(campaign="sleep", article="sleep", account="x")
    with x.Platform() as network, http_client() as http:
        channel = X("x", network.settings(), http)
        channel.publish(post("Sleep well.", link="https://clinic.example.org/other/?utm_content=other.x"), "other")
        network.troubles.extend([Trouble(answer=network.duplicate())] * 3)
        outcome = Courier(channel, post(), delivery, ledger, settling=timedelta(0)).deliver()

        assert (outcome.status, "not found" in outcome.detail) == ("held", True)
        assert len(network.created()) == 2


def test_a_duplicate_in_the_middle_of_a_thread_is_no_proof_of_the_whole(ledger):
    delivery = Delivery(campaign="sleep", article="sleep", account="threads")
    with threads.Platform() as network, http_client() as http:
        channel = Threads("threads", network.settings(), http)
        channel.processing = 0.0
        network.troubles.extend([FINE, Trouble(answer=refusal(400, 506, "Duplicate status message"))])
        courier = Courier(channel, THREAD, delivery, ledger, settling=timedelta(0))

        assert courier.deliver().status == "held"
        assert ledger.plan(delivery).state == "held"


def added(server, words, *, below):
    """A person's own status below another one."""
    parent = server.statuses[below]
    server.statuses["9" * 18] = {**parent, "id": "9" * 18, "content": f"<p>{words}</p>", "in_reply_to_id": below}
    return "9" * 18


def test_an_answer_that_somebody_gave_below_a_broken_thread_is_none_of_its_parts(server, deliver, ledger):
    server.troubles.extend([FINE, Trouble(hangs_up=True)])
    with pytest.raises(Uncertain):
        deliver()
    theirs = added(server, "More in a minute", below=next(iter(server.statuses)))

    assert deliver().status == "sent"
    assert [text.split("\n")[0] for text in server.texts()].count("Three") == 1
    assert theirs not in ledger.plan(DELIVERY).receipt.remote_ids


def test_a_link_that_somebody_posts_again_is_not_taken_for_the_post(server, deliver, ledger):
    server.troubles.append(Trouble(stored=True, hangs_up=True))
    with pytest.raises(Uncertain):
        deliver(post("One"))
    first = next(iter(server.statuses))
    added(server, server.statuses[first]["content"], below=first)

    assert deliver(post("One")).status == "sent"
    assert ledger.plan(DELIVERY).receipt.remote_ids == (first,)


def test_later_parts_that_link_to_the_same_page_are_not_taken_for_the_first(server, deliver, ledger):
    thread = post("One", "Two", f"Three\n\n{LINK}")
    server.troubles.extend([FINE, FINE, Trouble(stored=True, hangs_up=True)])
    with pytest.raises(Uncertain):
        deliver(thread)

    assert deliver(thread).status == "sent"
    assert words(server) == ["One", "Two", "Three"]
    assert ledger.plan(DELIVERY).receipt.remote_ids == tuple(server.statuses)


def test_a_thread_that_has_become_shorter_while_its_end_is_in_doubt_is_held(ledger):
    delivery = Delivery(campaign="sleep", article="sleep", account="bluesky")
    with bluesky.Platform() as network, http_client() as http:
        channel = Bluesky("bluesky", network.settings(), http)
        network.troubles.extend([FINE, FINE, Trouble(stored=True, hangs_up=True)])
        with pytest.raises(Uncertain):
            Courier(channel, THREAD, delivery, ledger, settling=timedelta(0)).deliver()
        outcome = Courier(channel, post("One", "Two"), delivery, ledger, settling=timedelta(0)).deliver()

        assert (outcome.status, "more parts may be out" in outcome.detail) == ("held", True)
        assert len(network.texts()) == 3


def test_a_claim_lasts_for_all_parts_of_a_thread(server, ledger):
    server.troubles.append(Trouble(hangs_up=True, seconds=1.5))
    with http_client() as http:
        courier = Courier(Mastodon("mastodon", server.settings(), http), THREAD, DELIVERY, ledger)
        courier.lease = timedelta(seconds=1)
        sender = Thread(target=lambda: suppressed(courier.deliver))
        sender.start()
        sleep(1.2)
        other = Courier(Mastodon("mastodon", server.settings(), http), THREAD, DELIVERY, ledger).deliver()
        sender.join()

    assert other.status == "busy"


def suppressed(work):
    with pytest.raises(Uncertain):
        work()
