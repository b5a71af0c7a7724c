"""What is peculiar to each service for newsletters."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from channels.base import Receipt
from channels.batches import Result
from channels.errors import Misconfigured, Rejected, Unavailable, Uncertain, Unsupported
from channels.lines import Recipient
from channels.mailchimp import Mailchimp
from channels.postmark import BATCH, WEIGHT, Postmark
from channels.registry import channel_class, offline
from channels.seal import Seal
from content import merging
from tests.channels.fakes import listmonk as listmonk_fake
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.letters import LEAVE, OUTLOOK, letter, newsletter, read_by, tried

SEAL = Seal(b"a secret of at least sixteen bytes")
OWN_WORDS = ("Ada", "Grace", "<Joan> x", "there")
SPELLED = {
    "buttondown": ('{{ subscriber.metadata.first_name|default:"there" }}', "{{ unsubscribe_url }}"),
    "mailchimp": ("*|IF:FNAME|**|FNAME|**|ELSE:|*there*|END:IF|*", "*|UNSUB|*"),
    "resend": ("{{{FIRST_NAME|there}}}", "{{{RESEND_UNSUBSCRIBE_URL}}}"),
    "listmonk": ("{{ with .Subscriber.FirstName }}{{ . }}{{ else }}there{{ end }}", "{{ UnsubscribeURL }}"),
}
OWN = {
    "buttondown": '{{ subscriber.metadata.plan|default:"none" }}',
    "mailchimp": "*|IF:PLAN|**|PLAN|**|ELSE:|*none*|END:IF|*",
    "resend": "{{{plan|none}}}",
    "listmonk": "{{ with .Subscriber.Attribs.plan }}{{ . }}{{ else }}none{{ end }}",
}


def on(name):
    """Run a test with the fake of one service."""
    return pytest.mark.parametrize("platform", [name], indirect=True)


@pytest.mark.parametrize("name", SPELLED)
def test_merge_fields_are_spelled_as_the_service_has_them(name):
    field, leave = SPELLED[name]
    worded = offline(name).worded(newsletter())

    assert worded.subject == f"Hello {field}: sleep"
    assert f"<p>Hello {field}. Most" in worded.html
    assert f'<a href="{leave}">' in worded.html
    assert worded.text.endswith(f"Unsubscribe: {leave}\n")


@pytest.mark.parametrize("name", OWN)
def test_a_field_of_ones_own_keeps_its_name(name):
    own = merging.mark('{{ subscriber.plan | default("none") }}')

    assert offline(name).worded(newsletter(subject=own)).subject == OWN[name]


@pytest.mark.parametrize("name", [*SPELLED, "postmark"])
def test_braces_of_a_style_are_left_alone(name):
    style = "<style>@media print { a { color: #fff }} @media screen{.b{color:#000}}</style>"

    assert offline(name).worded(newsletter(html=style)).html == style


# Buttondown


@on("buttondown")
def test_buttondown_is_told_that_html_is_no_markdown_and_no_front_matter(channel, platform):
    channel.publish(newsletter(html="---\ntitle: no\n---\n" + newsletter().html), "key")

    [made] = platform.made()
    assert made.json["body"].startswith("<!-- buttondown-editor-mode: fancy -->---\n")
    assert (made.json["status"], made.json["metadata"], made.json["template"]) == (
        "draft",
        {"pressroom": "key"},
        "naked",
    )
    assert made.json["canonical_url"] == newsletter().url
    assert platform.faults == []


@on("buttondown")
def test_front_matter_that_buttondown_refuses_is_rejected(channel, platform):
    platform.creates = platform.makes
    platform.troubles.append(Trouble(answer=Answer(status=400, json={"code": "body_contains_frontmatter"})))

    with pytest.raises(Rejected, match="body_contains_frontmatter"):
        channel.prepare(newsletter(), "key")


@on("buttondown")
def test_a_draft_that_is_not_listed_yet_is_not_made_twice(channel, platform):
    platform.lists_late = True

    assert channel.prepare(newsletter(), "key") == channel.prepare(newsletter(), "key")
    assert len(platform.campaigns) == 1
    keys = {request.headers["x-idempotency-key"] for request in platform.made()}
    assert [key.partition("-")[0] for key in keys] == ["key"]


@on("buttondown")
def test_a_newsletter_that_wants_a_confirmation_first_is_misconfigured(channel, platform):
    refusal = Answer(status=400, json={"code": "sending_requires_confirmation", "detail": "Confirm it."})
    platform.troubles.append(Trouble(answer=refusal))

    with pytest.raises(Misconfigured, match="Confirm it"):
        channel.publish(newsletter(), "key")


@on("buttondown")
def test_a_newsletters_own_template_is_used_where_none_is_set(platform, http):
    settings = platform.settings().model_copy(update={"template": ""})
    channel_class("buttondown")("buttondown", settings, http).prepare(newsletter(), "key")

    assert "template" not in platform.made()[0].json


@on("buttondown")
def test_people_see_an_email_where_buttondown_says(channel, platform):
    receipt = channel.publish(newsletter(), "key")

    assert receipt.url == f"{platform.url}/archive/{receipt.remote_ids[0]}"


def test_a_default_with_quotes_is_quoted_for_django():
    assert offline("buttondown").spelling("plan", 'the "big" one') == (
        '{{ subscriber.metadata.plan|default:"the \\"big\\" one" }}'
    )


# Mailchimp


@on("mailchimp")
def test_a_bare_403_of_mailchimp_is_too_many_requests(channel, platform):
    draft = channel.prepare(newsletter(), "key")
    platform.troubles.append(Trouble(answer=Answer(status=403)))

    with pytest.raises(Unavailable):
        channel.publish(newsletter(), "key", draft)


@on("mailchimp")
def test_a_campaign_that_is_not_ready_is_not_sent_and_mailchimp_says_why(channel, platform):
    platform.ready = False
    platform.items = [
        {"type": "success", "id": 1, "heading": "List", "details": "There is one."},
        {"type": "error", "id": 2, "heading": "Sender", "details": "The domain is not verified."},
    ]

    with pytest.raises(Rejected, match=re.escape("not ready: Sender: The domain is not verified.")):
        channel.publish(newsletter(), "key")
    assert platform.created() == []


@on("mailchimp")
@pytest.mark.parametrize(("winner", "criteria"), [("clicks", "clicks"), ("hand", "manual")])
def test_other_subjects_are_tried_by_mailchimp(channel, platform, winner, criteria):
    channel.publish(tried(test_winner=winner), "key")

    [made] = platform.made()
    assert made.json["type"] == "variate"
    assert made.json["variate_settings"] == {
        "subject_lines": [f"Hello {SPELLED['mailchimp'][0]}: sleep", "Sleep better"],
        "test_size": 20,
        "winner_criteria": criteria,
        "wait_time": 240,
    }
    assert platform.texts() == [read_by(newsletter(), platform.leave)]
    assert platform.faults == []


@on("mailchimp")
def test_a_draft_without_a_test_does_not_become_one_with_a_test(channel, platform):
    plain = channel.prepare(newsletter(), "key")
    channel.publish(tried(), "key")

    assert [c["type"] for c in platform.campaigns.values()] == ["regular", "variate"]
    assert platform.campaigns[plain]["status"] == "save"
    assert platform.faults == []


def test_mailchimp_tries_subjects_on_a_tenth_of_the_list_at_least():
    channel = offline("mailchimp")

    assert [f.rule for f in channel.check(tried(test_share=9))] == ["mail.test.share"]
    assert channel.check(tried(test_share=10)) == []


@pytest.mark.parametrize("key", ["no-centre-", "abc", "abc-us6.evil.example/", "abc-evil.example#us6", "abc-US6"])
def test_a_key_goes_to_no_host_but_a_data_centre(key):
    settings = Mailchimp.settings_model(key=key, audience="a6b5da1054")

    with pytest.raises(Misconfigured, match="data centre"):
        Mailchimp(settings=settings).publish(newsletter(), "key")
    assert [f.severity for f in Mailchimp(settings=settings).doctor()] == ["block"]


def test_a_key_names_its_data_centre():
    assert Mailchimp(settings=Mailchimp.settings_model(key="abc-us21")).api == "https://us21.api.mailchimp.com/3.0"


@on("mailchimp")
def test_a_send_that_is_answered_otherwise_than_documented_is_uncertain(channel, platform):
    platform.troubles.append(Trouble(answer=Answer(status=200, json={"status": "sent"})))

    with pytest.raises(Uncertain):
        channel.publish(newsletter(), "key")


@on("mailchimp")
@pytest.mark.parametrize(
    ("changed", "said"), [({"audience": "other"}, "audience “other”"), ({"segment": 8}, "segment 8")]
)
def test_the_doctor_says_what_mailchimp_does_not_have(platform, http, changed, said):
    settings = platform.settings().model_copy(update=changed)
    [finding] = Mailchimp("mailchimp", settings, http).doctor()

    assert f"there is no {said}" in finding.why


# Resend


@on("resend")
def test_a_broadcast_goes_to_its_segment_and_topic(channel, platform):
    channel.prepare(newsletter(), "key")

    [made] = platform.made()
    settings = platform.settings()
    assert (made.json["segment_id"], made.json["topic_id"]) == (settings.segment, settings.topic)
    assert (made.json["from"], made.json["reply_to"]) == (
        '"Clinic, North" <news@clinic.example.org>',
        ["desk@clinic.example.org"],
    )
    assert made.json["name"] == "Hello there: sleep [key]"


@on("resend")
def test_a_test_mail_of_resend_is_asked_for_once_and_has_its_defaults(channel, platform):
    for _ in range(2):
        channel.send_test(newsletter(), "key", ("ada@example.org",))

    [mail] = platform.mails
    assert (mail["subject"], LEAVE in mail["html"]) == ("Hello there: sleep", True)
    assert platform.campaigns == {}


@on("resend")
def test_the_doctor_says_that_resend_has_no_such_segment(platform, http):
    settings = platform.settings().model_copy(update={"segment": "other"})
    [finding] = channel_class("resend")("resend", settings, http).doctor()

    assert "there is no segment “other”" in finding.why


# listmonk


@on("listmonk")
def test_what_outlook_needs_is_not_dropped_by_go(channel, platform):
    channel.publish(newsletter(), "key")

    assert OUTLOOK in platform.texts()[0]
    assert "{{ Safe `" + OUTLOOK + "` }}" in platform.made()[0].json["body"]
    assert listmonk_fake._literal(OUTLOOK, html=True) == ""


@on("listmonk")
def test_no_template_is_put_around_a_mail_but_the_one_that_is_set(platform, http):
    given = platform.settings()
    for template in (0, 4):
        settings = given.model_copy(update={"template": template})
        channel_class("listmonk")("listmonk", settings, http).prepare(newsletter(), f"key {template}")

    bare, within = (request.json for request in platform.made())
    assert (bare["content_type"], "template_id" in bare) == ("visual", False)
    assert (within["content_type"], within["template_id"]) == ("html", 4)


@on("listmonk")
def test_a_campaign_of_listmonk_goes_to_its_lists_with_both_parts(channel, platform):
    channel.prepare(newsletter(), "key")

    [made] = platform.made()
    assert (made.json["lists"], made.json["headers"]) == ([3, 7], [{"Reply-To": "desk@clinic.example.org"}])
    assert made.json["altbody"].startswith("Hello {{ with")
    assert made.headers["authorization"] == "token pressroom:listmonk-token-5a2b"


@on("listmonk")
def test_plain_text_that_looks_like_html_is_none_for_go(channel, platform):
    text = "If a <b, write <script> or <!-- note -->, {{ so }}.\n" + newsletter().text
    channel.publish(newsletter(text=text), "key")

    [campaign] = platform.campaigns.values()
    read = platform.rendered(campaign["altbody"], html=True)
    assert read.startswith("If a <b, write <script> or <!-- note -->, {{ so }}.\nHello there. Most")
    assert platform.faults == []


@on("listmonk")
def test_a_test_mail_to_nobody_that_listmonk_knows_is_rejected(channel, platform):
    with pytest.raises(Rejected):
        channel.send_test(newsletter(), "key", ("grace@example.org",))


@on("listmonk")
def test_the_doctor_says_which_list_there_is_none_of(platform, http):
    settings = platform.settings().model_copy(update={"lists": "3,9"})
    [finding] = channel_class("listmonk")("listmonk", settings, http).doctor()

    assert "there is no list 9" in finding.why


@pytest.mark.parametrize("lists", ["three", "3;7", "3,,7", "-3"])
def test_lists_are_numbers(lists):
    with pytest.raises(ValueError, match="lists"):
        channel_class("listmonk").settings_model(lists=lists)


# Postmark


@on("postmark")
def test_each_letter_has_a_result_of_its_own_within_one_200(channel, platform):
    platform.codes = {"gone@example.org": 406, "no address": 300, "slow@example.org": 429, "later@example.org": 100}
    letters = [letter("ada@example.org"), *(letter(to) for to in platform.codes)]

    results = channel.send_batch(letters, "key")

    assert results == [
        Result("sent", 0, "b7bc2f4a-0001"),
        Result("suppressed", 406),
        Result("refused", 300),
        Result("later", 429),
        Result("later", 100),
    ]
    assert len(platform.received) == 1
    assert platform.faults == []


@on("postmark")
def test_an_account_that_is_not_let_through_is_misconfigured_if_nothing_was_sent(channel, platform):
    platform.codes = {"ada@example.org": 10, "grace@example.org": 400}
    refused = [letter(to) for to in platform.codes]

    with pytest.raises(Misconfigured, match="error code 10"):
        channel.send_batch(refused, "key")
    kinds = [result.kind for result in channel.send_batch([*refused, letter("joan@example.org")], "key")]

    assert kinds == ["later", "later", "sent"]


@on("postmark")
@pytest.mark.parametrize(("code", "error"), [(405, Misconfigured), (429, Unavailable), (402, Rejected)])
def test_an_error_for_a_whole_batch_is_read_by_its_number(channel, platform, code, error):
    platform.troubles.append(Trouble(answer=Answer(status=422, json={"ErrorCode": code, "Message": "no"})))

    with pytest.raises(error):
        channel.send_batch([letter("ada@example.org")], "key")


@on("postmark")
@pytest.mark.parametrize(
    "told", [[], [{"ErrorCode": 0}], [{"ErrorCode": "?"}], {}, [{"ErrorCode": 0, "MessageID": "1"}] * 2]
)
def test_results_that_do_not_fit_the_letters_are_uncertain(channel, platform, told):
    platform.troubles.append(Trouble(answer=Answer(json=told)))

    with pytest.raises(Uncertain):
        channel.send_batch([letter("ada@example.org")], "key")


@on("postmark")
def test_a_letter_goes_out_as_it_is_through_its_stream(channel, platform):
    given = letter(
        "ada@example.org", reply_to="desk@clinic.example.org", headers=(("X-Part", "1"),), metadata=(("part", "1"),)
    )
    channel.send_batch([given], "key")

    [message] = platform.sent
    assert (message["From"], message["ReplyTo"]) == ("Clinic <news@clinic.example.org>", "desk@clinic.example.org")
    assert (message["MessageStream"], message["Headers"]) == ("letters", [{"Name": "X-Part", "Value": "1"}])
    assert message["Metadata"] == {"delivery": "key", "part": "1"}
    assert platform.faults == []


@on("postmark")
def test_more_letters_than_postmark_takes_are_not_sent(channel, platform):
    with pytest.raises(Rejected, match="501"):
        channel.send_batch([letter("ada@example.org")] * (BATCH + 1), "key")
    assert platform.received == []


def test_batches_are_as_long_and_as_heavy_as_postmark_takes():
    heavy = letter("ada@example.org", html="x" * (WEIGHT // 2))
    batches = Postmark().batches

    assert [len(batch) for batch in batches([letter("ada@example.org")] * (BATCH + 1), "key")] == [BATCH, 1]
    assert [len(batch) for batch in batches([heavy] * 3, "key")] == [1, 1, 1]
    assert list(batches([], "key")) == []


@on("postmark")
def test_the_words_for_postmark_keep_the_readers_fields_and_have_its_way_off(channel, platform):
    worded = channel.worded(newsletter("Write {{{ pm:unsubscribe }}}."))
    ada = worded.spelled(lambda _name, _otherwise: "Ada")
    channel.send_batch([letter("ada@example.org", subject=ada.subject, html=ada.html, text=ada.text)], "key")

    assert worded.merge_fields == newsletter().merge_fields
    assert platform.texts() == [read_by(newsletter("Write {{{ pm:unsubscribe }}}."), platform.leave, first_name="Ada")]


def readers(*names, **fields):
    """Recipients, each called as their address says."""
    return [
        Recipient(address=f"{name}@example.org", hashed=SEAL.hash(name), fields={"first_name": name.title(), **fields})
        for name in names
    ]


@contextmanager
def crew_of(channel, mail=None, lines=1):
    """The lines that a mailing would go on."""
    channel.settings = channel.settings.model_copy(update={"connections": lines})
    with closing(channel.crew(mail or newsletter(), "key", SEAL)) as crew:
        yield crew


def came_back(crew, number):
    """What became of so many batches, in order of their first recipient."""
    came = []
    while len(came) < number:
        came += crew.returned(10)
    return sorted(came, key=lambda returned: returned.recipients[0].address)


@on("postmark")
def test_each_reader_has_a_letter_in_their_own_words(channel, platform):
    with crew_of(channel) as crew:
        crew.hand(
            [*readers("ada", "grace"), *readers("joan", first_name="<Joan>\r\nx"), *readers("anon", first_name=" ")]
        )
        [returned] = came_back(crew, 1)

    assert [reply.fate for reply in returned.replies] == ["sent"] * 4
    names = {message["To"].partition("@")[0]: message["Subject"] for message in platform.sent}
    assert names == {n: f"Hello {w}: sleep" for n, w in zip(("ada", "grace", "joan", "anon"), OWN_WORDS, strict=True)}
    assert "<p>Hello &lt;Joan&gt; x. Most" in platform.sent[2]["HtmlBody"]
    assert "Hello <Joan> x. Most" in platform.sent[2]["TextBody"]
    assert platform.faults == []


@on("postmark")
def test_the_results_of_a_batch_become_each_readers_fate(channel, platform):
    codes = {"gone": 406, "wrong": 300, "slow": 429, "later": 100, "ours": 10}
    platform.codes = {f"{name}@example.org": code for name, code in codes.items()}
    with crew_of(channel) as crew:
        crew.hand(readers("ada", *codes))
        [returned] = came_back(crew, 1)

    fates = ["sent", "suppressed", "failed", "later", "later", "later"]
    assert [(reply.fate, reply.code) for reply in returned.replies] == list(
        zip(fates, ["0", *map(str, codes.values())], strict=True)
    )


@on("postmark")
def test_readers_in_a_test_have_the_subject_that_is_theirs(channel, platform):
    ada, grace = readers("ada", "grace")
    with crew_of(channel, tried()) as crew:
        crew.hand([ada, replace(grace, subject=1)])
        came_back(crew, 1)

    assert [message["Subject"] for message in platform.sent] == ["Hello Ada: sleep", "Sleep better"]


@on("postmark")
def test_a_lost_answer_is_doubt_for_its_own_batch_alone(channel, platform):
    platform.troubles += [Trouble(stored=True), Trouble(stored=True, hangs_up=True)]
    with crew_of(channel) as crew:
        fates = []
        for names in (("ada", "alan"), ("grace", "gwen"), ("joan",)):
            crew.hand(readers(*names))
            fates += [[reply.fate for reply in returned.replies] for returned in came_back(crew, 1)]

    assert fates == [["sent", "sent"], ["doubt", "doubt"], ["sent"]]
    assert len(platform.sent) == 5


@on("postmark")
@pytest.mark.parametrize(
    ("trouble", "fates"),
    [
        (Trouble(stored=True, hangs_up=True), ["sent", "doubt", "sent"]),
        (Trouble(answer=Answer(status=503, headers={"Retry-After": "7"})), ["sent", "later", "later"]),
        (Trouble(stored=True, answer=Answer(status=503)), ["sent", "doubt", "sent"]),  # a proxy that lost the answer
        (Trouble(answer=Answer(status=401, json={"ErrorCode": 10})), ["sent", "later", "later"]),
    ],
)
def test_heavy_letters_that_need_several_batches_are_neither_lost_nor_doubled(
    channel, platform, monkeypatch, trouble, fates
):
    monkeypatch.setattr("channels.postmark.WEIGHT", 2000)  # bytes, so that each letter is a batch
    platform.troubles += [Trouble(stored=True), trouble]
    with crew_of(channel, newsletter("sleep " * 300)) as crew:
        crew.hand(readers("ada", "grace", "joan"))
        [returned] = came_back(crew, 1)

    assert (returned.error, [reply.fate for reply in returned.replies]) == (None, fates)
    told_sent = [one.address for one, fate in zip(returned.recipients, fates, strict=True) if fate != "later"]
    assert [message["To"] for message in platform.sent] == told_sent


@on("postmark")
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(status=503, headers={"Retry-After": "7"}), Unavailable),
        (Answer(status=429, headers={"Retry-After": "7"}), Unavailable),
        (Answer(status=401, json={"ErrorCode": 10}), Misconfigured),
    ],
)
def test_a_batch_of_which_nothing_was_taken_is_no_readers_fault(channel, platform, answer, error):
    platform.troubles.append(Trouble(answer=answer))
    with crew_of(channel) as crew:
        crew.hand(readers("ada", "grace"))
        [returned] = came_back(crew, 1)

    assert type(returned.error) is error
    assert (returned.replies, platform.sent) == ((), [])


@on("postmark")
def test_batches_go_side_by_side(channel, platform):
    platform.troubles += [Trouble(stored=True, seconds=0.3)] * 3
    begun = time.monotonic()
    with crew_of(channel, lines=3) as crew:
        for name in ("ada", "grace", "joan"):
            crew.hand(readers(name))
        assert (crew.free, crew.busy, crew.size) == (0, 3, 100)
        came = came_back(crew, 3)

    assert [returned.replies[0].fate for returned in came] == ["sent"] * 3
    assert time.monotonic() - begun < 0.8


def test_postmark_without_a_token_or_a_list_opens_no_lines():
    for settings in (Postmark.settings_model(audience="list.csv"), Postmark.settings_model(token="t")):
        with pytest.raises(Misconfigured):
            Postmark(settings=settings).crew(newsletter(), "key", SEAL)


def test_a_parcel_for_postmark_is_a_batch_for_nobody():
    channel = offline("postmark")
    [step] = json.loads(dict(channel.parcel(newsletter(), "key").files)["request.json"])

    [message] = step["json"]
    assert (message["To"], message["Subject"]) == ("reader@example.invalid", "Hello there: sleep")
    assert '<a href="{{{ pm:unsubscribe }}}">' in message["HtmlBody"]


def test_a_letter_does_not_show_whom_it_is_for():
    shown = repr(letter("ada@example.org", subject="For Ada"))

    assert not [word for word in ("ada@", "Ada", "sleep") if word in shown]


@on("postmark")
def test_postmark_has_no_test_mail_and_publishes_nothing_whole(channel, platform):
    for call in (
        lambda: channel.publish(newsletter(), "key"),
        lambda: channel.send_test(newsletter(), "key", ("ada@example.org",)),
        lambda: channel.retract(Receipt(channel="postmark", remote_ids=("1",), url="", digest="", sent_at=None)),
    ):
        with pytest.raises(Unsupported):
            call()
    assert platform.received == []


@on("postmark")
def test_the_doctor_says_when_a_stream_is_not_for_newsletters(channel, platform, http):
    platform.kind = "Transactional"
    [transactional] = channel.doctor()
    other = platform.settings().model_copy(update={"stream": "other"})
    [absent] = Postmark("postmark", other, http).doctor()

    assert "there is no broadcast stream “letters” (it is for Transactional)" in transactional.why
    assert "there is no broadcast stream “other”" in absent.why


@pytest.mark.parametrize("name", [*SPELLED, "postmark"])
def test_a_mail_without_a_reply_address_names_none(name):
    parcel = offline(name).parcel(replace(newsletter(), reply_to=""), "key")

    assert "desk@clinic" not in dict(parcel.files)["request.json"].decode()
