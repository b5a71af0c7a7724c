"""What every channel keeps, proved against a platform that answers over real sockets."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from importlib import import_module

import httpx
import pytest
from pydantic import SecretStr

from channels.base import Channel, Receipt
from channels.campaigns import DRAFT, Campaign
from channels.errors import (
    ChannelError,
    Duplicate,
    Misconfigured,
    Rejected,
    Unavailable,
    Uncertain,
    Unsupported,
)
from channels.network import Network
from channels.registry import channel_class, known, offline
from tests.channels.fakes.server import FINE, Answer, Trouble
from tests.channels.letters import FOREIGN, TIGHT, letter, newsletter, read_by
from tests.channels.samples import article, http_client, picture, post, project

ALL = sorted(known())
NETWORKS = [name for name in ALL if issubclass(channel_class(name), Network)]
SERVICES = [name for name in ALL if issubclass(channel_class(name), Campaign)]
# one without its fake is no part of this suite, so collecting it fails here
FAKES = {name: import_module(f"tests.channels.fakes.{name}").Platform for name in [*NETWORKS, *SERVICES]}


def able(ability):
    """The networks whose table says that they can."""
    return [name for name in NETWORKS if getattr(channel_class(name).can, ability)]


def networks(names):
    """Run a test with the fake of each of these networks."""
    return pytest.mark.parametrize("platform", names, indirect=True)


def services(ability="drafts"):
    """Run a test with the fake of each service that can."""
    return networks([name for name in SERVICES if getattr(channel_class(name).can, ability)])


ILLUSTRATED = [name for name in NETWORKS if channel_class(name).can.limits.images]
UPLOADING = [name for name in ILLUSTRATED if channel_class(name).carried is not Network.carried]
THREADS = [name for name in NETWORKS if channel_class(name).can.limits.parts > 1]
ABSENT = Receipt(channel="x", remote_ids=("1",), url="", digest="", sent_at=None)
CORRECTED = "Sleep [better] now"


@networks(NETWORKS)
def test_publishing_makes_one_post_that_reads_as_rendered(channel, platform):
    receipt = channel.publish(post(), "key")

    assert platform.texts() == [post().parts[0].text]
    assert (receipt.channel, receipt.digest) == (platform.name, post().digest)
    assert (len(receipt.remote_ids), receipt.url.startswith("http")) == (1, True)
    assert platform.faults == []


@networks(able("repeat_safe"))
def test_publishing_twice_with_one_key_makes_one_post(channel, platform):
    first = channel.publish(post(), "key")
    second = channel.publish(post(), "key")

    assert len(platform.texts()) == 1
    assert first.remote_ids == second.remote_ids


@networks(able("finds"))
def test_finding_tells_what_arrived_from_what_did_not(channel, platform):
    assert channel.find(post(), "key") is None
    sent = channel.publish(post(), "key")

    found = channel.find(post(), "key")
    assert found is not None
    assert (found.remote_ids, found.digest) == (sent.remote_ids, sent.digest)
    assert platform.faults == []


@networks(able("finds"))
def test_finding_does_not_take_another_delivery_for_this_one(channel):
    longer = post(link=post().link + "-2")
    channel.publish(longer, "another key")

    assert channel.find(post(), "key") is None


@networks(able("finds"))
def test_what_arrived_though_the_answer_was_lost_is_found(channel, platform):
    platform.troubles.append(Trouble(stored=True, hangs_up=True))
    with pytest.raises(Uncertain):
        channel.publish(post(), "key")

    assert channel.find(post(), "key") is not None


# Bluesky's records have their own keys: nothing is looked through
LISTED = [name for name in able("finds") if name != "bluesky"]
PAGE = {"mastodon": 40, "x": 100, "slack": 200, "facebook": 50, "threads": 50}  # of the others 20


@networks(LISTED)
def test_what_arrived_is_found_below_more_than_a_page_of_newer_posts(channel, platform):
    sent = channel.publish(post(), "key")
    for number in range(PAGE.get(platform.name, 20)):
        channel.publish(post(f"Other {number}", link=f"{post().link}-{number}"), f"key {number}")
    begun = datetime.now(UTC) - timedelta(minutes=1)

    assert channel.find(post(), "key", since=begun).remote_ids == sent.remote_ids
    assert channel.find(post("Absent", link=f"{post().link}-absent"), "absent", since=begun) is None
    assert platform.faults == []


@networks(LISTED)
def test_what_is_older_than_the_attempt_is_not_looked_through(channel, platform):
    platform.ago = timedelta(days=400)
    for number in range(PAGE.get(platform.name, 20) + 1):
        channel.publish(post(f"Other {number}", link=f"{post().link}-{number}"), f"key {number}")
    before = len(platform.received)

    assert channel.find(post(), "key", since=datetime.now(UTC)) is None
    assert len(platform.received) - before <= 2  # whose account it is, and one page


@networks(LISTED)
def test_a_list_without_end_is_no_proof_of_absence(channel, platform):
    channel.publish(post("Other", link=post().link + "-2"), "another key")
    platform.endless = True

    with pytest.raises(Unsupported, match="can't look through more than"):
        channel.find(post(), "key", since=datetime.now(UTC) - timedelta(hours=1))


@networks(able("updates"))
def test_an_update_puts_the_corrected_words_in_place(channel, platform):
    receipt = channel.publish(post(), "key")
    corrected = post(CORRECTED)

    updated = channel.update(receipt, corrected)

    assert platform.texts() == [corrected.parts[0].text]
    # a new version of a record has another content id beside its address
    assert [remote.split()[0] for remote in updated.remote_ids] == [remote.split()[0] for remote in receipt.remote_ids]
    assert updated.digest == corrected.digest
    assert platform.faults == []


@networks(able("retracts"))
def test_taking_back_leaves_nothing_and_may_be_repeated(channel, platform):
    receipt = channel.publish(post(), "key")

    channel.retract(receipt)
    channel.retract(receipt)

    assert platform.texts() == []
    assert platform.faults == []


@networks(able("retracts"))
def test_what_was_taken_back_can_be_sent_anew(channel, platform):
    channel.retract(channel.publish(post(), "key"))

    channel.publish(post(), "key")

    assert platform.texts() == [post().parts[0].text]


@pytest.mark.parametrize("name", ALL)
def test_what_the_table_denies_is_unsupported(name):
    channel, can = offline(name), channel_class(name).can
    calls = {
        "finds": lambda: channel.find(post(), "key"),
        "updates": lambda: channel.update(ABSENT, post()),
        "retracts": lambda: channel.retract(ABSENT),
    }
    for ability, call in calls.items():
        if not getattr(can, ability):
            with pytest.raises(Unsupported):
                call()
    own = {"finds": "find", "updates": "update", "retracts": "retract"}
    for ability, method in own.items():
        written = getattr(type(channel), method) is not getattr(Channel, method)
        assert written == getattr(can, ability), ability


@pytest.mark.parametrize("name", ALL)
def test_a_quota_is_a_number_of_posts_in_a_time_and_prices_are_no_less_with_a_link(name):
    can = channel_class(name).can

    if can.quota:
        # the parts of a thread go out at once
        assert (1 if can.quota.whole else can.limits.parts) <= can.quota.count
        assert timedelta(seconds=1) <= can.quota.span <= timedelta(days=1)
    assert 0 <= can.bare_price <= can.price
    assert can.cost(3, links=True) == pytest.approx(can.price + 2 * can.bare_price)


@networks([*NETWORKS, *SERVICES])
def test_what_ends_is_known_without_a_question(channel, platform):
    lapses = channel.ends()

    assert platform.received == []
    assert all(lapse.at.tzinfo is UTC and lapse.what and lapse.because and lapse.mend for lapse in lapses)


@pytest.mark.parametrize("name", ALL)
def test_an_account_that_is_not_set_up_can_be_asked_what_ends(name):
    assert all(lapse.rule == "account.version" for lapse in offline(name).ends())


@networks(NETWORKS)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Misconfigured),
        (403, Misconfigured),
        (404, Rejected),
        (422, Rejected),
        (429, Unavailable),
        (500, Uncertain),
        (503, Unavailable),
    ],
)
def test_a_status_means_what_to_do_next(channel, platform, status, error):
    refusal = platform.refusal(status, {"Retry-After": "30"} if status in {429, 503} else {})
    platform.troubles.append(Trouble(answer=refusal))

    with pytest.raises(ChannelError) as raised:
        channel.publish(post(), "key")

    assert type(raised.value) is error
    assert getattr(raised.value, "retry_after", None) == (30 if error is Unavailable else None)
    assert not [secret for secret in platform.secrets if secret in f"{raised.value!r}{raised.value}"]


@networks(NETWORKS)
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(hangs_up=True),
        Trouble(stored=True, seconds=30),
        Trouble(answer=Answer(json="a page of some proxy")),
    ],
    ids=["broken after the write", "no answer in time", "an answer that says nothing"],
)
def test_a_lost_answer_is_uncertain_and_asked_once(channel, platform, http, trouble):
    platform.troubles.append(trouble)
    http.timeout = 0.5 if trouble.seconds else http.timeout

    with pytest.raises(Uncertain):
        channel.publish(post(), "key")

    assert len(platform.created()) == 1


@networks(able("finds"))
@pytest.mark.parametrize("shape", [[], {}, {"data": [1]}, [1], "text", None, {"data": {"id": "1"}}])
def test_a_read_back_of_another_shape_is_a_channel_error_and_no_absence(platform, http, shape):
    settings, right = platform.settings(), platform.handle
    platform.handle = lambda request: Answer(json=shape) if request.method == "GET" else right(request)
    channel = channel_class(platform.name)(platform.name, settings=settings, http=http)

    with pytest.raises(Uncertain):
        channel.find(post(), "key")


@networks(NETWORKS)
@pytest.mark.parametrize("broken", ["with a\nline break", "a token in Ünïcode …"])
def test_a_secret_that_no_header_can_carry_sends_nothing_and_is_not_shown(platform, http, broken):
    given = platform.settings()
    settings = type(given)(**{**given.model_dump(), secret_of(given): broken})
    channel = channel_class(platform.name)(platform.name, settings=settings, http=http)

    with pytest.raises(Misconfigured) as raised:
        channel.publish(post(), "key")

    assert broken not in str(raised.value)
    assert platform.texts() == []


@pytest.mark.parametrize("name", NETWORKS)
def test_a_refused_connection_sent_nothing(name):
    with FAKES[name]() as gone:
        settings = gone.settings()
    with http_client() as http, pytest.raises(Unavailable):
        channel_class(name)(name, settings=settings, http=http).publish(post(), "key")


@networks(ILLUSTRATED)
def test_a_picture_goes_with_the_post_and_is_described(channel, platform):
    image = picture()
    channel.publish(post(images=(image,)), "key")

    # some networks know no alternative text
    assert platform.pictures() == [(image.data, "" if channel.can.limits.alt == 0 else image.alt)]
    assert len(platform.texts()) == 1
    assert platform.faults == []


@networks(UPLOADING)
@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_picture_is_named_and_nothing_is_posted(channel, platform, status):
    platform.upload_troubles.append(Trouble(answer=platform.refusal(status, {})))

    with pytest.raises(Rejected, match=picture().path):
        channel.publish(post(images=(picture(),)), "key")

    assert platform.created() == []


@networks(UPLOADING)
@pytest.mark.parametrize("trouble", [Trouble(hangs_up=True), Trouble(answer=Answer(status=500))])
def test_a_picture_whose_answer_is_lost_may_be_tried_again(channel, platform, trouble):
    platform.upload_troubles.append(trouble)
    with pytest.raises(Unavailable):
        channel.publish(post(images=(picture(),)), "key")

    channel.publish(post(images=(picture(),)), "key")

    assert len(platform.texts()) == len(platform.pictures()) == 1


@networks(THREADS)
def test_a_thread_answers_part_by_part(channel, platform):
    receipt = channel.publish(post("One", "Two", "Three"), "key")

    assert len(set(receipt.remote_ids)) == 3
    assert [text.split("\n")[0] for text in platform.texts()] == ["One", "Two", "Three"]
    assert channel.find(post("One", "Two", "Three"), "key").remote_ids == receipt.remote_ids
    assert platform.faults == []


@networks(THREADS)
def test_a_thread_broken_in_the_middle_carries_what_was_sent(channel, platform):
    platform.troubles.extend([FINE, FINE, Trouble(answer=Answer(status=500))])
    thread = post("One", "Two", "Three")

    with pytest.raises(Uncertain) as publishing:
        channel.publish(thread, "key")
    with pytest.raises(Uncertain) as finding:
        channel.find(thread, "key")

    assert len(publishing.value.sent.remote_ids) == 2
    assert finding.value.sent.remote_ids == publishing.value.sent.remote_ids
    channel.retract(publishing.value.sent)
    assert platform.texts() == []


@networks(THREADS)
def test_a_broken_thread_goes_on_from_the_part_that_is_missing(channel, platform):
    platform.troubles.extend([FINE, FINE, Trouble(answer=platform.refusal(429, {"Retry-After": "1"}))])
    thread = post("One", "Two", "Three")
    with pytest.raises(Unavailable) as broken:
        channel.publish(thread, "key")

    receipt = channel.resume(thread, "key", broken.value.sent)

    assert [text.split("\n")[0] for text in platform.texts()] == ["One", "Two", "Three"]
    assert channel.find(thread, "key").remote_ids == receipt.remote_ids
    assert platform.faults == []


@networks(sorted(set(NETWORKS) - set(THREADS)))
def test_a_thread_is_not_sent_where_there_are_none(channel, platform):
    with pytest.raises(Unsupported):
        channel.publish(post("One", "Two"), "key")

    assert platform.received == []


@networks(NETWORKS)
def test_a_parcel_is_what_the_platform_receives(channel, platform):
    before = channel.parcel(post(), "key")
    channel.publish(post(), "key")
    after = channel.parcel(post(), "key")

    [shown] = json.loads(dict(before.files)["request.json"])
    # where a draft is published by its id alone, the words went with the draft
    [received] = platform.made() if channel.can.drafts else platform.created()
    assert before == after == offline_parcel(platform)
    assert (shown["method"], httpx.URL(shown["url"]).path) == (received.method, received.path)
    assert alike(shown["json"], received.json)
    assert not [s for s in platform.secrets for _, data in before.files if s.encode() in data]
    assert {k.lower(): v for k, v in shown["headers"].items()}.items() <= received.headers.items()


def offline_parcel(platform):
    """The parcel of an account with the same settings that never spoke to anybody."""
    channel = channel_class(platform.name)(platform.name, settings=platform.settings())
    return channel.parcel(post(), "key")


def alike(shown, received):
    """Equal, but that a parcel says `(time of sending)` and its like for what is not known before."""
    if isinstance(shown, str) and re.fullmatch(r"\(\w+ of .+\)", shown):
        return True
    if isinstance(shown, dict):
        return shown.keys() == received.keys() and all(alike(shown[k], received[k]) for k in shown)
    return shown == received


@pytest.mark.parametrize("name", ALL)
def test_rendering_checking_and_the_parcel_need_no_account(name, tmp_path):
    channel, context = offline(name), project(tmp_path)

    rendition = channel.render(article(), context)
    parcel = channel.parcel(rendition, "key")

    assert [finding for finding in channel.check(rendition) if finding.rule == "post.limit"] == []
    assert parcel == channel.parcel(channel.render(article(), context), "key")
    assert parcel.opens in dict(parcel.files)


@pytest.mark.parametrize("name", ALL)
def test_publishing_without_an_account_is_misconfigured(name, tmp_path):
    channel = offline(name)
    rendition = channel.render(article(), project(tmp_path))

    # what goes out recipient by recipient is never published as a whole, and what a person posts by no program
    with pytest.raises(Unsupported if channel.can.recipients or channel.can.by_hand else Misconfigured):
        channel.publish(rendition, "key")

    assert [finding.severity for finding in channel.doctor()] == ["info"]


@pytest.mark.parametrize("name", [*NETWORKS, *SERVICES])
def test_the_doctor_names_the_variables_that_are_missing(name):
    [finding] = offline(f"{name}:north-2").doctor()
    fields = re.findall(rf"PRESSROOM_{name.upper()}_NORTH_2_(\w+)", finding.mend)

    assert fields
    assert {field.lower() for field in fields} <= set(channel_class(name).settings_model.model_fields)


@networks([*NETWORKS, *SERVICES])
def test_the_doctor_finds_nothing_wrong_with_a_good_account(channel, platform):
    assert channel.doctor() == []
    assert platform.received
    assert platform.created() == []


@networks([*NETWORKS, *SERVICES])
def test_the_doctor_tells_of_a_refused_secret_without_showing_it(platform):
    given = platform.settings()
    settings = type(given)(**{**given.model_dump(), secret_of(given): "wrong-secret-us5"})
    with http_client() as http:
        channel = channel_class(platform.name)(platform.name, settings=settings, http=http)
        [finding] = channel.doctor()

    assert (finding.rule, finding.severity) == ("account.refused", "block")
    assert "wrong-secret-us5" not in f"{finding}{channel!r}{settings!r}"


def secret_of(settings):
    """The one field with which the account is set up that nobody may see."""
    hidden = [name for name, value in settings if isinstance(value, SecretStr) and value.get_secret_value()]
    [name] = [name for name in hidden if name != "audience"]
    return name


# services for newsletters: a draft is prepared, then sent


@services()
def test_publishing_sends_one_campaign_in_the_words_of_the_rendition(channel, platform):
    mail = newsletter()
    receipt = channel.publish(mail, "key")

    assert platform.texts() == [read_by(mail, platform.leave)]
    assert (receipt.channel, receipt.digest, len(receipt.remote_ids)) == (platform.name, mail.digest, 1)
    assert platform.faults == []


@services()
def test_each_reader_has_what_is_known_of_them(channel, platform):
    platform.reader = {"first_name": "Ada"}
    channel.publish(newsletter(), "key")

    assert platform.texts() == [read_by(newsletter(), platform.leave, first_name="Ada")]
    assert "Hello Ada" in platform.texts()[0]


@services()
def test_what_only_looks_like_the_services_language_reaches_readers_as_it_was_written(channel, platform):
    mail = newsletter(f"{FOREIGN} {TIGHT}", subject=f"{TIGHT} {FOREIGN}")
    channel.publish(mail, "key")

    assert platform.texts() == [read_by(mail, platform.leave)]
    assert platform.faults == []


@services()
def test_preparing_sends_nothing_and_makes_one_draft_however_often(channel, platform):
    drafts = {channel.prepare(newsletter(), "key") for _ in range(3)}

    assert len(drafts) == len(platform.made()) == len(platform.campaigns) == 1
    assert platform.texts() == []
    assert platform.faults == []


@services()
def test_each_delivery_has_its_own_draft(channel, platform):
    assert channel.prepare(newsletter(), "key") != channel.prepare(newsletter(), "another key")


@services()
def test_a_draft_that_is_there_is_filled_with_the_words_of_now(channel, platform):
    draft = channel.prepare(newsletter(), "key")
    corrected = newsletter("It passes.", subject="It passes")

    assert channel.prepare(corrected, "key") == draft
    channel.publish(corrected, "key", draft)
    assert platform.texts() == [read_by(corrected, platform.leave)]


@services()
def test_a_draft_whose_answer_was_lost_is_found_again(channel, platform):
    platform.creates = platform.makes
    platform.troubles.append(Trouble(stored=True, hangs_up=True))
    with pytest.raises(Uncertain):
        channel.prepare(newsletter(), "key")
    channel.prepare(newsletter(), "key")

    assert len(platform.campaigns) == 1


@services()
def test_a_lost_answer_before_the_send_leaves_nothing_in_doubt(channel, platform):
    platform.creates = platform.makes
    platform.troubles.append(Trouble(hangs_up=True))

    with pytest.raises(Unavailable, match="nothing was sent"):
        channel.publish(newsletter(), "key")
    assert platform.texts() == []


@services()
def test_publishing_sends_the_draft_that_was_prepared(channel, platform):
    draft = channel.prepare(newsletter(), "key")
    receipt = channel.publish(newsletter(), "key", draft)

    assert receipt.remote_ids == (draft,)
    assert len(platform.made()) == len(platform.texts()) == 1


@services()
def test_what_was_sent_is_not_prepared_again(channel, platform):
    receipt = channel.publish(newsletter(), "key")

    with pytest.raises(Duplicate) as raised:
        channel.prepare(newsletter(), "key")

    assert (raised.value.sent.remote_ids, raised.value.sent.url) == (receipt.remote_ids, receipt.url)
    assert len(platform.texts()) == 1


@services("finds")
@pytest.mark.parametrize("known", [True, False], ids=["by its id", "by its key"])
def test_finding_tells_a_campaign_that_was_sent_from_a_draft(channel, platform, known):
    assert channel.find(newsletter(), "key") is None
    draft = channel.prepare(newsletter(), "key") if known else ""
    assert channel.find(newsletter(), "key", draft) is None
    sent = channel.publish(newsletter(), "key", draft)

    found = channel.find(newsletter(), "key", draft)
    assert (found.remote_ids, found.digest, found.url) == (sent.remote_ids, sent.digest, sent.url)
    assert channel.find(newsletter(), "another key") is None
    assert platform.faults == []


@services("finds")
@pytest.mark.parametrize("trouble", [Trouble(stored=True, hangs_up=True), Trouble(stored=True, seconds=30)])
def test_a_send_whose_answer_was_lost_is_uncertain_asked_once_and_found(channel, platform, http, trouble):
    draft = channel.prepare(newsletter(), "key")
    platform.troubles.append(trouble)
    patience, http.timeout = http.timeout, 0.5 if trouble.seconds else http.timeout
    with pytest.raises(Uncertain):
        channel.publish(newsletter(), "key", draft)
    http.timeout = patience

    assert len(platform.created()) == 1
    assert channel.find(newsletter(), "key", draft).remote_ids == (draft,)


@services("finds")
def test_a_send_that_never_arrived_is_certainly_none(channel, platform):
    draft = channel.prepare(newsletter(), "key")
    platform.troubles.append(Trouble(hangs_up=True))
    with pytest.raises(Uncertain):
        channel.publish(newsletter(), "key", draft)

    assert channel.find(newsletter(), "key", draft) is None


@services("finds")
def test_a_campaign_that_somebody_stopped_waits_for_a_person(channel, platform):
    draft = channel.prepare(newsletter(), "key")
    for status in channel.halted:
        platform.put(status)
        with pytest.raises(Uncertain, match=status) as finding:
            channel.find(newsletter(), "key", draft)
        with pytest.raises(Rejected, match=status) as preparing:
            channel.prepare(newsletter(), "key")
        assert finding.value.sent.remote_ids == preparing.value.sent.remote_ids == (draft,)


@services("finds")
def test_a_campaign_of_an_unknown_status_or_none_is_uncertain(channel, platform):
    draft = channel.prepare(newsletter(), "key")
    platform.put("pondering")
    with pytest.raises(Uncertain, match="pondering") as raised:
        channel.find(newsletter(), "key", draft)
    assert raised.value.sent is None

    platform.campaigns.clear()
    with pytest.raises(Uncertain):
        channel.find(newsletter(), "key", draft)


@services("finds")
@pytest.mark.parametrize("shape", [[], {}, {"data": [1]}, [1], "text", None, {"data": {"id": "1"}}])
def test_a_campaign_of_another_shape_is_uncertain_and_no_absence(platform, http, shape):
    platform.handle = lambda _request: Answer(json=shape)
    channel = channel_class(platform.name)(platform.name, settings=platform.settings(), http=http)

    for prepared in ("", "42"):
        with pytest.raises(Uncertain):
            channel.find(newsletter(), "key", prepared)


def sends(channel, platform):
    """The one call that can't be taken back, whatever came before it."""
    if not channel.can.recipients:
        draft = channel.prepare(newsletter(), "key")
        return lambda: channel.publish(newsletter(), "key", draft)
    return lambda: channel.send_batch([letter("ada@example.org")], "key")


@networks(SERVICES)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Misconfigured),
        (403, Misconfigured),
        (404, Rejected),
        (422, Rejected),
        (429, Unavailable),
        (500, Uncertain),
        (503, Unavailable),
    ],
)
def test_a_status_of_a_service_means_what_to_do_next(channel, platform, status, error):
    send = sends(channel, platform)
    refusal = platform.refusal(status, {"Retry-After": "30"} if status in {429, 503} else {})
    platform.troubles.append(Trouble(answer=refusal))

    with pytest.raises(ChannelError) as raised:
        send()

    assert type(raised.value) is error
    assert getattr(raised.value, "retry_after", None) == (30 if error is Unavailable else None)
    assert not [secret for secret in platform.secrets if secret in f"{raised.value!r}{raised.value}"]


@networks(SERVICES)
@pytest.mark.parametrize(
    "trouble",
    [Trouble(hangs_up=True), Trouble(answer=Answer(json="a page of some proxy"))],
    ids=["broken after the write", "an answer that says nothing"],
)
def test_a_lost_answer_to_a_send_is_uncertain_and_asked_once(channel, platform, trouble):
    send = sends(channel, platform)
    platform.troubles.append(trouble)

    with pytest.raises(Uncertain):
        send()

    assert len(platform.created()) == 1


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_out_of_reach_sent_nothing(name):
    with FAKES[name]() as gone:
        settings = gone.settings()
    with http_client() as http:
        channel = channel_class(name)(name, settings=settings, http=http)
        with pytest.raises(Unavailable):
            channel.send_batch([], "key") if channel.can.recipients else channel.publish(newsletter(), "key")


@services()
@pytest.mark.parametrize("broken", ["with a\nline break", "a token in Ünïcode …"])
def test_a_secret_that_no_header_can_carry_prepares_nothing_and_is_not_shown(platform, http, broken):
    given = platform.settings()
    settings = type(given)(**{**given.model_dump(), secret_of(given): broken})
    channel = channel_class(platform.name)(platform.name, settings=settings, http=http)

    with pytest.raises(Misconfigured) as raised:
        channel.publish(newsletter(), "key")

    assert broken not in str(raised.value)
    assert platform.campaigns == {}


@services()
def test_a_parcel_is_what_the_service_receives(channel, platform):
    before = channel.parcel(newsletter(), "key")
    receipt = channel.publish(newsletter(), "key")

    shown = json.loads(dict(before.files)["request.json"])
    received = [request for request in platform.received if request.method != "GET"]
    paths = [httpx.URL(step["url"].replace(DRAFT, receipt.remote_ids[0])).path for step in shown]
    assert [(s["method"], p, s["json"]) for s, p in zip(shown, paths, strict=True)] == [
        (request.method, request.path, request.json) for request in received
    ]
    for step, request in zip(shown, received, strict=True):
        assert {k.lower(): v for k, v in step["headers"].items()}.items() <= request.headers.items()
    assert before == channel.parcel(newsletter(), "key")
    assert not [s for s in platform.secrets for _, data in before.files if s.encode() in data]
    assert b"Hello there" in dict(before.files)["preview.html"]


@services("retracts")
def test_what_is_still_going_out_is_stopped_and_may_be_stopped_again(channel, platform):
    receipt = channel.publish(newsletter(), "key")

    channel.retract(receipt)
    channel.retract(receipt)

    assert platform.texts() == []
    assert {campaign["status"] for campaign in platform.campaigns.values()} <= channel.halted
    assert platform.faults == []


@services("retracts")
def test_what_has_all_gone_out_can_not_be_stopped(channel, platform):
    receipt = channel.publish(newsletter(), "key")
    platform.put(*channel.gone)

    with pytest.raises(Unsupported, match="all gone out"):
        channel.retract(receipt)


@services()
def test_a_test_mail_goes_to_those_who_are_named_and_to_nobody_else(channel, platform):
    channel.send_test(newsletter(FOREIGN), "key", ("ada@example.org",))

    assert platform.tests == [("ada@example.org",)]
    assert platform.texts() == []
    assert platform.faults == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_tries_no_subjects_says_so(name):
    mail = newsletter(subjects=("Sleep better",), test_share=20, test_winner="hand")
    found = [finding for finding in offline(name).check(mail) if finding.rule == "mail.test.unsupported"]

    assert [finding.severity for finding in found] == ([] if channel_class(name).tests_subjects else ["block"])


@services()
def test_nothing_of_a_service_is_drafted_or_tried_without_an_account(platform):
    channel = offline(platform.name)

    for call in (channel.prepare, channel.publish):
        with pytest.raises(Misconfigured):
            call(newsletter(), "key")
    with pytest.raises(Misconfigured):
        channel.send_test(newsletter(), "key", ("ada@example.org",))
