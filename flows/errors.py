"""How a run can end badly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.records import Outcome


class LedgerUnusable(Exception):
    """The ledger can't be opened or written: nothing may be sent."""


class Undelivered(Exception):
    """Some channels were not served. Carries every outcome, those that went well too."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes
        left = [f"{outcome.account}: {outcome.status} ({outcome.detail})" for outcome in outcomes if not outcome.well]
        super().__init__("; ".join(left))
