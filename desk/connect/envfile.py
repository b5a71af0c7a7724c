"""A project's `.env`: variables are set in it, and all else stays as it is."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from dotenv.parser import parse_stream

from channels.tokens import private_file

if TYPE_CHECKING:
    from pathlib import Path

BARE = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


def set_variables(file: Path, values: dict[str, str]) -> None:
    """Set them where they stand, or at the end. The file is its owner's alone then. Raises `OSError`, `ValueError`."""
    place = file.resolve()  # of what is a link, the file behind it
    text = place.read_bytes().decode() if place.exists() else ""
    ending = "\r\n" if "\r\n" in text else "\n"
    written = {name: f"{name}={quoted(value)}{ending}" for name, value in values.items()}
    lines, there = [], set()
    for binding in parse_stream(io.StringIO(text, newline="")):
        line = binding.original.string
        if binding.key in written:
            before = re.match(r"\s*(?:export\s+)?", line)
            lines.append((before[0] if before else "") + written[binding.key])
            there.add(binding.key)
        else:
            lines.append(line)
    kept = "".join(lines)
    gap = ending if kept and not kept.endswith("\n") else ""
    added = "".join(line for name, line in written.items() if name not in there)
    with private_file(place) as made:
        made.write((kept + gap + added).encode())


def quoted(value: str) -> str:
    """A value in the spelling that is read back as just that."""
    if BARE.fullmatch(value):
        return value
    # what looks like a variable is filled in even between single quotes, and nothing escapes it but this
    shielded = value.replace("${", "${PRESSROOM_DOLLAR:-$}{")
    return "'" + shielded.replace("\\", "\\\\").replace("'", "\\'") + "'"
