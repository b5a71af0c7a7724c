"""What is peculiar to Telegram: a secret in every address, offsets in UTF-16 units, and what a 400 may mean."""

from __future__ import annotations

import json
import logging
from html import escape

import pytest

from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.telegram import Telegram, entities
from content.post import Part
from content.styled import Mark
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.fakes.telegram import CHAT, TOKEN
from tests.channels.samples import LINK, http_client, picture, post

FAMILY = "👩‍👩‍👧"  # eight UTF-16 units, five code points
TAGS = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}
JUDGED = {
    "textEntityTypeBold": "bold",
    "textEntityTypeItalic": "italic",
    "textEntityTypeStrikethrough": "strikethrough",
    "textEntityTypeCode": "code",
    "textEntityTypeTextUrl": "text_link",
}


def mark(kind, start, end, url=""):
    return Mark(kind=kind, start=start, end=end, url=url)


def test_words_go_with_their_marks_and_a_large_preview_of_the_page(channel, platform):
    channel.publish(post("Rest well", marks=(mark("bold", 0, 4),)), "key")

    [request] = platform.created()
    assert request.json == {
        "chat_id": "@clinic",
        "text": f"Rest well\n\n{LINK}",
        "entities": [{"type": "bold", "offset": 0, "length": 4}],
        "link_preview_options": {"url": LINK, "prefer_large_media": True},
    }


def test_offsets_count_utf16_units_and_not_characters():
    text = f"{FAMILY} 休息 {FAMILY} שינה"
    marks = (mark("italic", 0, 5), mark("link", 6, 8, "https://example.org/"), mark("code", 15, 19))

    found = entities(Part(text=text, marks=marks))

    assert found == [
        {"type": "italic", "offset": 0, "length": 8},
        {"type": "text_link", "offset": 9, "length": 2, "url": "https://example.org/"},
        {"type": "code", "offset": 21, "length": 4},
    ]


def test_no_mark_is_beyond_the_hundredth():
    many = Part(text="ab" * 120, marks=tuple(mark("bold", 2 * n, 2 * n + 1) for n in range(120)))

    assert len(entities(many)) == 100


def test_a_photo_carries_the_words_as_its_caption(channel, platform):
    receipt = channel.publish(post("Rest", images=(picture(),), marks=(mark("bold", 0, 4),)), "key")

    [request] = platform.created()
    assert request.path == "/bot(token)/sendPhoto"
    assert (request.form["chat_id"], request.form["caption"]) == ("@clinic", f"Rest\n\n{LINK}")
    assert json.loads(request.form["caption_entities"]) == [{"type": "bold", "offset": 0, "length": 4}]
    assert request.files["photo"].media_type == "image/jpeg"
    other = picture("image/png")
    channel.update(receipt, post("Better", images=(other,)))
    assert (platform.texts(), platform.pictures()) == ([f"Better\n\n{LINK}"], [(other.data, "")])
    assert platform.faults == []


def test_a_caption_has_less_room_than_a_text():
    limits = Telegram().can.limits
    long = post("a" * 1500, images=(picture(),))

    assert limits.fits(long.parts[0].text)
    assert [finding.rule for finding in Telegram().check(long)] == ["post.limit"]


def test_a_receipt_names_the_chat_and_leads_to_the_post_of_a_public_channel(channel, platform):
    public = channel.publish(post(), "key")
    del platform.chat["username"]
    private = channel.publish(post(), "another key")

    assert public.remote_ids == (f"{CHAT} 1",)
    assert (public.url, private.url) == ("https://t.me/clinic/1", "")


def test_a_correction_that_changes_nothing_is_no_error(channel, platform):
    receipt = channel.publish(post(), "key")

    assert channel.update(receipt, post()).remote_ids == receipt.remote_ids
    assert platform.texts() == [post().parts[0].text]


def test_words_can_not_become_a_caption_afterwards(channel):
    receipt = channel.publish(post(), "key")

    with pytest.raises(Rejected, match="no caption"):
        channel.update(receipt, post(images=(picture(),)))


def test_what_is_older_than_two_days_can_not_be_taken_back(channel, platform):
    receipt = channel.publish(post(), "key")
    platform.too_old = True

    with pytest.raises(Rejected, match="48 hours"):
        channel.retract(receipt)
    assert len(platform.texts()) == 1


@pytest.mark.parametrize(
    ("status", "said", "error"),
    [
        (400, "Bad Request: chat not found", Misconfigured),
        (400, "Bad Request: need administrator rights in the channel chat", Misconfigured),
        (400, "Bad Request: not enough rights to send text messages to the chat", Misconfigured),
        (403, "Forbidden: bot was kicked from the channel chat", Misconfigured),
        (404, "Not Found", Misconfigured),
        (400, "Bad Request: message is too long", Rejected),
        (404, "Not Found: method not found", Rejected),
        (413, "Request Entity Too Large", Rejected),
        (502, "Bad Gateway", Uncertain),
    ],
)
def test_a_refusal_means_what_telegram_says_in_it(channel, platform, status, said, error):
    platform.troubles.append(Trouble(answer=platform.refusal(status, {}, said)))

    with pytest.raises(ChannelError, match=said) as raised:
        channel.publish(post(), "key")

    assert type(raised.value) is error


def test_a_group_that_moved_is_named_by_its_new_id(channel, platform):
    moved = {"ok": False, "description": "Bad Request: group chat was upgraded to a supergroup chat"}
    moved["parameters"] = {"migrate_to_chat_id": -100777}
    platform.troubles.append(Trouble(answer=Answer(status=400, json=moved)))

    with pytest.raises(Misconfigured, match="-100777 now"):
        channel.publish(post(), "key")


def test_the_time_to_wait_stands_in_the_answer_and_not_in_a_header(channel, platform):
    waiting = {"ok": False, "description": "Too Many Requests: retry after 17", "parameters": {"retry_after": 17}}
    platform.troubles.append(Trouble(answer=Answer(status=429, json=waiting)))

    with pytest.raises(Unavailable) as raised:
        channel.publish(post(), "key")

    assert raised.value.retry_after == 17


@pytest.mark.parametrize("body", [["a list"], "a page", None, {"description": None, "parameters": ["a list"]}])
def test_a_refusal_of_another_shape_is_a_refusal_all_the_same(channel, platform, body):
    platform.troubles.append(Trouble(answer=Answer(status=400, json=body)))

    with pytest.raises(Rejected):
        channel.publish(post(), "key")


@pytest.mark.parametrize(
    ("member", "kind", "rules"),
    [
        ({"status": "administrator", "can_post_messages": True}, "channel", []),
        ({"status": "creator"}, "channel", []),
        ({"status": "administrator"}, "supergroup", []),
        ({"status": "administrator", "can_post_messages": False}, "channel", ["account.rights"]),
        ({"status": "member"}, "channel", ["account.rights"]),
        ({"status": "left"}, "channel", ["account.rights"]),
    ],
)
def test_the_doctor_asks_whether_the_bot_may_post(channel, platform, member, kind, rules):
    platform.member = member
    platform.chat["type"] = kind

    assert [finding.rule for finding in channel.doctor()] == rules


def test_the_doctor_tells_of_a_channel_that_is_not_there(platform, http):
    settings = platform.settings().model_copy(update={"chat": "@clinik"})

    [finding] = Telegram("telegram", settings, http).doctor()

    assert (finding.rule, finding.severity) == ("account.refused", "block")
    assert "chat not found" in finding.why


def test_another_bots_token_is_refused_by_telegram_and_a_broken_one_goes_nowhere(platform, http):
    for token in ("110201543:another", "110201543:with/a?path", "no-bot"):
        settings = Telegram.settings_model(token=token, chat="@clinic", api=platform.url)
        with pytest.raises(Misconfigured) as raised:
            Telegram("telegram", settings, http).publish(post(), "key")
        assert token not in str(raised.value)

    assert [request.path for request in platform.received] == ["/bot110201543:another/sendMessage"]


def test_no_log_holds_the_token_even_where_everything_is_logged(channel, platform, caplog):
    caplog.set_level(logging.DEBUG)

    receipt = channel.publish(post(images=(picture(),)), "key")
    channel.retract(receipt)
    channel.doctor()

    assert TOKEN not in caplog.text
    assert TOKEN.split(":")[1] not in caplog.text


@pytest.mark.parametrize(
    "trouble", [Trouble(hangs_up=True), Trouble(seconds=30), Trouble(answer=Answer(status=500, json=TOKEN))]
)
def test_no_error_holds_the_token_whatever_broke(channel, platform, http, trouble):
    platform.troubles.append(trouble)
    http.timeout = 0.5

    with pytest.raises(Uncertain) as raised:
        channel.publish(post(), "key")

    shown = f"{raised.value!r}{raised.value.__cause__!r}{channel!r}{channel._settings!r}"
    assert TOKEN not in shown


def test_an_address_that_is_none_is_misconfigured_without_the_token():
    settings = Telegram.settings_model(token=TOKEN, chat="@clinic", api="ftp://telegram.example")

    with http_client() as http, pytest.raises(Misconfigured) as raised:
        Telegram("telegram", settings, http).publish(post(), "key")

    assert TOKEN not in f"{raised.value!r}"


@pytest.mark.judged
@pytest.mark.parametrize(
    ("text", "marks"),
    [
        (f"{FAMILY} rest {FAMILY}", (mark("bold", 0, 5), mark("italic", 6, 10))),
        ("休息一下 & 喝水 <3", (mark("strike", 0, 2), mark("link", 7, 9, "https://example.org/water?a=1&b=2"))),
        ("שינה טובה מאוד 😴", (mark("bold", 0, 14), mark("italic", 5, 9))),
        ("🇩🇪 a👍🏽b naïve e\u0301", (mark("code", 4, 6), mark("bold", 8, 13), mark("strike", 14, 16))),
        ("bold and code in it", (mark("bold", 0, 19), mark("code", 9, 13))),
        ("a link in bold, all of it", (mark("bold", 0, 25), mark("link", 2, 6, "https://example.org/x"))),
    ],
)
def test_telegrams_own_parser_finds_the_same_marks_at_the_same_places(text, marks):
    tdjson = pytest.importorskip("tdjson", exc_type=ImportError)
    tdjson.td_execute(b'{"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}')
    question = {"@type": "parseTextEntities", "text": html(text, marks), "parse_mode": {"@type": "textParseModeHTML"}}

    told = json.loads(tdjson.td_execute(json.dumps(question).encode()))

    seen = [(JUDGED[e["type"]["@type"]], e["offset"], e["length"], e["type"].get("url", "")) for e in told["entities"]]
    sent = [(e["type"], e["offset"], e["length"], e.get("url", "")) for e in entities(Part(text=text, marks=marks))]
    assert told["text"] == text
    assert sorted(seen) == sorted(sent)


def html(text, marks):
    """The text in the HTML that Telegram reads."""
    written = ""
    for at in range(len(text) + 1):
        written += "".join(ending(mark) for mark in reversed(marks) if mark.end == at)
        written += "".join(beginning(mark) for mark in marks if mark.start == at)
        written += escape(text[at : at + 1])
    return written


def beginning(mark):
    return f'<a href="{escape(mark.url)}">' if mark.kind == "link" else f"<{TAGS[mark.kind]}>"


def ending(mark):
    return "</a>" if mark.kind == "link" else f"</{TAGS[mark.kind]}>"
