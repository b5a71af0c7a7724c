"""The floor on PostgreSQL, where many machines meet."""

import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from flows.ledger import Ledger
from tests.flows.test_floor import WANTED, how_many_have_it, late_pair
from tests.flows.test_mailing_postgres import Postgres

pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("postgres")]


@pytest.fixture(scope="module")
def postgres():
    initdb = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not initdb:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = Postgres(initdb[-1].resolve().parent, Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


@WANTED
def test_of_eight_at_once_one_has_it(postgres, wanted):
    assert how_many_have_it(postgres.database(), wanted) == 1


def test_late_steps_of_two_campaigns_come_one_after_the_other_on_their_account(postgres, project):
    with closing(Ledger(postgres.database())) as ledger:
        first, second, again = late_pair(ledger, project)

    assert [found.act for found in (first, second, again)] == ["go", "wait", "go"]
