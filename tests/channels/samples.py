"""Posts, articles and clients for the channels' tests."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import httpx
from PIL import Image

from content.article import Article, parse
from content.context import Context
from content.post import Card, Part, Post
from content.rendition import Asset
from content.source import decode
from content.styled import Mark

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


def post(*texts: str, link: str = LINK, images: tuple[Asset, ...] = (), marks: tuple[Mark, ...] = ()) -> Post:
    """A post of one part, or a thread of several, with its link (and pictures) in the first."""
    first, *others = texts or ("Sleep (well) & rest. #Sleep",)
    parts = (Part(text=f"{first}\n\n{link}", marks=marks, images=images), *(Part(text=text) for text in others))
    card = Card(url=link, title="Sleep", description="What the first night is like.")
    return Post(parts=parts, link=link, card=card, language="en")


@cache
def picture(media_type: str = "image/jpeg", alt: str = "A bed by a window") -> Asset:
    """A small picture."""
    file = io.BytesIO()
    Image.new("RGB", (640, 400), "#88aacc").save(file, media_type.removeprefix("image/"))
    ending = media_type.removeprefix("image/").replace("jpeg", "jpg")
    return Asset(
        path=f"bed-1a2b3c4d.{ending}", data=file.getvalue(), media_type=media_type, alt=alt, width=640, height=400
    )


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
