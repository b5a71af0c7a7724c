"""Posts of real articles, and of text made to break them, counted by programs that are not ours."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import cache

import pytest
from pydantic import ValidationError

from channels.network import Network
from channels.registry import channel_class, known, offline
from content.article import Article
from content.context import Context
from content.findings import Refused
from content.measures import link_spans
from content.meta import Overrides
from content.post import Post
from tests.corpus import CORPUS, ROOT
from tests.tools import node

NETWORKS = sorted(name for name in known() if channel_class(name).form is Post)
OURS = [ROOT / "content" / "articles" / name for name in ("is-ketamine-an-opioid.md",)]
STRANGERS = sorted(CORPUS.rglob("*.md")) if CORPUS.is_dir() else []
ARTICLES = [*OURS, *(path for path in STRANGERS if path.name != "README.md")]
# graphemes by ICU, X by X's own library, Mastodon as its web client counts, bytes and units by the language itself
COUNT = """
import twitter from 'twitter-text'
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const graphemes = (text) => [...segmenter.segment(text)].map((found) => found.segment)
const x23 = 'x'.repeat(23)
const count = (text) => {
  const pieces = graphemes(text)
  let bare = text
  for (const { url } of twitter.extractUrlsWithIndices(text, { extractUrlsWithoutProtocol: false })) {
    bare = bare.replace(url, () => x23)
  }
  bare = bare.replace(/(^|[^/\\w])@(([a-z0-9_]+)@[a-z0-9.-]+[a-z0-9]+)/gi, '$1@$3')
  const heavy = (piece) => /\\p{Extended_Pictographic}|\\p{Regional_Indicator}/u.test(piece)
  return {
    graphemes: pieces.length,
    bytes: Buffer.byteLength(text),
    utf16: text.length,
    codepoints: [...text].length,
    x: twitter.parseTweet(text).weightedLength,
    mastodon: graphemes(bare).length,
    threads: pieces.reduce((sum, piece) => sum + (heavy(piece) ? Buffer.byteLength(piece) : [...piece].length), 0),
    torn: pieces.filter((piece) => /^[\\u200d\\ufe0f\\u{1f3fb}-\\u{1f3ff}]/u.test(piece)).length,
  }
}
console.log(JSON.stringify(given.map(count)))
"""
LIMITS = {
    "x": {"x": 280},
    "linkedin": {"utf16": 3000},
    "linkedin-profile": {"utf16": 3000},
    "mastodon": {"mastodon": 500},
    "bluesky": {"graphemes": 300, "bytes": 3000},
    "threads": {"threads": 500, "codepoints": 500},
    "facebook": {"codepoints": 63_206},
    "facebook-profile": {"codepoints": 63_206},
    "instagram": {"codepoints": 2200},
    "telegram": {"utf16": 4096},
    "discord": {"utf16": 2000},
    "slack": {"codepoints": 3000},
    "apprise": {"codepoints": 1000},
}
LEFTOVER = re.compile(r"\*\*|(?<!\w)__\w|\]\(|</?[a-z][^>\n]*>|&(?:amp|lt|gt|quot|nbsp|#\d+);|\{\{|\{%|\ufffd|```")
# built of pieces that have each broken somebody's counter
PIECES = (
    "👩‍👩‍👧‍👦", "👩🏽‍⚕️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪🇫🇷", "1️⃣", "❤️", "e\u0301\u0323", "標題は長い。", "第二句！", "مرحبا بالعالم", "שלום עולם.", "ไทยไม่มีเว้นวรรค",
    "हिन्दी", "Ordinary words stand here.", "Dr. Smith said so.", "https://example.org/a_b_(c)?d=e&f=g#h", "www.example.com/x.",
    "https://garden.example.org/chairs?a=1", "**bold words**", "*slanted* words", "[a link](https://example.org/path_x)", "`code`", "Donaudampfschiffahrts" * 9,
    "@somebody@example.social", "#Tag", "\n\n", "\n", "5 * 3 * 2", "snake_case_name", "~~gone~~", "\u202eabc\u202c", "a\u200bb", "½ ﬁ ™",
)  # fmt: skip


@cache
def context() -> Context:
    return Context.open(ROOT)


def pressed(article: Article, network: str, **overrides: object) -> Post:
    """The post of an article, with words of its own for that network where they are given."""
    if overrides:
        own = {network: Overrides.model_validate(overrides)}
        article = replace(article, meta=article.meta.model_copy(update={"channels": own}))
    return offline(network).render(article, context())


def body_of(article: Article) -> str | None:
    """An article's whole body as words of a post; None where it is none that a post may have."""
    try:
        return Overrides.model_validate({"text": article.markdown}).text
    except ValidationError:
        return None


@cache
def articles() -> list[Article]:
    found = []
    for path in ARTICLES:
        try:
            found.append(Article.load(path))
        except Refused:  # what can't be published at all is told of elsewhere
            continue
    return found


def made_up(number: int) -> list[str]:
    """Texts of those pieces: side by side with and without blanks, but nobody writes on right behind an address."""
    drawn = random.Random(number)
    texts = []
    for _ in range(60):
        text = ""
        for piece in drawn.choices(PIECES, k=drawn.randint(1, 90)):
            apart = text[-1:].isascii() and piece.isascii() and ("." in text[-60:] or "." in piece)
            text += (" " if apart else drawn.choice(("", " "))) + piece
        texts.append(text.strip() or "x")
    return texts


def faults(network: str, posts: list[Post]) -> list[str]:
    """What an independent counter, and a reader, would have against them."""
    texts = [part.text for post in posts for part in post.parts]
    wrong = []
    for text, counted in zip(texts, node(COUNT, texts), strict=True):
        over = {unit: counted[unit] for unit, limit in LIMITS[network].items() if counted[unit] > limit}
        if over or counted["torn"] or not text.strip():
            wrong.append(f"{over} torn {counted['torn']}: {text[:80]!r}")
        if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
            wrong.append(f"half a character: {text[:80]!r}")
    return wrong


def cut_links(post: Post, source: str) -> list[str]:
    """Links of a post that are neither its own nor the author's."""
    source += "\n" + re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", source)  # what Markdown escapes, readers do not see
    shown = [part.text[start:end] for part in post.parts for start, end in link_spans(part.text)]
    shown += [mark.url for part in post.parts for mark in part.marks if mark.kind == "link"]
    return [link for link in shown if link != post.link and not whole(re.split(r"[?&]utm_", link)[0], source)]


def whole(link: str, source: str) -> bool:
    return re.search(re.escape(link) + r"(?![\w/%&=?#~+-]|[.,:;]\w)", source) is not None


def test_every_network_is_counted_here():
    assert set(LIMITS) == set(NETWORKS)


@pytest.mark.corpus
@pytest.mark.judged
@pytest.mark.parametrize("network", NETWORKS)
def test_posts_of_real_articles_fit_and_read_well(network):
    channel, posts = offline(network), []
    for article in articles():
        post = pressed(article, network)
        posts.append(post)
        assert cut_links(post, article.path.read_text(encoding="utf-8")) == []
        assert [part.text for part in post.parts if LEFTOVER.search(part.text)] == []
        assert [found.why for found in channel.check(post) if found.severity == "block"] == []

    assert len(posts) > 35
    assert faults(network, posts) == []


@pytest.mark.corpus
@pytest.mark.judged
@pytest.mark.parametrize("network", NETWORKS)
def test_whole_articles_as_posts_and_threads_are_cut_where_they_may_be(network):
    posts = []
    for article in articles():
        body = body_of(article)
        if body is None:
            continue
        for how in ({"text": body}, {"text": "First.", "thread": [body]}):
            post = pressed(article, network, **how)
            posts.append(post)
            assert cut_links(post, body) == []

    assert len(posts) > 70
    assert faults(network, posts) == []


@pytest.mark.judged
@pytest.mark.parametrize("network", NETWORKS)
def test_text_made_to_break_them_fits_everywhere(network):
    article = Article.load(OURS[0])
    texts = made_up(7)

    posts = [pressed(article, network, text=text) for text in texts]
    posts += [pressed(article, network, thread=texts[at : at + 3]) for at in range(0, 60, 3)]

    assert faults(network, posts) == []
    assert [post.text for post in posts if "**" in post.text] == []


@pytest.mark.parametrize("network", [name for name in NETWORKS if issubclass(channel_class(name), Network)])
def test_marks_stand_on_the_words_that_they_stood_on(network):
    article = Article.load(OURS[0])
    words = "Read **these words** 👩‍⚕️ with *some care*, and [the source](https://example.org/a)."

    post = pressed(article, network, text=words)

    [part] = post.parts
    stood = {mark.kind: part.text[mark.start : mark.end] for mark in part.marks if mark.url != post.link}
    meant = {"bold": "these words", "italic": "some care", "link": "the source"}
    assert stood == {kind: meant[kind] for kind in meant if kind in channel_class(network).can.limits.knows}
