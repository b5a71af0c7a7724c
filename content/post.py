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
from content.rendition import Asset, Rendition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from content.article import Article
    from content.context import Context
    from content.meta import Overrides

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
    """One post of a thread."""

    text: str
    images: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Rendition):
    """What one network will show. `shortened` tells which parts lost words, from 1; it is no part of the digest."""

    parts: tuple[Part, ...]
    link: str
    card: Card
    language: str
    shortened: tuple[int, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, article: Article, context: Context, channel: str, limits: Limits) -> Post:
        """Fit the channel's own text, or one from title, description and takeaways, by `templates/post/`."""
        wording = _Wording(article, context, channel, limits)
        texts = wording.texts()
        pictures = _pictures(article, context, article.overrides(channel), limits)
        parts = [Part(text=text, images=() if n else pictures) for n, text in enumerate(texts)]
        return cls(
            parts=tuple(parts),
            link=wording.link,
            card=_card(article, context, wording.link),
            language=article.meta.language,
            shortened=tuple(wording.shortened),
        )

    @property
    def text(self) -> str:
        """All parts, an empty line between them."""
        return "\n\n".join(part.text for part in self.parts)

    def check(self, channel: str, limits: Limits) -> list[Finding]:
        """What does not fit, and what was made to fit."""
        findings = []
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

    def __init__(self, article: Article, context: Context, channel: str, limits: Limits) -> None:
        self.article = article
        self.limits = limits
        self.overrides = article.overrides(channel)
        self.link = context.tracked(article, channel, "social")
        self.untracked = context.public_url(article)
        self.shortened: list[int] = []
        names = [f"post/{channel.split(':', maxsplit=1)[0]}.txt", "post/default.txt"]
        self.template = context.templates.select_template(names)

    def texts(self) -> list[str]:
        """Each part's text, with its number where there are several."""
        first, *others = self._parts()
        total = len(others) + 1
        texts = [self._first(first, f" 1/{total}" if others else "")]
        for number, part in enumerate(others, 2):
            texts.append(self._fit(part, number, partial(_numbered, mark=f" {number}/{total}")))
        return texts

    def _parts(self) -> list[str]:
        thread = self.overrides.thread
        own = [self.overrides.text] if self.overrides.text else []
        if isinstance(thread, list):
            own += thread
        first, *others = own or [f"{self.article.meta.title}\n\n{self.article.description}"]
        if thread is True:
            others = list(self.article.meta.takeaways)
        room = self.limits.parts - 1
        return [first, *(part for text in others[:room] for part in self._split(text))][: room + 1]

    def _split(self, text: str) -> list[str]:
        # " 10/12" is the longest mark that a thread gets
        return split(text, self.limits, partial(_numbered, mark=" 10/12"))

    def _first(self, text: str, mark: str) -> str:
        """The part that carries link and hashtags."""
        text = text.replace(self.untracked, self.link)
        hashtags = self._hashtags()
        # tags of the article's own give way to words that somebody wrote, and all of them to the link
        probe = text if self.overrides.text and self.overrides.hashtags is None else ""
        while hashtags and not self.limits.fits(self._frame(probe, hashtags, mark)):
            hashtags.pop()
        return self._fit(text, 1, lambda words: self._frame(words, hashtags, mark))

    def _frame(self, text: str, hashtags: list[str], mark: str) -> str:
        filled = self.template.render(
            text=text,
            title=self.article.meta.title,
            description=self.article.description,
            takeaways=() if self.overrides.text or self.overrides.thread else self.article.meta.takeaways,
            link="" if self.link in text else self.link,
            hashtags=" ".join(hashtags),
        )
        return _numbered(re.sub(r"\n{3,}", "\n\n", filled).strip(), mark)

    def _fit(self, text: str, number: int, frame: Frame) -> str:
        fitted = fit(text, self.limits, frame)
        if fitted != text and (self.overrides.text or self.overrides.thread):
            self.shortened.append(number)
        return frame(fitted)

    def _hashtags(self) -> list[str]:
        given = self.overrides.hashtags
        if given is not None:
            return ["#" + tag.removeprefix("#") for tag in given]
        return [tag for tag in map(hashtag, self.article.meta.tags[:HASHTAGS]) if tag]


def _numbered(text: str, mark: str) -> str:
    return text + mark


def hashtag(words: str) -> str:
    """`plain language` is `#PlainLanguage`: capitals let screen readers find the words."""
    parts = re.findall(r"\w+", words)
    joined = "".join(part if part.isupper() else part[:1].upper() + part[1:] for part in parts)
    return f"#{joined}" if re.search(r"[^\W\d_]", joined) else ""


def _pictures(article: Article, context: Context, overrides: Overrides, limits: Limits) -> tuple[Asset, ...]:
    shown = show(overrides.image, article, context)
    if isinstance(shown, images.Missing) or shown is None or shown.asset is None or not limits.images:
        return ()
    return (replace(shown.asset, alt=shown.picture.alt),)


def _card(article: Article, context: Context, link: str) -> Card:
    hero: Shown | None = compose(article, context).hero
    image = hero.asset if hero else None
    return Card(url=link, title=article.meta.title, description=article.description, image=image)


def _faults(part: Part, limits: Limits, *, shortened: bool) -> Iterator[tuple[str, Severity, str, str]]:
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
