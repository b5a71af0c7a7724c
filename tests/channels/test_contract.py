"""What every channel keeps, proved against a platform that answers over real sockets."""

from __future__ import annotations

import json
import re
from importlib import import_module

import httpx
import pytest

from channels.base import Channel, Receipt
from channels.errors import (
    ChannelError,
    Misconfigured,
    Rejected,
    Unavailable,
    Uncertain,
    Unsupported,
)
from channels.registry import channel_class, known, offline
from content.post import Post
from tests.channels.fakes.server import FINE, Answer, Trouble
from tests.channels.samples import article, http_client, post, project

ALL = sorted(known())
NETWORKS = [name for name in ALL if channel_class(name).form is Post]
# a network without its fake is no part of this suite, so collecting it fails here
FAKES = {name: import_module(f"tests.channels.fakes.{name}").Platform for name in NETWORKS}


def able(ability):
    """The networks whose table says that they can."""
    return [name for name in NETWORKS if getattr(channel_class(name).can, ability)]


def networks(names):
    """Run a test with the fake of each of these networks."""
    return pytest.mark.parametrize("platform", names, indirect=True)


THREADS = [name for name in NETWORKS if channel_class(name).can.limits.parts > 1]
ABSENT = Receipt(channel="x", remote_ids=("1",), url="", digest="", sent_at=None)
CORRECTED = "Sleep [better] now"


@networks(NETWORKS)
def test_publishing_makes_one_post_that_reads_as_rendered(channel, platform):
    receipt = channel.publish(post(), "key")

    assert platform.texts() == [post().parts[0].text]
    assert (receipt.channel, receipt.digest) == (platform.name, post().digest)
    assert (len(receipt.remote_ids), receipt.url.startswith("http")) == (1, True)
    assert platform.faults == []


@networks(able("repeat_safe"))
def test_publishing_twice_with_one_key_makes_one_post(channel, platform):
    first = channel.publish(post(), "key")
    second = channel.publish(post(), "key")

    assert len(platform.texts()) == 1
    assert first.remote_ids == second.remote_ids


@networks(able("finds"))
def test_finding_tells_what_arrived_from_what_did_not(channel, platform):
    assert channel.find(post(), "key") is None
    sent = channel.publish(post(), "key")

    found = channel.find(post(), "key")
    assert found is not None
    assert (found.remote_ids, found.digest) == (sent.remote_ids, sent.digest)
    assert platform.faults == []


@networks(able("finds"))
def test_finding_does_not_take_another_delivery_for_this_one(channel):
    longer = post(link=post().link + "-2")
    channel.publish(longer, "another key")

    assert channel.find(post(), "key") is None


@networks(able("finds"))
def test_what_arrived_though_the_answer_was_lost_is_found(channel, platform):
    platform.troubles.append(Trouble(stored=True, hangs_up=True))
    with pytest.raises(Uncertain):
        channel.publish(post(), "key")

    assert channel.find(post(), "key") is not None


@networks(able("updates"))
def test_an_update_puts_the_corrected_words_in_place(channel, platform):
    receipt = channel.publish(post(), "key")
    corrected = post(CORRECTED)

    updated = channel.update(receipt, corrected)

    assert platform.texts() == [corrected.parts[0].text]
    assert (updated.remote_ids, updated.digest) == (receipt.remote_ids, corrected.digest)
    assert platform.faults == []


@networks(able("retracts"))
def test_taking_back_leaves_nothing_and_may_be_repeated(channel, platform):
    receipt = channel.publish(post(), "key")

    channel.retract(receipt)
    channel.retract(receipt)

    assert platform.texts() == []
    assert platform.faults == []


@pytest.mark.parametrize("name", ALL)
def test_what_the_table_denies_is_unsupported(name):
    channel, can = offline(name), channel_class(name).can
    calls = {
        "finds": lambda: channel.find(post(), "key"),
        "updates": lambda: channel.update(ABSENT, post()),
        "retracts": lambda: channel.retract(ABSENT),
    }
    for ability, call in calls.items():
        if not getattr(can, ability):
            with pytest.raises(Unsupported):
                call()
    own = {"finds": "find", "updates": "update", "retracts": "retract"}
    for ability, method in own.items():
        written = getattr(type(channel), method) is not getattr(Channel, method)
        assert written == getattr(can, ability), ability


@networks(NETWORKS)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Misconfigured),
        (403, Misconfigured),
        (404, Rejected),
        (422, Rejected),
        (429, Unavailable),
        (500, Uncertain),
        (503, Unavailable),
    ],
)
def test_a_status_means_what_to_do_next(channel, platform, status, error):
    refusal = platform.refusal(status, {"Retry-After": "30"} if status in {429, 503} else {})
    platform.troubles.append(Trouble(answer=refusal))

    with pytest.raises(ChannelError) as raised:
        channel.publish(post(), "key")

    assert type(raised.value) is error
    assert getattr(raised.value, "retry_after", None) == (30 if error is Unavailable else None)
    assert not [secret for secret in platform.secrets if secret in f"{raised.value!r}{raised.value}"]


@networks(NETWORKS)
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(hangs_up=True),
        Trouble(stored=True, seconds=30),
        Trouble(answer=Answer(json="a page of some proxy")),
    ],
    ids=["broken after the write", "no answer in time", "an answer that says nothing"],
)
def test_a_lost_answer_is_uncertain_and_asked_once(channel, platform, http, trouble):
    platform.troubles.append(trouble)
    http.timeout = 0.5 if trouble.seconds else http.timeout

    with pytest.raises(Uncertain):
        channel.publish(post(), "key")

    assert len(platform.created()) == 1


@networks(able("finds"))
@pytest.mark.parametrize("shape", [[], {}, {"data": [1]}, [1], "text", None, {"data": {"id": "1"}}])
def test_a_read_back_of_another_shape_is_a_channel_error_and_no_absence(platform, http, shape):
    settings, right = platform.settings(), platform.handle
    platform.handle = lambda request: Answer(json=shape) if request.method == "GET" else right(request)
    channel = channel_class(platform.name)(platform.name, settings=settings, http=http)

    with pytest.raises(Uncertain):
        channel.find(post(), "key")


@networks(NETWORKS)
@pytest.mark.parametrize("broken", ["with a\nline break", "a token in Ünïcode …"])
def test_a_secret_that_no_header_can_carry_sends_nothing_and_is_not_shown(platform, http, broken):
    given = platform.settings().model_dump()
    secret = next(name for name in ("token", "password") if name in given)
    channel = channel_class(platform.name)(
        platform.name, settings=type(platform.settings())(**{**given, secret: broken}), http=http
    )

    with pytest.raises(Misconfigured) as raised:
        channel.publish(post(), "key")

    assert broken not in str(raised.value)
    assert platform.texts() == []


@pytest.mark.parametrize("name", NETWORKS)
def test_a_refused_connection_sent_nothing(name):
    with FAKES[name]() as gone:
        settings = gone.settings()
    with http_client() as http, pytest.raises(Unavailable):
        channel_class(name)(name, settings=settings, http=http).publish(post(), "key")


@networks(THREADS)
def test_a_thread_answers_part_by_part(channel, platform):
    receipt = channel.publish(post("One", "Two", "Three"), "key")

    assert len(set(receipt.remote_ids)) == 3
    assert [text.split("\n")[0] for text in platform.texts()] == ["One", "Two", "Three"]
    assert channel.find(post("One", "Two", "Three"), "key").remote_ids == receipt.remote_ids
    assert platform.faults == []


@networks(THREADS)
def test_a_thread_broken_in_the_middle_carries_what_was_sent(channel, platform):
    platform.troubles.extend([FINE, FINE, Trouble(answer=Answer(status=500))])
    thread = post("One", "Two", "Three")

    with pytest.raises(Uncertain) as publishing:
        channel.publish(thread, "key")
    with pytest.raises(Uncertain) as finding:
        channel.find(thread, "key")

    assert len(publishing.value.sent.remote_ids) == 2
    assert finding.value.sent.remote_ids == publishing.value.sent.remote_ids
    channel.retract(publishing.value.sent)
    assert platform.texts() == []


@networks(sorted(set(NETWORKS) - set(THREADS)))
def test_a_thread_is_not_sent_where_there_are_none(channel, platform):
    with pytest.raises(Unsupported):
        channel.publish(post("One", "Two"), "key")

    assert platform.received == []


@networks(NETWORKS)
def test_a_parcel_is_what_the_platform_receives(channel, platform):
    before = channel.parcel(post(), "key")
    channel.publish(post(), "key")
    after = channel.parcel(post(), "key")

    [shown] = json.loads(dict(before.files)["request.json"])
    [received] = platform.created()
    assert before == after == offline_parcel(platform)
    assert (shown["method"], httpx.URL(shown["url"]).path) == (received.method, received.path)
    assert alike(shown["json"], received.json)
    assert not [s for s in platform.secrets for _, data in before.files if s.encode() in data]
    assert {k.lower(): v for k, v in shown["headers"].items()}.items() <= received.headers.items()


def offline_parcel(platform):
    """The parcel of an account with the same settings that never spoke to anybody."""
    channel = channel_class(platform.name)(platform.name, settings=platform.settings())
    return channel.parcel(post(), "key")


def alike(shown, received):
    """Equal, but that a parcel says `(time of sending)` and its like for what is not known before."""
    if isinstance(shown, str) and re.fullmatch(r"\(\w+ of .+\)", shown):
        return True
    if isinstance(shown, dict):
        return shown.keys() == received.keys() and all(alike(shown[k], received[k]) for k in shown)
    return shown == received


@pytest.mark.parametrize("name", ALL)
def test_rendering_checking_and_the_parcel_need_no_account(name, tmp_path):
    channel, context = offline(name), project(tmp_path)

    rendition = channel.render(article(), context)
    parcel = channel.parcel(rendition, "key")

    assert [finding for finding in channel.check(rendition) if finding.rule == "post.limit"] == []
    assert parcel == channel.parcel(channel.render(article(), context), "key")
    assert parcel.opens in dict(parcel.files)


@pytest.mark.parametrize("name", ALL)
def test_publishing_without_an_account_is_misconfigured(name, tmp_path):
    channel = offline(name)
    rendition = channel.render(article(), project(tmp_path))

    with pytest.raises(Misconfigured):
        channel.publish(rendition, "key")

    assert [finding.severity for finding in channel.doctor()] == ["info"]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_doctor_names_the_variables_that_are_missing(name):
    [finding] = offline(f"{name}:north-2").doctor()
    fields = re.findall(rf"PRESSROOM_{name.upper()}_NORTH_2_(\w+)", finding.mend)

    assert fields
    assert {field.lower() for field in fields} <= set(channel_class(name).settings_model.model_fields)


@networks(NETWORKS)
def test_the_doctor_finds_nothing_wrong_with_a_good_account(channel, platform):
    assert channel.doctor() == []
    assert platform.received
    assert platform.created() == []


@networks(NETWORKS)
def test_the_doctor_tells_of_a_refused_secret_without_showing_it(platform):
    given = platform.settings()
    secret = next(name for name in ("token", "password") if hasattr(given, name))
    settings = type(given)(**{**given.model_dump(), secret: "wrong-secret-5f"})
    with http_client() as http:
        channel = channel_class(platform.name)(platform.name, settings=settings, http=http)
        [finding] = channel.doctor()

    assert (finding.rule, finding.severity) == ("account.refused", "block")
    assert "wrong-secret-5f" not in f"{finding}{channel!r}{settings!r}"
