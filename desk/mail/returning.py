"""`pressroom mail bounces`: reads what came back, and takes off the list whom no mail reaches or who wants none."""

from __future__ import annotations

import mailbox
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from channels.errors import ChannelError
from channels.mailbox import MOST, Letter, ReturnsSettings, unseen
from channels.reports import Kind, Report, read_report
from content.findings import Finding, Refused
from flows.database import open_database
from flows.settings import Settings, account_settings
from flows.suppressions import Reason, Suppressions, attest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from channels.seal import Seal
    from desk.console import Voice

LASTING: dict[Kind, Reason] = {"bounced": "bounced", "complained": "complained", "unsubscribed": "unsubscribed"}
SAID: dict[Kind | None, str] = {
    "bounced": "No such mailbox any more: suppressed",
    "complained": "Marked as spam: suppressed",
    "unsubscribed": "Asked by mail to leave: suppressed",
    "passing": "Trouble that may pass: counted, five within 30 days suppress",
    "refused": "Turned away for the sender's or the text's sake: the reader stays, look into it",
    "unproved": "A report without our mark, which anybody can write: for you to look at",
    "letter": "A letter, no report: for you to read",
    None: "An automatic answer or good news: nothing to do",
}
FOR_YOU: tuple[Kind, ...] = ("refused", "unproved", "letter")


@dataclass
class Tally:
    """What was found, by kind, and what came of it. No address, and nothing of what anybody wrote."""

    found: Counter[Kind | None] = field(default_factory=Counter)
    suppressed: int = 0
    for_you: list[tuple[str, ...]] = field(default_factory=list)  # where, what, the server's codes
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # where, why
    seen: set[str] = field(default_factory=set)
    twice: int = 0


def read_bounces(source: Path | None, root: Path, voice: Voice) -> int:
    """Read a file, a folder, or the mailbox that is set up (None), and act on each report once.

    1 where something could not be read. Raises `Refused` where there is nothing to read, `Unusable` for the ledger.
    """
    settings = Settings.of(root)
    seal = settings.seal(root)
    engine = open_database(settings.ledger_url(root))
    attest(engine, seal)
    suppressions = Suppressions(engine)
    tally = Tally()
    try:
        with closing(_letters(source, root, tally)) as letters:
            _act(letters, seal, suppressions, tally)
    except ChannelError as error:
        tally.unreadable.append(("the mailbox", error.detail))
    _tell(tally, voice)
    return 1 if tally.unreadable else 0


def _act(letters: Iterable[Letter], seal: Seal, suppressions: Suppressions, tally: Tally) -> None:
    for letter in letters:
        report = read_report(letter.data, seal)
        if report is not None and report.id in tally.seen:
            tally.twice += 1
            continue
        tally.found[report.kind if report else None] += 1
        if report is None:
            continue
        tally.seen.add(report.id)
        tally.suppressed += _applied(report, suppressions)
        if report.kind in FOR_YOU:
            letter.keep = True
            tally.for_you.append((letter.name, report.kind, f"{report.reply} {report.status}".strip()))


def _applied(report: Report, suppressions: Suppressions) -> bool:
    """Whether somebody is suppressed who was not."""
    if reason := LASTING.get(report.kind):
        return suppressions.add(report.address, reason, f"{report.reply} {report.status}".strip())
    return report.kind == "passing" and suppressions.passing(report.address, report.id, report.status or report.reply)


def _letters(source: Path | None, root: Path, tally: Tally) -> Generator[Letter, None, None]:
    if source is None:
        yield from unseen(_settings(root))
        return
    if not source.exists():
        why = "There is no such file or folder."
        raise Refused([Finding(rule="mail.source", severity="block", why=why, file=str(source))])
    for file in _files(source):
        try:
            yield from _of_file(file)
        except OSError as error:
            tally.unreadable.append((file.name, error.strerror or str(error)))


def _settings(root: Path) -> ReturnsSettings:
    return ReturnsSettings.model_validate(dict(account_settings(ReturnsSettings, "returns", root)))


def _files(source: Path) -> list[Path]:
    """The files of a folder or a Maildir: its `cur` and `new`, for what is in `tmp` is still being written."""
    if not source.is_dir():
        return [source]
    maildir = [folder for folder in (source / "cur", source / "new") if folder.is_dir()]
    return sorted(file for folder in maildir or [source] for file in folder.iterdir() if not _hidden(file))


def _hidden(file: Path) -> bool:
    return file.name.startswith(".") or file.is_dir()


def _of_file(file: Path) -> Iterator[Letter]:
    """The one mail of a file, or each of an mbox."""
    with file.open("rb") as opened:
        start = opened.read(MOST)
    if not start.startswith(b"From "):
        yield Letter(file.name, start)
        return
    with closing(mailbox.mbox(file, create=False)) as box:
        for number, key in enumerate(box.keys(), 1):
            yield Letter(f"{file.name}, mail {number}", box.get_bytes(key)[:MOST])


def _tell(tally: Tally, voice: Voice) -> None:
    rows: list[tuple[str, ...]] = [(str(tally.found[kind]), said) for kind, said in SAID.items() if tally.found[kind]]
    if rows:
        voice.table(("Mails", "What they say"), rows)
    else:
        voice.say("There is nothing new to read." if not tally.unreadable else "Nothing was read.")
    if tally.twice:
        voice.say(f"{tally.twice} stood there twice, and counted once.", "dim")
    _tell_what_to_do(tally, voice)
    voice.data(_document(tally))


def _tell_what_to_do(tally: Tally, voice: Voice) -> None:
    if tally.for_you:
        voice.say("\nFor you to look at:", "bold")
        voice.table(("Where", "What", "Codes"), tally.for_you)
    for where, why in tally.unreadable:
        voice.warn(f"{where}: {why}", "block")
    if tally.suppressed:
        voice.say(f"\nSuppressed now: {tally.suppressed}. They get no more mail.", "good")
    elif tally.found:
        voice.say("\nNobody new is suppressed.", "dim")


def _document(tally: Tally) -> dict[str, object]:
    return {
        "found": {kind or "nothing": number for kind, number in tally.found.items()},
        "twice": tally.twice,
        "suppressed": tally.suppressed,
        "for_you": [{"where": where, "what": what, "codes": codes} for where, what, codes in tally.for_you],
        "unreadable": [{"where": where, "why": why} for where, why in tally.unreadable],
    }
