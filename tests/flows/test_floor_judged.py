"""The floor on PostgreSQL, where many machines meet."""

from contextlib import closing

import pytest

from flows.ledger import Ledger
from tests.flows.test_floor import WANTED, how_many_have_it, late_pair

pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("postgres")]


@WANTED
def test_of_eight_at_once_one_has_it(postgres, wanted):
    assert how_many_have_it(postgres.database(), wanted) == 1


def test_late_steps_of_two_campaigns_come_one_after_the_other_on_their_account(postgres, project):
    with closing(Ledger(postgres.database())) as ledger:
        first, second, again = late_pair(ledger, project)

    assert [found.act for found in (first, second, again)] == ["go", "wait", "go"]
