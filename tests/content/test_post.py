"""Posts: the channel's own words or good ones made for it, within its limits."""

from pathlib import Path

import pytest
from PIL import Image

from channels.registry import offline
from content.article import Article
from content.context import Context
from content.findings import Refused
from content.measures import links_in
from content.post import Post
from content.wording import hashtag
from tests.channels.samples import picture

NETWORKS = ("x", "linkedin", "mastodon", "bluesky")


@pytest.fixture
def post(project: Path):
    """Render an article of a test's own for a network."""

    def render(network: str, more: str = "", title: str = "Reading in the garden") -> Post:
        path = project / "content" / "articles" / "garden.md"
        text = path.read_text(encoding="utf-8").replace("Reading in the garden", title)
        path.write_text(text.replace("tags:", f"{more}tags:", 1), encoding="utf-8")
        return offline(network).render(Article.load(path), Context.open(project))

    return render


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("title", ["Short", "A very long title " * 40, "標題" * 200, "👩‍👩‍👧‍👦 " * 90])
def test_every_network_gets_a_post_within_its_own_limit(post, network, title):
    channel = offline(network)
    made = post(network, title=title)

    assert [finding for finding in channel.check(made) if finding.severity == "block"] == []
    assert all(part.text for part in made.parts)


@pytest.mark.parametrize("network", ["x", "mastodon"])
def test_the_link_names_the_delivery_where_the_network_shows_it(post, network):
    made = post(network)

    assert made.link in made.text
    assert f"utm_source={network}&" in made.link
    assert made.link.endswith(f"utm_content=garden.{network}")


@pytest.mark.parametrize("network", ["linkedin", "bluesky"])
def test_the_card_carries_the_link_where_the_network_is_given_one(post, network):
    made = post(network)

    assert made.link not in made.text
    assert (made.card.url, made.card.title) == (made.link, "Reading in the garden")


def test_words_of_ones_own_are_used_as_they_stand(post):
    made = post("mastodon", more="channels:\n  mastodon:\n    text: Come out and read.\n    hashtags: [Garden]\n")

    assert made.text == f"Come out and read.\n\n{made.link}\n\n#Garden"
    assert made.shortened == ()


def test_words_that_do_not_fit_are_shortened_and_said(post):
    made = post("x", more=f"channels:\n  x:\n    text: {'Come out and read. ' * 30}\n")
    findings = offline("x").check(made)

    assert made.parts[0].text.startswith("Come out and read. Come")
    assert [finding.rule for finding in findings] == ["post.shortened"]


def test_a_thread_is_made_of_the_takeaways_and_numbered(post):
    made = post("bluesky", more="channels:\n  bluesky: {thread: true}\n")

    assert [part.text[-3:] for part in made.parts] == ["1/3", "2/3", "3/3"]
    assert made.parts[1].text == "A chair outside is half the book. 2/3"


def test_a_thread_of_ones_own_is_split_where_a_part_is_too_long(post):
    made = post("bluesky", more=f"channels:\n  bluesky:\n    thread: [First., {'A sentence of some length. ' * 20}]\n")

    assert len(made.parts) > 2
    assert [finding for finding in offline("bluesky").check(made) if finding.severity == "block"] == []


def test_a_network_without_threads_gets_one_post(post):
    assert len(post("linkedin", more="channels:\n  linkedin: {thread: true}\n").parts) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [("plain language", "#PlainLanguage"), ("FDA rules", "#FDARules"), ("2026", ""), ("café-culture", "#CaféCulture")],
)
def test_a_tag_becomes_a_hashtag_that_screen_readers_can_read(words, expected):
    assert hashtag(words) == expected


def test_a_picture_without_words_stops_a_post():
    from content.fitting import Limits  # noqa: PLC0415
    from content.post import Card, Part  # noqa: PLC0415
    from content.rendition import Asset  # noqa: PLC0415

    picture = Asset(path="a.png", data=b"", media_type="image/png")
    made = Post(
        parts=(Part(text="x", images=(picture,)),), link="", card=Card(url="", title="", description=""), language="en"
    )

    assert [finding.rule for finding in made.check("x", Limits(text=280))] == ["image.alt"]


def test_links_to_our_own_pages_tell_where_a_visit_came_from(post):
    text = (
        "See https://garden.example.org/chairs/?a=1#b, https://garden.example.org/garden and https://elsewhere.org/x."
    )
    made = post("mastodon", more=f"channels:\n  mastodon:\n    text: {text}\n")

    own, article, foreign = links_in(made.text)
    assert own.startswith("https://garden.example.org/chairs/?a=1&utm_source=mastodon")
    assert own.endswith("utm_content=garden.mastodon#b")
    assert (article, foreign) == (made.link, "https://elsewhere.org/x")


def test_the_link_stands_in_the_text_where_a_picture_takes_the_cards_place(post, project):
    (project / "content" / "articles" / "chair.jpg").write_bytes(picture().data)
    made = post("bluesky", more="channels:\n  bluesky:\n    image: {src: chair.jpg, alt: A chair}\n")

    [mark] = made.parts[0].marks
    assert (made.text[mark.start : mark.end], mark.url) == ("garden.example.org/garden", made.link)
    assert [image.alt for image in made.parts[0].images] == ["A chair"]


@pytest.mark.parametrize("src", ["chair.svg", "none.jpg", "https://elsewhere.org/chair.jpg"])
def test_a_picture_that_cannot_go_is_a_finding_and_no_failure(post, project, src):
    (project / "content" / "articles" / "chair.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    made = post("mastodon", more=f"channels:\n  mastodon:\n    image: {{src: {src}, alt: A chair}}\n")

    assert made.parts[0].images == ()
    [finding] = [found for found in offline("mastodon").check(made) if found.rule == "image.unusable"]
    assert (finding.severity, src in finding.why) == ("warn", True)


def test_a_card_gets_its_thumbnail_where_the_network_fetches_none(post, project):
    (project / "content" / "articles" / "chair.jpg").write_bytes(picture().data)
    made = post("bluesky", more="hero: {src: chair.jpg, alt: A chair, focus: 10% 50%}\n")

    assert made.card.image.width / made.card.image.height == pytest.approx(1.91, abs=0.02)


@pytest.mark.parametrize("focus", ["middle", "10 20", "300%", "1% 2% 3%"])
def test_a_focus_that_is_none_is_explained(post, focus):
    with pytest.raises(Refused) as raised:
        post("bluesky", more=f"hero: {{src: chair.jpg, focus: {focus}}}\n")

    assert "such as 30% 50%" in f"{raised.value.findings[0]}"


def test_a_thread_loses_no_word_though_its_first_text_is_too_long(post):
    thread = "First **words**. " + "More of it. " * 30 + "And **last words**."
    made = post("bluesky", more=f"channels:\n  bluesky:\n    thread: ['{thread}']\n")

    assert made.text.count("More of it.") == 30
    assert "And last words." in made.parts[-1].text
    assert made.shortened == ()


def test_emphasis_stays_in_the_parts_of_a_thread(post):
    thread = "First **words**. " + "More of it. " * 500 + "And **last words**."
    made = post("telegram", more=f"channels:\n  telegram:\n    text: '{thread}'\n")
    mark, link = made.parts[0].marks

    assert (link.kind, link.url) == ("link", made.link)
    assert (mark.kind, made.parts[0].text[mark.start : mark.end]) == ("bold", "words")


def test_a_description_is_plain_wherever_it_is_shown(post, project):
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text().replace("Why a chair outside", "Why a **chair** [outside](https://example.org)"))
    made = post("mastodon")

    assert made.card.description == "Why a chair outside (https://example.org) is half the book."
    assert "**" not in made.text


def test_several_pictures_go_as_far_as_the_network_shows_them(post, project):
    for number in range(5):
        Image.new("RGB", (40 + number, 40)).save(project / "content" / "articles" / f"{number}.png")
    named = ", ".join(f"{{src: {number}.png, alt: Chair {number}}}" for number in range(5))
    made = post("mastodon", more=f"channels:\n  mastodon:\n    images: [{named}]\n")

    assert [image.alt for image in made.parts[0].images] == ["Chair 0", "Chair 1", "Chair 2", "Chair 3"]
    assert "5 pictures are named, and 4 can go" in made.unusable[0]


@pytest.mark.parametrize(("network", "parts", "takes"), [("bluesky", 13, "12 parts"), ("x", 2, "one part")])
def test_a_thread_for_which_there_is_no_room_stops_the_post(post, network, parts, takes):
    texts = "".join(f"    - Part {number} of them.\n" for number in range(parts))
    made = post(network, more=f"channels:\n  {network}:\n    thread:\n{texts}")

    [found] = [finding for finding in offline(network).check(made) if finding.rule == "post.thread"]
    assert (found.severity, takes in found.why) == ("block", True)


@pytest.mark.parametrize(("sentences", "below"), [(60, False), (240, True)])
def test_a_post_that_loses_the_words_of_its_link_gets_the_link_below(post, sentences, below):
    words = "Sit down and read on. " * sentences
    text = f"channels:\n  telegram:\n    text: '{words}[All of it](https://garden.example.org/garden/)'\n"
    made = post("telegram", more=text)

    assert made.text.endswith("\n\ngarden.example.org/garden") == below
    assert made.shortened == ((1,) if below else ())
    assert made.parts[0].marks[-1].url == made.link


def test_a_post_without_words_is_stopped(post):
    made = post("discord", more="channels:\n  discord:\n    text: '![](garden.jpg)'\n")

    found = [finding.rule for finding in offline("discord").check(made) if finding.severity == "block"]
    assert found == [] if made.text.strip() else ["post.empty"]


def test_words_beside_a_long_address_stay_whole(post):
    address = "https://example.org/" + "a" * 380
    made = post("x", more=f"channels:\n  x:\n    text: '{address} and {address} {'everything because ' * 14}'\n")

    assert made.text.split("…")[0].split()[-1] in {"everything", "because"}


def test_a_title_leaves_no_trace_of_markdown(post):
    made = post("mastodon", title='"**Bold** *title*"')

    assert made.card.title == "Bold title"
    assert made.text.startswith("Bold title\n")
