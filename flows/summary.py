"""How a run ended, in words: for the artifact, the command line, and the error that ends a flow."""

from __future__ import annotations

import re

from flows.records import Outcome


class Undelivered(Exception):
    """Some channels were not served. Carries every outcome, those that went well too."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self.outcomes = outcomes
        left = [f"{outcome.account}: {outcome.status} ({outcome.detail})" for outcome in outcomes if not outcome.well]
        super().__init__("; ".join(left))


def markdown(title: str, outcomes: list[Outcome]) -> str:
    """A table of channels, links and digests."""
    rows = [f"| {o.account} | {o.status} | {_cell(o)} | `{o.digest[:12]}` |" for o in outcomes]
    return "\n".join(
        [
            f"# {title}",
            "",
            "| Channel | Outcome | Where | Digest |",
            "| --- | --- | --- | --- |",
            *rows,
        ]
    )


def artifact_key(slug: str) -> str:
    """Prefect takes small letters, digits and dashes."""
    return "published-" + re.sub(r"[^a-z0-9-]+", "-", slug.lower()).strip("-")


def _cell(outcome: Outcome) -> str:
    said = outcome.detail.replace("|", "\\|").replace("\n", " ")
    return " ".join(filter(None, (f"<{outcome.url}>" if outcome.url else "", said)))
