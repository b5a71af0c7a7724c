"""What is peculiar to Facebook, and how Meta's codes, versions and counts of calls are read."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.errors import Duplicate, Misconfigured, Rejected, Unavailable, Uncertain
from channels.facebook import Facebook, FacebookSettings
from channels.graph import ENDS, Gone
from tests.channels.fakes.facebook import TOKEN
from tests.channels.fakes.graph import refusal
from tests.channels.fakes.server import Trouble
from tests.channels.samples import LINK, article, picture, post, project

BUSY = '{"104": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 7}]}'


def test_a_link_goes_beside_the_words_for_its_card(channel, platform, tmp_path):
    rendition = channel.render(article(), project(tmp_path))
    receipt = channel.publish(rendition, "key")

    [request] = platform.created()
    assert request.path.endswith("/feed")
    assert request.json == {"message": rendition.parts[0].text, "link": rendition.link}
    assert rendition.link not in rendition.parts[0].text
    assert receipt.url == f"https://www.facebook.com/{receipt.remote_ids[0]}"


@pytest.mark.parametrize("shimmed", [False, True])
def test_a_post_is_found_by_what_is_attached(channel, platform, tmp_path, shimmed):
    platform.shimmed = shimmed
    rendition = channel.render(article(), project(tmp_path))
    sent = channel.publish(rendition, "key")

    assert channel.find(rendition, "key").remote_ids == sent.remote_ids
    assert channel.find(post(), "key") is None


def test_a_photo_has_words_and_a_description_and_the_id_of_its_post(channel, platform):
    receipt = channel.publish(post(images=(picture(),)), "key")

    [request] = platform.created()
    assert request.path.endswith("/photos")
    assert request.form == {"caption": f"{post().parts[0].text}", "alt_text_custom": picture().alt}
    assert request.files["source"].media_type == "image/jpeg"
    assert receipt.remote_ids == tuple(platform.posts)


def test_the_link_stands_in_the_words_where_a_photo_takes_the_place_of_its_card(channel, platform):
    sent = channel.publish(post(images=(picture(),)), "key")

    assert LINK in platform.texts()[0]
    assert channel.find(post(images=(picture(),)), "key").remote_ids == sent.remote_ids


def test_a_correction_changes_words_alone(channel, platform):
    receipt = channel.publish(post(images=(picture(),)), "key")

    channel.update(receipt, post("Better words", images=(picture(),)))

    assert platform.received[-1].json == {"message": f"Better words\n\n{LINK}"}
    assert platform.pictures() == [(picture().data, picture().alt)]


def test_what_the_token_may_not_see_is_not_taken_for_deleted(channel, platform):
    receipt = channel.publish(post(), "key")
    platform.blind = True

    with pytest.raises(Gone):
        channel.retract(receipt)

    platform.blind = False
    channel.retract(receipt)
    assert platform.texts() == []


@pytest.mark.parametrize(
    ("code", "subcode", "error"),
    [
        (190, 460, Misconfigured),
        (10, 0, Misconfigured),
        (200, 0, Misconfigured),
        (299, 0, Misconfigured),
        (2500, 0, Misconfigured),
        (2635, 0, Misconfigured),
        (4, 0, Unavailable),
        (17, 0, Unavailable),
        (32, 0, Unavailable),
        (613, 0, Unavailable),
        (80001, 0, Unavailable),
        (200, 1390008, Unavailable),
        (1, 99, Uncertain),
        (2, 0, Uncertain),
        (368, 0, Rejected),
        (1, 2207051, Rejected),
        (200, 1404102, Rejected),
        (100, 1404006, Rejected),
        (506, 0, Duplicate),
        (100, 2061006, Rejected),
        (100, 33, Gone),
        (0, 0, Rejected),
    ],
)
def test_a_code_of_meta_means_what_to_do_next(channel, platform, code, subcode, error):
    platform.troubles.append(Trouble(answer=refusal(400, code, "No", subcode=subcode)))

    with pytest.raises(Rejected if error is Gone else error) as raised:
        channel.publish(post(), "key")

    assert type(raised.value) is error


@pytest.mark.parametrize(("code", "subcode"), [(368, 0), (1, 2207051), (100, 1404006)])
def test_a_refusal_by_the_platforms_rules_says_so(channel, platform, code, subcode):
    platform.troubles.append(Trouble(answer=refusal(400, code, "We limit how often", subcode=subcode)))

    with pytest.raises(Rejected, match="the platform refuses it by its rules: We limit how often"):
        channel.publish(post(), "key")


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 3600),
        ({"Retry-After": "30"}, 30),
        ({"X-Business-Use-Case-Usage": BUSY}, 420),
        ({"X-Business-Use-Case-Usage": "no JSON"}, 3600),
        ({"X-Business-Use-Case-Usage": "[1]"}, 3600),
    ],
)
def test_too_many_calls_are_waited_for_as_long_as_meta_says(channel, platform, headers, wait):
    platform.troubles.append(Trouble(answer=refusal(400, 80001, "Too many calls", headers)))

    with pytest.raises(Unavailable) as raised:
        channel.publish(post(), "key")

    assert raised.value.retry_after == wait


@pytest.mark.parametrize("more", [{"code": "190"}, {"code": [1]}, {"code": {}, "message": None}])
def test_an_envelope_of_another_shape_counts_by_its_status(channel, platform, more):
    answer = refusal(400, 0, "No")
    answer.json["error"].update(more)
    platform.troubles.append(Trouble(answer=answer))

    with pytest.raises(Rejected):
        channel.publish(post(), "key")


def test_what_passes_by_itself_leaves_a_post_in_doubt_and_a_question_unanswered(channel, platform):
    answer = refusal(400, 99, "Please retry", is_transient=True)
    platform.troubles.append(Trouble(answer=answer))
    with pytest.raises(Uncertain):
        channel.publish(post(), "key")

    platform.handle = lambda _request: answer
    with pytest.raises(Unavailable):
        channel.find(post(), "key")


def test_an_error_is_shown_in_words_without_a_secret_or_a_persons_address(channel, platform):
    said = f"Error validating access token {TOKEN}: ask ada@example.org"
    platform.troubles.append(Trouble(answer=refusal(400, 190, said, subcode=460)))

    with pytest.raises(Misconfigured) as raised:
        channel.publish(post(), "key")

    assert raised.value.detail == "400 Error validating access token …: ask … (code 190.460)"


@pytest.mark.parametrize(
    ("version", "now", "said"),
    [
        ("v25.0", datetime(2026, 11, 23, tzinfo=UTC), []),
        ("v25.0", datetime(2028, 6, 1, tzinfo=UTC), ["ends on 2028-07-29"]),
        ("v25.0", datetime(2028, 7, 29, tzinfo=UTC), ["ended on 2028-07-29"]),
        ("v21.0", datetime(2026, 11, 23, tzinfo=UTC), ["ends on 2027-01-21"]),
        ("v26.0", datetime(2029, 1, 1, tzinfo=UTC), []),
    ],
)
def test_a_version_that_ends_soon_is_told_of_before(version, now, said):
    found = Facebook(settings=FacebookSettings(version=version)).ending(now)

    assert [f"Graph API {version} {when}: Meta answers as a later version then." for when in said] == [
        finding.why for finding in found
    ]


def test_a_version_whose_end_is_announced_lapses_then_and_stops_no_post():
    [lapse] = Facebook(settings=FacebookSettings(version="v21.0")).ends()

    assert (lapse.at.date(), lapse.at.tzinfo, lapse.severity) == (ENDS["v21.0"], UTC, "warn")
    assert lapse.notice == timedelta(days=90)


def test_the_doctor_tells_when_meta_answers_as_another_version(channel, platform):
    platform.headers = {"facebook-api-version": "v31.0"}

    [finding] = channel.doctor()

    assert (finding.rule, finding.severity) == ("account.version", "warn")
    assert "is not served: Meta answers as v31.0" in finding.why
    assert "PRESSROOM_FACEBOOK_VERSION" in finding.mend


@pytest.mark.parametrize(
    ("header", "value", "told"),
    [
        ("X-App-Usage", '{"call_count": 80, "total_time": 1}', 0),
        ("X-App-Usage", '{"call_count": 12, "total_time": 81}', 1),
        ("X-Page-Usage", '{"call_count": 90}', 1),
        ("X-Business-Use-Case-Usage", BUSY, 1),
        ("X-App-Usage", '{"call_count": "many"}', 0),
    ],
)
def test_the_doctor_tells_when_most_calls_are_used_up(channel, platform, header, value, told):
    platform.headers = {header: value}

    assert [finding.rule for finding in channel.doctor()] == ["account.usage"] * told


def test_the_doctor_tells_a_persons_token_from_the_pages_own(channel, platform):
    platform.owner = "10158000000000000"

    [finding] = channel.doctor()

    assert (finding.rule, finding.severity) == ("account.token", "warn")
