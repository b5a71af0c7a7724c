"""The drawn picture of link cards."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from content.article import Article
from content.composed import compose
from content.context import Context
from content.darkroom import Darkroom
from content.sharecard import SIZES, TALLEST, fitted, share_card, share_picture
from tests.channels.samples import picture


@pytest.fixture
def garden(project):
    """The sample article, its context."""
    return Article.load(project / "content" / "articles" / "garden.md"), Context.open(project)


def ink(card) -> int:
    """How many pixels of the card are as dark as letters."""
    with Image.open(io.BytesIO(card.data)) as drawn:
        return sum(drawn.convert("L").histogram()[:90])


def test_a_card_has_the_size_that_networks_want_and_says_something(garden):
    card = share_card(*garden, None)

    with Image.open(io.BytesIO(card.data)) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (1200, 630))
    assert (card.width, card.height, card.path.startswith("garden-card-")) == (1200, 630, True)
    assert ink(card) > 5000


def test_the_same_words_make_the_same_bytes_and_others_do_not(garden, tmp_path):
    article, context = garden
    elsewhere = Context(root=tmp_path, brand=context.brand)
    other = replace(article, meta=article.meta.model_copy(update={"title": "Something else"}))

    assert share_card(article, context, None) == share_card(article, elsewhere, None)
    assert share_card(other, context, None).digest != share_card(article, context, None).digest


@pytest.mark.parametrize(
    "title", ["Short", "A title of some length " * 3, "Rindfleischetikettierung" * 6, "word " * 300, "&<>"]
)
@pytest.mark.parametrize("width", [600, 1040])
def test_a_title_fits_whatever_it_is(title, width):
    size, lines = fitted(title, width)

    assert size in SIZES
    assert len(lines) * size <= TALLEST
    kept = "".join(lines).rstrip("…").replace(" ", "")
    assert title.replace(" ", "").startswith(kept)
    assert lines[-1].endswith("…") or kept == title.replace(" ", "")


def test_a_hostile_title_draws_itself_and_nothing_else(garden):
    article, context = garden
    title = '</text><image href="file:///etc/passwd"/><script>alert(1)</script>'
    hostile = replace(article, meta=article.meta.model_copy(update={"title": title}))

    assert ink(share_card(hostile, context, None)) > ink(share_card(article, context, None)) / 2


def test_a_title_in_letters_that_our_fonts_lack_is_shown_by_the_hero(project):
    (project / "content" / "articles" / "hero.jpg").write_bytes(picture().data)
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text().replace("tags:", "hero: {src: hero.jpg, alt: A bed}\ntags:"))
    article, context = Article.load(path), Context.open(project)
    arabic = replace(article, meta=article.meta.model_copy(update={"title": "النوم بعد التسريب"}))
    hero = compose(article, context).hero

    assert share_picture(arabic, context, hero).picture.alt == "A bed"
    assert share_picture(article, context, hero).picture.alt == "Reading in the garden"
    assert share_picture(arabic, context, None).asset.data[:4] == b"\x89PNG"


def test_a_title_without_spaces_in_wide_letters_stays_within_the_card():
    size, lines = fitted("点滴のあとの眠りについて知っておきたいこと" * 2, 1040)

    assert all(len(line) * size <= 1040 for line in lines)


def test_a_brand_may_prefer_the_hero_alone(project):
    (project / "content" / "articles" / "hero.jpg").write_bytes(picture().data)
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text().replace("tags:", "hero: {src: hero.jpg, alt: A bed}\ntags:"))
    (project / "content" / "brand.yaml").write_text((project / "content" / "brand.yaml").read_text() + "\ncard: hero\n")
    article, context = Article.load(path), Context.open(project)

    card = share_picture(article, context, compose(article, context).hero)

    assert card.picture.alt == "A bed"
    assert round(card.width / card.height, 2) == 1.9


def test_a_picture_is_made_once_and_made_again_where_the_kept_one_is_broken(tmp_path):
    darkroom = Darkroom(tmp_path)
    first = darkroom.sized(picture(), 320, "image/webp")
    [kept] = tmp_path.iterdir()
    told = kept.stat().st_mtime_ns
    assert darkroom.sized(picture(), 320, "image/webp") == first
    assert kept.stat().st_mtime_ns == told

    kept.write_bytes(kept.read_bytes()[:-1])
    assert darkroom.sized(picture(), 320, "image/webp") == first
    assert kept.stat().st_mtime_ns != told


@pytest.mark.parametrize(("kind", "named"), [("image/avif", "AVIF"), ("image/webp", "WEBP")])
def test_other_sizes_and_formats_keep_the_alternative_text(tmp_path, kind, named):
    made = Darkroom(tmp_path).sized(picture(), 320, kind)

    with Image.open(io.BytesIO(made.data)) as opened:
        assert (opened.format, opened.size) == (named, (320, 200))
    assert (made.alt, made.media_type, made.width) == ("A bed by a window", kind, 320)
