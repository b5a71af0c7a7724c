"""The article for systems with templates of their own, and on other people's sites."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from content.article import parse
from content.crosspost import CrossPost
from content.document import Document
from content.fitting import Limits
from content.source import decode
from tests.channels.samples import project

ARTICLE = """---
title: Sleep after an infusion
date: 2026-11-23
description: What the first night is like.
hero: {src: bed.png, alt: A bed, caption: At home, credit: Ours}
takeaways: [It *passes*]
references: [{title: "Sleep_ing [well]", url: "https://journal.example/1", year: 2020}]
disclosures: [Not medical advice]
---

Most people [sleep](/sleep/) **less**, and 2 * 3 * 4 stays.

![A lamp](lamp.png)
"""


@pytest.fixture
def made(tmp_path):
    """The article in a project, and the project's context."""
    context = project(tmp_path)
    for name in ("bed.png", "lamp.png"):
        file = io.BytesIO()
        Image.new("RGB", (64, 40), "#88aacc" if name == "bed.png" else "#ccaa88").save(file, "PNG")
        (tmp_path / name).write_bytes(file.getvalue())
    return parse(decode(ARTICLE.encode(), "sleep.md"), tmp_path / "sleep.md"), context


def test_a_document_has_all_that_stands_below_the_title_and_no_page_around_it(made):
    document = Document.of(*made, "wordpress", Limits())

    assert all(words in document.html for words in ("It passes", "Not medical advice", "<strong>less</strong>", "2020"))
    assert "<html" not in document.html
    assert "<h1" not in document.html
    assert 'href="https://clinic.example.org/sleep/"' in document.html
    assert (document.slug, document.published.isoformat()) == ("sleep", "2026-11-23")


def test_a_documents_pictures_are_named_with_their_alternative_texts_the_hero_apart(made):
    document = Document.of(*made, "wordpress", Limits())

    assert (document.hero.alt, document.caption) == ("A bed", "At home Ours")
    assert [(asset.alt, Path(asset.path).suffix) for asset in document.assets] == [("A lamp", ".png")]


def test_pictures_get_the_addresses_that_they_are_given_and_nothing_else_changes(made):
    document = Document.of(*made, "wordpress", Limits())
    [lamp] = document.assets

    placed = document.placed({lamp.path: "https://cdn.example/lamp.png"})

    assert placed == document.html.replace(f'src="{lamp.path}"', 'src="https://cdn.example/lamp.png"')


def test_a_cross_post_is_markdown_that_leads_back_to_the_original(made):
    post = CrossPost.of(*made, "devto", Limits())

    assert post.original == "https://clinic.example.org/sleep/"
    assert post.cover.startswith("https://clinic.example.org/sleep/bed-")
    assert "](https://clinic.example.org/sleep/lamp-" in post.markdown
    assert "**less**, and 2 * 3 * 4 stays" in post.markdown
    assert "[Sleep_ing [well]](https://journal.example/1)" in post.markdown
    assert "utm_content=sleep.devto" in post.markdown.splitlines()[-1]


def test_equal_digests_mean_the_same_pictures_too(made, tmp_path):
    first = Document.of(*made, "wordpress", Limits())
    Image.new("RGB", (64, 40), "#000000").save(tmp_path / "lamp.png")
    article, context = made

    changed = Document.of(parse(decode(ARTICLE.encode(), "sleep.md"), article.path), context, "wordpress", Limits())

    assert first.digest != changed.digest
