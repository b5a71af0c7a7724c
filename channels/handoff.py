"""Places without an open API: a person posts what is laid out for them, then `pressroom receipt` notes where."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from channels.base import Capabilities, Channel, Parcel, R, Receipt
from channels.errors import Unsupported
from content.findings import Finding
from content.fitting import Limits
from content.measures import codepoints, linkedin
from content.pictures import JPEG, PNG, Canvas
from content.post import Post
from content.story import Story

LARGE = Canvas(width=2048, height=2048, bytes=8_000_000, types=frozenset({JPEG, PNG}))
# feed pictures lie between 4:5 and 1.91:1; others are cropped on upload without asking where
SQUARISH = Canvas(width=1440, height=1800, bytes=8_000_000, types=frozenset({JPEG}), narrowest=0.8, widest=1.91)


class HandOff(Channel[R]):
    """Nothing here is sent by a program."""

    where: ClassVar[str]  # the page on which a new post begins
    steps: ClassVar[tuple[str, ...]]  # what to do there

    @property
    def configured(self) -> bool:
        """There is no account to set up: it takes part where the article or the command names it."""
        return False

    def publish(self, rendition: R, key: str, prepared: str = "") -> Receipt:
        """Raises `Unsupported`."""
        raise Unsupported(self.account, f"is posted by hand, at {self.where}")

    def doctor(self) -> list[Finding]:
        """What to know of it."""
        why = f"{self.title} has no open API: its text is laid out for you, and you post it."
        mend = f"Then: pressroom receipt ARTICLE {self.account} ADDRESS"
        return [Finding(rule="account.by_hand", severity="info", why=why, mend=mend, channel=self.account)]

    def checklist(self, *more: str) -> bytes:
        """What to do, a line a step."""
        steps = [f"Open {self.where}", *more, *self.steps]
        steps.append(f"Note where it stands: pressroom receipt ARTICLE {self.account} ADDRESS")
        return "".join(f"{number}. {step}\n" for number, step in enumerate(steps, 1)).encode()


class PostByHand(HandOff[Post]):
    """A post to copy, with its pictures."""

    form = Post

    def parcel(self, rendition: Post, _key: str) -> Parcel:
        """The words of each part, the pictures with their alternative texts, and what to do."""
        texts = "\n\n---\n\n".join(part.text for part in rendition.parts) + "\n"
        pictures = [image for part in rendition.parts for image in part.images]
        alts = {f"images/{image.path}.alt.txt": image.alt.encode() for image in pictures}
        files = {
            "post.txt": texts.encode(),
            "checklist.txt": self.checklist(),
            **{f"images/{image.path}": image.data for image in pictures},
            **alts,
        }
        return Parcel(files=tuple(files.items()), opens="post.txt")


class StoryByHand(HandOff[Story]):
    """A document to paste into an editor."""

    form = Story
    can = Capabilities(limits=Limits(), by_hand=True)

    def parcel(self, rendition: Story, _key: str) -> Parcel:
        """The document with its pictures, what the editor asks for, and what to do."""
        asked = {name: getattr(rendition, name) for name in ("title", "subtitle", "original", "tags")}
        files: dict[str, Any] = {
            "story.html": rendition.html.encode(),
            "fields.json": json.dumps(asked, ensure_ascii=False, indent=2).encode() + b"\n",
            "checklist.txt": self.checklist(f"Its original is {rendition.original}"),
            **{asset.path: asset.data for asset in rendition.assets},
        }
        return Parcel(files=tuple(files.items()), opens="story.html")


class Medium(StoryByHand):
    """Medium gives out no new tokens since 2025."""

    name = "medium"
    title = "Medium"
    where = "https://medium.com/p/import"
    steps = (
        "Give it the address of the original: the import sets the canonical link",
        "Or paste story.html into a new story, and set the canonical link in its settings",
        "Look it over, add the tags from fields.json, publish",
    )


class Substack(StoryByHand):
    """Substack has no API to publish with."""

    name = "substack"
    title = "Substack"
    where = "https://substack.com/publish/post"
    steps = (
        "Paste story.html: open it in a browser, select all, copy",
        "Set title and subtitle from fields.json",
        "Publish",
    )


class Instagram(PostByHand):
    """A picture with a caption. Programs may post what a public address serves, for professional accounts alone."""

    name = "instagram"
    title = "Instagram"
    can = Capabilities(
        # caption, hashtags, mentions: as the app counts them
        limits=Limits(text=2200, count=codepoints, images=10, picture=SQUARISH, alt=100, pictured=True),
        by_hand=True,
        source="https://developers.facebook.com/docs/instagram-platform/content-publishing",
    )
    where = "https://www.instagram.com"
    steps = (
        "Add the pictures from images/",
        "Paste post.txt as the caption: links in it can't be followed",
        "Under Accessibility, paste each alternative text",
    )

    def check(self, rendition: Post) -> list[Finding]:
        """Instagram takes no post without a picture."""
        if any(part.images for part in rendition.parts):
            return super().check(rendition)
        why, mend = "Instagram takes no post without a picture.", "Name one: channels: instagram: image:."
        bare = Finding(rule="post.picture", severity="warn", why=why, mend=mend, channel=self.account)
        return [bare, *super().check(rendition)]


class LinkedInProfile(PostByHand):
    """A person's own profile, which is theirs to post on."""

    name = "linkedin-profile"
    title = "LinkedIn profile"
    can = Capabilities(limits=Limits(text=3000, count=linkedin, images=1, picture=LARGE, alt=4086), by_hand=True)
    where = "https://www.linkedin.com/feed/"
    steps = (
        "Start a post, paste post.txt, wait for the link's card",
        "Add the pictures from images/, if there are any",
        "Post",
    )


class FacebookProfile(PostByHand):
    """A person's own profile: Meta gives programs no way to post there."""

    name = "facebook-profile"
    title = "Facebook profile"
    can = Capabilities(limits=Limits(text=63_206, count=codepoints, images=1, picture=LARGE), by_hand=True)
    where = "https://www.facebook.com"
    steps = (
        "Start a post, paste post.txt, wait for the link's card",
        "Add the pictures from images/, if there are any",
        "Post",
    )
