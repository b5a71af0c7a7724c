"""What a person should know about an article before anybody else reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from content.composed import compose
from content.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from content.article import Article
    from content.context import Context

    Misnamed = Callable[[str], tuple[str, str] | None]  # why there can be no such account, and the mend

DESCRIPTION = 160  # search engines cut what is longer


def check_article(article: Article, context: Context, misnamed: Misnamed) -> list[Finding]:
    """Every finding about the article itself, in the order of its lines."""
    findings = [
        *article.notes,
        *compose(article, context).notes,
        *_front_matter(article),
        *_overrides(article, misnamed),
        *_headings(article),
        *_pictures(article),
        *_site(context),
    ]
    return sorted(findings, key=lambda finding: (finding.line, finding.column))


def _front_matter(article: Article) -> Iterator[Finding]:
    meta, marks = article.meta, article.marks
    if not meta.description:
        why = "There is no description; the first sentences stand for it."
        yield marks.finding("description.missing", "warn", why, "Add description: with one sentence.")
    elif len(meta.description) > DESCRIPTION:
        why = f"The description has {len(meta.description)} characters; searches show about {DESCRIPTION}."
        yield marks.finding("description.long", "info", why, "Say it shorter.", ("description",))
    if not meta.authors:
        yield marks.finding("author.missing", "warn", "Nobody is named as the author.", "Add authors:.")
    if meta.hero and meta.hero.src and not meta.hero.alt and isinstance(marks.values.get("hero"), dict):
        why = "The hero image has no text for people who can't see it."
        yield marks.finding("image.alt", "block", why, "Add alt: below src:.", ("hero",))


def _overrides(article: Article, misnamed: Misnamed) -> Iterator[Finding]:
    for account in article.meta.channels:
        if fault := misnamed(account):
            yield article.marks.finding("channel.unknown", "block", *fault, ("channels", account))


def _headings(article: Article) -> Iterator[Finding]:
    level = 1
    for heading in article.body.headings:
        if heading.level > level + 1:
            why = f"The heading '{heading.text}' is a level {heading.level} below a level {level}."
            yield _at(
                article,
                heading.text,
                "heading.order",
                why,
                "Use the next level, so that screen readers follow.",
            )
        level = heading.level


def _pictures(article: Article) -> Iterator[Finding]:
    for image in article.body.root.iter("img"):
        if not (image.get("alt") or "").strip():
            src = image.get("src") or ""
            why = f"The picture '{src}' has no text for people who can't see it."
            yield _at(
                article,
                src,
                "image.alt",
                why,
                "Write it between the brackets: ![What it shows](…).",
            )


def _site(context: Context) -> Iterator[Finding]:
    if not context.brand.site:
        why = "The brand has no site, so links lead nowhere yet."
        mend = "Set site: in content/brand.yaml."
        yield Finding(rule="brand.site", severity="warn", why=why, mend=mend, file="content/brand.yaml")


def _at(article: Article, words: str, rule: str, why: str, mend: str) -> Finding:
    at = article.markdown.find(words) if words else -1
    line = article.body_line + article.markdown.count("\n", 0, at) if at >= 0 else article.body_line
    return Finding(rule=rule, severity="warn", why=why, mend=mend, file=article.name, line=line)
