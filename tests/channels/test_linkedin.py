"""What is peculiar to LinkedIn."""

import pytest

from channels.errors import Duplicate, Misconfigured, Unavailable, Uncertain
from channels.linkedin import little_text
from tests.channels.fakes.linkedin import duplicate
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.samples import LINK, post

ESCAPED = LINK.replace("_", r"\_")


def test_the_request_carries_little_text_and_its_own_card(channel, platform):
    channel.publish(post(), "key")

    [request] = platform.created()
    assert request.json == {
        "author": "urn:li:organization:5515715",
        "commentary": r"Sleep \(well\) & rest. {hashtag|\#|Sleep}" + f"\n\n{ESCAPED}",
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "content": {
            "article": {
                "source": LINK,
                "title": "Sleep",
                "description": "What the first night is like.",
            }
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    assert request.headers["linkedin-version"] == "202610"


@pytest.mark.parametrize(
    ("text", "little"),
    [
        (r"a\b <c> ~d~ e_f |g| [h] *i* (j) {k} @l", r"a\\b \<c\> \~d\~ e\_f \|g\| \[h\] \*i\* \(j\) \{k\} \@l"),
        ("#Sleep and #ünï_code", r"{hashtag|\#|Sleep} and {hashtag|\#|ünï\_code}"),
        ("(#Sleep)", r"\({hashtag|\#|Sleep}\)"),
        ("number #1", r"number \#1"),
        ("see https://a.org/b#Care now", r"see https://a.org/b\#Care now"),
        ("https://a.org/#Care", r"https://a.org/\#Care"),
        ("C# and F#", r"C\# and F\#"),
        ("Ruhe → 睡眠 😴", "Ruhe → 睡眠 😴"),
    ],
)
def test_what_linkedin_reads_as_markup_is_escaped_and_hashtags_work(text, little):
    assert little_text(text) == little


def test_a_duplicate_brings_the_receipt_of_the_post_that_is_there(channel, platform):
    first = channel.publish(post(), "key")

    with pytest.raises(Duplicate) as raised:
        channel.publish(post(), "key")

    assert raised.value.sent.remote_ids == first.remote_ids
    assert (raised.value.sent.url, raised.value.sent.digest) == (first.url, first.digest)


def test_a_duplicate_that_names_nothing_has_no_receipt(channel, platform):
    platform.troubles.append(Trouble(answer=duplicate("something")))

    with pytest.raises(Duplicate) as raised:
        channel.publish(post(), "key")

    assert raised.value.sent is None


def test_a_lapsed_version_is_named_before_anything_is_sent(channel, platform):
    platform.version = "202709"

    with pytest.raises(Misconfigured, match="LinkedIn-Version 202610 has lapsed"):
        channel.publish(post(), "key")
    [finding] = channel.doctor()

    assert "202610 has lapsed" in finding.why
    assert platform.texts() == []


def test_a_token_that_may_write_alone_is_good_enough(channel, platform):
    platform.may_read = False

    assert channel.doctor() == []


def test_a_daily_limit_ends_at_midnight(channel, platform):
    platform.troubles.append(Trouble(answer=platform.refusal(429, {})))

    with pytest.raises(Unavailable) as raised:
        channel.publish(post(), "key")

    assert 0 < raised.value.retry_after <= 24 * 60 * 60


def test_an_answer_without_an_id_is_uncertain(channel, platform):
    platform.troubles.append(Trouble(answer=Answer(status=201)))

    with pytest.raises(Uncertain, match="x-restli-id"):
        channel.publish(post(), "key")


def test_a_correction_changes_the_words_alone(channel, platform):
    receipt = channel.publish(post(), "key")

    channel.update(receipt, post("Sleep [better] now"))

    last = platform.received[-1]
    assert last.json == {"patch": {"$set": {"commentary": r"Sleep \[better\] now" + f"\n\n{ESCAPED}"}}}
    assert last.headers["x-restli-method"] == "PARTIAL_UPDATE"
