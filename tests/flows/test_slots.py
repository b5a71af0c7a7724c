"""Limits of accounts on a real Prefect server: pushes wait for each other, and a server that is away sends nothing twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from content.findings import Refused
from flows.settings import Settings
from tests.conftest import ARTICLE, BRAND
from tests.corpus import ROOT
from tests.flows.test_mailing import wait_until
from tests.flows.test_server import BIN, Server
from tests.smtpd import Smtpd

READERS = 40
HOLD = """
import asyncio, sys
from prefect.logging import disable_run_logger
from channels.errors import Unavailable
from flows.settings import Settings
from flows.slots import slot
async def main():
    async with slot("x", Settings(limits="x=1")):
        print("pushes", flush=True)
        sys.stdin.readline()
    print("is over", flush=True)
with disable_run_logger():
    try:
        asyncio.run(main())
    except Unavailable as error:
        print(error.detail)
"""

WAIT = """
import asyncio
from prefect import flow
from flows import slots
from flows.settings import Settings
slots.LONG = 2.0
@flow
async def waits():
    async with slots.slot("threads", Settings(limits="threads=1")):
        print("has it", flush=True)
asyncio.run(waits())
"""


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [("", {}), ("newsletter=1, x=2", {"newsletter": 1, "x": 2}), (" mastodon:clinic-2 = 3,", {"mastodon:clinic-2": 3})],
)
def test_limits_are_spelled_as_accounts_and_numbers(project, monkeypatch, spelled, meant):
    monkeypatch.setenv("PRESSROOM_LIMITS", spelled)
    assert Settings.of(project).at_once == meant


@pytest.mark.parametrize(
    ("spelled", "why"),
    [
        ("newsletter", "not spelled as"),
        ("x=0", "not spelled as"),
        ("x=two", "not spelled as"),
        ("newslettr=1", "Did you"),
    ],
)
def test_a_limit_that_is_none_is_refused(project, monkeypatch, spelled, why):
    monkeypatch.setenv("PRESSROOM_LIMITS", spelled)
    with pytest.raises(Refused) as caught:
        Settings.of(project)
    [finding] = caught.value.findings
    assert "PRESSROOM_LIMITS" in finding.why
    assert why in finding.why


class Press(Server):
    """A project on a server of its own, whose newsletter is limited."""

    def set_up(self, mail: Smtpd, **more: object) -> None:
        """An account on a mail server, and the deployments."""
        account = {"HOST": mail.host, "PORT": mail.port, "SECURITY": "none", "AUDIENCE": "list.csv"}
        settings = {f"NEWSLETTER_{name}": value for name, value in account.items()}
        settings |= {"NEWSLETTER_LEAVE": "https://leave.example", **more}
        lines = [f"PRESSROOM_{name}={value}\n" for name, value in settings.items()]
        (self.home / "project" / ".env").write_text("".join(lines), encoding="utf-8")
        registered = self.run(sys.executable, "-m", "flows.deploying", str(self.home / "project"))
        assert registered.returncode == 0, registered.stderr

    def publish(self, campaign: str, **more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "desk", "publish", "garden", "-c", "newsletter", "--live", "--json"]
        return subprocess.Popen(
            [*command, "--campaign", campaign],
            cwd=self.home / "project",
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def script(self, text: str, **more: str) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        environment = {**self.environment, "PYTHONPATH": str(ROOT), **more}
        return subprocess.Popen([sys.executable, "-c", text], env=environment, text=True, **pipes)

    def logs(self, since: datetime) -> list[str]:
        """What runs said after a moment: other tests have runs on this server too."""
        asked = {"timestamp": {"after_": since.isoformat()}}
        return [line["message"] for line in self.ask("logs/filter", limit=200, logs=asked)]

    def limit(self, name: str) -> dict:
        found = self.ask("v2/concurrency_limits/filter")
        return next((limit for limit in found if limit["name"] == name), {})


@pytest.fixture
def mail():
    with Smtpd() as smtpd:
        smtpd.script = lambda stage, to: time.sleep(0.1) or "" if stage == "dot" else ""
        yield smtpd


def made(home, readers=READERS) -> Press:
    root = home / "project"
    (root / "content" / "articles").mkdir(parents=True)
    (root / "content" / "brand.yaml").write_text(BRAND, encoding="utf-8")
    (root / "content" / "articles" / "garden.md").write_text(ARTICLE, encoding="utf-8")
    rows = [f"r{n}@list.test,2026-01-01" for n in range(readers)]
    (root / "list.csv").write_text("\n".join(["email,consent_at", *rows, ""]), encoding="utf-8")
    running = Press(home)
    assert running.wait(90, running.healthy), running.log("server")
    return running


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = made(tmp_path_factory.mktemp("home"))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def press(server, mail):
    server.set_up(mail, NEWSLETTER_CONNECTIONS=1, LIMITS="newsletter=1")
    return server


def outcome(process: subprocess.Popen[str]) -> dict:
    said, complained = process.communicate(timeout=240)
    assert said, complained
    return json.loads(said)["outcomes"][0]


def changes(mail: Smtpd) -> int:
    """How often the mails of one delivery were followed by those of another."""
    whose = [data.split(b"Message-ID: <", 1)[1][:32] for _, _, data in mail.taken]
    return sum(one != other for one, other in pairwise(whose))


@pytest.mark.judged
@pytest.mark.xdist_group("server")
@pytest.mark.timeout(400)
def test_two_runs_at_once_push_one_after_the_other(press, mail):
    begun = datetime.now(UTC)
    runs = [press.publish(name) for name in ("one", "two")]
    ended = [outcome(run) for run in runs]

    assert [one["status"] for one in ended] == ["sent", "sent"]
    assert (len(mail.taken), changes(mail)) == (2 * READERS, 1)
    assert press.limit("account-newsletter")["limit"] == 1
    said = press.wait(20, lambda: {line for line in press.logs(begun) if "waits for a slot" in line})
    assert said == {"newsletter: waits for a slot of 'account-newsletter', which has 1"}


@pytest.mark.judged
@pytest.mark.xdist_group("server")
@pytest.mark.timeout(400)
def test_without_a_limit_they_push_side_by_side(press, mail):
    runs = [press.publish(name, PRESSROOM_LIMITS="") for name in ("three", "four")]
    wait_until(lambda: changes(mail) > 1, 60)
    assert [outcome(run)["status"] for run in runs] == ["sent", "sent"]


@pytest.mark.judged
@pytest.mark.xdist_group("server")
@pytest.mark.timeout(400)
def test_the_slot_of_a_run_that_was_killed_comes_back(press, mail):
    first = press.publish("five")
    wait_until(lambda: len(mail.taken) > 5, 60)
    first.kill()
    first.communicate()
    had, killed = len(mail.taken), time.monotonic()
    second = outcome(press.publish("six"))

    assert second["status"] == "sent"
    assert (len(mail.taken) - had) in {READERS, READERS + 1}  # one may have been on the wire
    assert time.monotonic() - killed < 150
    assert press.wait(10, lambda: press.limit("account-newsletter")["active_slots"] == 0)


@pytest.mark.judged
@pytest.mark.xdist_group("server")
@pytest.mark.timeout(400)
def test_a_limit_that_is_not_there_yet_is_made_by_the_run_that_needs_it(press):
    holding = press.script(HOLD)
    assert holding.stdout.readline() == "pushes\n"
    limit = press.limit("account-x")
    assert holding.communicate("\n", timeout=60)[0] == "is over\n"

    assert (limit["limit"], limit["active_slots"]) == (1, 1)
    assert press.limit("account-x")["active_slots"] == 0


@pytest.mark.judged
@pytest.mark.xdist_group("server")
@pytest.mark.timeout(400)
def test_only_accounts_have_limits_for_a_deployments_would_end_its_runs_in_mid_push(press):
    assert [one["name"] for one in press.ask("deployments/filter") if one["global_concurrency_limit"]] == []


@pytest.mark.judged
@pytest.mark.xdist_group("server")
@pytest.mark.timeout(400)
def test_another_number_is_the_limit_from_the_next_push_on(press):
    for number in (1, 3, 2):
        holding = press.script(HOLD.replace("x=1", f"linkedin={number}").replace('"x"', '"linkedin"'))
        assert holding.stdout.readline() == "pushes\n"
        limit = press.limit("account-linkedin")
        assert holding.communicate("\n", timeout=60)[0] == "is over\n"

        assert (limit["limit"], limit["active_slots"]) == (number, 1)


@pytest.mark.judged
@pytest.mark.xdist_group("server")
@pytest.mark.timeout(400)
def test_a_slot_that_does_not_come_is_warned_of_with_the_command_that_frees_it(press):
    begun = datetime.now(UTC)
    holding = press.script(HOLD.replace("x=1", "threads=1").replace('"x"', '"threads"'))
    assert holding.stdout.readline() == "pushes\n"
    waiting = press.script(WAIT)
    told = press.wait(60, lambda: [line for line in press.logs(begun) if "--active-slots" in line])
    command = told[0].rpartition(": ")[2].split()

    assert command == ["prefect", "gcl", "update", "account-threads", "--active-slots", "0"]
    assert press.run(str(BIN / "prefect"), *command[1:]).returncode == 0
    assert waiting.communicate(timeout=60)[0] == "has it\n"
    assert len([line for line in press.logs(begun) if "--active-slots" in line]) == 1
    holding.communicate("\n", timeout=60)


@pytest.mark.judged
@pytest.mark.xdist_group("server")
@pytest.mark.timeout(300)
def test_a_server_that_goes_away_during_a_push_does_not_make_it_fail(tmp_path):
    running = made(tmp_path)
    try:
        holding = running.script(HOLD)
        assert holding.stdout.readline() == "pushes\n"
    finally:
        running.stop()
    begun = time.monotonic()
    said, _ = holding.communicate("\n", timeout=120)

    assert (said, holding.returncode) == ("is over\n", 0)
    assert time.monotonic() - begun < 60


@pytest.mark.judged
def test_without_a_server_that_answers_nothing_is_pushed():
    environment = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:1/api", "PREFECT_CLIENT_MAX_RETRIES": "0"}
    done = subprocess.run(
        [sys.executable, "-c", HOLD],
        env={**environment, "PYTHONPATH": str(ROOT)},
        input="\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "pushes" not in done.stdout
    assert done.stdout.startswith("no slot of 'account-x': ConnectError"), done.stdout + done.stderr
