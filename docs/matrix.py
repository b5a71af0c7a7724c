"""Writes the tables that the code knows into README.md and .env.example. `--check` only looks."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from channels.registry import SHIPPED, channel_class, offline  # noqa: E402
from desk.records import abilities  # noqa: E402
from flows.settings import PREFIX, Settings, variables  # noqa: E402

BEGIN, END = "<!-- channels -->", "<!-- /channels -->"


def main() -> int:
    """Write, or say what is out of date."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    wanted = {
        readme: re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{matrix()}\n{END}", text, flags=re.DOTALL),
        ROOT / ".env.example": environment(),
    }
    stale = [path for path, new in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != new]
    for path in stale:
        if "--check" in sys.argv:
            print(f"{path.relative_to(ROOT)} is out of date: make format")
        else:
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if stale and "--check" in sys.argv else 0


def matrix() -> str:
    """The capability table, a line a channel."""
    lines = [
        "| Channel | Name | Form | Text | Thread | Pictures | Correct | Take back |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in SHIPPED:
        channel = offline(name)
        lines.append(f"| {channel.title} | `{name}` | " + " | ".join(abilities(channel)) + " |")
    return "\n".join(lines)


def environment() -> str:
    """Every variable that is read, each commented out."""
    lines = ["# Copy to .env and fill in what you need. Nothing is needed for the outbox.", ""]
    for name, field in Settings.model_fields.items():
        lines.append(f"# {PREFIX}{name.upper()}={'' if field.default is None else field.default}")
    for name in SHIPPED:
        model = channel_class(name).settings_model
        if model is None:
            continue
        lines += ["", f"# {channel_class(name).title}: {' '.join((model.__doc__ or '').split())}"]
        for field_name, field in model.model_fields.items():
            shown = field.default if isinstance(field.default, str) else ""
            lines.append(f"# {variables(name)}{field_name.upper()}={shown}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
