"""The article as a social post: one part or a thread, each fitted to its network."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from content import images
from content.composed import Shown, compose, show
from content.findings import Finding, Severity
from content.fitting import Frame, Limits, fit, split
from content.measures import links_in
from content.pictures import Unusable, cut
from content.rendition import Asset, Rendition
from content.styled import Mark, Styled, styled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from content.article import Article
    from content.context import Context
    from content.meta import Picture
    from content.pictures import Canvas

LEFT_OUT = "Put a JPEG or PNG beside the article; until then the post goes without it."
HASHTAGS = 3  # from the article's tags, where the front matter names none


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

    `shortened` tells which parts lost words, from 1, and `unusable` which pictures are left out and why; they are no
    part of the digest.
    """

    parts: tuple[Part, ...]
    link: str
    card: Card
    language: str
    shortened: tuple[int, ...] = field(default=(), compare=False)
    unusable: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, article: Article, context: Context, channel: str, limits: Limits) -> Post:
        """Fit the channel's own text, or one from title, description and takeaways, by `templates/post/`."""
        album = _Album(article, context, channel, limits)
        if album.pictures and limits.captioned:
            limits = replace(limits, text=limits.captioned)
        wording = _Wording(article, context, channel, limits, carded=not album.pictures)
        texts = wording.texts()
        parts = [Part(text=t.text, marks=t.marks, images=() if n else album.pictures) for n, t in enumerate(texts)]
        return cls(
            parts=tuple(parts),
            link=wording.link,
            card=Card(
                url=wording.link, title=article.meta.title, description=article.description, image=album.thumbnail
            ),
            language=article.meta.language,
            shortened=tuple(wording.shortened),
            unusable=tuple(album.unusable),
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


class _Wording:
    """The words of one post; remembers which parts were shortened."""

    def __init__(self, article: Article, context: Context, channel: str, limits: Limits, *, carded: bool) -> None:
        self.article = article
        self.limits = limits
        self.carded = carded
        self.overrides = article.overrides(channel)
        self.link = context.tracked(article, channel, "social")
        self.track = partial(context.track, article=article, channel=channel, medium="social")
        self.shortened: list[int] = []
        names = [f"post/{channel.split(':', maxsplit=1)[0]}.txt", "post/default.txt"]
        self.template = context.templates.select_template(names)

    def texts(self) -> list[Styled]:
        """Each part's text, with its number where there are several."""
        first, *others = self._parts()
        total = len(others) + 1
        texts = [self._first(first, f" 1/{total}" if others else "")]
        for number, part in enumerate(others, 2):
            texts.append(self._fit(part, number, partial(_numbered, mark=f" {number}/{total}")))
        return texts

    def _parts(self) -> list[Styled]:
        thread = self.overrides.thread
        own = [self.overrides.text] if self.overrides.text else []
        if isinstance(thread, list):
            own += thread
        first, *others = map(self._styled, own) if own else [self._built()]
        if thread is True:
            others = list(map(self._styled, self.article.meta.takeaways))
        room = self.limits.parts - 1
        return [first, *(part for text in others[:room] for part in self._split(text))][: room + 1]

    def _styled(self, markdown: str) -> Styled:
        return styled(markdown, self.limits.knows, self.track)

    def _built(self) -> Styled:
        """Title and description: the title in bold where the network knows that."""
        title = self.article.meta.title
        described = self._styled(self.article.description)
        bold = (Mark(kind="bold", start=0, end=len(title)),) if "bold" in self.limits.knows else ()
        at = len(title) + 2
        moved = [replace(mark, start=mark.start + at, end=mark.end + at) for mark in described.marks]
        return Styled(text=f"{title}\n\n{described.text}", marks=(*bold, *moved))

    def _split(self, text: Styled) -> list[Styled]:
        # " 10/12" is the longest mark that a thread gets
        return text.pieces(split(text.text, self.limits, partial(_numbered, mark=" 10/12")))

    def _first(self, text: Styled, mark: str) -> Styled:
        """The part that carries link and hashtags."""
        linked = any(mark.url == self.link for mark in text.marks)
        hashtags = self._hashtags()
        # tags of the article's own give way to words that somebody wrote, and all of them to the link
        probe = text.text if self.overrides.text and self.overrides.hashtags is None else ""
        while hashtags and not self.limits.fits(self._frame(probe, hashtags, mark, linked=linked)):
            hashtags.pop()
        return self._fit(text, 1, lambda words: self._frame(words, hashtags, mark, linked=linked))

    def _frame(self, text: str, hashtags: list[str], mark: str, *, linked: bool) -> str:
        filled = self.template.render(
            text=text,
            title=self.article.meta.title,
            description=self.article.description,
            takeaways=() if self.overrides.text or self.overrides.thread else self.article.meta.takeaways,
            link="" if linked or self.link in text else self.link,
            card=self.carded,
            hashtags=" ".join(hashtags),
        )
        return _numbered(re.sub(r"\n{3,}", "\n\n", filled).strip(), mark)

    def _fit(self, text: Styled, number: int, frame: Frame) -> Styled:
        fitted = fit(text.text, self.limits, frame)
        if fitted != text.text and (self.overrides.text or self.overrides.thread):
            self.shortened.append(number)
        return text.within(frame(fitted), fitted)

    def _hashtags(self) -> list[str]:
        given = self.overrides.hashtags
        if given is not None:
            return ["#" + tag.removeprefix("#") for tag in given]
        return [tag for tag in map(hashtag, self.article.meta.tags[:HASHTAGS]) if tag]


class _Album:
    """The pictures of one post, cut for its network; remembers which are left out."""

    def __init__(self, article: Article, context: Context, channel: str, limits: Limits) -> None:
        self.article = article
        self.context = context
        self.limits = limits
        self.unusable: list[str] = []
        wanted = article.overrides(channel).image if limits.images else None
        self.pictures = tuple(filter(None, [self._picture(wanted)]))
        self.thumbnail = self._thumbnail()

    def _picture(self, picture: Picture | None) -> Asset | None:
        shown = show(picture, self.article, self.context)
        if picture is None or shown is None:
            return None
        if isinstance(shown, images.Missing):
            self.unusable.append(shown.why)
            return None
        if shown.asset is None:
            self.unusable.append(f"'{picture.src}' stands elsewhere on the web, and posts carry files.")
            return None
        made = self._cut(shown.asset, self.limits.picture, picture)
        return replace(made, alt=picture.alt) if made else None

    def _thumbnail(self) -> Asset | None:
        hero: Shown | None = compose(self.article, self.context).hero
        if hero is None or hero.asset is None:
            return None
        return self._cut(hero.asset, self.limits.thumbnail, hero.picture)

    def _cut(self, asset: Asset, canvas: Canvas | None, picture: Picture) -> Asset | None:
        try:
            return cut(asset, canvas, picture.point) if canvas else asset
        except Unusable as error:
            self.unusable.append(f"'{picture.src}' can't go with the post: {error}.")
            return None


def _numbered(text: str, mark: str) -> str:
    return text + mark


def hashtag(words: str) -> str:
    """`plain language` is `#PlainLanguage`: capitals let screen readers find the words."""
    parts = re.findall(r"\w+", words)
    joined = "".join(part if part.isupper() else part[:1].upper() + part[1:] for part in parts)
    return f"#{joined}" if re.search(r"[^\W\d_]", joined) else ""


def _faults(part: Part, limits: Limits, *, shortened: bool) -> Iterator[tuple[str, Severity, str, str]]:
    if part.images and limits.captioned:
        limits = replace(limits, text=limits.captioned)
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
