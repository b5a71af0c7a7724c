"""What a server says of its limits, and where it counts from then on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from flows.orders import Order
from flows.plan import plan
from tests.channels.fakes.mastodon import TOKEN, Platform, instance

LONG = "channels:\n  mastodon:\n    text: " + "Take a chair outside. " * 40 + "\n"


@pytest.fixture
def server(project):
    article = project / "content" / "articles" / "garden.md"
    article.write_text(article.read_text(encoding="utf-8").replace("authors:", LONG + "authors:"), encoding="utf-8")
    with Platform() as fake:
        settings = f"PRESSROOM_MASTODON_SERVER={fake.url}\nPRESSROOM_MASTODON_TOKEN={TOKEN}\n"
        (project / ".env").write_text(settings, encoding="utf-8")
        fake.instances = {"v2": instance(2000, 23)}
        yield fake


def planned(project, destination):
    order = Order(article="garden", channels=["mastodon"], destination=destination, root=str(project))
    [entry] = plan(order).entries
    return entry.rendition


def asked(server):
    return sum(request.path == "/api/v2/instance" for request in server.received)


def test_a_live_run_fits_to_the_server_and_previews_do_so_from_then_on(project, server):
    before = planned(project, "outbox")
    live = planned(project, "accounts")
    after = planned(project, "outbox")

    assert len(before.text) < 700 < len(live.text)
    assert (after.digest, asked(server)) == (live.digest, 1)


def test_a_server_is_asked_once_a_day(project, server):
    planned(project, "accounts")
    kept = project / ".pressroom" / "limits.json"
    told = json.loads(kept.read_text(encoding="utf-8"))
    told["mastodon"]["at"] = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    kept.write_text(json.dumps(told), encoding="utf-8")
    server.instances = {"v2": instance(1000, 23)}

    assert len(planned(project, "accounts").text) <= 1150
    assert asked(server) == 2


def test_an_account_that_moved_to_another_server_asks_that_one(project, server):
    planned(project, "accounts")
    with Platform() as other:
        other.instances = {"v2": instance(500, 23)}
        settings = project / ".env"
        settings.write_text(settings.read_text(encoding="utf-8").replace(server.url, other.url), encoding="utf-8")

        assert len(planned(project, "accounts").text) < 700
        assert (asked(server), asked(other)) == (1, 1)


def test_an_account_that_moved_to_a_silent_server_takes_the_usual_limits(project, server):
    planned(project, "accounts")
    with Platform() as other:
        other.instances = {}
        settings = project / ".env"
        settings.write_text(settings.read_text(encoding="utf-8").replace(server.url, other.url), encoding="utf-8")

        assert len(planned(project, "accounts").text) < 700


def test_a_server_that_does_not_answer_keeps_what_it_said(project, server):
    before = planned(project, "accounts")
    server.instances = {}

    assert planned(project, "accounts").digest == before.digest


@pytest.mark.parametrize("broken", ["", "[1]", '{"mastodon": {"limits": {"text": "x"}}}', '{"mastodon": 3}', "\x00"])
def test_a_file_of_limits_that_cannot_be_read_is_as_none(project, server, broken):
    (project / ".pressroom").mkdir()
    (project / ".pressroom" / "limits.json").write_text(broken, encoding="utf-8")

    assert len(planned(project, "outbox").text) < 700
    assert len(planned(project, "accounts").text) > 700
