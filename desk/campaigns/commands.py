"""`pressroom campaign …` and `pressroom watch`: articles that go out in steps, each at its time."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from desk.options import Json, Root, press, voice_for

campaigns = App(default_parameter=Parameter(negative="", show_default=False))
campaign = App(
    name="campaign",
    help="Campaigns: an article goes out in steps, each at its time, to its channels.",
    help_epilogue="Begin with: pressroom campaign new spring --article my-article",
)
campaigns.command(campaign)

STATES = "Exit codes: 0 all is well, 1 something is held or failed, or is late and nobody takes it, 2 not understood."
PLANS = "Exit codes: 0 nothing stands in its way, 1 something must be mended, 2 not understood."

File = Annotated[str, Parameter(help="Its name in content/campaigns, or its file.")]
Name = Annotated[str, Parameter(help="As `pressroom campaign status` calls it.")]
TIMES = "2026-12-01 08:30, next monday 09:00, in 2 hours; +1 day: later than it is. For earlier, give a time."
StepName = Annotated[str, Parameter(help="The step, as `pressroom campaign status` calls it.")]
Each = Annotated[str, Parameter(help="Only for a campaign of each new article: the one to begin with.")]
Yes = Annotated[bool, Parameter(help="Do not ask.")]


@campaign.command(help_epilogue=f"Example:  pressroom campaign plan first-steps\n\n{PLANS}")
def plan(
    name: File,
    *,
    article: Each = "",
    verbose: Annotated[bool, Parameter(name=["--verbose", "-v"], help="Show what each channel will carry.")] = False,
    root: Root = None,
    json: Json = False,
) -> int:
    """Show what a campaign will do: every step, when, to whom, and what stands in its way. Starts nothing."""
    from desk.campaigns.planning import plan_campaign  # noqa: PLC0415 - each command loads what it needs alone

    return plan_campaign(name, article, press(root), voice_for(as_json=json), verbose=verbose)


@campaign.command(help_epilogue="Example:  pressroom campaign start first-steps")
def start(name: File, *, article: Each = "", yes: Yes = False, root: Root = None, json: Json = False) -> int:
    """Start a campaign. Started again, it goes on as its file is now: what has not begun is moved."""
    from desk.campaigns.starting import start_campaign  # noqa: PLC0415

    return start_campaign(name, article, press(root), voice_for(as_json=json), ask=not yes)


@campaign.command(help_epilogue=STATES)
def status(
    name: Annotated[str, Parameter(help="A campaign that was started. Default: all.")] = "",
    *,
    watch: Annotated[bool, Parameter(name=["--watch", "-w"], help="Keep looking, until all is over.")] = False,
    root: Root = None,
    json: Json = False,
) -> int:
    """Say how campaigns stand: what was sent where, what comes next, what waits for you."""
    from desk.campaigns.showing import show_status  # noqa: PLC0415

    return show_status(name, press(root), voice_for(as_json=json), watch=watch)


@campaign.command(name="list", help_epilogue="Example:  pressroom campaign list")
def list_(*, root: Root = None, json: Json = False) -> int:
    """List the campaigns' files, and which of them were started."""
    from desk.campaigns.listing import list_campaigns  # noqa: PLC0415

    return list_campaigns(press(root), voice_for(as_json=json))


@campaign.command(help_epilogue="Example:  pressroom campaign new spring --article my-article")
def new(
    name: Annotated[str, Parameter(help="Small letters, figures and hyphens.")],
    *,
    article: Annotated[str, Parameter(help="The article's short name.")],
    zone: Annotated[str, Parameter(help="Whose clocks tell its times: Europe/Berlin. Default: this machine's.")] = "",
    root: Root = None,
    json: Json = False,
) -> int:
    """Write a campaign's file to begin with."""
    from desk.campaigns.making import make_campaign  # noqa: PLC0415

    return make_campaign(name, article, zone, press(root), voice_for(as_json=json))


@campaign.command(help_epilogue="Example:  pressroom campaign pause spring")
def pause(name: Name, *, root: Root = None, json: Json = False) -> int:
    """Have a campaign wait: nothing of it is sent until it is resumed."""
    from desk.campaigns.asking import ask_campaign  # noqa: PLC0415

    return ask_campaign("pause", name, press(root), voice_for(as_json=json))


@campaign.command(help_epilogue="Example:  pressroom campaign resume spring")
def resume(name: Name, *, root: Root = None, json: Json = False) -> int:
    """Let a paused campaign go on."""
    from desk.campaigns.asking import ask_campaign  # noqa: PLC0415

    return ask_campaign("resume", name, press(root), voice_for(as_json=json))


@campaign.command(help_epilogue="Example:  pressroom campaign cancel spring")
def cancel(name: Name, *, yes: Yes = False, root: Root = None, json: Json = False) -> int:
    """End a campaign for good: what is sent stays, nothing more is."""
    from desk.campaigns.asking import ask_campaign  # noqa: PLC0415

    return ask_campaign("cancel", name, press(root), voice_for(as_json=json), ask=not yes)


@campaign.command(help_epilogue='Example:  pressroom campaign reschedule spring newsletter "next monday 09:00"')
def reschedule(
    name: Name,
    step: StepName,
    time: Annotated[str, Parameter(allow_leading_hyphen=True, help=TIMES)],
    *,
    root: Root = None,
    json: Json = False,
) -> int:
    """Move a step to another time, by the campaign's clocks. What counts from it moves too."""
    from desk.campaigns.asking import move_step  # noqa: PLC0415

    return move_step(name, step, time, press(root), voice_for(as_json=json))


@campaign.command(help_epilogue="Example:  pressroom campaign send spring newsletter")
def send(name: Name, step: StepName, *, yes: Yes = False, root: Root = None, json: Json = False) -> int:
    """Send a step now, whatever its time and its conditions say."""
    from desk.campaigns.asking import send_step  # noqa: PLC0415

    return send_step(name, step, press(root), voice_for(as_json=json), ask=not yes)


@campaign.command(help_epilogue="Example:  pressroom campaign skip spring newsletter")
def skip(name: Name, step: StepName, *, root: Root = None, json: Json = False) -> int:
    """Leave a step out."""
    from desk.campaigns.asking import skip_step  # noqa: PLC0415

    return skip_step(name, step, press(root), voice_for(as_json=json))


@campaign.command(help_epilogue="Example:  pressroom campaign ics spring --out spring.ics")
def ics(
    name: Annotated[str, Parameter(help="A campaign that was started, or a file's name.")],
    *,
    out: Annotated[Path | None, Parameter(help="The file to write. Default: standard output.")] = None,
    root: Root = None,
    json: Json = False,
) -> int:
    """Write a campaign's steps as a calendar, for Google, Apple, Outlook and others."""
    from desk.campaigns.diary import write_calendar  # noqa: PLC0415

    return write_calendar(name, out, press(root), voice_for(as_json=json))


@campaigns.command(help_epilogue="After each pull:  pressroom watch --once")
def watch(
    *,
    once: Annotated[bool, Parameter(help="Look once, and end.")] = False,
    since: Annotated[date | None, Parameter(help="Articles of this day or later count as new too: 2026-11-01.")] = None,
    root: Root = None,
    json: Json = False,
) -> int:
    """Have each new article begin its campaign, where one `for each` was started. `pressroom up` does so by itself."""
    from desk.campaigns.watching import watch_press  # noqa: PLC0415

    return watch_press(press(root), voice_for(as_json=json), once=once, since=since)
