"""`pressroom mail …`: the list, those who leave it, what comes back, and mailings that are under way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from desk.options import Json, Root, press, voice_for

mail = App(name="mail", help="The mailing list, those who leave it, what comes back, and mailings under way.")

Account = Annotated[str, Parameter(name=["--channel", "-c"], help="The account that sends. Default: newsletter.")]
Slug = Annotated[str, Parameter(help="The article's short name.")]
Campaign = Annotated[str, Parameter(help="The campaign, where the article went out in several.")]


@mail.command(help_epilogue="Example:  pressroom mail audience --segment city=Boston")
def audience(
    *,
    channel: Account = "newsletter",
    segment: Annotated[tuple[str, ...], Parameter(help="Only this part: city=Boston, city!=Boston.")] = (),
    root: Root = None,
    json: Json = False,
) -> int:
    """Read the list and say who would get a mail, and which rows would not. Sends nothing."""
    from desk.mail.lists import examine_list  # noqa: PLC0415 - each command loads what it needs alone

    return examine_list(channel, segment, press(root), voice_for(as_json=json))


@mail.command(help_epilogue="Example:  pressroom mail suppress reader@example.org --file old-suppressions.csv")
def suppress(
    *addresses: Annotated[str, Parameter(help="Addresses that get no more mail.")],
    file: Annotated[Path | None, Parameter(help="A file with an address a line, or a CSV with a column email.")] = None,
    root: Root = None,
    json: Json = False,
) -> int:
    """Take addresses off every list for good, whatever the lists say. Without any: count those who are."""
    from desk.mail.lists import suppress_addresses  # noqa: PLC0415

    return suppress_addresses(addresses, file, press(root), voice_for(as_json=json))


@mail.command(help_epilogue="Example:  pressroom mail allow reader@example.org")
def allow(
    *addresses: Annotated[str, Parameter(help="Addresses that may get mail again.")],
    root: Root = None,
    json: Json = False,
) -> int:
    """Lift a suppression: only for somebody who has asked for it."""
    from desk.mail.lists import allow_addresses  # noqa: PLC0415

    return allow_addresses(addresses, press(root), voice_for(as_json=json))


@mail.command
def pause(
    article: Slug, *, channel: Account = "newsletter", campaign: Campaign = "", root: Root = None, json: Json = False
) -> int:
    """Stop a mailing that is under way, after what is on the wire. It waits until it is resumed."""
    return _ask("pause", article, channel, campaign, root, json=json)


@mail.command
def resume(
    article: Slug, *, channel: Account = "newsletter", campaign: Campaign = "", root: Root = None, json: Json = False
) -> int:
    """Let a paused mailing go on. Where its run has ended, publish the article again."""
    return _ask("go", article, channel, campaign, root, json=json)


@mail.command
def cancel(
    article: Slug, *, channel: Account = "newsletter", campaign: Campaign = "", root: Root = None, json: Json = False
) -> int:
    """End a mailing for good: who has it has it, the rest gets nothing."""
    return _ask("cancel", article, channel, campaign, root, json=json)


@mail.command(help_epilogue="Example:  pressroom mail winner my-article 2")
def winner(
    article: Slug,
    subject: Annotated[int, Parameter(help="Which of the subjects, counted from 1.")],
    *,
    channel: Account = "newsletter",
    campaign: Campaign = "",
    root: Root = None,
    json: Json = False,
) -> int:
    """Choose the subject that the rest of the list gets, after a test. Then publish the article again."""
    from desk.mail.mailings import choose_subject  # noqa: PLC0415

    return choose_subject((article, channel, campaign), subject, press(root), voice_for(as_json=json))


@mail.command(help_epilogue="Example:  pressroom mail serve --port 8766")
def serve(
    *,
    host: Annotated[str, Parameter(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="On which port.")] = 8766,
    behind: Annotated[
        str, Parameter(help="The web server in front, by address: its word on who asks counts.")
    ] = "127.0.0.1",
    root: Root = None,
    json: Json = False,
) -> int:
    """Answer those who leave the list: the one-click link of mail programs, and a page for people."""
    from desk.mail.serving import serve_mail  # noqa: PLC0415

    return serve_mail(press(root), voice_for(as_json=json), host=host, port=port, forwarded=behind)


@mail.command(
    help_epilogue="From a file:  pressroom mail bounces returned.mbox\n\nFrom a mailbox:  pressroom mail bounces"
)
def bounces(
    source: Annotated[
        Path | None, Parameter(help="An .eml or mbox file, or a Maildir. Default: the IMAP mailbox.")
    ] = None,
    *,
    root: Root = None,
    json: Json = False,
) -> int:
    """Read what came back, and take off the list whom no mail reaches, who complained, and who asked to leave."""
    from desk.mail.returning import read_bounces  # noqa: PLC0415

    return read_bounces(source, press(root), voice_for(as_json=json))


def _ask(
    wanted: Literal["go", "pause", "cancel"],
    article: str,
    account: str,
    campaign: str,
    root: Path | None,
    *,
    json: bool,
) -> int:
    from desk.mail.mailings import ask_mailing  # noqa: PLC0415

    return ask_mailing(wanted, (article, account, campaign), press(root), voice_for(as_json=json))
