"""The house style that a marketer edits in `content/brand.yaml`, without touching HTML."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from content import faults, frontmatter, source
from content.findings import Refused
from content.meta import Address, Language, Picture

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Share = Literal["email", "bluesky", "linkedin", "facebook", "x"]
FILE = Path("content") / "brand.yaml"


class Part(BaseModel):
    """One mapping of the brand file. Frozen; unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Logo(Picture):
    """`src` for pages (SVG or PNG), `mail` for mail programs (PNG), `width` in CSS pixels."""

    mail: str = ""
    width: Annotated[int, Field(ge=16, le=600)] = 180


class Palette(Part):
    """Six-digit hex colours. `ink` on `paper` and `accent_ink` on `accent` need a contrast of 4.5."""

    ink: Colour = "#1d2a26"
    paper: Colour = "#fbf8f2"
    panel: Colour = "#f1ece1"
    accent: Colour = "#1f5d4c"
    accent_ink: Colour = "#ffffff"
    muted: Colour = "#5c665f"
    line: Colour = "#ddd6c8"

    def faint(self) -> list[tuple[str, str, float]]:
        """Pairs of text and ground whose contrast is under 4.5 (WCAG 2.2, 1.4.3), each with its ratio."""
        pairs = [(text, ground) for text in ("ink", "muted", "accent") for ground in ("paper", "panel")]
        measured = [
            (*pair, contrast(*(getattr(self, name) for name in pair))) for pair in [*pairs, ("accent_ink", "accent")]
        ]
        return [found for found in measured if found[2] < 4.5]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two six-digit colours, from 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


DARK = Palette(
    ink="#ece7dc",
    paper="#161c1a",
    panel="#1f2825",
    accent="#8fd0b6",
    accent_ink="#10201a",
    muted="#a4afa8",
    line="#35413c",
)


class Colours(Palette):
    """The light palette, and the dark one beside it."""

    dark: Palette = DARK


class Fonts(Part):
    """Font stacks that every machine has: nothing is loaded from outside."""

    heading: str = "Georgia, 'Iowan Old Style', 'Times New Roman', serif"
    body: str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


class Email(Part):
    """Who the newsletter is from."""

    from_name: str = ""
    from_address: Annotated[str, StringConstraints(pattern=r"^[^@\s<>]+@[^@\s<>]+$")] = "newsletter@localhost"
    reply_to: str = ""
    unsubscribe: str = ""  # an address; the site's /unsubscribe/ where it is empty
    body: Literal["full", "excerpt"] = "full"  # the whole article, or its opening and a button to the page


class Social(Part):
    """Handles on each network, without @, for credits and cards."""

    x: str = ""
    linkedin: str = ""
    mastodon: str = ""
    bluesky: str = ""


class Labels(Part):
    """The few words that the templates say themselves. Translate them here."""

    key_takeaways: str = "Key takeaways"
    contents: str = "On this page"
    references: str = "References"
    disclosures: str = "Please note"
    published: str = "Published"
    updated: str = "Updated"
    by: str = "By"
    minutes: str = "min read"
    tags: str = "Topics"
    share: str = "Share this"
    share_email: str = "Email"
    author: str = "About the author"
    authors: str = "About the authors"
    reviewed: str = "Reviewed by"
    translations: str = "Also in"
    home: str = "All articles"
    newer: str = "Newer"
    older: str = "Older"
    feeds: str = "Feeds"
    more: str = "Read on"
    all_topics: str = "All topics"
    all_authors: str = "All authors"
    articles_on: str = "Articles on {}"
    articles_by: str = "Articles by {}"
    missing_title: str = "There is no such page"
    missing_text: str = "It may have moved. The newest articles are here:"
    moved: str = "This page has moved:"
    skip: str = "Skip to the article"
    read_online: str = "Read this online"
    read_on: str = "Read the whole article"
    unsubscribe: str = "Unsubscribe"
    first_published: str = "First published by"
    why: str = "You receive this because you signed up for our newsletter."
    leave_title: str = "Leave this list?"
    leave_ask: str = "One press of the button, and no more newsletters will come to you."
    leave_button: str = "Unsubscribe"
    left_title: str = "You are off the list"
    left_text: str = "No more newsletters will come to you. One that is already on its way may still arrive."
    back_button: str = "That was a mistake"
    back_title: str = "You are back on the list"
    back_text: str = "The next newsletter will come to you as before."
    leave_unknown_title: str = "This link does not work"
    leave_unknown: str = "A part of it may be missing. Open it from a newsletter once more, or write to us."
    leave_trouble_title: str = "That did not work just now"
    leave_trouble: str = "Nothing was saved. Please try again in a few minutes."
    leave_busy: str = "Too many requests came from here. Please try again in a minute."
    leave_write: str = "Write to us"


class Brand(Part):
    """Everything that says whose article this is."""

    name: str = "Pressroom"
    tagline: str = ""
    site: Address | None = None
    language: Language = "en"  # of the pages around the articles, and of feeds
    logo: Logo | None = None
    colours: Colours = Colours()
    fonts: Fonts = Fonts()
    postal_address: str = ""
    email: Email = Email()
    social: Social = Social()
    disclaimer: str = ""
    subject: Literal["general", "health"] = "general"  # what pages tell search engines that they are about
    card: Literal["drawn", "hero"] = "drawn"  # the picture of link cards: the title as a drawing, or the hero alone
    share: tuple[Share, ...] = ("email", "bluesky", "linkedin", "facebook", "x")  # links below a page
    indexnow: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9-]{8,128})?$")] = ""  # the site's key for IndexNow
    hub: Address | None = None  # a WebSub hub, which is told when the feeds change
    date_format: Annotated[str, StringConstraints(pattern=r"^(short|medium|long|full)$")] = "long"
    labels: Labels = Labels()

    @classmethod
    def load(cls, root: Path) -> "Brand":
        """Read `content/brand.yaml` of a project; defaults where there is none. Raises `Refused`."""
        path = root / FILE
        if not path.exists():
            return cls()
        text = source.read(path, FILE.as_posix())
        marks = frontmatter.load(text.text, text.name)
        try:
            return cls.model_validate({key: value for key, value in marks.values.items() if value is not None})
        except ValidationError as error:
            raise Refused(faults.explain(error, marks, cls, {})) from error
