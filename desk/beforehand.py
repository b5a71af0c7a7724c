"""The commands before anything is sent: a project, its accounts, and what they still lack."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter, validators

from desk.options import Channels, Json, Root, press, project, voice_for

beforehand = App(default_parameter=Parameter(negative="", show_default=False))


@beforehand.command
def channels(*, json: Json = False) -> int:
    """List the channels, what each can carry, and what it can do."""
    from desk.records import show_channels  # noqa: PLC0415

    return show_channels(voice_for(as_json=json))


@beforehand.command(
    help_epilogue="One account:  pressroom doctor -c mastodon:clinic-2\n\nA campaign:  pressroom doctor --for spring"
)
def doctor(
    *,
    channel: Channels = (),
    campaign: Annotated[str, Parameter(name="--for", help="All that this campaign needs when its time comes.")] = "",
    root: Root = None,
    json: Json = False,
) -> int:
    """Look at the installation, the project and the accounts, and say what is missing."""
    if campaign:
        from desk.campaigns.readiness import examine_campaign  # noqa: PLC0415

        return examine_campaign(campaign, press(root), voice_for(as_json=json))
    from desk.doctor import examine  # noqa: PLC0415

    return examine(project(root), voice_for(as_json=json), channel)


@beforehand.command(
    help_epilogue="Example:  pressroom connect mastodon\n\nA second account:  pressroom connect mastodon:clinic-2"
)
def connect(
    account: Annotated[str, Parameter(help="A channel, as `pressroom channels` calls it.")],
    *,
    paste: Annotated[bool, Parameter(help="Paste the address that the browser ends at: it runs elsewhere.")] = False,
    port: Annotated[
        int,
        Parameter(
            help="Where the browser's answer is awaited. Default: 8766.", validator=validators.Number(gte=0, lte=65535)
        ),
    ] = 8766,
    browser: Annotated[bool, Parameter(negative="--no-browser", help="Open a browser. Default: yes.")] = True,
    wait: Annotated[float, Parameter(help="Seconds to wait for the browser. Default: 300.")] = 300.0,
    root: Root = None,
    json: Json = False,
) -> int:
    """Set up an account: where to click, what to type; it is tried, then written to .env."""
    from desk.connect.command import connect_account  # noqa: PLC0415
    from desk.connect.task import Manner  # noqa: PLC0415

    manner = Manner(paste=paste, port=port, browser=browser, wait=wait)
    return connect_account(account, press(root), voice_for(as_json=json), manner)


@beforehand.command(help_epilogue="Example:  pressroom new our-clinic")
def new(
    folder: Annotated[Path, Parameter(help="A folder that does not exist yet, or is empty.")],
    *,
    json: Json = False,
) -> int:
    """Make a fresh project: a brand file, a sample article, places for templates and campaigns."""
    from desk.projects import make_project  # noqa: PLC0415

    return make_project(folder, voice_for(as_json=json))
