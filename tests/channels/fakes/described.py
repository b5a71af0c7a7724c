"""Request bodies checked against the platforms' own descriptions, kept in `tests/channels/data`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DATA = Path(__file__).resolve().parent.parent / "data"


def faults(name: str, operation: str, body: Any) -> list[str]:
    """What a body lacks for an operation such as `POST /2/tweets`."""
    return [error.message for error in _validator(name, operation).iter_errors(body)]


def fields(name: str, operation: str) -> set[str]:
    """The names that a body may have, where the description is one object that does not forbid others."""
    described = _described(name)
    schema = described["operations"][operation]["$ref"].rpartition("/")[2]
    return set(described["components"]["schemas"][schema]["properties"])


@cache
def _described(name: str) -> dict[str, Any]:
    described: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return described


@cache
def _validator(name: str, operation: str) -> Draft202012Validator:
    described = _described(name)
    schema = {**described["operations"][operation], "components": described["components"]}
    return Draft202012Validator(schema)
