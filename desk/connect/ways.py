"""Each network's way from what a person types to an account that works."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from channels.oauth import App
from channels.renewing import Renewing
from desk.connect.answering import PATH, Listener, code_of, pasted
from desk.connect.asking import ask, refusal

if TYPE_CHECKING:
    from channels.base import Channel
    from desk.connect.task import Task

Way = Callable[["Task", dict[str, str]], tuple[dict[str, str], "Channel[Any]"]]


def typed(task: Task, changed: dict[str, str]) -> tuple[dict[str, str], Channel[Any]]:
    """What was typed is all; tokens that renew themselves come from a page. Raises `Refused`, `ChannelError`."""
    channel = task.channel(changed)
    if isinstance(channel, Renewing):
        _agreed(task, channel)
    return changed, channel


def registered(task: Task, changed: dict[str, str]) -> tuple[dict[str, str], Channel[Any]]:
    """A token from a server that registers apps by itself. Raises `Refused`, `ChannelError`."""
    from channels.mastodon import SCOPES  # noqa: PLC0415 - the others need none of it

    server = changed.get("server") or getattr(task.given(), "server", "")
    if not server:
        raise refusal("connect.server", "Which server is the account on?", "Like mastodon.social.")
    server = (server if "://" in server else f"https://{server}").rstrip("/")
    app = App.registered(task.account, server, SCOPES)
    task.lead(app.address)
    token = app.token(ask("  the code that the page shows (not shown here): ", hidden=True))
    changed = {**changed, "server": server, "token": token}
    return changed, task.channel(changed)


def callback(task: Task, port: int = 0) -> str:
    """The address that a network's page sends the browser to."""
    channel = task.channel({})
    host = channel.authority.host if isinstance(channel, Renewing) else "127.0.0.1"
    return f"http://{host}:{port or task.manner.port}{PATH}"


def _agreed(task: Task, channel: Renewing) -> None:
    if not channel.app:
        raise refusal("connect.app", "Without the id of an app there is no page to agree on.", "Nothing was written.")
    if task.manner.paste:
        agreement = channel.agreement(callback(task))
        task.lead(agreement.address)
        told = pasted(agreement)
    else:
        listener = Listener(task.manner.port)
        agreement = channel.agreement(callback(task, listener.port))
        with listener.open(agreement.state):
            task.lead(agreement.address)
            told = listener.answer(task.manner.wait)
    channel.take(agreement, code_of(told))


WAYS: dict[str, Way] = {"mastodon": registered}
ASKED = {"mastodon": ("server",)}  # what such a way needs; it finds the rest itself
