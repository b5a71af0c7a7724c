"""The commands that keep running: the press on one machine, and what other machines add to it."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter, validators

from desk.options import Json, Root, press, voice_for

running = App(default_parameter=Parameter(negative="", show_default=False))

Limit = Annotated[int, Parameter(help="Most runs at once. Default: 20.", validator=validators.Number(gte=1))]
Grace = Annotated[
    float,
    Parameter(
        help="Seconds that what is being sent may take to end, when it is told to. Default: 30.",
        validator=validators.Number(gte=0),
    ),
]
Port = validators.Number(gte=0, lte=65535)


@running.command(
    help_epilogue="Exit codes: 0 ended, or all is well; 1 refused, or not all is well; 2 not understood.\n\n"
    "How it is:  pressroom up --status"
)
def up(  # noqa: PLR0913 - one a flag
    *,
    port: Annotated[int, Parameter(help="Of Prefect's server. Default: 4200, or the next free.", validator=Port)] = 0,
    desk_port: Annotated[int, Parameter(help="Of the desk. Default: 8765, or the next free.", validator=Port)] = 0,
    browser: Annotated[bool, Parameter(negative="--no-browser", help="Open a browser. Default: yes.")] = True,
    workers_limit: Limit = 20,
    grace: Grace = 30.0,
    status: Annotated[bool, Parameter(help="Say how the press that runs here is, and end.")] = False,
    root: Root = None,
    json: Json = False,
) -> int:
    """Run the press on this machine: desk, Prefect server, worker and campaigns. Ctrl-C ends it."""
    if status:
        from desk.up.watching import show_health  # noqa: PLC0415 - each command loads what it needs alone

        return show_health(press(root), voice_for(as_json=json))
    from desk.up.opening import Manner, open_press  # noqa: PLC0415

    manner = Manner(port=port, desk_port=desk_port, limit=workers_limit, grace=grace, browser=browser)
    return open_press(press(root), voice_for(as_json=json), manner)


@running.command(help_epilogue="Example:  PREFECT_API_URL=http://prefect.example:4200/api pressroom worker --name east")
def worker(
    *,
    name: Annotated[str, Parameter(help="Its name in Prefect's pages. Default: this machine's.")] = "",
    limit: Limit = 20,
    grace: Grace = 30.0,
    root: Root = None,
    json: Json = False,
) -> int:
    """Work for a Prefect server that is elsewhere: take runs, and tend campaigns. Ctrl-C ends it."""
    from desk.up.beside import work_beside  # noqa: PLC0415

    return work_beside(press(root), voice_for(as_json=json), name=name, limit=limit, grace=grace)


@running.command(help_epilogue="Example:  PREFECT_API_URL=http://prefect.example:4200/api pressroom tend")
def tend(*, root: Root = None, json: Json = False) -> int:
    """Tend campaigns alone, where workers of another kind take the runs. Ctrl-C ends it."""
    from desk.up.beside import tend_alone  # noqa: PLC0415

    return tend_alone(press(root), voice_for(as_json=json))
