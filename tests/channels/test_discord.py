"""What is peculiar to Discord: a webhook that is the secret, escapes that count, a card and files of one's own."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.discord import Discord
from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.escapes import markdown, size
from content.article import parse
from content.source import decode
from content.styled import Mark, styled
from tests.channels.fakes.discord import CHANNEL, GUILD, NUMBER, TOKEN, Reader
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.samples import ARTICLE, LINK, article, picture, post, project

KNOWS = Discord.can.limits.knows
TRICKY = st.sampled_from(
    [*"ab *_~`|[]()<>#@:-\\1.\né休", "https://example.org/a_b*c ", "@everyone ", "\n- ", "\n# ", "\n1. ", ":tea:", "||"]
)


def seen(markdown_of_an_article):
    """What people see of words written in an article's Markdown, in stretches of one style."""
    found = styled(markdown_of_an_article, KNOWS)
    return Reader(markdown(found.text, found.marks)).read()


def carded(**changes):
    """A post with another card."""
    return replace(post(), card=replace(post().card, **changes))


def test_a_post_is_words_without_mentions_and_a_card(channel, platform):
    channel.publish(post("Rest @everyone"), "key")

    [request] = platform.created()
    assert request.query == {"wait": "true"}
    assert request.json == {
        "content": f"Rest \\@everyone\n\n<{LINK}>",
        "embeds": [{"url": LINK, "title": "Sleep", "description": "What the first night is like."}],
        "allowed_mentions": {"parse": []},
        "attachments": [],
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("**Rest** well", [("bold", "Rest"), ("", " well")]),
        ("*Rest **very** well*", [("italic", "Rest "), ("bold italic", "very"), ("italic", " well")]),
        ("***Rest*** ~~now~~", [("bold italic", "Rest"), ("", " "), ("strike", "now")]),
        ("**Rest *well***", [("bold", "Rest "), ("bold italic", "well")]),
        ("Say `a*b_c` or `` `d ``", [("", "Say "), ("code", "a*b_c"), ("", " or "), ("code", "`d")]),
        (
            "See [the guide](https://example.org/a_(b))",
            [("", "See "), ("link https://example.org/a_%28b%29", "the guide")],
        ),
        ("[a](https://a.org/)[b](https://b.org/)", [("link https://a.org/", "a"), ("link https://b.org/", "b")]),
        ("See https://example.org/a_b.", [("", "See "), ("url", "https://example.org/a_b"), ("", ".")]),
        (r"2 \* 3 \* 4, snake_case_name and <b>", [("", "2 * 3 * 4, snake_case_name and <b>")]),
        (r"5 \- no list" + "\n1. no list\n\\# no heading", [("", "5 - no list\n1. no list\n# no heading")]),
        ("**Rest `**` well**", [("", "Rest "), ("code", "**"), ("", " well")]),
    ],
)
def test_marks_are_seen_and_all_else_reads_as_it_was_written(written, expected):
    assert seen(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (r"See [the \*new\* guide](https://example.org/)", "See the *new* guide (https://example.org/)"),
        ("[Write to us](mailto:a_b@example.org)", "Write to us (a_b@example.org)"),
        ("[a@example.org](mailto:a@example.org)", "a@example.org"),
    ],
)
def test_an_address_that_no_words_can_hide_stands_behind_them(written, expected):
    assert "".join(words for _, words in seen(written)) == expected


@given(st.lists(TRICKY, max_size=25).map("".join))
def test_no_text_becomes_markup(text):
    found = Reader(markdown(text)).read()

    assert "".join(words for _, words in found) == text
    assert {style for style, _ in found} <= {"", "url"}


@given(st.lists(TRICKY, min_size=1, max_size=20).map("".join), st.data())
def test_marks_change_no_word(words, data):
    kind = data.draw(st.sampled_from(["bold", "italic", "strike", "code"]))
    text = f"a {words} b"
    found = Reader(markdown(text, (Mark(kind=kind, start=2, end=2 + len(words)),))).read()

    assert "".join(words for _, words in found) == text
    assert not any("spoiler" in style or "underline" in style for style, _ in found)


def test_escapes_and_brackets_count():
    assert size("plain") == 5
    assert size("a_b") == 4
    assert size("https://example.org/a_b") == 25
    assert size("Rest", (Mark(kind="bold", start=0, end=4),)) == 8
    assert not Discord().can.limits.fits("*" * 1001)


def test_a_text_full_of_marks_and_links_is_fitted_with_them(tmp_path, channel, platform):
    link = "[the next guide](https://clinic.example.org/a/long/way/to/the/page/that/says/more/of/it/)"
    words = f"Then **rest** is *good*, says {link}, in short. " * 30
    text = ARTICLE.replace("  mastodon:", "  discord:").replace("The first night is often short", words)
    long = parse(decode(text.encode(), "sleep.md"), tmp_path / "sleep.md")

    fitted = channel.render(long, project(tmp_path))
    channel.publish(fitted, "key")

    body = json.loads(platform.created()[0].form["payload_json"])
    assert 1500 < len(body["content"]) <= 2000
    assert fitted.shortened == (1,)
    assert platform.texts() == [fitted.text]
    assert platform.faults == []


def test_the_card_carries_the_link_so_the_words_do_not(tmp_path):
    rendered = Discord().render(article(), project(tmp_path))

    assert rendered.card.url == rendered.link
    assert rendered.link not in rendered.text


def test_a_long_title_is_cut_and_nothing_in_a_card_is_markup(channel, platform):
    channel.publish(carded(title="Sleep_well " * 60, description="*Rest* " * 900), "key")
    channel.publish(carded(description=""), "another key")

    first, second = (request.json["embeds"][0] for request in platform.created())
    assert len(first["title"]) <= 256
    assert first["title"].startswith("Sleep\\_well Sleep\\_well")
    assert len(first["description"]) <= 4096
    assert "description" not in second
    assert platform.faults == []


def test_the_cards_picture_is_attached_and_shown_in_the_card_alone(channel, platform):
    image = replace(picture(), path="Schläfer-1a2b3c4d.jpg")
    channel.publish(carded(image=image), "key")

    [request] = platform.created()
    body = json.loads(request.form["payload_json"])
    assert body["embeds"][0]["image"] == {"url": "attachment://Schl_fer-1a2b3c4d.jpg"}
    assert request.files["files[0]"].name == "Schl_fer-1a2b3c4d.jpg"
    assert platform.pictures() == []
    assert platform.faults == []


def test_a_posts_own_picture_takes_the_place_of_the_cards(channel, platform):
    image = picture()
    own = replace(
        carded(image=replace(picture("image/png"), path="hero-1a2b3c4d.png")), parts=post(images=(image,)).parts
    )
    channel.publish(own, "key")

    body = json.loads(platform.created()[0].form["payload_json"])
    assert body["attachments"] == [{"id": "0", "filename": image.path, "description": image.alt}]
    assert "image" not in body["embeds"][0]
    assert platform.pictures() == [(image.data, image.alt)]


def test_a_correction_replaces_the_pictures_too(channel, platform):
    receipt = channel.publish(post(images=(picture(),)), "key")
    other = picture("image/png", "A window")

    channel.update(receipt, post("Better", images=(other,)))
    assert platform.pictures() == [(other.data, "A window")]
    channel.update(receipt, post("Best"))
    assert platform.pictures() == []
    assert platform.faults == []


def test_a_name_of_ones_own_goes_with_the_post_and_can_not_be_corrected(platform, http):
    settings = platform.settings().model_copy(update={"username": "Night desk"})
    channel = Discord("discord", settings, http)
    receipt = channel.publish(post(), "key")
    channel.update(receipt, post("Better"))

    assert platform.created()[0].json["username"] == "Night desk"
    assert "username" not in platform.received[-1].json
    assert platform.faults == []


def test_a_receipt_leads_to_the_message_where_the_server_is_known(channel, platform):
    known = channel.publish(post(), "key")
    platform.guild = None
    unknown = channel.publish(post(), "another key")

    assert known.url == f"https://discord.com/channels/{GUILD}/{CHANNEL}/{known.remote_ids[0]}"
    assert unknown.url == ""


def test_a_post_goes_out_though_the_webhook_can_not_be_asked_first(channel, platform):
    right = platform.handle
    platform.handle = lambda asked: Answer(status=500) if asked.method == "GET" else right(asked)

    assert channel.publish(post(), "key").url == ""
    assert len(platform.texts()) == 1


@pytest.mark.parametrize(
    "address", ["{}/api/webhooks/{}/{}", "{}/api/v9/webhooks/{}/{}/", " {}/api/v10/webhooks/{}/{}\n"]
)
def test_a_webhook_is_spoken_to_in_one_version_however_it_was_copied(platform, http, address):
    settings = Discord.settings_model(webhook=address.format(platform.url, NUMBER, TOKEN))

    Discord("discord", settings, http).publish(post(), "key")

    assert platform.created()[0].path == "/api/v10/webhooks/(id)/(token)"
    assert platform.faults == []


@pytest.mark.parametrize("address", ["discord.com/api/webhooks/1/a", "https://hooks.slack.com/services/T0/B0/x1y2"])
def test_what_is_no_webhook_of_discords_goes_nowhere(platform, address):
    channel = Discord("discord", Discord.settings_model(webhook=address))

    with pytest.raises(Misconfigured, match="no address like") as raised:
        channel.publish(post(), "key")

    assert address not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (404, 10015, Misconfigured),
        (401, 50027, Misconfigured),
        (400, 220001, Misconfigured),
        (404, 10008, Rejected),
        (413, 40005, Rejected),
        (502, 0, Uncertain),
    ],
)
def test_a_refusal_means_what_its_number_says(channel, platform, status, code, error):
    platform.troubles.append(Trouble(answer=platform.refusal(status, {}, code)))

    with pytest.raises(ChannelError) as raised:
        channel.publish(post(), "key")

    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("errors", "named"),
    [
        (
            {"embeds": {"0": {"title": {"_errors": [{"code": "X", "message": "Too long."}]}}}},
            "embeds.0.title: Too long.",
        ),
        ({"_errors": [{"message": f"no {TOKEN}"}]}, "no …"),
        (["another shape"], "400"),
    ],
)
def test_a_field_that_is_not_taken_is_named(channel, platform, errors, named):
    platform.troubles.append(Trouble(answer=platform.refusal(400, {}, 50035, errors=errors)))

    with pytest.raises(Rejected, match=named) as raised:
        channel.publish(post(), "key")

    assert TOKEN not in str(raised.value)


def test_a_time_to_wait_may_be_a_part_of_a_second(channel, platform):
    platform.troubles.append(Trouble(answer=Answer(status=429, json={"retry_after": 0.65, "global": False})))

    with pytest.raises(Unavailable) as raised:
        channel.publish(post(), "key")

    assert raised.value.retry_after == 0.65


def test_taking_back_from_a_webhook_that_is_gone_is_no_success(channel, platform):
    receipt = channel.publish(post(), "key")
    platform.gone = True

    with pytest.raises(Misconfigured):
        channel.retract(receipt)


def test_no_log_holds_the_webhook_even_where_everything_is_logged(channel, platform, caplog):
    caplog.set_level(logging.DEBUG)

    channel.retract(channel.publish(post(images=(picture(),)), "key"))
    channel.doctor()

    assert TOKEN not in caplog.text
    assert TOKEN not in f"{channel!r}{channel._settings!r}"
