"""`pressroom doctor`: what stands between this machine and a publication."""

from __future__ import annotations

import shutil
from contextlib import closing
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from channels.registry import USUAL, known
from content.brand import FILE, Brand
from content.findings import Finding, Refused
from flows.errors import LedgerUnusable, Unusable
from flows.ledger import Ledger
from flows.plan import connect
from flows.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from desk.console import Voice

    Look = Callable[[Path], Iterator[Finding]]

ROOM = 200 * 1024 * 1024
BROKEN = {"fastapi": (0, 151), "sqlalchemy": (2, 1)}  # from here on, Prefect fails in silence


def examine(root: Path, voice: Voice, accounts: tuple[str, ...] = ()) -> int:
    """Look at everything, or at some accounts alone; exit code 1 if something is broken. Raises `Refused`."""
    return report({"Accounts": partial(_accounts, accounts=accounts)} if accounts else EXAMINATIONS, root, voice)


def report(looks: Mapping[str, Look], root: Path, voice: Voice) -> int:
    """Look, and tell what each look has found; exit code 1 if something is broken. Raises `Refused`."""
    findings: list[Finding] = []
    for title, look in looks.items():
        found = list(_looked(look, root))
        findings += found
        wrong = any(finding.severity == "block" for finding in found)
        mark = voice.paint("✗", "block") if wrong else voice.paint("✓", "good")
        voice.say(f"{mark} {title}")
        voice.findings(found)
    voice.data({"findings": findings})
    return 1 if any(finding.severity == "block" for finding in findings) else 0


def _looked(look: Look, root: Path) -> Iterator[Finding]:
    try:
        yield from look(root)
    except Unusable as error:
        yield _broken(f"{error}.", "")


def _installation(_root: Path) -> Iterator[Finding]:
    for package, limit in BROKEN.items():
        try:
            found = tuple(int(part) for part in version(package).split(".")[:2])
        except PackageNotFoundError:
            yield _broken(f"{package} is not installed.", "Install Pressroom again.")
            continue
        if found >= limit:
            below = ".".join(map(str, limit))
            yield _broken(f"{package} {version(package)} breaks Prefect.", f"pip install '{package}<{below}'")


def _project(root: Path) -> Iterator[Finding]:
    try:
        brand = Brand.load(root)
    except Refused as refused:
        yield from refused.findings
        return
    if not (root / FILE).exists():
        why = "This is no project yet: there is no content/brand.yaml."
        yield Finding(
            rule="project.brand",
            severity="warn",
            why=why,
            mend="Make one with `pressroom new FOLDER`.",
        )
    for name, palette in (("colours", brand.colours), ("colours.dark", brand.colours.dark)):
        for text, ground, ratio in palette.faint():
            why = f"{name}: {text} on {ground} has a contrast of {ratio:.1f}; people need 4.5."
            mend = "Take one of them lighter or darker."
            yield Finding(rule="brand.contrast", severity="warn", why=why, mend=mend, file=FILE.as_posix())
    for field in ("site", "postal_address"):
        if not getattr(brand, field):
            why = f"The brand has no {field}."
            yield Finding(
                rule=f"brand.{field}",
                severity="warn",
                why=why,
                mend="Set it.",
                file=FILE.as_posix(),
            )


def disk(root: Path) -> Iterator[Finding]:
    """Room for what must be written."""
    free = shutil.disk_usage(root).free
    if free < ROOM:
        yield _broken(f"Only {free // 1024 // 1024} MB are free.", "Make room: a full disk loses receipts.")


def ledger(root: Path) -> Iterator[Finding]:
    """That it can be used, and what waits there for a person."""
    try:
        with closing(Ledger(Settings.of(root).ledger_url(root))) as opened:
            waiting = [record for record in opened.records() if record.state in {"unknown", "held"}]
    except LedgerUnusable as error:
        yield _broken(str(error), "Look at PRESSROOM_LEDGER, the folder's rights and the disk.")
        return
    for record in waiting:
        why = f"'{record.delivery.article}' is {record.state}: {record.detail}."
        yield Finding(rule="delivery.open", severity="warn", why=why, channel=record.delivery.account)


def _accounts(root: Path, accounts: tuple[str, ...] = ()) -> Iterator[Finding]:
    for name in accounts or known():
        with closing(connect(name, root)) as channel:
            if accounts or name in USUAL or channel.configured:
                yield from channel.doctor()
            if channel.configured and channel.fee:
                yield Finding(rule="account.price", severity="info", why=channel.fee, channel=name)


def _broken(why: str, mend: str) -> Finding:
    return Finding(rule="doctor", severity="block", why=why, mend=mend)


EXAMINATIONS: dict[str, Look] = {
    "Installation": _installation,
    "Project": _project,
    "Disk": disk,
    "Ledger": ledger,
    "Accounts": _accounts,
}
