"""A site at Netlify: only what is new is uploaded, and nobody else's deploy is lost."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable
from channels.places import netlify
from channels.web import Web
from content.article import Article
from content.context import Context
from content.fitting import Limits
from content.page import Page
from tests.channels.fakes.server import Answer, Trouble


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    """Deploys are looked at again at once."""
    monkeypatch.setattr(netlify, "PAUSE", 0.01)


@pytest.fixture
def channel(platform, project):
    """A channel to the site."""
    made = Web("web", platform.settings().model_copy(update={"project": project}))
    yield made
    made.close()


@pytest.fixture
def page(project):
    """Make the article's page, with some words more."""
    path = project / "content" / "articles" / "garden.md"
    words = path.read_text()

    def make(more: str = "") -> Page:
        path.write_text(f"{words}\n{more}\n")
        return Page.of(Article.load(path, path.name), Context.open(project), "web", Limits())

    return make


def test_a_page_and_its_lists_are_one_deploy(channel, platform, page):
    channel.publish(page(), "key")

    assert platform.files()["garden/index.html"] == page().html.encode()
    assert {"index.html", "atom.xml", "pressroom-site.json"} <= set(platform.files())
    assert (len(platform.deploys), platform.faults) == (2, [])


def test_an_update_uploads_what_has_changed_alone(channel, platform, page):
    receipt = channel.publish(page(), "key")
    platform.uploaded.clear()
    channel.update(receipt, page("More."))

    assert set(platform.uploaded) == {"garden/index.html", "pressroom-site.json"}
    assert b"More." in platform.files()["garden/index.html"]
    assert platform.faults == []


def test_the_same_again_makes_no_deploy(channel, platform, page):
    channel.publish(page(), "key")
    channel.publish(page(), "key")

    assert len(platform.deploys) == 2


def test_files_of_others_stay_in_the_next_deploy(channel, platform, page):
    for number in range(120):  # more than a page of the list
        platform.plant(f"about/{number}.txt", b"ours %d" % number)
    channel.publish(page(), "key")

    assert all(platform.files()[f"about/{number}.txt"] == b"ours %d" % number for number in range(120))


def test_a_deploy_of_somebody_else_in_between_is_not_lost(channel, platform, page):
    def deploy_theirs():
        platform.meanwhile = lambda: None
        platform.plant("theirs.txt", b"theirs")

    platform.meanwhile = deploy_theirs
    channel.publish(page(), "key")

    assert platform.files()["theirs.txt"] == b"theirs"
    assert "garden/index.html" in platform.files()


def test_taking_back_leaves_the_page_out_of_the_next_deploy(channel, platform, page):
    receipt = channel.publish(page(), "key")
    channel.retract(receipt)

    assert "garden/index.html" not in platform.files()
    assert channel.find(page(), "key") is None


def test_a_deploy_that_netlify_gives_up_is_told(channel, platform, page):
    platform.ends = "error"

    with pytest.raises(Rejected, match="could not process the deploy"):
        channel.publish(page(), "key")
    assert len(platform.deploys) == 1


def test_a_lost_answer_leaves_the_site_as_it_was_and_the_next_attempt_goes_through(channel, platform, page):
    platform.troubles.append(Trouble(stored=True, hangs_up=True))
    with pytest.raises(ChannelError):
        channel.publish(page(), "key")
    assert len(platform.deploys) == 1
    assert channel.find(page(), "key") is None

    channel.publish(page(), "key")
    assert channel.find(page(), "key") is not None


def test_too_many_requests_say_when_to_come_back(channel, platform, page):
    platform.troubles.append(Trouble(answer=Answer(status=429, headers={"Retry-After": "7"})))

    with pytest.raises((Unavailable, ChannelError)) as error:
        channel.publish(page(), "key")
    assert "429" in str(error.value)


def test_a_refused_token_is_named_and_never_shown(platform, project, page):
    settings = platform.settings().model_copy(update={"project": project, "secret": SecretStr("nfp_wrong")})
    channel = Web("web", settings)

    with pytest.raises(Misconfigured) as refused:
        channel.publish(page(), "key")
    assert "nfp_wrong" not in str(refused.value)
    assert [found.rule for found in channel.doctor()] == ["account.refused"]
    channel.close()
