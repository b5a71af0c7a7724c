"""Request bodies checked against the platforms' own descriptions, kept in `tests/channels/data`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

DATA = Path(__file__).resolve().parent.parent / "data"
# the plain types of Telegram's own description; whatever else it names and does not describe may be anything
PLAIN = {"String": "string", "Integer": "integer", "Boolean": "boolean", "Float": "number"}


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


def bot_faults(method: str, body: Any) -> list[str]:
    """What a body lacks for a method of Telegram's bots, such as `sendMessage`."""
    return [error.message for error in _bot_validator(method).iter_errors(body)]


def bot_type_faults(name: str, value: Any) -> list[str]:
    """What a value lacks for one of Telegram's types, such as `InputMediaPhoto`."""
    return [
        error.message
        for error in Draft202012Validator(
            {**_bot_object(_described("telegram")["types"][name]), **_bot_types()}
        ).iter_errors(value)
    ]


def bot_values(method: str, form: dict[str, str]) -> dict[str, Any]:
    """A form's fields as a JSON body would hold them: what is no text is written as JSON there."""
    texts = {field["name"] for field in _described("telegram")["methods"][method] if "String" in field["types"]}
    return {name: value if name in texts else json.loads(value) for name, value in form.items()}


@cache
def _bot_validator(method: str) -> Draft202012Validator:
    return Draft202012Validator({**_bot_object(_described("telegram")["methods"][method]), **_bot_types()})


def _bot_types() -> dict[str, Any]:
    return {"types": {name: _bot_object(fields) for name, fields in _described("telegram")["types"].items()}}


def _bot_object(fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field["name"]: {"anyOf": [_bot_type(name) for name in field["types"]]} for field in fields},
        "required": [field["name"] for field in fields if field["required"]],
        "additionalProperties": False,
    }


def _bot_type(name: str) -> dict[str, Any]:
    if name.startswith("Array of "):
        return {"type": "array", "items": _bot_type(name.removeprefix("Array of "))}
    if name in PLAIN:
        return {"type": PLAIN[name]}
    return {"$ref": f"#/types/{name}"} if name in _described("telegram")["types"] else {}
