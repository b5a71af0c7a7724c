"""What is done after a publication: taking back, and noting what was posted by hand."""

from __future__ import annotations

import json

import pytest

from channels.errors import Uncertain
from channels.mastodon import Mastodon
from desk.cli import main
from flows.deliver import Courier
from flows.ledger import Ledger
from flows.records import Delivery
from flows.settings import Settings
from tests.channels.fakes.mastodon import TOKEN, Platform
from tests.channels.fakes.server import Trouble
from tests.channels.samples import http_client, post

DELIVERY = Delivery(campaign="garden", article="garden", account="mastodon")


@pytest.fixture
def server(project):
    with Platform() as fake:
        settings = f"PRESSROOM_MASTODON_SERVER={fake.url}\nPRESSROOM_MASTODON_TOKEN={TOKEN}\n"
        (project / ".env").write_text(settings, encoding="utf-8")
        yield fake


@pytest.fixture
def ledger(project):
    opened = Ledger(Settings.of(project).ledger_url(project))
    yield opened
    opened.close()


@pytest.fixture
def sent(server, ledger):
    with http_client() as http:
        Courier(Mastodon("mastodon", server.settings(), http), post("One", "Two"), DELIVERY, ledger).deliver()


@pytest.fixture
def desk(project, capsys):
    """Run a command as people do: its exit code, and what it printed."""

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            main([*arguments, "--root", str(project)])
        return left.value.code, capsys.readouterr()

    return run


def test_what_was_sent_is_taken_back_and_stays_so_until_a_person_says_otherwise(desk, server, sent, ledger):
    code, _ = desk("retract", "garden", "-c", "mastodon", "--yes")
    assert (code, server.texts(), ledger.plan(DELIVERY).state) == (0, [], "retracted")

    with http_client() as http:
        courier = Courier(Mastodon("mastodon", server.settings(), http), post("One", "Two"), DELIVERY, ledger)
        assert (courier.deliver().status, server.texts()) == ("held", [])
        assert desk("resolve", "garden", "mastodon", "--not-sent")[0] == 0
        assert (courier.deliver().status, len(server.texts())) == ("sent", 2)


def test_nothing_is_taken_back_without_a_word(desk, server, sent):
    code, said = desk("retract", "garden", "-c", "mastodon")

    assert (code, len(server.texts())) == (1, 2)
    assert "--yes" in said.err


def test_what_the_platform_refuses_stays_and_is_told(desk, server, sent, ledger):
    server.handle = lambda request: server.refusal(403, {})
    code, said = desk("retract", "garden", "-c", "mastodon", "--yes", "--json")

    assert (code, ledger.plan(DELIVERY).state) == (1, "sent")
    assert json.loads(said.out)["outcomes"][0]["status"] == "failed"


@pytest.mark.parametrize("account", ["bluesky", "web"])
def test_what_was_not_sent_cannot_be_taken_back(desk, server, sent, account):
    code, said = desk("retract", "garden", "-c", account, "--yes")

    assert (code, "Nothing of 'garden'" in said.out) == (1, True)


@pytest.mark.parametrize(
    ("channel", "address", "why"),
    [
        ("medium", "medium.com/p/1", "no address"),
        ("mastodon", "https://example.social/@clinic/1", "posted by Pressroom itself"),
        ("mediun", "https://medium.com/p/1", "There is no channel"),
    ],
)
def test_a_receipt_that_cannot_be_is_refused(desk, channel, address, why):
    code, said = desk("receipt", "garden", channel, address)

    assert (code, why in said.out) == (1, True)


def test_a_receipt_is_noted_for_the_words_of_now(desk, ledger):
    code, said = desk("receipt", "garden", "medium", "https://medium.com/p/1", "--json")
    _, status = desk("status", "garden", "--json")

    [delivery] = json.loads(status.out)["deliveries"]
    assert (code, delivery["state"]) == (0, "sent")
    assert delivery["receipt"]["url"] == "https://medium.com/p/1"
    assert delivery["receipt"]["digest"] == json.loads(said.out)["digest"]


def test_the_doctor_looks_at_the_accounts_that_are_named(desk, project, server):
    env = project / ".env"
    env.write_text(env.read_text().replace("MASTODON_", "MASTODON_CLINIC_2_").replace(TOKEN, "wrong-token"))

    code, said = desk("doctor", "-c", "mastodon:clinic-2")

    assert (code, "mastodon:clinic-2: block" in said.out, "bluesky" in said.out) == (1, True, False)


def test_what_was_posted_by_hand_is_noted_as_taken_away_and_an_earlier_address_is_named(desk, ledger):
    desk("receipt", "garden", "medium", "https://medium.com/p/1")
    _, said = desk("receipt", "garden", "medium", "https://medium.com/p/2")
    code, left = desk("retract", "garden", "-c", "medium", "--yes")

    assert "recorded at https://medium.com/p/1" in said.out
    assert (code, "Delete it yourself on medium" in left.out) == (0, True)
    assert ledger.plan(Delivery(campaign="garden", article="garden", account="medium")).state == "retracted"


def test_a_misspelt_channel_is_taken_back_from_nowhere(desk, sent, server):
    code, said = desk("retract", "garden", "-c", "mastodon", "-c", "mastodn", "--yes")

    assert (code, "Did you mean 'mastodon'?" in said.out, len(server.texts())) == (1, True, 2)


def test_what_a_person_saw_is_an_address(desk, server, sent, ledger):
    desk("retract", "garden", "-c", "mastodon", "--yes")

    code, said = desk("resolve", "garden", "mastodon", "--sent", "nonsense")

    assert (code, "is no address" in said.out) == (1, True)
    assert ledger.plan(DELIVERY).state == "retracted"


def test_a_campaign_is_told_where_an_article_has_several(desk):
    desk("receipt", "garden", "medium", "https://medium.com/p/1")
    desk("receipt", "garden", "medium", "https://medium.com/p/2", "--campaign", "autumn")

    assert "autumn" in desk("status")[1].out


def test_settings_that_are_no_text_are_refused_in_a_sentence(desk, project):
    (project / ".env").write_bytes(b"\xff\xfePRESSROOM_X_TOKEN=a")

    code, said = desk("status")

    assert (code, ".env is no UTF-8" in said.out) == (1, True)


def test_what_is_in_doubt_is_not_called_taken_back(desk, server, ledger):
    server.troubles.append(Trouble(stored=True, hangs_up=True))
    with http_client() as http, pytest.raises(Uncertain):
        Courier(Mastodon("mastodon", server.settings(), http), post("One"), DELIVERY, ledger).deliver()

    code, said = desk("retract", "garden", "-c", "mastodon", "--yes")

    assert (code, "nobody knows yet" in said.out, ledger.plan(DELIVERY).state) == (1, True, "unknown")
    assert len(server.texts()) == 1
