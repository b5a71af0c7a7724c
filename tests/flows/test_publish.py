"""The flow on a real Prefect: wiring, order, retries, and what a failure stops."""

import asyncio
import gc
import json
import os
import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.records import Delivery
from tests.channels.fakes.buttondown import Platform as Buttondown
from tests.channels.fakes.mastodon import Platform
from tests.channels.fakes.server import Answer, Fake, Trouble

pytestmark = [
    pytest.mark.xdist_group("prefect"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def prefect(tmp_path_factory):
    """Prefect with a home of its own. Imported here, for it reads its settings when it is imported."""
    from flows import engine  # noqa: PLC0415

    os.environ["PREFECT_HOME"] = str(tmp_path_factory.mktemp("prefect"))
    os.environ["PREFECT_API_URL"] = ""
    engine.prepare()
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(autouse=True)
def sockets_closed():
    """Prefect's client leaves sockets to the collector: it finds them here, and not in another test."""
    yield
    gc.collect()


def run(project: Path, **wanted):
    from flows.errors import Undelivered  # noqa: PLC0415
    from flows.orders import Order  # noqa: PLC0415
    from flows.publish import publish  # noqa: PLC0415

    order = Order(article="garden", root=str(project), **wanted)
    try:
        return {outcome.account: outcome for outcome in asyncio.run(publish(order))}
    except Undelivered as error:
        return {outcome.account: outcome for outcome in error.outcomes}


def statuses(outcomes) -> dict[str, str]:
    return {account.removeprefix("outbox/"): outcome.status for account, outcome in outcomes.items()}


def test_an_article_reaches_every_channel_of_the_outbox_with_the_page_first(prefect, project):
    outcomes = run(project)
    folder = project / "outbox" / "garden"
    written = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/receipt.json")}

    assert set(statuses(outcomes).values()) == {"sent"}
    assert set(written) == {"web", "newsletter", "x", "linkedin", "mastodon", "bluesky"}
    assert min(written, key=lambda name: written[name]["sent_at"]) == "web"
    assert all(outcomes[f"outbox/{name}"].digest == said["digest"] for name, said in written.items())


def test_a_second_run_sends_nothing_and_says_so(prefect, project):
    run(project)
    before = {path: path.stat().st_mtime_ns for path in (project / "outbox").rglob("*")}

    assert set(statuses(run(project)).values()) == {"already"}
    assert {path: path.stat().st_mtime_ns for path in (project / "outbox").rglob("*")} == before


def test_an_edit_names_the_channels_with_the_old_text_and_waits_for_a_correction(prefect, project):
    run(project)
    article = project / "content" / "articles" / "garden.md"
    article.write_text(article.read_text().replace("some shade", "much shade"))
    edited, corrected = run(project), run(project, correct=True)

    assert statuses(edited) == {
        "web": "changed", "newsletter": "changed", "x": "already", "linkedin": "already", "mastodon": "already",
        "bluesky": "already",
    }  # fmt: skip
    assert (statuses(corrected)["web"], statuses(corrected)["newsletter"]) == ("corrected", "corrected")
    assert "much shade" in (project / "outbox" / "garden" / "web" / "index.html").read_text()


def test_a_channel_that_fails_stops_no_other(prefect, project):
    blocked = project / "outbox" / "garden" / ".x.partial"
    blocked.parent.mkdir(parents=True)
    blocked.write_text("a file where a folder must be")
    outcomes = run(project)

    assert statuses(outcomes).pop("x") == "failed"
    assert [status for account, status in statuses(outcomes).items() if account != "x"] == ["sent"] * 5


def test_a_page_that_fails_holds_mail_and_posts_back(prefect, project):
    blocked = project / "outbox" / "garden" / ".web.partial"
    blocked.parent.mkdir(parents=True)
    blocked.write_text("a file where a folder must be")
    outcomes = run(project)

    assert statuses(outcomes).pop("web") == "failed"
    assert set(statuses(outcomes).values()) == {"failed", "held"}
    assert not list((project / "outbox" / "garden").glob("*/receipt.json"))


def test_a_campaign_of_its_own_sends_the_same_article_again(prefect, project):
    run(project)

    assert set(statuses(run(project, campaign="autumn")).values()) == {"sent"}
    assert (project / "outbox" / "autumn" / "garden" / "web" / "index.html").exists()


def test_what_differs_from_what_was_shown_is_refused_before_anything_is_written(prefect, project):
    from content.findings import Refused  # noqa: PLC0415

    with pytest.raises(Refused, match="changed since it was shown"):
        run(project, digests={"outbox/web": "0" * 64})

    assert not (project / "outbox").exists()


def test_accounts_that_are_not_set_up_fail_by_name_and_nothing_is_sent(prefect, project):
    outcomes = run(project, destination="accounts", channels=["mastodon", "x"])

    assert statuses(outcomes) == {"mastodon": "failed", "x": "failed"}
    assert "no account is set up" in outcomes["mastodon"].detail


@pytest.fixture
def mastodon(project):
    """A server, and an account on it that the project is set up with."""
    with Platform() as fake:
        account = fake.settings()
        told = f"SERVER={account.server}", f"TOKEN={account.token.get_secret_value()}"
        lines = [*(f"PRESSROOM_MASTODON_{line}" for line in told), "PRESSROOM_RETRY_DELAY=0.1", "PRESSROOM_LIVE_WAIT=0"]
        (project / ".env").write_text("\n".join(lines), encoding="utf-8")
        yield fake


class Listener(Fake):
    """Whoever is told of new pages."""

    secrets = ()
    texts = settings = creates = lambda *_: None

    def handle(self, request):
        return Answer(status=202)


FOR_REAL = {"destination": "accounts", "channels": ["mastodon"]}


def test_what_was_not_sent_for_a_reason_that_passes_is_tried_again(prefect, project, mastodon):
    mastodon.troubles += [Trouble(answer=Answer(status=code, headers={"Retry-After": "1"})) for code in (503, 429)]

    assert statuses(run(project, **FOR_REAL)) == {"mastodon": "sent"}
    assert (len(mastodon.created()), len(mastodon.texts())) == (3, 1)


def test_what_was_perhaps_sent_is_looked_for_and_not_sent_again(prefect, project, mastodon):
    mastodon.troubles.append(Trouble(stored=True, hangs_up=True))
    outcomes = run(project, **FOR_REAL)

    assert (statuses(outcomes), outcomes["mastodon"].detail) == ({"mastodon": "sent"}, "found: it had arrived")
    assert (len(mastodon.created()), len(mastodon.texts())) == (1, 1)


@pytest.mark.parametrize("status", [401, 422])
def test_what_a_person_must_mend_is_not_tried_again(prefect, project, mastodon, status):
    mastodon.troubles.append(Trouble(answer=Answer(status=status)))

    assert statuses(run(project, **FOR_REAL)) == {"mastodon": "failed"}
    assert len(mastodon.created()) == 1


def test_a_platform_that_stays_away_is_given_up_after_the_set_attempts(prefect, project, mastodon):
    mastodon.troubles += [Trouble(answer=Answer(status=503, headers={"Retry-After": "0"}))] * 9

    assert statuses(run(project, **FOR_REAL)) == {"mastodon": "failed"}
    assert len(mastodon.created()) == 4


@pytest.fixture
def site(project):
    """A web server for the project's pages, on which nothing stands yet."""
    folder = project / "www"
    folder.mkdir()
    serve = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        brand, env = project / "content" / "brand.yaml", project / ".env"
        address = f"http://127.0.0.1:{server.server_port}"
        brand.write_text(brand.read_text().replace("https://garden.example.org", address))
        env.write_text(env.read_text().replace("LIVE_WAIT=0", f"LIVE_WAIT=3\nPRESSROOM_WEB_DIRECTORY={folder}"))
        yield folder
        server.shutdown()


def test_a_post_waits_for_its_page_and_goes_out_once_that_is_live(prefect, project, mastodon, site):
    alone = run(project, **FOR_REAL)
    assert statuses(alone) == {"mastodon": "held"}
    assert "is not live: 404" in alone["mastodon"].detail

    both = run(project, destination="accounts", channels=["mastodon", "web"])
    assert statuses(both) == {"web": "sent", "mastodon": "sent"}
    assert len(mastodon.texts()) == 1


def test_a_page_of_something_else_holds_the_post(prefect, project, mastodon, site):
    (site / "garden").mkdir()
    (site / "garden" / "index.html").write_text("<title>Parked</title>")

    outcomes = run(project, **FOR_REAL)

    assert (statuses(outcomes), len(mastodon.texts())) == ({"mastodon": "held"}, 0)
    assert "does not bear the title" in outcomes["mastodon"].detail


def test_a_page_that_still_shows_another_version_holds_mail_and_posts_and_says_so(prefect, project, mastodon, site):
    stale = project / "stale"  # what a cache in front of the site would go on to show
    both = {"destination": "accounts", "channels": ["mastodon", "web"]}
    run(project, destination="accounts", channels=["web"])
    shutil.copytree(site, stale)
    (project / ".env").write_text((project / ".env").read_text().replace(f"={site}", f"={stale}"))
    article = project / "content" / "articles" / "garden.md"
    article.write_text(article.read_text() + "\nMore of it.\n")

    outcomes = run(project, **both, campaign="second")

    assert (statuses(outcomes), mastodon.texts()) == ({"web": "sent", "mastodon": "held"}, [])
    assert "still shows another version" in outcomes["mastodon"].detail


def test_a_card_without_its_picture_holds_the_post(prefect, project, mastodon, site):
    both = {"destination": "accounts", "channels": ["mastodon", "web"]}
    run(project, destination="accounts", channels=["web"])
    for picture in (site / "garden").glob("*.png"):
        picture.unlink()

    outcomes = run(project, **both)

    assert statuses(outcomes) == {"web": "already", "mastodon": "held"}
    assert "the card's picture" in outcomes["mastodon"].detail


def test_mail_waits_for_the_page_that_the_same_run_brings(prefect, project, mastodon, site):
    with Buttondown() as service:
        key = service.settings().key.get_secret_value()
        lines = [f"PRESSROOM_BUTTONDOWN_KEY={key}", f"PRESSROOM_BUTTONDOWN_API={service.url}/v1"]
        env = project / ".env"
        env.write_text(
            "\n".join([env.read_text(), *lines]).replace(f"DIRECTORY={site}", f"DIRECTORY={project / 'dark'}")
        )
        outcomes = run(project, destination="accounts", channels=["web", "buttondown"])

        assert statuses(outcomes) == {"web": "sent", "buttondown": "held"}
        assert service.texts() == []


def test_engines_and_feed_readers_are_told_once_the_page_is_live(prefect, project, mastodon, site):
    with Listener() as ear:
        brand, env = project / "content" / "brand.yaml", project / ".env"
        brand.write_text(brand.read_text() + f"indexnow: abcdef0123456789\nhub: {ear.url}/hub\n")
        env.write_text(env.read_text() + f"\nPRESSROOM_INDEXNOW={ear.url}/indexnow")
        address = next(line for line in brand.read_text().splitlines() if line.startswith("site:"))[6:]
        run(project, destination="accounts", channels=["web"])
        run(project, destination="accounts", channels=["web"])  # unchanged: nobody is told again

        told = {request.path: request for request in ear.received}
        assert len(ear.received) == 2
        assert told["/indexnow"].json["urlList"] == [f"{address}/garden/"]
        assert told["/indexnow"].json["keyLocation"] == f"{address}/abcdef0123456789.txt"
        assert (site / "abcdef0123456789.txt").read_text() == "abcdef0123456789"
        assert told["/hub"].form["hub.mode"] == "publish"
        assert 'rel="hub"' in (site / "atom.xml").read_text()


def test_what_is_posted_by_hand_is_laid_out_and_noted(prefect, project, mastodon, capsys):
    wanted = {"destination": "accounts", "channels": ["medium", "mastodon"]}
    handed = run(project, **wanted)
    assert statuses(handed) == {"medium": "handed", "mastodon": "sent"}
    assert (project / "outbox" / "garden" / "medium" / "story.html").exists()

    from desk.cli import main  # noqa: PLC0415

    with pytest.raises(SystemExit) as left:
        main(["receipt", "garden", "medium", "https://medium.com/p/1", "--root", str(project)])
    assert left.value.code == 0
    assert statuses(run(project, **wanted)) == {"medium": "already", "mastodon": "already"}


def test_a_token_may_be_kept_in_a_secret_block(prefect, project, mastodon):
    from prefect.blocks.system import Secret  # noqa: PLC0415

    env = project / ".env"
    token = mastodon.settings().token.get_secret_value()
    Secret(value=token).save("mastodon-token", overwrite=True)
    env.write_text(env.read_text().replace(f"TOKEN={token}", "TOKEN=prefect:mastodon-token"))

    assert statuses(run(project, **FOR_REAL)) == {"mastodon": "sent"}


def test_a_secret_block_that_is_not_there_is_named(prefect, project, mastodon):
    from content.findings import Refused  # noqa: PLC0415

    env = project / ".env"
    token = mastodon.settings().token.get_secret_value()
    env.write_text(env.read_text().replace(f"TOKEN={token}", "TOKEN=prefect:no-such-block"))

    with pytest.raises(Refused, match="PRESSROOM_MASTODON_TOKEN names Prefect's Secret block 'no-such-block'"):
        run(project, **FOR_REAL)


def test_posts_that_would_lead_nowhere_are_refused(project, mastodon):
    from content.findings import Refused  # noqa: PLC0415
    from flows.orders import Order  # noqa: PLC0415
    from flows.plan import plan  # noqa: PLC0415

    brand = project / "content" / "brand.yaml"
    brand.write_text(brand.read_text().replace("site: https://garden.example.org\n", ""))
    order = Order(article="garden", root=str(project), **FOR_REAL)

    with pytest.raises(Refused, match="lead nowhere"):
        plan(order).refuse_blocked(order)


def test_for_real_without_any_account_is_refused(project):
    from content.findings import Refused  # noqa: PLC0415
    from flows.orders import Order  # noqa: PLC0415
    from flows.plan import plan  # noqa: PLC0415

    order = Order(article="garden", root=str(project), destination="accounts")

    with pytest.raises(Refused, match="No channel is left"):
        plan(order).refuse_blocked(order)


def test_a_run_leaves_a_summary_with_links_and_digests(prefect, project):
    from prefect.artifacts import Artifact  # noqa: PLC0415

    outcomes = run(project)
    artifact = asyncio.run(Artifact.aget(key="published-garden"))

    assert "Reading in the garden" in artifact.data
    assert all(outcome.digest[:12] in artifact.data and outcome.url in artifact.data for outcome in outcomes.values())


def test_an_unknown_parameter_is_refused_by_name(project):
    from pydantic import ValidationError  # noqa: PLC0415

    from flows.orders import Order  # noqa: PLC0415

    with pytest.raises(ValidationError, match="chanels"):
        Order.model_validate({"article": "garden", "chanels": ["x"]})


def test_the_form_offers_channels_to_choose_from():
    from flows.orders import Order  # noqa: PLC0415

    schema = Order.model_json_schema()["properties"]

    assert "mastodon" in schema["channels"]["items"]["enum"]
    assert schema["destination"]["enum"] == ["outbox", "accounts"]
    assert all(field["title"] for field in schema.values())


def test_no_file_of_the_flows_hides_another_package():
    root = Path(__file__).parents[2]
    names = {path.stem for path in (root / "flows").glob("*.py")}

    assert not names & {"content", "channels", "flows", "desk", "templates", "prefect", "email", "http", "json"}
    assert shutil.which("python3")


def test_how_far_a_mailing_is_takes_no_more_than_a_hundredth_of_its_time_to_count(prefect, project, ledger):
    from sqlalchemy import Engine, event  # noqa: PLC0415

    from flows.progress import shown  # noqa: PLC0415

    opened = []
    entry = SimpleNamespace(
        channel=SimpleNamespace(can=SimpleNamespace(recipients=True)),
        delivery=Delivery(campaign="spring", article="garden", account="newsletter"),
    )

    def note(connection) -> None:
        opened.append(connection.engine.url)

    async def follow() -> None:
        async with shown([entry], str(ledger.engine.url), every=0.01):
            await asyncio.sleep(1.5)

    event.listen(Engine, "engine_connect", note)
    try:
        asyncio.run(follow())
    finally:
        event.remove(Engine, "engine_connect", note)

    assert 1 <= len(opened) <= 12
