"""What search engines are told of a page, as schema.org's JSON-LD."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from content.markdown import HEADINGS, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from content.article import Article
    from content.context import Context
    from content.meta import Person

QUESTIONS = 2  # headings that must ask before the page counts as answers to questions
MARKS = ("?", "？", "؟", ";")  # the Greek one too


def structured_data(article: Article, context: Context, image: str, body: HtmlElement) -> str:
    """Safe inside a script element. `image` is an address; reviews are told only from an approval on record."""
    data: list[dict[str, Any]] = [_article(article, context, image)]
    asked = list(_questions(body))
    if len(asked) >= QUESTIONS:
        data.append({"@type": "FAQPage", "mainEntity": asked})
    graph = {"@context": "https://schema.org", "@graph": data}
    return json.dumps(graph, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _article(article: Article, context: Context, image: str) -> dict[str, Any]:
    meta, brand, reviewed = article.meta, context.brand, context.reviewed
    health = brand.subject == "health"
    told: dict[str, Any] = {
        "@type": ["MedicalWebPage", "Article"] if health else "Article",
        "headline": meta.title,
        "description": article.description,
        "inLanguage": meta.language,
        "datePublished": meta.date.isoformat(),
        "dateModified": (meta.updated or meta.date).isoformat(),
        "mainEntityOfPage": context.public_url(article),
        "url": context.public_url(article),
        "author": [_person(person) for person in meta.authors] or {"@type": "Organization", "name": brand.name},
        "publisher": {"@type": "Organization", "name": brand.name, "url": f"{context.site}/"},
        "keywords": list(meta.tags),
        "citation": [reference.link or reference.title for reference in meta.references],
        "image": image,
    }
    if reviewed and health:
        told |= {"reviewedBy": _person(reviewed.by), "lastReviewed": reviewed.on.isoformat()}
    return {key: value for key, value in told.items() if value}


def _person(person: Person) -> dict[str, str]:
    told = {
        "@type": "Person",
        "name": person.name,
        "honorificSuffix": person.credentials,
        "jobTitle": person.role,
        "url": person.url or "",
    }
    return {key: value for key, value in told.items() if value}


def _questions(body: HtmlElement) -> Iterator[dict[str, Any]]:
    """Headings that ask, each with the words up to the next heading."""
    for heading in body.iter(*HEADINGS):
        asked = text_of(heading)
        if not asked.endswith(MARKS):
            continue
        answer = []
        for block in heading.itersiblings():
            if block.tag in HEADINGS:
                break
            answer.append(text_of(block))
        if words := " ".join(filter(None, answer)):
            yield {"@type": "Question", "name": asked, "acceptedAnswer": {"@type": "Answer", "text": words}}
