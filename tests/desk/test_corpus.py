"""Real articles that nobody here wrote: published, or refused with file, line and mend. Never a traceback."""

import json
import re
import shutil

import pytest

from channels.registry import USUAL
from content.findings import blocking
from desk.console import Voice
from desk.importing import import_article
from desk.rendering import render_article
from flows.orders import Order
from flows.plan import plan
from tests.corpus import CORPUS

FOUND = sorted(path for path in CORPUS.rglob("*.md") if path.read_bytes().startswith(b"---"))

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem[:40])
def test_what_stops_an_article_of_strangers_has_a_line_and_a_mend(path, project, capsys):
    planned = plan(Order(article=str(path), root=str(project)))
    stops = blocking(planned.findings)
    assert all(finding.line and finding.mend for finding in stops)
    assert len(planned.entries) == len(USUAL)
    render_article(str(path), (), project / "look", project, Voice(as_json=True))
    assert json.loads(capsys.readouterr().out)["article"] == planned.article.meta.slug


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem[:40])
def test_no_reader_sees_another_programs_code_or_a_broken_frame(path, project):
    planned = plan(Order(article=str(path), root=str(project)))
    page, mail, *posts = (entry.rendition for entry in planned.entries)
    shown = [page.html, mail.html, mail.text, *(post.text for post in posts)]

    assert not [text for text in shown if re.search(r"\{\{|\{%|\[\]\(|&amp;(?:[lr]squo|#\d+);", text)]
    assert not re.search(r'<img[^>]+src="(?!https?://|[\w.-]+-[0-9a-f]{8}\.)', page.html)
    assert all(post.parts[0].text.strip() for post in posts)


def test_nearly_all_of_them_are_pressed(project):
    pressed = [path for path in FOUND if not blocking(plan(Order(article=str(path), root=str(project))).findings)]

    assert len(FOUND) - len(pressed) <= 1  # one says of itself that it is a draft


def test_a_pasted_text_becomes_an_article_that_can_be_published(project):
    text = CORPUS / "is-ketamine-an-opioid.txt"
    shutil.copy(text, project / text.name)
    import_article(str(project / text.name), project, Voice(as_json=True), force=False, allow_private=False)
    planned = plan(Order(article="is-ketamine-an-opioid", root=str(project)))

    assert blocking(planned.findings) == []
    assert (len(planned.article.meta.takeaways), len(planned.article.body.headings)) == (4, 4)
