"""What is peculiar to Slack: refusals with status 200, rich text, a channel where others write too."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.slack import Slack, blocks
from content.post import Part
from content.styled import Mark, styled
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.fakes.slack import BOT, CHANNEL, TOKEN, USER, refusal, seen
from tests.channels.samples import LINK, post

KNOWS = Slack.can.limits.knows
RICH = (
    "**Rest** *well*, ~~not~~ `so` & <b>, see [the *new* guide](https://example.org/a?b=1&c=2)",
    "A *literal* \\*star\\* and _under_ and https://example.org/a_b, @here :tea: 休息 👩‍👩‍👧",
    "**See https://example.org/ and `https://example.org/code`**",
    "[Write](mailto:ada@example.org) and [`code`](https://example.org/)",
)


def worded(written):
    """A part of words written in an article's Markdown."""
    found = styled(written, KNOWS)
    return Part(text=found.text, marks=found.marks)


def test_words_go_as_rich_text_and_as_plain_text_for_notifications(channel, platform):
    channel.publish(post("Rest & sleep", marks=(Mark(kind="bold", start=0, end=4),)), "key")

    [request] = platform.created()
    [section] = request.json["blocks"][0]["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "Rest", "style": {"bold": True}},
        {"type": "text", "text": " & sleep\n\n"},
        {"type": "link", "url": LINK},
    ]
    assert request.json["text"] == f"Rest &amp; sleep\n\n{LINK.replace('&', '&amp;')}"
    assert (request.json["channel"], request.json["unfurl_links"]) == (CHANNEL, True)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("*a* **b *c***", [("italic", "a"), ("", " "), ("bold", "b "), ("bold italic", "c")]),
        ("*literal \\** <!here> `a*b`", [("italic", "literal *"), ("", " <!here> "), ("code", "a*b")]),
        (
            "[the **new** one](https://a.org/)",
            [("https://a.org/", "the "), ("bold https://a.org/", "new"), ("https://a.org/", " one")],
        ),
        ("[`code`](https://a.org/)", [("https://a.org/", "code")]),
        ("`https://a.org/`", [("code", "https://a.org/")]),
    ],
)
def test_marks_are_seen_and_all_else_reads_as_it_was_written(written, expected):
    assert seen(blocks(worded(written))) == expected


@pytest.mark.parametrize("written", RICH)
def test_rich_text_reads_as_its_plain_words(channel, platform, written):
    part = worded(written)
    channel.publish(replace(post(), parts=(part,)), "key")

    assert platform.texts() == [part.text]
    assert platform.faults == []


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        ("invalid_auth", Misconfigured),
        ("not_authed", Misconfigured),
        ("token_revoked", Misconfigured),
        ("token_expired", Misconfigured),
        ("account_inactive", Misconfigured),
        ("missing_scope", Misconfigured),
        ("not_in_channel", Misconfigured),
        ("channel_not_found", Misconfigured),
        ("is_archived", Misconfigured),
        ("restricted_action", Misconfigured),
        ("restricted_action_read_only_channel", Misconfigured),
        ("msg_too_long", Rejected),
        ("msg_blocks_too_long", Rejected),
        ("no_text", Rejected),
        ("invalid_blocks", Rejected),
        ("an_error_of_tomorrow", Rejected),
        ("ratelimited", Unavailable),
        ("message_limit_exceeded", Unavailable),
        ("fatal_error", Uncertain),
        ("internal_error", Uncertain),
        ("service_unavailable", Uncertain),
        ("request_timeout", Uncertain),
    ],
)
def test_a_refusal_with_status_200_means_what_its_name_says(channel, platform, error, meaning):
    platform.troubles.append(Trouble(answer=refusal(error)))

    with pytest.raises(ChannelError, match=error) as raised:
        channel.publish(post(), "key")

    assert type(raised.value) is meaning
    assert len(platform.created()) == 1


def test_a_refusal_names_the_scope_or_the_block_and_no_secret(channel, platform):
    platform.troubles.append(Trouble(answer=refusal("missing_scope", needed="chat:write", provided=TOKEN)))
    with pytest.raises(Misconfigured, match=r"missing_scope: chat:write$"):
        channel.publish(post(), "key")

    told = {"messages": [f"[ERROR] no {TOKEN} in /blocks/0"]}
    platform.troubles.append(Trouble(answer=refusal("invalid_blocks", response_metadata=told)))
    with pytest.raises(Rejected, match=r"invalid_blocks: \[ERROR\] no … in /blocks/0"):
        channel.publish(post(), "key")


def test_a_limit_says_when_to_come_back(channel, platform):
    platform.troubles.append(Trouble(answer=refusal("ratelimited", {"Retry-After": "12"})))

    with pytest.raises(Unavailable) as raised:
        channel.publish(post(), "key")

    assert raised.value.retry_after == 12


@pytest.mark.parametrize("told", [{"ok": "true"}, {"ok": True}, {"ok": None}, {"ok": False}, [], "ok"])
def test_an_answer_that_says_neither_yes_nor_no_is_no_success(channel, platform, told):
    platform.troubles.append(Trouble(answer=Answer(json=told)))

    with pytest.raises(Uncertain):
        channel.publish(post(), "key")


@pytest.mark.parametrize("error", ["missing_scope", "not_in_channel", "ratelimited", "fatal_error"])
def test_a_channel_that_can_not_be_read_is_no_absence(channel, platform, error):
    channel.publish(post(), "key")
    platform.refused["conversations.history"] = {"error": error}

    with pytest.raises(ChannelError, match=error):
        channel.find(post(), "key")


def test_a_message_is_found_by_a_link_behind_words(channel, platform):
    words = styled(f"Read [the guide]({LINK})", KNOWS)
    sent = channel.publish(replace(post(), parts=(Part(text=words.text, marks=words.marks),)), "key")

    assert LINK not in platform.messages[sent.remote_ids[0].split()[1]]["text"]
    assert channel.find(post(), "key").remote_ids == sent.remote_ids


def test_somebody_elses_message_with_the_link_is_not_the_apps_own(channel, platform):
    text = f"look: <{LINK.replace('&', '&amp;')}>"
    platform.others.append({"type": "message", "user": "U0PERSON", "ts": "1.2", "text": text})
    platform.others.append({"type": "message", "subtype": "channel_join", "user": USER, "ts": "1.3"})

    assert channel.find(post(), "key") is None
    assert platform.faults == []


def test_an_address_is_read_as_slack_escapes_it(channel, platform):
    link = LINK.replace("&utm_medium", "&section=a&utm_medium")
    sent = channel.publish(post(link=link), "key")

    assert channel.find(post(link=link), "key").url == sent.url


def test_a_receipt_leads_to_the_message_where_slack_tells_its_address(channel, platform):
    known = channel.publish(post(), "key")
    platform.refused["chat.getPermalink"] = {"error": "fatal_error"}
    unknown = channel.publish(post(), "another key")

    assert known.remote_ids[0].split()[0] == CHANNEL
    assert known.url.startswith("https://clinic.slack.com/archives/C0123456789/p17")
    assert unknown.url == ""


@pytest.mark.parametrize("error", ["cant_delete_message", "not_in_channel"])
def test_what_can_not_be_deleted_is_an_error(channel, platform, error):
    receipt = channel.publish(post(), "key")
    platform.refused["chat.delete"] = {"error": error}

    with pytest.raises(ChannelError, match=error):
        channel.retract(receipt)


@pytest.mark.parametrize(
    ("scopes", "refused", "severities"),
    [
        ("chat:write, groups:history", {}, []),
        ("", {}, []),
        ("channels:history", {}, ["block"]),
        ("chat:write", {"error": "missing_scope", "needed": "channels:history"}, ["warn"]),
        ("chat:write,channels:history", {"error": "not_in_channel"}, ["warn"]),
        ("chat:write,channels:history", {"error": "channel_not_found"}, ["block"]),
        ("users:read", {"error": "missing_scope"}, ["block", "warn"]),
    ],
)
def test_the_doctor_tells_what_the_app_may_not_do(channel, platform, scopes, refused, severities):
    platform.scopes = scopes
    platform.refused = {"conversations.history": refused} if refused else {}

    findings = channel.doctor()

    assert [finding.severity for finding in findings] == severities
    assert {finding.rule for finding in findings} <= {"account.scopes"}


def test_a_users_token_has_no_bot_id_and_finds_its_own_messages(channel, platform):
    right = platform.handle

    def as_user(request):
        answer = right(request)
        return Answer(json={"ok": True, "user_id": USER}) if request.path == "/api/auth.test" else answer

    platform.handle = as_user
    sent = channel.publish(post(), "key")

    assert BOT not in sent.remote_ids[0]
    assert channel.find(post(), "key").remote_ids == sent.remote_ids


@pytest.mark.judged
@pytest.mark.parametrize("written", RICH)
def test_slacks_own_models_take_the_blocks_as_they_are(written):
    models = pytest.importorskip("slack_sdk.models.blocks", exc_type=ImportError)
    made = blocks(worded(written))

    parsed = models.Block.parse_all(made)

    for block in parsed:
        block.validate_json()
    # an element that the models do not know is left out of what they give back
    assert [block.to_dict() for block in parsed] == json.loads(json.dumps(made))
    assert {type(e).__name__ for block in parsed for e in block.elements[0].elements} <= {"Text", "Link"}
