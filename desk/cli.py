"""The command line: `pressroom`."""

from __future__ import annotations

import gc
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from content.findings import Finding, Refused
from desk.afterwards import afterwards
from desk.beforehand import beforehand
from desk.campaigns.commands import campaigns
from desk.mail.commands import mail
from desk.options import (
    CODES,
    DONE,
    FAILED,
    INTERRUPTED,
    USAGE,
    Article,
    Channels,
    Json,
    Root,
    press,
    project,
    voice_for,
)
from desk.up.commands import running
from flows.errors import Unusable

SENDING = {"publish", "send-test", "rollback", "campaign start", "campaign send"}

app = App(
    name="pressroom",
    help="""One article in Markdown becomes a web page, a newsletter and social posts, and reaches every channel once.

    Nothing is sent anywhere until accounts are set up and you say --live: everything goes to the outbox, a folder.
    """,
    help_epilogue=f"Begin with: pressroom new our-clinic\n\n{CODES}",
    version=lambda: version("pressroom"),
    version_flags=["--version", "-V"],
    default_parameter=Parameter(negative="", show_default=False),
)
app.register_install_completion_command()
app.command(mail)
app.update(beforehand)
app.update(afterwards)
app.update(campaigns)
app.update(running)


def main(arguments: list[str] | None = None) -> None:
    """Run one command, and end the process with its exit code."""
    gc.disable()  # a command lives for a moment: collecting while its modules load takes a tenth of it
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(given, exit_on_error=False, print_error=True)
    except CycloptsError:
        sys.exit(USAGE)
    except Refused as refused:
        refuse(refused, given)
        sys.exit(FAILED)
    except Unusable as error:
        refuse(Refused([Finding(rule="unusable", severity="block", why=f"{error}.")]), given)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os._exit(DONE)  # the reader has seen enough: `pressroom status | head`
    sys.exit(code if isinstance(code, int) else DONE)


def refuse(refused: Refused, given: list[str]) -> None:
    """Say what must be mended; to whom a command would have sent something, that it has not."""
    voice = voice_for(as_json="--json" in given)
    voice.data({"refused": refused.findings})
    voice.findings(refused.findings)
    if SENDING & {given[0], " ".join(given[:2])}:
        voice.say("Nothing was sent.", "dim")


@app.command(
    help_epilogue="To the outbox:  pressroom publish my-article\n\n"
    "For real:  pressroom publish my-article --live -c web -c mastodon"
)
def publish(  # noqa: PLR0913 - one a flag
    article: Article,
    *,
    channel: Channels = (),
    live: Annotated[bool, Parameter(help="Send for real, to the accounts that are set up.")] = False,
    correct: Annotated[bool, Parameter(help="Change what carries an earlier text.")] = False,
    campaign: Annotated[str, Parameter(help="The article goes out once in each campaign.")] = "",
    part: Annotated[str, Parameter(help="Of a campaign's step, as its status says.")] = "",
    variant: Annotated[str, Parameter(help="Other words, where the article has some under that name.")] = "",
    segment: Annotated[tuple[str, ...], Parameter(help="Mail only to this part of the list: city=Boston.")] = (),
    accept_list: Annotated[bool, Parameter(help="Go on with a mailing though its list has changed.")] = False,
    root: Root = None,
    json: Json = False,
) -> int:
    """Publish an article: the page first, then mail and posts, each once."""
    from desk.publishing import publish_article  # noqa: PLC0415 - each command loads what it needs alone

    order = {
        "article": article,
        "channels": list(channel),
        "destination": "accounts" if live else "outbox",
        "campaign": campaign,
        "part": part,
        "variant": variant,
        "correct": correct,
        "segments": list(segment),
        "accept_list": accept_list,
        "root": str(project(root)),
    }
    return publish_article(order, voice_for(as_json=json))


@app.command(name="send-test", help_epilogue="Example:  pressroom send-test my-article --to me@example.org")
def send_test(
    article: Article,
    *,
    to: Annotated[tuple[str, ...], Parameter(help="Who gets the proof; give it again for more.")],
    channel: Annotated[str, Parameter(name=["--channel", "-c"], help="The account that sends.")] = "newsletter",
    root: Root = None,
    json: Json = False,
) -> int:
    """Send the newsletter to yourself, as the list would get it. It counts as nothing sent."""
    from desk.mail.proofing import send_proof  # noqa: PLC0415

    return send_proof(article, channel, to, project(root), voice_for(as_json=json))


@app.command(help_epilogue="Example:  pressroom render my-article --out look")
def render(
    article: Article,
    *,
    channel: Channels = (),
    out: Annotated[Path | None, Parameter(help="Where to write. Default: proofs/SLUG in the project.")] = None,
    root: Root = None,
    json: Json = False,
) -> int:
    """Write what each channel would carry to a folder, to look at. Sends and records nothing."""
    from desk.rendering import render_article  # noqa: PLC0415

    return render_article(article, channel, out, project(root), voice_for(as_json=json))


@app.command(
    help_epilogue="In a browser:  pressroom preview my-article\n\n"
    "For a reviewer:  pressroom preview my-article --out to-review"
)
def preview(
    article: Annotated[str, Parameter(help="Its file, or its short name. Default: the list of all.")] = "",
    *,
    out: Annotated[Path | None, Parameter(help="Write the proofs to a folder that opens from disk.")] = None,
    png: Annotated[Path | None, Parameter(help="Write a picture of each proof to a folder, with Chromium.")] = None,
    port: Annotated[int, Parameter(help="Where to listen. Default: 8765, or the next that is free.")] = 0,
    browser: Annotated[bool, Parameter(negative="--no-browser", help="Open a browser. Default: yes.")] = True,
    root: Root = None,
    json: Json = False,
) -> int:
    """Open the desk: every channel's proof in a browser, on this machine alone. It follows each save."""
    from desk.preview import copy_article, preview_article  # noqa: PLC0415

    if (out or png) and not article:
        voice_for(as_json=json).warn("Say which article.")
        return USAGE
    if out or png:
        return copy_article(article, project(root), voice_for(as_json=json), out=out, png=png)
    return preview_article(article, project(root), voice_for(as_json=json), port=port, browser=browser)


@app.command(help_epilogue=f"Example:  pressroom check content/articles\n\n{CODES}")
def check(
    *articles: Annotated[str, Parameter(help="Files, folders or short names. Default: every article of the project.")],
    online: Annotated[bool, Parameter(help="Ask every link whether it still leads somewhere, once a day.")] = False,
    root: Root = None,
    json: Json = False,
) -> int:
    """Say what is wrong with articles, with the line and the mend. Exit code 1 if anything stops a publication."""
    from desk.rendering import check_articles  # noqa: PLC0415

    return check_articles(articles, project(root), voice_for(as_json=json), online=online)


@app.command(name="import", help_epilogue="Example:  pressroom import ~/Desktop/draft.docx")
def import_(
    source: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="A file, a web address, or - for standard input.")
    ],
    *,
    force: Annotated[bool, Parameter(help="Overwrite an article of that name.")] = False,
    allow_private: Annotated[bool, Parameter(help="Fetch from this machine or a private network.")] = False,
    root: Root = None,
    json: Json = False,
) -> int:
    """Turn a text, an HTML page, a DOCX file or a web page into content/articles/SLUG.md."""
    from desk.importing import import_article  # noqa: PLC0415

    return import_article(source, project(root), voice_for(as_json=json), force=force, allow_private=allow_private)


@app.command(help_epilogue="Example:  pressroom build --out public")
def build(
    *,
    out: Annotated[Path | None, Parameter(help="The folder to write. Default: public/ in the project.")] = None,
    root: Root = None,
    json: Json = False,
) -> int:
    """Write the whole site, every article that is no draft: pages, lists, feeds, sitemap. What is unchanged stays."""
    from desk.building import build_site  # noqa: PLC0415

    return build_site(press(root), out, voice_for(as_json=json))
