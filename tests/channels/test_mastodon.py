"""What is peculiar to Mastodon, and to servers that only speak as it does."""

import pytest

from channels.errors import Misconfigured, Unsupported
from channels.mastodon import Mastodon
from tests.channels.fakes.mastodon import html, instance
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.samples import LINK, post


def test_every_field_is_sent_with_a_key_of_its_own(channel, platform):
    channel.publish(post("One", "Two"), "key")

    first, second = platform.created()
    assert first.json == {
        "status": f"One\n\n{LINK}",
        "visibility": "public",
        "language": "en",
        "sensitive": False,
        "spoiler_text": "",
    }
    assert second.json == {**first.json, "status": "Two", "in_reply_to_id": "110001"}
    assert [r.headers["idempotency-key"] for r in (first, second)] == ["key-1", "key-2"]


def test_a_server_that_ignores_the_key_posts_twice_so_it_is_no_proof(channel, platform):
    platform.keeps_keys = False

    channel.publish(post(), "key")
    channel.publish(post(), "key")

    assert len(platform.texts()) == 2
    assert not channel.can.repeat_safe


def test_a_correction_keeps_the_language(channel, platform):
    receipt = channel.publish(post(), "key")

    channel.update(receipt, post("Better"))

    assert platform.received[-1].json == {
        "status": f"Better\n\n{LINK}",
        "language": "en",
        "sensitive": False,
        "spoiler_text": "",
    }


def test_a_correction_can_not_add_a_part(channel, platform):
    receipt = channel.publish(post("One"), "key")

    with pytest.raises(Unsupported, match="it has 1 parts, not 2"):
        channel.update(receipt, post("One", "Two"))


@pytest.mark.parametrize("server", ["clinic.example", "https://clinic.example:port", "ftp://clinic.example"])
def test_a_server_that_is_no_web_address_is_misconfigured(platform, http, server):
    settings = platform.settings().model_copy(update={"server": server})

    with pytest.raises(Misconfigured, match="settings"):
        Mastodon("mastodon", settings, http).publish(post(), "key")


@pytest.mark.parametrize(
    ("instances", "characters", "link"),
    [
        ({"v2": instance(500, 23)}, 500, 23),
        ({"v2": instance(5000, 25)}, 5000, 25),
        ({"v1": instance(300, 23)}, 300, 23),
        ({"v1": {"max_toot_chars": 100_000}}, 100_000, 23),
        ({"v1": {"title": "says nothing"}}, 500, 23),
    ],
)
def test_limits_are_read_from_the_server(channel, platform, instances, characters, link):
    platform.instances = instances

    limits = channel.limits_of_server()

    assert (limits.text, limits.size("https://example.org/")) == (characters, link)


@pytest.mark.parametrize(
    ("characters", "link", "severities"),
    [(500, 23, []), (5000, 23, ["info"]), (300, 23, ["warn"]), (500, 25, ["warn"])],
)
def test_the_doctor_tells_when_a_server_takes_less(channel, platform, characters, link, severities):
    platform.instances = {"v2": instance(characters, link)}

    assert [finding.severity for finding in channel.doctor()] == severities


def test_a_status_is_found_though_html_hides_most_of_its_link(channel, platform):
    assert f">{LINK}<" not in html(LINK)
    channel.publish(post(), "key")

    assert channel.find(post("Other words"), "key").remote_ids == ("110001",)


def test_a_token_without_a_server_goes_to_nobody():
    settings = Mastodon.settings_model(token="a-token")

    with pytest.raises(Misconfigured):
        Mastodon(settings=settings).publish(post(), "key")


def test_a_private_status_has_no_address(channel, platform):
    platform.troubles.append(Trouble(answer=Answer(json={"id": 7, "url": None})))

    receipt = channel.publish(post(), "key")

    assert (receipt.remote_ids, receipt.url) == (("7",), "")
