"""How a run ended, in words: the artifact that it leaves."""

from __future__ import annotations

import re

from flows.records import Outcome


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
