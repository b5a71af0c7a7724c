"""What is peculiar to LinkedIn."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PIL import Image

from channels.errors import Duplicate, Misconfigured, Rejected, Unavailable, Uncertain
from channels.linkedin import PICTURE, LinkedIn, LinkedInSettings
from channels.littletext import little_text
from content.article import parse
from content.pictures import CARD, cut
from content.post import Post
from content.source import decode
from content.styled import Mark
from tests.channels.fakes.linkedin import VERSION, duplicate, read
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.samples import ARTICLE, LINK, picture, post, project

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
    assert request.headers["linkedin-version"] == VERSION


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
    platform.version = "203001"

    with pytest.raises(Misconfigured, match=f"LinkedIn-Version {VERSION} has lapsed"):
        channel.publish(post(), "key")
    [finding] = channel.doctor()

    assert f"{VERSION} has lapsed" in finding.why
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


def test_a_picture_of_the_posts_own_takes_the_place_of_the_card(channel, platform):
    channel.publish(post(images=(picture(),)), "key")

    [request] = platform.created()
    assert request.json["content"] == {"media": {"id": "urn:li:image:C4D000001", "altText": "A bed by a window"}}
    assert [r.path for r in platform.received[:2]] == ["/rest/images", "/dms-uploads/C4D000001/uploaded-image/0"]


def test_the_picture_of_the_card_is_its_thumbnail(channel, platform):
    carded = post()
    channel.publish(replace(carded, card=replace(carded.card, image=picture())), "key")

    assert platform.thumbnails() == [picture().data]
    assert platform.pictures() == []
    assert platform.faults == []


@pytest.mark.parametrize(("image", "has_link"), [("", False), ("image: {src: bed.jpg, alt: A bed}", True)])
def test_the_link_stands_in_the_text_where_a_picture_takes_the_cards_place(tmp_path, image, has_link):
    context = project(tmp_path)
    (tmp_path / "bed.jpg").write_bytes(picture().data)
    own = ARTICLE.replace("  mastodon:", f"  linkedin: {{{image}}}\n  mastodon:")
    written = parse(decode(own.encode(), "sleep.md"), tmp_path / "sleep.md")

    rendered = Post.of(written, context, "linkedin", LinkedIn.can.limits)

    assert bool(rendered.parts[0].images) is bool(image)
    assert (rendered.link in rendered.text) is has_link


@pytest.mark.parametrize(("width", "height"), [(3000, 3000), (1600, 900), (4000, 1000), (1200, 627)])
def test_a_cards_picture_has_the_shape_that_linkedin_shows(width, height):
    file = io.BytesIO()
    Image.new("RGB", (width, height), "#88aacc").save(file, "PNG")
    wide = replace(picture("image/png"), data=file.getvalue(), width=width, height=height)

    thumbnail = cut(wide, CARD)

    assert thumbnail.width <= 1200
    assert thumbnail.height <= 627
    assert thumbnail.width / thumbnail.height == pytest.approx(1.91, abs=0.02)


def test_a_picture_has_no_more_pixels_than_linkedin_takes():
    assert PICTURE.width * PICTURE.height < 36_152_320


def test_an_upload_that_is_refused_leaves_nothing_posted(channel, platform):
    platform.upload_troubles.append(Trouble(answer=Answer(status=413)))

    with pytest.raises(Rejected, match="bed-1a2b3c4d"):
        channel.publish(post(images=(picture(),)), "key")
    assert platform.texts() == []


@pytest.mark.parametrize(
    ("url", "little"),
    [
        ("urn:li:organization:2414183", r"Thanks, @[Clinic \(North\) \_1](urn:li:organization:2414183) \#1"),
        ("urn:li:person:a_B-9", r"Thanks, @[Clinic \(North\) \_1](urn:li:person:a_B-9) \#1"),
        ("urn:li:share:1", r"Thanks, Clinic \(North\) \_1 \#1"),
        ("urn:li:organization:1) @[Other](urn:li:organization:2", r"Thanks, Clinic \(North\) \_1 \#1"),
    ],
)
def test_a_mention_is_an_element_and_its_name_is_escaped(url, little):
    text = "Thanks, Clinic (North) _1 #1"
    mark = Mark(kind="mention", start=8, end=25, url=url)

    assert little_text(text, (mark,)) == little
    assert read(little) == text


def test_a_hashtag_within_a_mention_is_a_part_of_the_name():
    mark = Mark(kind="mention", start=0, end=11, url="urn:li:organization:1")

    assert little_text("Team #Sleep #Rest", (mark,)) == r"@[Team \#Sleep](urn:li:organization:1) {hashtag|\#|Rest}"


def test_a_mention_is_sent_and_kept_in_a_correction(channel, platform):
    mark = Mark(kind="mention", start=0, end=5, url="urn:li:organization:1")
    receipt = channel.publish(post("Sleep well", marks=(mark,)), "key")

    channel.update(receipt, post("Sleep better", marks=(mark,)))

    assert next(iter(platform.posts.values())).startswith("@[Sleep](urn:li:organization:1) better")
    assert platform.texts() == [f"Sleep better\n\n{LINK}"]
    assert platform.faults == []


def months_ago(months: int) -> str:
    """A version that old."""
    now = datetime.now(UTC)
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return f"{year}{month + 1:02}"


@pytest.mark.parametrize(("months", "said"), [(0, 0), (9, 0), (10, 1), (13, 1)])
@pytest.mark.parametrize("may_read", [True, False])
def test_the_doctor_warns_before_a_version_lapses(platform, http, months, said, may_read):
    platform.version, platform.may_read = months_ago(months), may_read

    found = LinkedIn("linkedin", platform.settings(), http).doctor()

    assert [(finding.rule, finding.severity) for finding in found] == [("account.version", "warn")] * said
    assert all("PRESSROOM_LINKEDIN_VERSION" in finding.mend for finding in found)


@pytest.mark.parametrize(
    ("version", "ends"),
    [("202610", datetime(2027, 10, 1, tzinfo=UTC)), ("202612", datetime(2027, 12, 1, tzinfo=UTC))],
)
def test_a_version_lapses_about_a_year_after_its_month(version, ends):
    [lapse] = LinkedIn(settings=LinkedInSettings(version=version)).ends()

    assert (lapse.at, lapse.rule, lapse.severity) == (ends, "account.version", "block")
    assert lapse.said() == (
        f"LinkedIn-Version {version} ends about {ends:%Y-%m-%d}: LinkedIn serves each for about 12 months."
    )


def test_a_version_that_is_none_is_left_to_linkedin(platform, http):
    platform.version = "latest"

    assert LinkedIn("linkedin", platform.settings(), http).doctor() == []


def test_a_page_and_a_person_ask_for_scopes_of_their_own():
    scopes = {
        author: LinkedIn("linkedin", LinkedIn.settings_model(author=author)).authority.scopes
        for author in ("urn:li:organization:1", "urn:li:person:a")
    }

    assert scopes == {"urn:li:organization:1": ("w_organization_social",), "urn:li:person:a": ("w_member_social",)}
