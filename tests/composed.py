"""What stands in deploy/compose.yaml, and how it would be here: its variables filled in, its hosts those of a test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.corpus import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<usual>[^}]*)|:\?[^}]*)?\}")
OURS = "pressroom:"  # the image that deploy/Dockerfile makes


def compose(variables: Mapping[str, str], hosts: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file as Docker reads it. A variable that must be given and is not raises `KeyError`."""

    def filled(found: re.Match[str]) -> str:
        usual = found["usual"]
        return variables[found["name"]] if usual is None else variables.get(found["name"], usual)

    text = VARIABLE.sub(filled, FILE.read_text(encoding="utf-8"))
    for there, here in (hosts or {}).items():
        text = text.replace(there, here)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def asked() -> set[str]:
    """The variables that have no default: whoever starts it is asked for them."""
    found = VARIABLE.finditer(FILE.read_text(encoding="utf-8"))
    return {variable["name"] for variable in found if variable["usual"] is None}


def commands(services: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What our image is told to do, command by command; of a shell's script each line that calls a program of ours."""
    for name, service in services.items():
        if not service["image"].startswith(OURS):
            continue
        command = service["command"]
        if command[0] != "sh":
            yield name, command
            continue
        calls = re.split(r"\n|\|\|", command[-1])
        yield from ((name, call.replace(">/dev/null", "").split()) for call in calls if call.strip())
