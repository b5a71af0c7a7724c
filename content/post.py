"""The article as a social post: one part or a thread, each fitted to its network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from content.album import Album
from content.findings import Finding, Severity
from content.measures import links_in
from content.rendition import Asset, Rendition
from content.styled import Mark
from content.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from content.article import Article
    from content.context import Context
    from content.fitting import Limits

LEFT_OUT = "Put a JPEG or PNG beside the article; until then the post goes without it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What stands below a link: networks that fetch nothing themselves must be given it."""

    url: str
    title: str
    description: str
    image: Asset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One post of a thread. `marks` are what the network knows of emphasis and links behind words."""

    text: str
    marks: tuple[Mark, ...] = ()
    images: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Rendition):
    """What one network will show.

    `shortened` tells which parts lost words, from 1, `lost` how many parts there is no room for, and `unusable` which
    pictures are left out and why; they are no part of the digest.
    """

    parts: tuple[Part, ...]
    link: str
    card: Card
    language: str
    shortened: tuple[int, ...] = field(default=(), compare=False)
    unusable: tuple[str, ...] = field(default=(), compare=False)
    lost: int = field(default=0, compare=False)

    @classmethod
    def of(cls, article: Article, context: Context, channel: str, limits: Limits) -> Post:
        """Fit the channel's own text, or one from title, description and takeaways, by `templates/post/`."""
        album = Album(article, context, channel, limits)
        if album.pictures and limits.captioned:
            limits = replace(limits, text=limits.captioned)
        wording = Wording(article, context, channel, limits, carded=not album.pictures)
        texts = wording.texts()
        parts = [Part(text=t.text, marks=t.marks, images=() if n else album.pictures) for n, t in enumerate(texts)]
        return cls(
            parts=tuple(parts),
            link=wording.link,
            card=Card(
                url=wording.link,
                title=article.meta.title,
                description=article.description,
                image=album.thumbnail,
            ),
            language=article.meta.language,
            shortened=tuple(wording.shortened),
            unusable=tuple(album.unusable),
            lost=wording.lost,
        )

    @property
    def text(self) -> str:
        """All parts, an empty line between them."""
        return "\n\n".join(part.text for part in self.parts)

    def check(self, channel: str, limits: Limits) -> list[Finding]:
        """What does not fit, and what was made to fit."""
        findings = [
            Finding(rule="image.unusable", severity="warn", why=why, mend=LEFT_OUT, channel=channel)
            for why in self.unusable
        ]
        if self.lost:
            many = f"{limits.parts} parts" if limits.parts > 1 else "one part"
            why = f"The thread has {len(self.parts) + self.lost} parts; {many} can go out, and the rest would be lost."
            mend = "Say it in fewer words under channels:."
            findings.append(Finding(rule="post.thread", severity="block", why=why, mend=mend, channel=channel))
        for number, part in enumerate(self.parts, 1):
            for rule, severity, why, mend in _faults(part, limits, shortened=number in self.shortened):
                findings.append(
                    Finding(
                        rule=rule,
                        severity=severity,
                        why=why,
                        mend=mend,
                        channel=channel,
                        part=number,
                    )
                )
        return findings


def _faults(part: Part, limits: Limits, *, shortened: bool) -> Iterator[tuple[str, Severity, str, str]]:
    if part.images and limits.captioned:
        limits = replace(limits, text=limits.captioned)
    if not part.text.strip() and not part.images:
        yield "post.empty", "block", "The post has no words.", "Give it some under channels:."
    size = limits.size(part.text)
    if not limits.fits(part.text):
        yield (
            "post.limit",
            "block",
            f"The post counts {size}; {limits.text} are allowed.",
            "Give it a shorter text under channels:.",
        )
    elif shortened:
        yield (
            "post.shortened",
            "warn",
            f"The text was shortened to fit {limits.text}.",
            "Give it its own text under channels:.",
        )
    if limits.links is not None and len(links_in(part.text)) > limits.links:
        yield (
            "post.links",
            "block",
            f"The post has {len(links_in(part.text))} links; {limits.links} are allowed.",
            "Take some out under channels:.",
        )
    yield from _unread(part, limits)


def _unread(part: Part, limits: Limits) -> Iterator[tuple[str, Severity, str, str]]:
    """What stands between its pictures and people who do not see them."""
    for image in part.images:
        if not image.alt:
            yield (
                "image.alt",
                "block",
                f"The picture '{image.path}' has no alternative text.",
                "Add alt: to it.",
            )
        elif limits.alt and len(image.alt) > limits.alt:
            yield (
                "image.alt.long",
                "block",
                f"The alternative text has {len(image.alt)} characters; {limits.alt} are allowed.",
                "Shorten it.",
            )
