"""The commands for what was sent: how it stands, what a person has seen or posted, and taking it back."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from desk.options import USAGE, Article, Json, Root, press, project, voice_for

STATES = "Exit codes: 0 all is well, 1 something failed, is held or is not known, 2 not understood."
afterwards = App(default_parameter=Parameter(negative="", show_default=False))


@afterwards.command(help_epilogue=STATES)
def status(
    article: Annotated[str, Parameter(help="Its short name. Default: all.")] = "",
    *,
    root: Root = None,
    json: Json = False,
) -> int:
    """Say what was sent where, from the ledger."""
    from desk.records import show_status  # noqa: PLC0415

    return show_status(article, project(root), voice_for(as_json=json))


@afterwards.command(
    help_epilogue="It is there:  pressroom resolve my-article x --sent https://x.com/…\n\n"
    "It is not:  pressroom resolve my-article x --not-sent"
)
def resolve(
    article: Annotated[str, Parameter(help="Its short name.")],
    channel: Annotated[str, Parameter(help="As `pressroom status` calls it.")],
    *,
    sent: Annotated[str, Parameter(help="It arrived: the address where you saw it.")] = "",
    not_sent: Annotated[bool, Parameter(help="It did not arrive: it may be sent.")] = False,
    root: Root = None,
    json: Json = False,
) -> int:
    """Say what became of a delivery that is held or unknown, after you have looked."""
    from desk.records import resolve_delivery  # noqa: PLC0415

    if bool(sent) == not_sent:
        voice_for(as_json=json).warn("Say either --sent ADDRESS or --not-sent.")
        return USAGE
    return resolve_delivery(article, channel, sent, project(root), voice_for(as_json=json))


@afterwards.command(help_epilogue="Example:  pressroom receipt my-article medium https://medium.com/…")
def receipt(
    article: Article,
    channel: Annotated[str, Parameter(help="Where you posted it: medium, substack, instagram, linkedin-profile …")],
    address: Annotated[str, Parameter(help="The post's own address.")],
    *,
    campaign: Annotated[str, Parameter(help="The campaign it was posted for.")] = "",
    root: Root = None,
    json: Json = False,
) -> int:
    """Record where you have posted an article by hand."""
    from desk.records import note_receipt  # noqa: PLC0415

    order = {"article": article, "channels": [channel], "destination": "accounts", "campaign": campaign}
    return note_receipt({**order, "root": str(project(root))}, address, voice_for(as_json=json))


@afterwards.command(help_epilogue="Example:  pressroom retract my-article -c mastodon -c bluesky")
def retract(
    article: Annotated[str, Parameter(help="Its short name.")],
    *,
    channel: Annotated[tuple[str, ...], Parameter(name=["--channel", "-c"], help="From this channel; again for more.")],
    campaign: Annotated[str, Parameter(help="The campaign, where the article went out in several.")] = "",
    yes: Annotated[bool, Parameter(help="Do not ask.")] = False,
    root: Root = None,
    json: Json = False,
) -> int:
    """Take back what was sent, where the channel can: it is deleted there, for everybody."""
    from desk.undoing import retract_article  # noqa: PLC0415

    return retract_article(article, channel, campaign, press(root), voice_for(as_json=json), ask=not yes)


@afterwards.command(help_epilogue="Example:  pressroom rollback my-article -c web")
def rollback(
    article: Annotated[str, Parameter(help="Its short name.")],
    *,
    channel: Annotated[str, Parameter(name=["--channel", "-c"], help="Where. Default: web.")] = "web",
    campaign: Annotated[str, Parameter(help="The campaign, where the article went out in several.")] = "",
    root: Root = None,
    json: Json = False,
) -> int:
    """Put the version before back in place, just as it was. The article's file stays as it is."""
    from desk.undoing import roll_article_back  # noqa: PLC0415

    return roll_article_back(article, channel, campaign, press(root), voice_for(as_json=json))
