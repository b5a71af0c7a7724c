"""The words of a post: the channel's own, or good ones made for it, in parts that fit."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import TYPE_CHECKING

import regex

from content.fitting import Frame, Limits, fit, split
from content.styled import Mark, Styled, shortened, styled

if TYPE_CHECKING:
    from content.article import Article
    from content.context import Context

HASHTAGS = 3  # from the article's tags, where the front matter names none


class Wording:
    """The words of one post; remembers which parts were shortened, and how many the network would not take."""

    def __init__(self, article: Article, context: Context, channel: str, limits: Limits, *, carded: bool) -> None:
        self.article = article
        self.limits = limits
        self.carded = carded
        self.overrides = article.overrides(channel)
        self.link = context.tracked(article, channel, "social")
        room = limits.shown_link
        self.shown = shortened(context.public_url(article), room) if room else self.link
        self.track = partial(context.track, article=article, channel=channel, medium="social")
        self.shortened: list[int] = []
        self.lost = 0
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
            others = [Styled(text=takeaway) for takeaway in self.article.meta.takeaways]
        if isinstance(thread, list):
            first, more = self._opening(first)
            others = [*more, *others]
        parts = [first, *(part for text in others for part in self._split(text))]
        self.lost = max(0, len(parts) - self.limits.parts)
        return parts[: self.limits.parts]

    def _opening(self, text: Styled) -> tuple[Styled, list[Styled]]:
        """What of a thread's first text stands beside the link, and what comes after it."""
        pieces = split(text.text, self.limits, lambda words: self._frame(words, [], " 10/12", linked=False))
        if len(pieces) < 2:
            return text, []
        at = text.text.find(pieces[0]) + len(pieces[0])
        return text.cut(0, at), [text.cut(at, len(text.text))]

    def _styled(self, markdown: str) -> Styled:
        return styled(markdown, self.limits.knows, self.track, shown_link=self.limits.shown_link)

    def _built(self) -> Styled:
        """Title and description: the title in bold where the network knows that."""
        title = self.article.meta.title
        bold = (Mark(kind="bold", start=0, end=len(title)),) if "bold" in self.limits.knows else ()
        return Styled(text=f"{title}\n\n{self.article.description}", marks=bold)

    def _split(self, text: Styled) -> list[Styled]:
        # " 10/12" is the longest mark that a thread gets
        return text.pieces(split(text.text, self.limits, partial(_numbered, mark=" 10/12")))

    def _first(self, text: Styled, mark: str) -> Styled:
        """The part that carries link and hashtags."""
        linked = self._leads_home(text)
        first = self._framed(text, mark, linked=linked)
        # words that led to the article may be among those that did not fit
        return first if self._leads_home(first) or not linked else self._framed(text, mark, linked=False)

    def _leads_home(self, text: Styled) -> bool:
        return any(mark.url == self.link for mark in text.marks)

    def _framed(self, text: Styled, mark: str, *, linked: bool) -> Styled:
        hashtags = self._hashtags()
        # tags of the article's own give way to words that somebody wrote, and all of them to the link
        own = self.overrides.text or isinstance(self.overrides.thread, list)
        probe = text.text if own and self.overrides.hashtags is None else ""
        while hashtags and not self.limits.fits(self._frame(probe, hashtags, mark, linked=linked)):
            hashtags.pop()
        return self._fit(text, 1, lambda words: self._frame(words, hashtags, mark, linked=linked))

    def _frame(self, text: str, hashtags: list[str], mark: str, *, linked: bool) -> str:
        filled = self.template.render(
            text=text,
            title=self.article.meta.title,
            description=self.article.description,
            takeaways=() if self.overrides.text or self.overrides.thread else self.article.meta.takeaways,
            link="" if linked or self.link in text else self.shown,
            card=self.carded,
            hashtags=" ".join(hashtags),
        )
        return _numbered(re.sub(r"\n{3,}", "\n\n", filled).strip(), mark)

    def _fit(self, text: Styled, number: int, frame: Frame) -> Styled:
        fitted = fit(text.text, self.limits, frame)
        if fitted != text.text and number not in self.shortened and (self.overrides.text or self.overrides.thread):
            self.shortened.append(number)
        return self._led(text.within(frame(fitted), fitted), after=fitted)

    def _led(self, text: Styled, after: str) -> Styled:
        """The link that the template has put behind the words leads to the whole address, though it is shown short."""
        at = text.text.find(self.shown, text.text.find(after) + len(after)) if self.shown != self.link else -1
        if at < 0:
            return text
        mark = Mark(kind="link", start=at, end=at + len(self.shown), url=self.link)
        return Styled(text=text.text, marks=(*text.marks, mark))

    def _hashtags(self) -> list[str]:
        given = self.overrides.hashtags
        if given is not None:
            return ["#" + tag.removeprefix("#") for tag in given]
        return [tag for tag in map(hashtag, self.article.meta.tags[:HASHTAGS]) if tag]


def _numbered(text: str, mark: str) -> str:
    return text + mark


def hashtag(words: str) -> str:
    """`plain language` is `#PlainLanguage`: capitals let screen readers find the words."""
    # vowel signs and accents are parts of their letters, an apostrophe ends no word
    parts = regex.findall(r"[\p{L}\p{M}\p{N}_]+", re.sub("['’]", "", unicodedata.normalize("NFC", words)))
    joined = "".join(part if part.isupper() else part[:1].upper() + part[1:] for part in parts)
    return f"#{joined}" if re.search(r"[^\W\d_]", joined) else ""
