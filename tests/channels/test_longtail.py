"""Apprise, over its own JSON webhook to a server of ours: a wire like any of its services'."""

from __future__ import annotations

import logging
from threading import Thread

import pytest
from pydantic import SecretStr

from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.longtail import LongTail, LongTailSettings
from tests.channels.fakes.server import Answer, Fake, Trouble
from tests.channels.samples import post

PASSWORD = "apprise-secret-55"


class Hook(Fake):
    """A webhook that keeps what it is told."""

    secrets = (PASSWORD,)

    def settings(self):
        address = self.url.replace("http://", f"json://clinic:{PASSWORD}@")
        return LongTailSettings(url=SecretStr(f"{address}/hook"))

    def texts(self):
        return [request.json["message"] for request in self.received]

    def creates(self, request):
        return request.method == "POST"

    def handle(self, request):
        return Answer(json={})


@pytest.fixture
def hook():
    with Hook() as fake:
        yield fake


def test_the_words_reach_the_service(hook):
    receipt = LongTail("apprise:hook", hook.settings()).publish(post("Sleep *well* & rest"), "key")

    assert hook.texts() == [post("Sleep *well* & rest").text]
    assert (receipt.channel, receipt.remote_ids) == ("apprise:hook", ("JSON",))


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Trouble(answer=Answer(status=401)), Misconfigured),
        (Trouble(answer=Answer(status=404)), Rejected),
        (Trouble(answer=Answer(status=429)), Unavailable),
        (Trouble(answer=Answer(status=500)), Uncertain),
        (Trouble(stored=True, hangs_up=True), Uncertain),
    ],
)
def test_what_went_wrong_is_told_without_the_address(hook, caplog, trouble, error):
    hook.troubles.append(trouble)
    caplog.set_level(logging.DEBUG)

    with pytest.raises(error) as raised:
        LongTail("apprise", hook.settings()).publish(post(), "key")

    assert len(hook.received) == 1
    assert PASSWORD not in f"{raised.value!r}{caplog.text}"


@pytest.mark.parametrize("address", ["nonsense", "nothing://here", "json://"])
def test_an_address_that_means_nothing_sends_nothing(address):
    channel = LongTail("apprise", LongTailSettings(url=SecretStr(address)))

    with pytest.raises(Misconfigured):
        channel.publish(post(), "key")
    assert [finding.rule for finding in channel.doctor()] == ["account.refused"]


def test_posts_are_fitted_to_the_service_behind_the_address():
    channel = LongTail("apprise", LongTailSettings(url=SecretStr("mailto://user:pass@example.org")))
    longest = channel.can.limits.text

    channel.adapt(channel.learn())

    assert channel.can.limits.text > longest


def test_the_parcel_holds_the_words_and_not_the_address(hook):
    parcel = LongTail("apprise", hook.settings()).parcel(post(), "key")

    assert dict(parcel.files)["post.txt"].decode() == f"{post().text}\n"
    assert PASSWORD.encode() not in b"".join(data for _, data in parcel.files)


class Rooms(Fake):
    """Nextcloud Talk, as far as Apprise speaks it: some rooms refuse."""

    secrets = (PASSWORD,)
    refuses = ""

    def settings(self):
        address = self.url.replace("http://", f"nctalk://clinic:{PASSWORD}@")
        return LongTailSettings(url=SecretStr(f"{address}/room1/room2"))

    def texts(self):
        return [request.path.rpartition("/")[2] for request in self.received]

    def creates(self, request):
        return request.method == "POST"

    def handle(self, request):
        return Answer(status=403 if self.refuses and request.path.endswith(self.refuses) else 201, json={})


def test_what_one_of_two_targets_refuses_is_uncertain_for_the_other_has_it():
    with Rooms() as rooms:
        rooms.refuses = "room2"
        with pytest.raises(Uncertain):
            LongTail("apprise", rooms.settings()).publish(post("One"), "key")


def test_a_receipt_can_be_kept_whatever_the_service_calls_itself():
    with Rooms() as rooms:
        receipt = LongTail("apprise", rooms.settings()).publish(post("One"), "key")

    assert [type(remote_id) for remote_id in receipt.remote_ids] == [str]


def test_accounts_that_send_at_once_do_not_take_each_others_answers(hook):
    with Hook() as other:
        hook.troubles.append(Trouble(hangs_up=True, seconds=0.5))
        other.troubles.append(Trouble(answer=Answer(status=401)))
        errors = {}

        def send(name, server):
            try:
                LongTail(name, server.settings()).publish(post("One"), "key")
            except ChannelError as error:
                errors[name] = type(error)

        senders = [Thread(target=send, args=pair) for pair in (("apprise:a", hook), ("apprise:b", other))]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

    assert errors == {"apprise:a": Uncertain, "apprise:b": Misconfigured}
