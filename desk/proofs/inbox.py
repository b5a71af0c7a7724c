"""The newsletter as mail programs treat it: the line in the inbox, its weight, and what each is known not to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

from content.newsletter import CLIPPED, HEAVY

if TYPE_CHECKING:
    from content.newsletter import Newsletter

OUTLOOK = "Outlook for Windows"
GMAIL = "Gmail"
YAHOO = "Yahoo Mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A mail program's list of mails: where it cuts is a matter of room, so it is drawn at its own width."""

    name: str
    title: str
    lines: str  # what a reader sees of subject and preheader


INBOXES = (
    Client(name="gmail", title="Gmail on the web", lines="Subject and preheader share one line."),
    Client(name="apple", title="Apple Mail on iPhone", lines="The subject has one line, the preheader two."),
    Client(name="outlook", title="Outlook for Windows", lines="Subject and preheader have one line each."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveat:
    """Something in a mail that programs are known to show otherwise."""

    what: str
    where: str
    then: str
    source: str  # the feature's page on caniemail.com

    @property
    def address(self) -> str:
        """Where it is written down."""
        return f"https://www.caniemail.com/features/{self.source}/"


# pattern, what, where, what happens, caniemail's name of it. As of its data of 2026-05-13.
KNOWN: tuple[tuple[str, str, str, str, str], ...] = (
    (r"@media[^{]*(?:min|max)-width", "Layout for narrow screens", f"{OUTLOOK}, Gmail in a phone's browser",
     "The wide layout is kept.", "css-at-media"),
    (r"prefers-color-scheme", "Colours for dark mode", f"{GMAIL}, {YAHOO}, {OUTLOOK}",
     "The program turns colours over by itself, or leaves them light: see the forced dark proof.",
     "css-at-media-prefers-color-scheme"),
    (r"<style", "Styles in the head", f"{GMAIL} in a phone's browser",
     "The wide layout and the light colours are kept: every other style stands in its element.", "html-style"),
    (r"word-break|overflow-wrap", "Breaks within long words", "Windows Mail", "They stick out.", "css-word-break"),
    (r"border-radius", "Round corners", OUTLOOK, "Corners are square.", "css-border-radius"),
    (r"max-width", "Widest width", OUTLOOK, "Tables keep it; elsewhere the width attribute counts.", "css-max-width"),
    (r"box-shadow", "Shadows", f"{GMAIL} on the web, {YAHOO}, {OUTLOOK}", "There is no shadow.", "css-box-shadow"),
    (r"linear-gradient", "Gradients", f"Outlook everywhere, {YAHOO}", "The plain colour shows.", "css-linear-gradient"),
    (r"background-image|background:\s*url", "Background pictures", OUTLOOK, "They are left out.",
     "css-background-image"),
    (r"@font-face|fonts\.googleapis", "Web fonts", f"{GMAIL}, Outlook, {YAHOO}", "A system font shows.",
     "css-at-font-face"),
    (r"display:\s*flex", "Flexible boxes", OUTLOOK, "They stand one below the other.", "css-display-flex"),
    (r"display:\s*grid", "Grids", OUTLOOK, "They stand one below the other.", "css-display-grid"),
    (r"position:\s*(?:absolute|fixed|relative)", "Placed elements", f"{GMAIL}, {OUTLOOK}",
     "They stand where the text has them.", "css-position"),
    (r"var\(--", "CSS variables", f"{GMAIL}, Outlook, {YAHOO}", "The declaration is dropped.", "css-variables"),
    (r"<video", "Video", f"{GMAIL}, Outlook, {YAHOO}", "A picture or a gap shows.", "html-video"),
    (r"<form", "Forms", OUTLOOK, "They can't be sent.", "html-form"),
    (r"src=\"[^\"]+\.svg\"", "SVG pictures", GMAIL, "They are left out.", "image-svg"),
    (r"src=\"[^\"]+\.webp\"", "WebP pictures", OUTLOOK, "They are left out.", "image-webp"),
    (r"src=\"[^\"]+\.avif\"", "AVIF pictures", OUTLOOK, "They are left out.", "image-avif"),
    (r"src=\"[^\"]+\.gif\"", "Moving pictures", OUTLOOK, "Older ones show the first frame.", "image-gif"),
    (r"src=\"data:", "Pictures inside the HTML", f"{GMAIL}, {OUTLOOK}", "They are left out.", "image-base64"),
)  # fmt: skip

# What stands in a mail although a program does not know it, and why no reader misses it; by caniemail's names
UNSEEN = {
    "css-border-spacing": "It is 0, and the `cellspacing` attribute says the same to Word.",
    "css-cursor": "It is `auto`, which is what shows anyway.",
    "css-display-none": "It hides the preheader, which has no height either.",
    "css-outline": "It takes away a frame that Word does not draw.",
    "css-overflow": "It hides the preheader; Word does so by `mso-hide`.",
    "css-table-layout": "It holds narrow columns on a phone; Word has a width for each.",
    "css-transform": "None is there: the button's `text-transform: none` is taken for it.",
    "css-word-spacing": "It is `normal`.",
    "html-aria-hidden": "It keeps the blanks behind the preheader silent, which make no sound.",
    "html-aria-label": "It names the mail; the heading does so as well.",
    "html-role": "Windows Mail, which is no longer made, announces layout tables as tables.",
    "html-target": "Every link in a mail opens in a window of its own anyway.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """Bytes of HTML against Gmail's clip at about 102 KB."""

    size: int
    warn: int = HEAVY
    limit: int = CLIPPED

    @property
    def kilobytes(self) -> str:
        """`41.3 KB`, of 1,024 bytes."""
        return f"{self.size / 1024:.1f} KB"


def weight(rendition: Newsletter) -> Weight:
    """How heavy a mail's HTML is."""
    return Weight(size=len(rendition.html.encode()))


def caveats(rendition: Newsletter) -> list[Caveat]:
    """What in this mail is known to look otherwise somewhere."""
    return [
        Caveat(what=what, where=where, then=then, source=source)
        for pattern, what, where, then, source in KNOWN
        if re.search(pattern, rendition.html, re.IGNORECASE)
    ]


def headers(message: bytes) -> list[tuple[str, str]]:
    """The headers of a message as mail programs read them."""
    parsed = message_from_bytes(message, policy=default)
    return [(name, str(value)) for name, value in parsed.items()]
