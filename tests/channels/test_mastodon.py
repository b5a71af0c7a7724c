"""What is peculiar to Mastodon, and to servers that only speak as it does."""

import pytest

from channels.errors import Misconfigured, Unavailable, Unsupported
from channels.mastodon import Mastodon
from tests.channels.fakes.mastodon import html, instance
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.samples import LINK, picture, post


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

    channel.adapt(channel.learn())

    limits = channel.can.limits
    assert (limits.text, limits.size("https://example.org/")) == (characters, link)


@pytest.mark.parametrize(("characters", "link", "said"), [(500, 23, 0), (5000, 23, 1), (300, 23, 1), (500, 25, 1)])
def test_the_doctor_tells_when_a_server_takes_something_else(channel, platform, characters, link, said):
    platform.instances = {"v2": instance(characters, link)}

    assert len(channel.doctor()) == said
    channel.adapt(channel.learn())
    assert channel.doctor() == []


def test_a_server_may_take_fewer_pictures_and_lighter_ones(channel, platform):
    media = {"description_limit": 420, "image_size_limit": 1_000_000}
    platform.instances = {
        "v2": {"configuration": {"statuses": {"max_media_attachments": 1}, "media_attachments": media}}
    }

    channel.adapt(channel.learn())

    limits = channel.can.limits
    assert (limits.images, limits.alt, limits.picture.bytes, limits.text) == (1, 420, 1_000_000, 500)


def test_a_picture_that_the_server_works_on_is_waited_for(channel, platform):
    platform.slow, channel.processing = 3, 0.01

    channel.publish(post(images=(picture(),)), "key")

    assert [request.path for request in platform.received].count("/api/v1/media/220001") == 3
    assert len(platform.pictures()) == 1


def test_a_picture_that_is_never_ready_leaves_nothing_posted(channel, platform):
    platform.slow, channel.processing = 1000, 0.001

    with pytest.raises(Unavailable):
        channel.publish(post(images=(picture(),)), "key")

    assert platform.created() == []


@pytest.mark.parametrize(
    ("scopes", "lacks"),
    [(["read", "write:statuses"], ["write:media"]), (None, []), (["write"], ["read:accounts", "read:statuses"])],
)
def test_the_doctor_tells_which_scopes_a_token_lacks(channel, platform, scopes, lacks):
    platform.scopes = scopes

    found = " ".join(finding.why for finding in channel.doctor())

    assert [
        scope for scope in ("read:accounts", "read:statuses", "write:statuses", "write:media") if scope in found
    ] == lacks


def test_a_correction_keeps_the_picture(channel, platform):
    receipt = channel.publish(post(images=(picture(),)), "key")

    channel.update(receipt, post("Better words", images=(picture(),)))

    assert platform.pictures() == [(picture().data, picture().alt)]


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
