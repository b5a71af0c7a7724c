"""`pressroom mail audience`, `suppress` and `allow`: who is on a list, and who must get nothing."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from channels.lines import Recipient
from content.findings import Finding, Refused
from flows.audience import ADDRESS, Audience, Left, checked, table
from flows.database import open_database
from flows.plan import connect
from flows.segments import Segment, column
from flows.settings import Settings, variables
from flows.suppressions import Suppressions, attest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from channels.lists import ListSettings
    from channels.seal import Seal
    from desk.console import Voice

SHOWN = 20  # rows of each kind that are named one by one


def examine_list(account: str, segments: Iterable[str], root: Path, voice: Voice) -> int:
    """Judge every row. Exit code 1 where some get no mail for a fault of the list's."""
    settings = Settings.of(root)
    audience = Audience.of(_list_of(account, root), settings.seal(root), root, segments=_segments(segments))
    seen: set[bytes] = set()
    left: list[Left] = []
    suppressed = 0
    engine = open_database(settings.ledger_url(root))
    for page in audience.pages():
        left += [found for found in page if isinstance(found, Left)]
        fresh: set[bytes] = set()
        for found in page:
            if isinstance(found, Recipient):
                if found.hashed in seen:
                    left.append(Left(found.row, "on the list before"))
                else:
                    fresh.add(found.hashed)
                seen.add(found.hashed)
        suppressed += len(Suppressions(engine).among(fresh)) if fresh else 0
    engine.dispose()
    if audience.unproved:
        voice.say(f"The list does not prove consent fully: it has no {' and no '.join(audience.unproved)}.", "warn")
    _report(len(seen) - suppressed, suppressed, left, voice)
    return 1 if left else 0


def _report(meant: int, suppressed: int, left: list[Left], voice: Voice) -> None:
    counted = Counter(found.why for found in left)
    rows: list[tuple[str, ...]] = [("would get it", f"{meant:,}"), ("suppressed", f"{suppressed:,}")]
    rows += [(why, f"{number:,}") for why, number in counted.most_common()]
    voice.table(("READERS", "NUMBER"), rows)
    for why in counted:
        lines = [str(found.row) for found in left if found.why == why and found.row][:SHOWN]
        if lines:
            more = "" if counted[why] <= len(lines) else " …"
            voice.say(f"{why}: rows {', '.join(lines)}{more}", "warn")
    told = [{"row": found.row, "why": found.why} for found in left]
    voice.data({"readers": meant, "suppressed": suppressed, "left_out": dict(counted), "rows": told})


def suppress_addresses(addresses: Iterable[str], file: Path | None, root: Path, voice: Voice) -> int:
    """Take addresses off every list. Raises `Refused` for what is no address; then none is taken."""
    in_file = list(_addresses_in(file)) if file else []
    wrong = [_no_address("", 0, address) for address in addresses if not checked(address)]
    wrong += [_no_address(str(file), line, "") for line, address in in_file if not checked(address)]
    if wrong:
        raise Refused(wrong[:SHOWN])
    given = [*addresses, *(address for _, address in in_file)]
    settings = Settings.of(root)
    seal = settings.seal(root)
    with closing(_Held(settings.ledger_url(root), seal)) as held:
        new = sum(held.suppressions.add(seal.hash(checked(address)), "by hand") for address in given)
        counts = held.suppressions.counts()
    if given:
        voice.say(f"{new:,} suppressed; {len(given) - new:,} were before.", "good")
    voice.table(("REASON", "NUMBER"), [(reason, f"{number:,}") for reason, number in sorted(counts.items())])
    voice.data({"suppressed": new, "before": len(given) - new, "counts": counts})
    return 0


def allow_addresses(addresses: Iterable[str], root: Path, voice: Voice) -> int:
    """Lift suppressions. Exit code 1 where one was none."""
    settings = Settings.of(root)
    seal = settings.seal(root)
    with closing(_Held(settings.ledger_url(root), seal)) as held:
        lifted = [held.suppressions.remove(seal.hash(checked(address) or address)) for address in addresses]
    voice.say(f"{sum(lifted)} of {len(lifted)} may get mail again.", "good" if all(lifted) else "warn")
    voice.data({"allowed": sum(lifted), "not_suppressed": len(lifted) - sum(lifted)})
    return 0 if all(lifted) else 1


class _Held:
    """The suppressions of a project, for a moment."""

    def __init__(self, url: str, seal: Seal) -> None:
        self._engine = open_database(url)
        attest(self._engine, seal)
        self.suppressions = Suppressions(self._engine)

    def close(self) -> None:
        self._engine.dispose()


def _list_of(account: str, root: Path) -> ListSettings:
    channel = connect(account, root)
    if not channel.can.recipients:
        raise Refused([Finding(rule="mail.list", severity="block", why=f"'{account}' sends to no list of ours.")])
    settings: ListSettings = channel.settings  # type: ignore[attr-defined]  # a channel that sends to recipients has a list
    if not settings.has_list:
        why = f"No list is set up for '{account}'."
        mend = f"Set {variables(account)}AUDIENCE to a CSV file or a database's address."
        raise Refused([Finding(rule="mail.list", severity="block", why=why, mend=mend)])
    return settings


def _segments(spelled: Iterable[str]) -> tuple[Segment, ...]:
    try:
        return tuple(Segment.of(one) for one in spelled)
    except ValueError as error:
        raise Refused([Finding(rule="mail.segment", severity="block", why=f"{error}.")]) from error


def _no_address(file: str, line: int, given: str) -> Finding:
    why = f"'{given}' is no address." if given else "There is no address."
    mend = "Write it as reader@example.org; nobody has been suppressed yet."
    return Finding(rule="mail.address", severity="block", why=why, mend=mend, file=file, line=line)


def _addresses_in(file: Path) -> Iterator[tuple[int, str]]:
    """Each address with its line: those of a column email, or the first cells of a file without heads."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = [(line, row) for line, row in table(opened) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = "it is not UTF-8; save it again" if isinstance(error, UnicodeDecodeError) else error
        why = f"The file can't be read: {reason}."
        raise Refused([Finding(rule="mail.file", severity="block", why=why, file=str(file))]) from error
    heads = [column(cell) for cell in rows[0][1]] if rows else []
    at = next((heads.index(name) for name in ADDRESS if name in heads), None)
    if at is None and rows and "@" not in "".join(rows[0][1]):
        why = f"It has no column email; it has {', '.join(heads)}."
        mend = "Call the column with the addresses email."
        raise Refused([Finding(rule="mail.file", severity="block", why=why, mend=mend, file=str(file), line=1)])
    for line, row in rows if at is None else rows[1:]:
        yield line, "".join(row[at or 0 :][:1]).strip()  # a row may be too short
