"""What is posted by hand: laid out, open until a person says where, and never mistaken for sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from channels.base import Receipt
from channels.errors import Misconfigured
from channels.registry import offline
from content.article import Article
from content.context import Context
from flows.handing import Clerk
from flows.records import Delivery
from tests.channels.samples import picture

POSTED = "https://medium.com/p/1"
DELIVERY = Delivery(campaign="garden", article="garden", account="medium")


@pytest.fixture
def hand(project, ledger, tmp_path):
    """Lay the garden out for a place, in the words that stand in its file now."""

    def lay_out(name="medium", **how):
        article = Article.load(project / "content" / "articles" / "garden.md")
        channel = offline(name)
        rendition = channel.render(article, Context.open(project))
        delivery = Delivery(campaign="garden", article="garden", account=name)
        return Clerk(channel, rendition, delivery, ledger, tmp_path / "outbox").deliver(**how), rendition

    return lay_out


def rewrite(project, old, new):
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_a_story_is_laid_out_with_its_original_and_waits(hand, ledger, tmp_path):
    outcome, _ = hand()

    laid = tmp_path / "outbox" / "medium"
    assert (outcome.status, outcome.well) == ("handed", True)
    assert "pressroom receipt garden medium" in outcome.detail
    assert json.loads((laid / "fields.json").read_text())["original"] == "https://garden.example.org/garden/"
    assert "<h1>Reading in the garden</h1>" in (laid / "story.html").read_text()
    assert "pressroom receipt" in (laid / "checklist.txt").read_text()
    assert ledger.plan(DELIVERY).state == "held"


def test_laying_out_again_brings_the_newest_words(hand, project, tmp_path, ledger):
    hand()
    rewrite(project, "Take a chair outside", "Carry a chair outside")
    outcome, rendition = hand()

    assert outcome.status == "handed"
    assert "Carry a chair outside" in (tmp_path / "outbox" / "medium" / "story.html").read_text()
    assert ledger.plan(DELIVERY).digest == rendition.digest


def test_what_was_posted_is_not_laid_out_again_until_it_changes(hand, project, ledger):
    _, rendition = hand()
    ledger.sent(
        DELIVERY,
        Receipt(channel="medium", remote_ids=(POSTED,), url=POSTED, digest=rendition.digest, sent_at=datetime.now(UTC)),
    )

    assert hand()[0].status == "already"
    rewrite(project, "Take a chair outside", "Carry a chair outside")
    changed, _ = hand()
    assert (changed.status, POSTED in changed.detail) == ("changed", True)


def test_nothing_is_laid_out_while_the_page_is_not_there(hand, tmp_path):
    outcome, _ = hand(hold="waits for the page")

    assert outcome.status == "held"
    assert not (tmp_path / "outbox").exists()


def test_a_post_by_hand_comes_with_pictures_and_their_words(hand, project, tmp_path):
    (project / "content" / "articles" / "bed.jpg").write_bytes(picture().data)
    rewrite(project, "authors:", "hero: {src: bed.jpg, alt: A bed}\nauthors:")
    outcome, rendition = hand("instagram")

    [image] = rendition.parts[0].images
    laid = tmp_path / "outbox" / "instagram"
    assert outcome.status == "handed"
    assert (laid / "images" / f"{image.path}.alt.txt").read_text() == "A bed"
    assert (laid / "images" / image.path).read_bytes() == image.data
    assert "https://" not in (laid / "post.txt").read_text()


def test_a_disk_that_takes_nothing_leaves_it_open(hand, tmp_path, ledger):
    (tmp_path / "outbox").write_text("a file where a folder must be")

    with pytest.raises(Misconfigured):
        hand()
    assert ledger.plan(DELIVERY).state == "planned"
