"""How a run can end badly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.records import Outcome


class Unusable(Exception):
    """Something that every run needs can't be used: nothing may be sent."""

    passing = False  # whether it may be there again in a while, without anybody's doing


class LedgerUnusable(Unusable):
    """The ledger can't be opened or written."""

    passing = True


class PrefectUnreachable(Unusable):
    """A Prefect server is set, and does not answer."""

    passing = True


class Undelivered(Exception):
    """Some channels were not served. Carries every outcome, those that went well too."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes
        left = [f"{outcome.account}: {outcome.status} ({outcome.detail})" for outcome in outcomes if not outcome.well]
        super().__init__("; ".join(left))
