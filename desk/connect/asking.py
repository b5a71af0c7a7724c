"""Questions on the terminal. What nobody may see is not shown while it is typed."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from content.findings import Finding, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel


def ask(question: str, *, hidden: bool = False) -> str:
    """One line. Questions go to standard error: what scripts read stays clean. Raises `Refused` where input ends."""
    if hidden and sys.stdin.isatty():
        return getpass.getpass(question, stream=sys.stderr).strip()
    print(question, end="", file=sys.stderr, flush=True)  # noqa: T201 - the command line's own voice
    line = sys.stdin.readline()
    if not line:
        raise refusal("connect.ended", "The answers ended too early.", "Nothing was written.")
    return line.strip()


def ask_settings(names: Iterable[str], given: BaseModel) -> dict[str, str]:
    """What a person changes of the settings; an empty answer keeps what is there. Raises `Refused`."""
    changed = {}
    for name in names:
        value = getattr(given, name)
        said = ask(_question(name, value), hidden=isinstance(value, SecretStr))
        if not said.isprintable():
            raise refusal("connect.signs", f"{name} has signs in it that can't be seen.", "Copy it again.")
        if said and said != _plain(value):
            changed[name] = said
    return changed


def empty_fields(model: type[BaseModel]) -> list[str]:
    """The settings that say nothing by default."""
    return [name for name, field in model.model_fields.items() if _plain(field.get_default()) == ""]


def refusal(rule: str, why: str, mend: str = "") -> Refused:
    """What stops the command, for people."""
    return Refused([Finding(rule=rule, severity="block", why=why, mend=mend)])


def _question(name: str, value: Any) -> str:
    words = name.replace("_", " ")
    if isinstance(value, SecretStr):
        return f"  {words} (not shown{'; Enter keeps the one that is set' if _plain(value) else ''}): "
    return f"  {words}{f' [{_plain(value)}]' if _plain(value) else ''}: "


def _plain(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return "" if value is None else str(value)
