"""A campaign that has come hundreds of times: a look at it asks and reads no more often than a look at one."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event

from desk.cli import main
from desk.web.boards import Boards
from flows.agenda import Agenda
from flows.courses import STAMP, fresh
from flows.ledger import Ledger
from flows.records import Delivery
from flows.settings import Settings
from tests.flows.courses import campaign

STEPS = "  - {channel: x, at: now}\n  - {channel: mastodon, at: +1 hour}\n"
FIRST = datetime(2029, 1, 1, 9, tzinfo=UTC)


def come(project, times, state="done"):
    """So many times have come, and x has its post of each."""
    daily = campaign(STEPS, "repeat: {cron: 0 9 * * *}\n", name="daily")
    with closing(Ledger(Settings.of(project).ledger_url(project))) as ledger:
        agenda = Agenda(ledger.engine)
        for number in range(times):
            day = FIRST + timedelta(days=number)
            course = fresh(daily, day, article="garden", occurrence=day.strftime(STAMP), number=number)
            agenda.add(replace(course, state=state))
            agenda.include(course.id, daily.steps)
            agenda.change(agenda.stage(course.id, "x"), state="sent", due_at=day, ended_at=day)
            ledger.plan(Delivery(campaign="daily", article="garden", account="outbox/x", part=course.part("x")))


@contextmanager
def asked():
    """What is asked of the ledger about deliveries."""
    heard = []

    def hear(_connection, _cursor, statement, *_):
        if "FROM deliveries" in statement:
            heard.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    yield heard
    event.remove(Engine, "before_cursor_execute", hear)


def status(project, capsys, *more):
    with pytest.raises(SystemExit):
        main(["campaign", "status", *more, "--root", str(project)])
    return capsys.readouterr().out


@pytest.mark.parametrize("named", [["daily"], []])
def test_the_status_of_many_times_reads_their_deliveries_once(project, capsys, named):
    come(project, 12)
    with asked() as heard:
        told = json.loads(status(project, capsys, *named, "--json"))["campaigns"]

    assert len(heard) == 1
    assert [[place["account"] for place in one["steps"][0]["places"]] for one in told] == [["outbox/x"]] * 12


@pytest.mark.parametrize("state", ["done", "running"])
def test_the_desks_overview_of_many_times_reads_their_deliveries_once(project, state):
    come(project, 12, state)
    with asked() as heard:
        found = Boards(project).overview()

    assert len(heard) == 1
    assert [board.lanes[0].strands[0].key != "" for board in (*found.open, *found.over)] == [True] * 12


def test_times_that_have_one_text_have_one_plan(project):
    come(project, 3)
    with closing(Ledger(Settings.of(project).ledger_url(project))) as ledger:
        plans = {id(course.plan) for course in Agenda(ledger.engine).courses()}

    assert len(plans) == 1


def test_of_many_times_that_are_over_the_last_ones_are_shown(project, capsys):
    come(project, 12)
    said = status(project, capsys, "daily")

    assert "… and 6 more that are over" in said
    assert len(said.splitlines()) < 20


def test_of_many_that_are_under_way_each_has_a_line_and_one_that_is_asked_for_is_shown_in_full(project, capsys):
    come(project, 6, "running")
    said = status(project, capsys, "daily").splitlines()

    assert [line.split()[:2] for line in said if line.startswith("daily@20290101")] == [
        ["daily@20290101T0900", "running"]
    ]
    assert "pressroom campaign status NAME shows one in full." in said
    assert "STEP" in status(project, capsys, "daily@20290101T0900")
