"""What is peculiar to Threads: containers, the quota of a day, emoji that count as bytes."""

from dataclasses import replace

import pytest

from channels.errors import Duplicate, Misconfigured, Rejected, Unavailable, Uncertain
from channels.registry import offline
from content.measures import threads
from content.post import Part
from tests.channels.fakes.graph import missing, refusal
from tests.channels.fakes.server import FINE, Answer, Trouble
from tests.channels.samples import LINK, article, post, project

UNKNOWN = "17900000000000001"


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("Sleep well", 10),
        ("Schlaf schön …", 14),
        ("標題は長い。", 6),
        ("e\u0301\u0323", 3),
        ("😴", 4),
        ("👩🏽‍⚕️", 17),
        ("🇩🇪", 8),
        ("1️⃣", 7),
        ("Good night 😴", 15),
    ],
)
def test_emoji_count_as_their_bytes_and_all_else_as_code_points(text, counted):
    assert threads(text) == counted


def test_each_part_is_a_container_that_is_published_by_its_id(channel, platform):
    channel.publish(post("One", "Two"), "key")

    first, second = platform.made()
    assert first.json == {"media_type": "TEXT", "text": f"One\n\n{LINK}", "link_attachment": LINK}
    assert second.json == {"media_type": "TEXT", "text": "Two", "reply_to_id": next(iter(platform.posts))}
    assert [request.json for request in platform.created()] == [{"creation_id": name} for name in platform.containers]


def test_the_card_carries_the_link_so_that_the_words_need_not(channel, platform, tmp_path):
    rendition = channel.render(article(), project(tmp_path))
    channel.publish(rendition, "key")

    assert rendition.link not in platform.texts()[0]
    assert platform.made()[0].json["link_attachment"] == rendition.link
    assert channel.find(rendition, "key") is not None


def test_what_was_prepared_is_what_is_published(channel, platform):
    draft = channel.prepare(post("One", "Two"), "key")
    assert platform.texts() == []

    receipt = channel.publish(post("One", "Two"), "key", draft)

    assert platform.created()[0].json == {"creation_id": draft}
    assert len(platform.made()) == len(receipt.remote_ids) == len(platform.texts()) == 2
    assert receipt.url.startswith("https://www.threads.com/@clinic/post/")
    assert platform.faults == []


@pytest.mark.parametrize("status", ["EXPIRED", "GONE"])
def test_a_container_that_is_no_more_is_made_anew(channel, platform, status):
    draft = channel.prepare(post(), "key")
    platform.containers[draft]["status"] = status
    if status == "GONE":
        del platform.containers[draft]

    channel.publish(post(), "key", draft)

    assert platform.texts() == [post().parts[0].text]
    assert len(platform.created()) == 1
    assert channel.find(post(), "key", draft) is not None


def test_a_container_is_never_published_twice(channel, platform):
    draft = channel.prepare(post(), "key")
    channel.publish(post(), "key", draft)

    with pytest.raises(Duplicate):
        channel.publish(post(), "key", draft)

    assert len(platform.created()) == len(platform.texts()) == 1


def test_a_container_that_waits_is_no_post(channel, platform):
    draft = channel.prepare(post(), "key")
    platform.troubles.append(Trouble(hangs_up=True))
    with pytest.raises(Uncertain):
        channel.publish(post(), "key", draft)

    assert channel.find(post(), "key", draft) is None
    assert channel.find(post(), "key", UNKNOWN) is None


def test_what_is_published_and_not_listed_yet_is_not_sent_again(channel, platform):
    draft = channel.prepare(post(), "key")
    sent = channel.publish(post(), "key", draft)

    platform.unlisted = True
    with pytest.raises(Uncertain, match="not listed yet"):
        channel.find(post(), "key", draft)

    platform.unlisted = False
    assert channel.find(post(), "key", draft).remote_ids == sent.remote_ids


@pytest.mark.parametrize("shape", [[], {}, {"data": []}, "text", None, {"status": []}, {"status": "NEW"}])
def test_a_container_of_another_shape_is_no_absence(channel, platform, shape):
    draft = channel.prepare(post(), "key")
    right = platform.handle
    platform.handle = lambda request: Answer(json=shape) if request.path.endswith(draft) else right(request)

    with pytest.raises(Uncertain):
        channel.find(post(), "key", draft)
    with pytest.raises(Unavailable, match="nothing was sent"):
        channel.publish(post(), "key", draft)


def test_a_container_that_is_worked_on_is_waited_for(channel, platform):
    platform.slow, channel.processing = 3, 0.01

    channel.publish(post(), "key")

    [container] = platform.containers
    assert [request.path for request in platform.received].count(f"/v1.0/{container}") == 3
    assert len(platform.texts()) == 1


def test_a_container_that_is_never_ready_leaves_nothing_posted(channel, platform):
    platform.slow, channel.processing = 1000, 0.001

    with pytest.raises(Unavailable, match="still working"):
        channel.publish(post(), "key")

    assert platform.created() == []


@pytest.mark.parametrize(("reason", "error"), [("UNKNOWN", Unavailable), ("INVALID_TEXT", Rejected)])
def test_a_container_that_failed_sent_nothing(channel, platform, reason, error):
    platform.fails = reason

    with pytest.raises(error, match=reason):
        channel.publish(post(), "key")

    assert platform.created() == []


@pytest.mark.parametrize("trouble", [Trouble(hangs_up=True), Trouble(answer=Answer(json="a page of some proxy"))])
def test_a_lost_answer_before_the_publishing_leaves_nothing_in_doubt(channel, platform, trouble):
    platform.upload_troubles.append(trouble)

    with pytest.raises(Unavailable, match="nothing was sent"):
        channel.publish(post(), "key")

    assert platform.created() == []


@pytest.mark.parametrize(("stored", "error"), [(True, Uncertain), (False, Misconfigured)])
def test_a_permission_that_lacks_is_no_proof_that_nothing_was_published(channel, platform, stored, error):
    channel.processing = 0.01
    denied = refusal(403, 10, "Application does not have permission for this action")
    platform.troubles.append(Trouble(stored=stored, answer=denied))

    with pytest.raises(error):
        channel.publish(post(), "key")

    assert (channel.find(post(), "key") is not None) is stored


def test_a_container_that_threads_does_not_know_yet_may_be_tried_again(channel, platform):
    early = refusal(400, 24, "The requested resource does not exist", subcode=4279009)
    platform.troubles.append(Trouble(answer=early))

    with pytest.raises(Unavailable, match="not ready"):
        channel.publish(post(), "key")

    assert platform.texts() == []


def test_an_answer_to_what_threads_does_not_know_yet_goes_out_later(channel, platform):
    early = refusal(400, 24, "The requested resource does not exist", subcode=4279009)
    platform.upload_troubles.extend([FINE, Trouble(answer=early)])
    thread = post("One", "Two")
    draft = channel.prepare(thread, "key")
    with pytest.raises(Unavailable, match="too new") as broken:
        channel.publish(thread, "key", draft)

    receipt = channel.resume(thread, "key", broken.value.sent)

    assert channel.find(thread, "key", draft).remote_ids == receipt.remote_ids
    assert [text.split("\n")[0] for text in platform.texts()] == ["One", "Two"]


def test_an_account_that_is_not_there_is_not_tried_again(channel, platform):
    platform.upload_troubles.append(Trouble(answer=missing("1")))

    with pytest.raises(Rejected, match="does not exist"):
        channel.publish(post(), "key")

    assert platform.created() == []


def test_a_post_without_an_address_is_a_post(channel, platform):
    platform.linkless = True

    receipt = channel.publish(post(), "key")

    assert (receipt.url, len(receipt.remote_ids)) == ("", 1)
    assert channel.find(post(), "key").remote_ids == receipt.remote_ids


def test_nothing_is_prepared_without_an_account():
    with pytest.raises(Misconfigured):
        offline("threads").prepare(post(), "key")


@pytest.mark.parametrize(("written", "blocks"), [(4, 0), (5, 1), (6, 1)])
def test_the_link_of_the_card_is_one_of_five(channel, written, blocks):
    links = " ".join(f"https://example.org/{number}" for number in range(written))
    rendition = replace(post(), parts=(Part(text=links),))

    assert [finding.rule for finding in channel.check(rendition)] == ["post.links"] * blocks


@pytest.mark.parametrize(("used", "left"), [(3, ""), (240, ""), (241, "9 more"), (251, "0 more")])
def test_the_doctor_counts_the_posts_that_are_left(channel, platform, used, left):
    platform.used = used

    found = [finding.why for finding in channel.doctor()]

    assert [left in why for why in found] == ([True] if left else [])


def test_the_doctor_tells_whose_token_it_is(channel, platform):
    platform.owner = "17840000000000000"

    [finding] = channel.doctor()

    assert (finding.rule, finding.severity) == ("account.other", "block")
    assert "17840000000000000" in finding.why
