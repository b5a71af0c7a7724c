"""Posts, articles and clients for the channels' tests."""

from __future__ import annotations

from pathlib import Path

import httpx

from content.article import Article, parse
from content.context import Context
from content.post import Card, Part, Post
from content.source import decode

LINK = "https://clinic.example.org/sleep/?utm_source=test&utm_medium=social&utm_campaign=sleep&utm_content=sleep.test"
ARTICLE = """---
title: Sleep after an infusion
date: 2026-11-23
description: What the first night is like, and what helps.
tags: [sleep, plain language]
channels:
  mastodon:
    text: The first night is often short (and that is fine).
---

Most people sleep less in the first night. It passes.
"""


def post(*texts: str, link: str = LINK) -> Post:
    """A post of one part, or a thread of several, with its link in the first."""
    first, *others = texts or ("Sleep (well) & rest. #Sleep",)
    parts = (Part(text=f"{first}\n\n{link}"), *(Part(text=text) for text in others))
    card = Card(url=link, title="Sleep", description="What the first night is like.")
    return Post(parts=parts, link=link, card=card, language="en")


def article() -> Article:
    """A short article."""
    return parse(decode(ARTICLE.encode(), "sleep.md"), Path("sleep.md"))


def project(root: Path) -> Context:
    """A project with the shipped templates and a brand of its own."""
    brand = "name: Clinic\nsite: https://clinic.example.org\n"
    (root / "content").mkdir(exist_ok=True)
    (root / "content" / "brand.yaml").write_text(brand, encoding="utf-8")
    return Context.open(root)


def http_client() -> httpx.Client:
    """A client that waits as long as a busy machine may need."""
    # nothing here speaks TLS, and reading the certificates takes longer than a test
    return httpx.Client(timeout=20.0, trust_env=False, verify=False)
