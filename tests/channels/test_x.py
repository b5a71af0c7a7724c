"""What is peculiar to X."""

import time

import pytest

from channels.errors import Duplicate, Misconfigured, Rejected, Unavailable
from channels.x import PICTURE, X
from content.pictures import GIF, cut
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.samples import LINK, picture, post


def test_the_request_is_the_text_and_nothing_else(channel, platform):
    channel.publish(post(), "key")

    [request] = platform.created()
    assert request.json == {"text": f"Sleep (well) & rest. #Sleep\n\n{LINK}"}


def test_a_later_part_answers_the_one_before():
    message = X().message(post("One", "Two"), 1, ("1900", "1901"), (), "key")

    assert message.body == {"text": "Two", "reply": {"in_reply_to_tweet_id": "1901"}}


def test_a_second_post_of_the_same_text_is_a_duplicate(channel, platform):
    channel.publish(post(), "key")

    with pytest.raises(Duplicate):
        channel.publish(post(), "key")

    assert len(platform.texts()) == 1


def test_a_rate_limit_ends_when_its_header_says(channel, platform):
    reset = {"x-rate-limit-reset": str(int(time.time()) + 90)}
    platform.troubles.append(Trouble(answer=platform.refusal(429, reset)))

    with pytest.raises(Unavailable) as raised:
        channel.publish(post(), "key")

    assert raised.value.retry_after == pytest.approx(90, abs=3)


@pytest.mark.parametrize("status", [403, 429])
def test_used_up_credits_want_a_person_and_no_second_attempt(channel, platform, status):
    problem = {"type": "https://api.twitter.com/2/problems/usage-capped", "title": "UsageCapExceeded"}
    platform.troubles.append(Trouble(answer=Answer(status=status, json=problem)))

    with pytest.raises(Misconfigured, match="credits"):
        channel.publish(post(), "key")


def test_a_post_is_found_by_its_link_though_x_shows_a_short_one(channel, platform):
    platform.posts = {"1900000000000000001": f"Somebody's other words {LINK}"}

    found = channel.find(post(), "key")

    assert found.remote_ids == ("1900000000000000001",)
    assert found.url == "https://x.com/i/status/1900000000000000001"


def test_a_post_with_a_link_has_a_price():
    assert X.can.price == 0.20


def test_pictures_are_brought_described_and_named_in_the_post(channel, platform):
    channel.publish(post(images=(picture(), picture("image/png", alt="A chair"))), "key")

    paths = [request.path for request in platform.received]
    assert paths == [*["/2/media/upload", "/2/media/metadata"] * 2, "/2/tweets"]
    assert platform.received[0].form == {"media_category": "tweet_image"}
    assert platform.received[1].json["metadata"] == {"alt_text": {"text": "A bed by a window"}}
    assert platform.pictures() == [(picture().data, "A bed by a window"), (picture("image/png").data, "A chair")]
    assert platform.faults == []


def test_a_picture_without_words_has_no_description(channel, platform):
    channel.publish(post(images=(picture(alt=""),)), "key")

    assert [request.path for request in platform.received] == ["/2/media/upload", "/2/tweets"]


def test_a_description_that_is_refused_leaves_nothing_posted(channel, platform):
    right = platform.handle
    refused = Answer(status=400, json={"title": "Invalid Request"})
    platform.handle = lambda request: refused if request.path == "/2/media/metadata" else right(request)

    with pytest.raises(Rejected, match="bed-1a2b3c4d"):
        channel.publish(post(images=(picture(),)), "key")
    assert platform.created() == []


def test_a_gif_goes_as_a_still():
    assert cut(picture(GIF), PICTURE).media_type == "image/jpeg"
