"""A step that waits in the middle of its run: what people say meanwhile holds, and what passes is tried again."""

import asyncio
import re
import shutil
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from flows import clock
from flows.courses import fresh
from flows.directing import Director
from flows.ledger import Ledger
from flows.lookup import find_campaign
from flows.settings import Settings
from tests.channels.fakes.server import Answer, Trouble
from tests.flows.test_mailing import wait_until
from tests.flows.test_publish import mastodon, prefect, site, sockets_closed  # noqa: F401

pytestmark = [
    pytest.mark.judged,
    pytest.mark.xdist_group("prefect"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
HEAD = "article: garden\ntimezone: UTC\ndestination: accounts\n"
POST = HEAD + "steps:\n  - {channel: mastodon, at: now}\n"
BOTH = HEAD + "steps:\n  - {name: both, channel: [web, mastodon], at: now}\n"
AWAY = Trouble(answer=Answer(status=503, headers={"Retry-After": "0"}))


class Press:
    """A campaign of one step, and whoever works on it."""

    def __init__(self, project, ledger):
        self.root, self.ledger, self.now = project, ledger, datetime.now(UTC).replace(microsecond=0)
        self.director = Director(ledger, project)
        self.agenda = self.director.agenda

    def start(self, text):
        (self.root / "content" / "campaigns").mkdir()
        (self.root / "content" / "campaigns" / "spring.yaml").write_text(text, encoding="utf-8")
        course = fresh(find_campaign("spring", self.root), self.now)
        self.agenda.add(course)
        self.agenda.include(course.id, course.plan.steps)

    @property
    def stage(self):
        [stage] = self.agenda.stages(["spring"])["spring"].values()
        return stage

    def ask(self, wanted, *args):
        with clock.told_by(lambda: self.now):
            return getattr(self.director, wanted)(*args)

    def run(self):
        """The step's run, as Prefect begins it; how it ended there."""
        from flows.campaign import campaign_step  # noqa: PLC0415
        from flows.orders import Call  # noqa: PLC0415

        due = self.stage.due_at or self.now
        booked = self.agenda.change(self.stage, state="booked", due_at=due, booked_for=self.now, run="")
        call = Call(course="spring", step=booked.step, revision=booked.revision, root=str(self.root))
        with clock.told_by(lambda: self.now):
            ended = asyncio.run(campaign_step(call, return_state=True))
        return ended.name, ended.message

    def mend(self):
        path = self.root / "content" / "articles" / "garden.md"
        text = (
            path.read_text(encoding="utf-8").replace("half the book.", "half of it.").replace("the garden", "gardens")
        )
        path.write_text(text, encoding="utf-8")

    def script(self, statement):
        with self.ledger.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def set(self, **settings):
        lines = [f"PRESSROOM_{name}={value}\n" for name, value in settings.items()]
        with (self.root / ".env").open("a", encoding="utf-8") as env:
            env.write("".join(["\n", *lines]))


@pytest.fixture
def press(prefect, project, mastodon):  # noqa: F811
    with closing(Ledger(Settings.of(project).ledger_url(project))) as ledger:
        yield Press(project, ledger)


def meanwhile(true, act):
    """Do something as soon as something is true, beside the test."""

    def wait():
        wait_until(true, 60)
        act()

    acting = threading.Thread(target=wait)
    acting.start()
    return acting


# What people say


@pytest.mark.parametrize(("wanted", "state"), [("pause", "paused"), ("cancel", "cancelled")])
def test_what_is_stopped_between_two_attempts_is_not_tried_again(press, mastodon, wanted, state):  # noqa: F811
    press.start(POST)
    press.set(RETRY_DELAY=3)
    mastodon.troubles.append(AWAY)
    asking = meanwhile(mastodon.created, lambda: press.ask("ask", wanted, "spring"))
    ended = press.run()
    asking.join()

    assert ended == ("Waiting", f"Not everything was sent yet: mastodon: the campaign is {state}")
    assert press.stage.state == ("cancelled" if wanted == "cancel" else "waiting")
    assert (len(mastodon.created()), mastodon.texts()) == (1, [])


def test_what_is_paused_while_its_page_comes_up_goes_out_when_it_is_resumed(press, mastodon, site):  # noqa: F811
    dark = press.root / "dark"
    press.set(LIVE_WAIT=30, WEB_DIRECTORY=dark)
    press.start(BOTH)

    def come_up():
        press.ask("ask", "pause", "spring")
        shutil.copytree(dark, site, dirs_exist_ok=True)

    asking = meanwhile((dark / "garden" / "index.html").exists, come_up)
    stopped, texts = press.run(), mastodon.texts()
    asking.join()
    press.ask("ask", "resume", "spring")

    assert stopped == ("Waiting", "Not everything was sent yet: mastodon: the campaign is paused")
    assert (texts, press.run()[0], len(mastodon.texts())) == ([], "Sent", 1)


def test_what_is_cancelled_while_it_waits_for_a_slot_gives_it_back_and_sends_nothing(press, mastodon):  # noqa: F811
    from prefect.logging import disable_run_logger  # noqa: PLC0415

    from flows.slots import slot  # noqa: PLC0415

    press.start(POST)
    press.set(LIMITS="mastodon=1")
    settings, begun, over = Settings.of(press.root), threading.Event(), threading.Event()

    async def hold():
        with disable_run_logger():
            async with slot("mastodon", settings):
                begun.set()
                await asyncio.to_thread(over.wait, 60)

    holding = threading.Thread(target=lambda: asyncio.run(hold()))
    holding.start()
    assert begun.wait(60)

    def cancel():
        over.wait(5)  # by then it waits for the slot
        press.ask("ask", "cancel", "spring")
        over.set()

    cancelling = meanwhile(lambda: press.stage.state == "running", cancel)
    ended = press.run()
    cancelling.join()
    holding.join()

    assert ended == ("Waiting", "Not everything was sent yet: mastodon: the campaign is cancelled")
    assert (press.stage.state, mastodon.created()) == ("cancelled", [])


def test_what_is_too_late_after_its_page_came_up_is_held_with_what_it_waited_for(press, mastodon, site):  # noqa: F811
    press.set(LIVE_WAIT=1, WEB_DIRECTORY=press.root / "dark")
    press.start(BOTH)
    first = press.run()
    press.now += timedelta(hours=3)
    name, said = press.run()

    assert first[0] == "Waiting"
    assert "mastodon: waits for the page: " in first[1]
    assert name == "Held"
    assert re.search("it is late: .*; last: mastodon: waits for the page: ", said)
    assert mastodon.texts() == []


# What passes


def test_a_page_that_can_not_be_brought_for_a_moment_ends_no_step(press, mastodon, site):  # noqa: F811
    press.start(BOTH)
    press.script(
        """CREATE TRIGGER away BEFORE UPDATE OF state ON deliveries WHEN NEW.account = 'web' AND NEW.state = 'claimed'
        BEGIN SELECT RAISE(ABORT, 'away for a moment'); END"""
    )
    first = press.run()
    press.script("DROP TRIGGER away")

    assert first[0] == "Waiting"
    assert "away for a moment; mastodon: waits for the page: failed" in first[1]
    assert (press.run()[0], len(mastodon.texts())) == ("Sent", 1)


def test_a_ledger_that_is_away_before_anything_is_sent_is_asked_again_in_a_minute(press, mastodon):  # noqa: F811
    press.start(POST)
    press.script("CREATE TRIGGER away BEFORE INSERT ON floors BEGIN SELECT RAISE(ABORT, 'away for a moment'); END")
    name, said = press.run()

    assert (name, said.endswith("away for a moment")) == ("Waiting", True)
    assert press.stage.booked_for == press.now + timedelta(minutes=1)
    assert mastodon.created() == []


def test_what_can_not_even_be_written_down_is_left_to_the_tender(press, mastodon):  # noqa: F811
    press.start(POST)
    press.script("CREATE TRIGGER floor BEFORE INSERT ON floors BEGIN SELECT RAISE(ABORT, 'away'); END")
    press.script(
        "CREATE TRIGGER away BEFORE UPDATE ON stages WHEN OLD.state = 'running' BEGIN SELECT RAISE(ABORT, 'away'); END"
    )

    assert press.run()[0] == "Failed"
    assert (press.stage.state, mastodon.created()) == ("running", [])


@pytest.mark.parametrize(("late", "after"), [("", 121), ("late: 1 day\n", 1441), ("late: skip\n", 1)])
def test_what_was_sent_by_hand_is_tried_again_for_as_long_as_late_says_and_then_held(press, mastodon, late, after):  # noqa: F811
    press.start(POST.replace("steps:", f"{late}steps:"))
    press.set(ATTEMPTS=1)
    mastodon.troubles += [AWAY, AWAY]
    press.now += timedelta(days=3)
    released = press.now
    press.ask("send", "spring", "mastodon")
    press.now += timedelta(minutes=after - 1)
    first = press.run()
    press.now += timedelta(minutes=1)
    second = press.run()

    assert (first[0], second[0]) == ("Waiting", "Held")
    assert f"it was sent by hand at {released:%Y-%m-%d %H:%M} UTC, and is tried again for " in second[1]
    press.ask("send", "spring", "mastodon")
    assert (press.run()[0], press.stage.released) == ("Sent", False)


# What was mended


def test_what_is_mended_for_one_account_and_sent_leaves_the_step_sent(press, mastodon):  # noqa: F811
    press.start(POST.replace("channel: mastodon", "name: two, channel: [mastodon, 'mastodon:clinic']"))
    refused = press.run()
    account = mastodon.settings()
    press.set(MASTODON_CLINIC_SERVER=account.server, MASTODON_CLINIC_TOKEN=account.token.get_secret_value())
    press.mend()
    press.ask("send", "spring", "two")
    name, _ = press.run()

    assert refused[0] == "Failed"
    assert (name, press.stage.state, len(mastodon.texts())) == ("Sent", "sent", 2)
    assert "mastodon: carries the earlier text; to change it there: " in press.stage.detail
    command = "pressroom publish garden --live --campaign spring --part two -c mastodon --correct"
    assert command in press.stage.detail


def test_a_page_with_the_earlier_text_holds_its_posts_until_a_person_has_changed_it(press, mastodon, site):  # noqa: F811
    from desk.cli import main  # noqa: PLC0415

    press.set(LIVE_WAIT=0)
    press.start(BOTH)
    mastodon.troubles.append(Trouble(answer=Answer(status=422)))
    press.run()
    press.mend()
    press.ask("send", "spring", "both")
    held = press.run()
    [command] = re.findall(
        "pressroom (publish .* --correct); mastodon: waits for the page: changed", press.stage.detail
    )
    with pytest.raises(SystemExit) as corrected:
        main([*command.split(), "--root", str(press.root)])
    press.ask("send", "spring", "both")

    assert held[0] == "Held"
    assert corrected.value.code == 0
    assert (press.run()[0], len(mastodon.texts())) == ("Sent", 1)
