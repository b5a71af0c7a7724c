"""What is peculiar to Bluesky."""

import time
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from channels.errors import Misconfigured, Unavailable, Uncertain
from channels.lexicon import facets, record_key
from content.post import Card, Part
from content.styled import Mark
from tests.channels.fakes.bluesky import DID, TID
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.samples import LINK, picture, post

FACET = "app.bsky.richtext.facet"


def test_a_record_has_facets_card_and_a_key_of_its_own(channel, platform):
    channel.publish(post("Grüße 😴 #Sleep"), "key")

    [request] = platform.created()
    created = request.json["record"]["createdAt"]
    assert request.json == {
        "repo": DID,
        "collection": "app.bsky.feed.post",
        "rkey": record_key("key", 0),
        "record": {
            "$type": "app.bsky.feed.post",
            "text": f"Grüße 😴 #Sleep\n\n{LINK}",
            "langs": ["en"],
            "createdAt": created,
            "facets": [
                {"index": {"byteStart": 13, "byteEnd": 19}, "features": [{"$type": f"{FACET}#tag", "tag": "Sleep"}]},
                {
                    "index": {"byteStart": 21, "byteEnd": 21 + len(LINK)},
                    "features": [{"$type": f"{FACET}#link", "uri": LINK}],
                },
            ],
            "embed": {
                "$type": "app.bsky.embed.external",
                "external": {"uri": LINK, "title": "Sleep", "description": "What the first night is like."},
            },
        },
    }


def test_a_reply_names_root_and_parent_by_address_and_content(channel, platform):
    receipt = channel.publish(post("One", "Two", "Three"), "key")

    reply = platform.created()[2].json["record"]["reply"]
    named = [f"{reply[end]['uri']} {reply[end]['cid']}" for end in ("root", "parent")]
    assert named == list(receipt.remote_ids[:2])


def test_a_repeat_keeps_the_time_so_that_replies_still_point_to_it(channel, platform):
    first = channel.publish(post("One", "Two"), "key")
    time.sleep(0.005)
    second = channel.publish(post("One", "Two"), "key")

    assert first.remote_ids == second.remote_ids
    assert len(platform.texts()) == 2


def test_a_repeat_after_a_broken_thread_sends_what_lacks(channel, platform):
    platform.troubles.extend([Trouble(stored=True), Trouble(hangs_up=True)])
    with pytest.raises(Uncertain):
        channel.publish(post("One", "Two"), "key")

    receipt = channel.publish(post("One", "Two"), "key")

    assert (len(receipt.remote_ids), len(platform.texts())) == (2, 2)


def test_one_session_serves_and_is_renewed_when_it_runs_out(channel, platform):
    channel.publish(post(), "key")
    channel.publish(post("Other"), "another")
    assert platform.session == 1
    platform.expired = 1

    channel.publish(post("Third"), "third")

    assert (platform.session, len(platform.texts())) == (2, 3)


def test_a_session_that_stays_refused_is_renewed_once_only(channel, platform):
    channel.publish(post(), "key")
    platform.expired = 99

    with pytest.raises(Misconfigured, match="ExpiredToken"):
        channel.publish(post(), "another")

    assert platform.session == 2


@pytest.mark.parametrize("error", ["InvalidToken", "AccountTakedown"])
def test_a_refused_account_is_misconfigured_though_the_status_is_400(channel, platform, error):
    platform.troubles.append(Trouble(answer=Answer(status=400, json={"error": error, "message": "no"})))

    with pytest.raises(Misconfigured, match=error):
        channel.publish(post(), "key")


def test_a_rate_limit_ends_when_its_header_says(channel, platform):
    reset = {"ratelimit-reset": str(int(time.time()) + 90)}
    platform.troubles.append(Trouble(answer=platform.refusal(429, reset)))

    with pytest.raises(Unavailable) as raised:
        channel.publish(post(), "key")

    assert raised.value.retry_after == pytest.approx(90, abs=3)


@given(key=some.text(), number=some.integers(0, 11))
def test_any_key_makes_a_tid_that_sorts_by_part(key, number):
    this, following = record_key(key, number), record_key(key, number + 1)

    assert TID.fullmatch(this)
    assert this < following
    assert this == record_key(key, number)


@given(before=some.text(alphabet="añ😴e\u0301 \n", max_size=30))
def test_facets_cover_just_their_words_in_bytes(before):
    text = f"{before} #Sleep https://a.org/b#Care"

    covered = [
        text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        for facet in facets(Part(text=text))
    ]

    assert covered == ["#Sleep", "https://a.org/b#Care"]


def test_a_mention_carries_the_identity_of_its_handle_and_an_unknown_one_stays_text(channel, platform):
    channel.publish(post("Thanks @friend.test and @nobody.test, by mail: a@b.org"), "key")

    [record] = platform.records.values()
    kinds = [facet["features"][0]["$type"].rpartition("#")[2] for facet in record["facets"]]
    assert kinds == ["mention", "link"]
    assert platform.faults == []


def test_a_link_behind_words_is_a_facet_of_theirs(channel, platform):
    mark = Mark(kind="link", start=0, end=4, url="https://example.org/a")
    channel.publish(post("Read 👩‍⚕️ this", marks=(mark,)), "key")

    [record] = platform.records.values()
    first = record["facets"][0]
    assert first["index"] == {"byteStart": 0, "byteEnd": 4}
    assert first["features"][0]["uri"] == "https://example.org/a"


def test_a_card_has_its_picture_and_own_pictures_take_its_place(channel, platform):
    card = Card(url=LINK, title="Sleep", description="The first night.", image=picture())
    channel.publish(replace(post(), card=card), "with a card")
    channel.publish(replace(post(images=(picture("image/png"),)), card=card), "with a picture")

    carded, pictured = platform.records.values()
    assert carded["embed"]["external"]["thumb"]["size"] == len(picture().data)
    assert pictured["embed"]["$type"] == "app.bsky.embed.images"
    assert pictured["embed"]["images"][0]["aspectRatio"] == {"width": 640, "height": 400}
    assert platform.faults == []


def test_the_accounts_own_password_is_warned_of(channel, platform):
    claims = urlsafe_b64encode(b'{"scope": "com.atproto.access"}').decode().rstrip("=")
    platform.token = f"header.{claims}.signature"

    [finding] = channel.doctor()

    assert (finding.rule, finding.severity) == ("account.password", "warn")
