"""`pressroom connect`: where to click, what to type, whether it works; then it is written down."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from channels.errors import ChannelError
from channels.registry import channel_class
from channels.renewing import Renewing
from content.findings import Finding, blocking
from desk.connect.asking import ask_settings, empty_fields, refusal
from desk.connect.envfile import set_variables
from desk.connect.task import Manner, Task
from desk.connect.ways import ASKED, WAYS, callback, typed

if TYPE_CHECKING:
    from pathlib import Path

    from channels.base import Channel
    from desk.console import Voice


def connect_account(account: str, root: Path, voice: Voice, manner: Manner) -> int:
    """Ask, try, write; exit code 1 if the account does not work. Raises `Refused`."""
    adapter = channel_class(account)
    if adapter.settings_model is None:
        raise refusal("connect.none", f"{adapter.title} has no account to connect.", "`pressroom doctor` says more.")
    task = Task(adapter=adapter, model=adapter.settings_model, account=account, root=root, manner=manner, voice=voice)
    voice.warn(f"{adapter.title} as '{account}'", "bold")
    voice.warn(_guide(task))
    names = ASKED.get(adapter.name) or adapter.asks or empty_fields(task.model)
    changed = ask_settings(names, task.given())
    try:
        changed, channel = WAYS.get(adapter.name, typed)(task, changed)
        with closing(channel):
            return _conclude(task, channel, changed)
    except ChannelError as error:
        raise refusal("connect.failed", f"{error.detail}.", "Nothing was written.") from error


def _conclude(task: Task, channel: Channel[Any], changed: dict[str, str]) -> int:
    """Try the account, and write it down where it works."""
    findings = channel.doctor()
    if not channel.configured:
        findings = [replace(finding, severity="block") for finding in findings]
    if blocking(findings):
        task.voice.findings(findings)
        task.voice.say("Nothing was written.", "block")
        task.voice.data({"account": task.account, "set": [], "findings": findings})
        return 1
    if isinstance(channel, Renewing):
        channel.keep()
    _write(task, changed)
    findings += _overruled(task, changed)
    names = list(map(task.variable, changed))
    task.voice.findings(findings)
    task.voice.say(f"{task.adapter.title} is connected.", "good")
    task.voice.say(f"  In {task.root / '.env'}: {', '.join(names) or 'nothing new'}")
    task.voice.data({"account": task.account, "set": names, "findings": findings})
    return 0


def _write(task: Task, changed: dict[str, str]) -> None:
    file = task.root / ".env"
    try:
        if changed:
            set_variables(file, {task.variable(name): value for name, value in changed.items()})
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise refusal("connect.file", f"{file} can't be written: {why}.") from error


def _overruled(task: Task, changed: dict[str, str]) -> list[Finding]:
    """The variables that the environment itself sets to something else: it counts more than a file."""
    now, wanted = task.given(), task.settings(changed)
    others = [task.variable(name) for name in changed if getattr(now, name) != getattr(wanted, name)]
    why = "{} is set to something else in the environment, which counts more than .env."
    return [Finding(rule="connect.overruled", severity="warn", why=why.format(name)) for name in others]


def _guide(task: Task) -> str:
    words = task.adapter.guide or " ".join((task.model.__doc__ or "").split())
    return words.replace("{callback}", callback(task))
