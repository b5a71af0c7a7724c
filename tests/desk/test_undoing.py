"""A page on a real folder: taken back, put back as it was before, moved to another slug."""

from __future__ import annotations

import json

import pytest

from channels.base import Receipt
from channels.places.access import WebSettings
from channels.web import Web
from content.article import Article
from content.context import Context
from content.fitting import Limits
from content.page import Page
from desk.cli import main
from flows.ledger import Ledger
from flows.records import Delivery
from flows.settings import Settings


@pytest.fixture
def press(project, capsys):
    """Run a command in the project; its exit code and what it printed as JSON."""
    (project / ".env").write_text("PRESSROOM_WEB_DIRECTORY=www\n")

    def run(*words):
        with pytest.raises(SystemExit) as left:
            main([*words, "--root", str(project), "--json"])
        return left.value.code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def publish(project):
    """Publish the article to the folder as a run does, with other words each time."""

    def put(words: str) -> Receipt:
        path = project / "content" / "articles" / "garden.md"
        path.write_text(path.read_text() + f"\n{words}\n")
        page = Page.of(Article.load(path, path.name), Context.open(project), "web", Limits())
        delivery = Delivery(campaign="garden", article="garden", account="web")
        ledger = Ledger(Settings.of(project).ledger_url(project))
        ledger.plan(delivery)
        ledger.keep(page)
        receipt = Web("web", WebSettings(directory="www", project=project)).publish(page, delivery.key)
        ledger.sent(delivery, receipt)
        ledger.close()
        return receipt

    return put


def shown(project) -> str:
    return (project / "www" / "garden" / "index.html").read_text()


def test_rolling_back_puts_the_version_before_in_place_just_as_it_was(project, press, publish):
    publish("First words.")
    first = shown(project)
    publish("Second words.")

    code, said = press("rollback", "garden")

    assert (code, said["outcome"]["status"]) == (0, "corrected")
    assert shown(project) == first
    assert "Second words." not in (project / "www" / "index.html").read_text()


def test_rolling_back_twice_goes_forth_again(project, press, publish):
    publish("First words.")
    publish("Second words.")
    second = shown(project)

    press("rollback", "garden")
    assert press("rollback", "garden")[0] == 0
    assert shown(project) == second


def test_where_there_is_no_version_before_it_is_said(project, press, publish):
    publish("First words.")

    code, said = press("rollback", "garden")

    assert (code, said["outcome"]["detail"]) == (1, "there is no earlier version of it")


def test_a_version_whose_picture_is_gone_is_not_put_back(project, press, publish):
    publish("First words.")
    publish("Second words.")
    second = shown(project)
    for picture in (project / "www" / "garden").glob("*.png"):
        picture.unlink()

    code, said = press("rollback", "garden")

    assert code == 1
    assert "can't be put back" in said["outcome"]["detail"]
    assert shown(project) == second


def test_taking_a_page_back_says_what_still_links_to_it(project, press, publish):
    publish("First words.")
    other = "---\ntitle: Walks\ndate: 2026-11-20\n---\n\nSee [the garden](/garden/).\n"
    (project / "content" / "articles" / "walks.md").write_text(other)

    code, said = press("retract", "garden", "-c", "web", "--yes")

    assert (code, (project / "www" / "garden" / "index.html").exists()) == (0, False)
    assert [(link["file"], link["line"]) for link in said["still_linked"]] == [("content/articles/walks.md", 6)]


def test_an_article_with_another_slug_is_still_the_same_to_the_ledger(project, press, publish):
    publish("First words.")
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text().replace("title:", "slug: orchard\nformerly: [garden]\ntitle:"))

    code, said = press("status", "garden")

    assert (code, [row["delivery"]["article"] for row in said["deliveries"]]) == (0, ["garden"])
