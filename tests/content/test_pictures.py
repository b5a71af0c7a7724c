"""Pictures as networks take them: small enough, of the right kind, and silent about where they were taken."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from content.pictures import GIF, JPEG, PNG, Canvas, Unusable, cut
from content.rendition import Asset

HALVES = ("#cc2222", "#2222cc")  # left, right: or top, bottom


def asset(image, kind="JPEG", **how):
    file = io.BytesIO()
    image.save(file, kind, **how)
    kinds = {"JPEG": JPEG, "PNG": PNG, "GIF": GIF}
    return Asset(
        path=f"bed-12345678.{kind.lower()}", data=file.getvalue(), media_type=kinds[kind], alt="A bed",
        width=image.width, height=image.height,
    )  # fmt: skip


def halves(width, height, *, upright=False):
    image = Image.new("RGB", (width, height), HALVES[0])
    box = (0, height // 2, width, height) if upright else (width // 2, 0, width, height)
    image.paste(HALVES[1], box)
    return image


def opened(picture):
    image = Image.open(io.BytesIO(picture.data))
    image.load()
    return image


def colour(picture, x, y):
    red, _, blue = opened(picture).convert("RGB").getpixel((x, y))
    return "left" if red > blue else "right"


WIDE = Canvas(width=1200, height=628, bytes=1_000_000, narrowest=1.9, widest=1.92)


@pytest.mark.parametrize("mode", ["I;16", "L", "CMYK"])
def test_grey_and_printed_pictures_keep_their_lightness_and_lose_a_profile_of_other_colours(mode):
    file = io.BytesIO()
    grey = Image.new("L", (2000, 1000), 128)
    if mode == "I;16":
        grey.convert("I").point(lambda value: value * 257).convert("I;16").save(file, "PNG")
    else:
        grey.convert(mode).save(file, "JPEG", icc_profile=b"\0" * 16 + mode.ljust(4).encode() + b"\0" * 108)
    kind = "image/png" if mode == "I;16" else "image/jpeg"
    given = Asset(path="grey-1.png", data=file.getvalue(), media_type=kind, width=2000, height=1000)

    with Image.open(io.BytesIO(cut(given, Canvas(width=400, height=400, bytes=1_000_000)).data)) as made:
        assert abs(made.convert("L").getpixel((10, 10)) - 128) <= 3
        assert "icc_profile" not in made.info


def test_a_picture_that_fits_goes_out_byte_for_byte():
    small = asset(halves(600, 400))

    assert cut(small, Canvas(width=1000, height=1000, bytes=1_000_000)) is small


def test_a_large_picture_is_made_smaller_and_keeps_its_shape():
    made = cut(asset(halves(3000, 2000)), Canvas(width=1200, height=1200, bytes=1_000_000))

    assert (made.width, made.height) == opened(made).size == (1200, 800)
    assert made.alt == "A bed"
    assert made.path.startswith("bed-")


@pytest.mark.parametrize(("focus", "stays"), [((0.0, 0.5), "left"), ((1.0, 0.5), "right")])
def test_a_crop_keeps_the_focus(focus, stays):
    square = Canvas(width=500, height=500, bytes=1_000_000, narrowest=1.0, widest=1.0)

    made = cut(asset(halves(1000, 500)), square, focus)

    assert opened(made).size == (500, 500)
    assert {colour(made, 20, 250), colour(made, 480, 250)} == {stays}


@pytest.mark.parametrize(("focus", "stays"), [((0.5, 0.0), "left"), ((0.5, 1.0), "right")])
def test_a_tall_picture_is_cropped_to_a_cards_shape(focus, stays):
    made = cut(asset(halves(800, 1600, upright=True)), WIDE, focus)

    assert made.width / made.height == pytest.approx(1.91, abs=0.02)
    assert colour(made, 400, 10) == colour(made, 400, made.height - 10) == stays


def test_what_a_camera_wrote_is_gone_and_its_turn_is_done():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "Camera of Dr. Somebody"
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    taken = asset(halves(400, 200), exif=exif)

    made = cut(taken, Canvas(width=1000, height=1000, bytes=1_000_000))

    assert b"Somebody" in taken.data
    assert b"Somebody" not in made.data
    assert not opened(made).getexif()
    assert opened(made).size == (200, 400)


@pytest.mark.parametrize("comment", [{"comment": b"private"}, {"xmp": b"<x>private</x>"}])
def test_comments_are_gone_as_well(comment):
    made = cut(asset(halves(400, 200), **comment), Canvas(width=1000, height=1000, bytes=1_000_000))

    assert b"private" not in made.data


def test_a_heavy_picture_is_made_lighter_until_it_fits():
    noise = Image.effect_noise((1500, 1500), 90).convert("RGB")
    canvas = Canvas(width=2000, height=2000, bytes=150_000)

    made = cut(asset(noise, quality=95), canvas)

    assert len(made.data) <= 150_000
    assert made.media_type == JPEG


def test_a_transparent_drawing_stays_one_where_it_may_and_stands_on_white_elsewhere():
    drawing = asset(Image.new("RGBA", (3000, 3000), (0, 0, 0, 0)), "PNG")

    kept = cut(drawing, Canvas(width=1000, height=1000, bytes=1_000_000))
    flat = cut(drawing, Canvas(width=1000, height=1000, bytes=1_000_000, types=frozenset({JPEG})))

    assert (kept.media_type, opened(kept).mode) == (PNG, "RGBA")
    assert (flat.media_type, opened(flat).getpixel((5, 5))) == (JPEG, (255, 255, 255))


def test_a_moving_picture_stays_one_where_the_network_shows_it():
    frames = [Image.new("P", (50, 50), shade) for shade in (0, 90, 200)]
    moving = asset(frames[0], "GIF", save_all=True, append_images=frames[1:])
    shows = Canvas(width=100, height=100, bytes=100_000, types=frozenset({GIF, PNG}))

    assert cut(moving, shows) is moving
    assert cut(moving, Canvas(width=100, height=100, bytes=100_000)).media_type == JPEG


@pytest.mark.parametrize(
    "picture",
    [
        Asset(path="a.svg", data=b"<svg/>", media_type="image/svg+xml"),
        Asset(path="a.jpg", data=b"\xff\xd8\xff\xe0 no more", media_type=JPEG, width=10, height=10),
        Asset(path="a.png", data=asset(halves(300, 300), "PNG").data[:400], media_type=PNG, width=300, height=300),
        Asset(path="a.png", data=b"", media_type=PNG, width=30_000, height=30_000),
    ],
    ids=["a drawing in SVG", "broken", "cut off", "a bomb"],
)
def test_what_cannot_be_cut_is_said(picture):
    with pytest.raises(Unusable):
        cut(picture, WIDE)


def test_cutting_twice_gives_the_same_bytes():
    first, second = (cut.__wrapped__(asset(halves(3000, 2000)), WIDE) for _ in range(2))

    assert first == second
