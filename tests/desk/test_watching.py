"""New articles begin campaigns: once each, whoever looks, and whether they are saved or merged."""

from __future__ import annotations

import json
import threading
from contextlib import closing

import pytest

from desk.campaigns.newcomers import Newcomers
from desk.campaigns.watching import watch_articles
from desk.cli import main
from flows.agenda import Agenda
from flows.ledger import Ledger
from flows.settings import Settings
from tests import ports
from tests.conftest import ARTICLE
from tests.desk.presses import wait

NEWS = "timezone: UTC\neach:\nsteps:\n  - {channel: web, at: next weekday 09:00}\n  - {channel: x, at: +1 day}\n"
OF_TOPICS = NEWS.replace("each:", "each: {tags: [Quiet Places]}")


class Desk:
    """Somebody at the command line, and in an editor."""

    def __init__(self, root, capsys):
        self.root, self._capsys = root, capsys
        self.campaigns, self.articles = root / "content" / "campaigns", root / "content" / "articles"
        self.campaigns.mkdir()

    def __call__(self, *arguments):
        with pytest.raises(SystemExit) as left:
            main([*arguments, "--root", str(self.root)])
        self.said = self._capsys.readouterr()
        return left.value.code

    def start(self, text=NEWS, name="news"):
        (self.campaigns / f"{name}.yaml").write_text(text, encoding="utf-8")
        assert self("campaign", "start", name) == 0, self.said.out

    def save(self, name, *changes):
        text = ARTICLE
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.articles / f"{name}.md").write_text(text, encoding="utf-8")

    def look(self, *arguments):
        """What a look has begun."""
        self("watch", "--once", "--json", *arguments)
        return json.loads(self.said.out)["begun"]


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    """Nobody answers where the Prefect server should be."""
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{ports.free()}/api")


@pytest.fixture
def desk(project, capsys):
    return Desk(project, capsys)


@pytest.fixture
def agenda(project):
    with closing(Ledger(Settings.of(project).ledger_url(project))) as ledger:
        yield Agenda(ledger.engine)


def test_only_articles_that_came_after_the_start_begin_a_campaign_and_each_does_once(desk, agenda):
    desk.start()
    desk.save("moss")

    assert desk.look() == ["news/moss"]
    assert desk.look() == []
    assert {course.id: course.article for course in agenda.courses()} == {"news": "", "news/moss": "moss"}
    assert set(agenda.stages(["news/moss"])["news/moss"]) == {"web", "x"}


def test_nothing_begins_before_a_campaign_was_started(desk, agenda):
    (desk.campaigns / "news.yaml").write_text(NEWS)
    desk.save("moss")

    assert desk("watch", "--once") == 0
    assert "Start one: pressroom campaign start NAME" in desk.said.out
    assert agenda.courses() == []


def test_a_draft_begins_once_it_is_none(desk):
    desk.start()
    desk.save("moss", ("tags:", "draft: true\ntags:"))
    assert desk.look() == []

    desk.save("moss")
    assert desk.look() == ["news/moss"]


def test_topics_are_compared_as_readers_would(desk):
    desk.start(OF_TOPICS)
    desk.save("moss")
    desk.save("ferns", ("quiet places", "ferns"))

    assert desk.look() == ["news/moss"]


def test_each_campaign_begins_by_itself(desk):
    desk.start()
    desk.start(NEWS, "more")
    desk.save("moss")

    assert sorted(desk.look()) == ["more/moss", "news/moss"]


def test_a_day_may_be_given_from_which_articles_count_as_new(desk):
    desk.start()

    assert desk.look("--since", "2026-11-17") == []
    assert desk.look("--since", "2026-11-16") == ["news/garden"]
    assert desk("watch", "--once", "--since", "soon") == 2


def test_an_article_that_was_renamed_is_the_one_that_it_was(desk):
    desk.start()
    desk.save("moss")
    desk.look()
    (desk.articles / "moss.md").unlink()
    desk.save("mosses", ("tags:", "formerly: [moss]\ntags:"))

    assert desk.look() == []


def test_one_that_was_broken_at_the_start_counts_as_known(desk):
    desk.save("old", ("title:", "titel:"))
    desk.start()
    desk.save("old")

    assert desk.look() == []


def test_nothing_begins_while_a_campaign_is_paused(desk):
    desk.start()
    desk("campaign", "pause", "news")
    desk.save("moss")
    assert desk.look() == []

    desk("campaign", "resume", "news")
    assert desk.look() == ["news/moss"]


def test_an_article_that_can_not_go_out_is_told_with_its_line_once_and_begins_when_it_is_mended(desk):
    desk.start()
    desk.save("moss", ("takeaways:", "hero: {src: gone.jpg}\ntakeaways:"))
    newcomers = Newcomers(desk.root)
    newcomers.look()

    assert desk("watch", "--once") == 1
    assert "content/articles/moss.md:7:1: block: The hero image has no text" in desk.said.out
    assert newcomers.look().refused == ()
    desk.save("moss")
    assert newcomers.look().begun == (("news/moss", "Reading in the garden"),)


def test_where_nobody_noted_what_was_there_nothing_is_sent_on_a_guess(desk):
    desk.start()
    (desk.root / ".pressroom" / "articles-before.json").write_text("{")
    desk.save("moss")
    assert desk.look() == []

    desk.save("ferns")
    assert desk.look() == ["news/ferns"]


def test_two_who_look_at_once_begin_one_campaign(desk, agenda):
    desk.start()
    desk.save("moss")
    begun = []
    looking = [threading.Thread(target=lambda: begun.extend(Newcomers(desk.root).look().begun)) for _ in range(2)]
    for one in looking:
        one.start()
    for one in looking:
        one.join()

    assert begun == [("news/moss", "Reading in the garden")]
    assert len(agenda.of_campaign("news")) == 2


def test_watching_sees_what_is_saved_and_what_a_pull_brings_until_it_is_stopped(desk, agenda):
    desk.start()
    stopped, seen = threading.Event(), []
    watching = threading.Thread(target=watch_articles, args=(desk.root, stopped, seen.append))
    watching.start()
    try:
        desk.save("moss")
        assert wait(15, lambda: agenda.course("news/moss"))
        for name in ("ferns", "ivy"):
            desk.save(name)
        assert wait(15, lambda: agenda.course("news/ferns") and agenda.course("news/ivy"))
        assert wait(
            5, lambda: sorted(id_ for look in seen for id_, _ in look.begun) == ["news/ferns", "news/ivy", "news/moss"]
        )
    finally:
        stopped.set()
        watching.join(15)
    assert not watching.is_alive()


def test_watching_waits_for_a_folder_that_is_not_there_yet(tmp_path):
    root = tmp_path / "empty"
    (root / "content").mkdir(parents=True)
    stopped = threading.Event()
    watching = threading.Thread(target=watch_articles, args=(root, stopped))
    watching.start()
    stopped.set()
    watching.join(15)

    assert not watching.is_alive()
