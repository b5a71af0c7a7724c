"""Who gets a newsletter: a CSV file or a database's query, read in pages, each row judged on its own."""

from __future__ import annotations

import csv
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sqlalchemy import create_engine, text
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from channels.lines import Recipient
from flows.database import driven
from flows.errors import Unusable
from flows.segments import Segment, column

if TYPE_CHECKING:
    from channels.lists import ListSettings
    from channels.seal import Seal

PAGE = 500  # rows
ADDRESS = ("email", "email_address", "e_mail", "mail", "address")  # what services call the column in their exports
CONSENT = (
    "consent_at",
    "confirmed_at",
    "opted_in_at",
    "confirm_time",
    "optin_time",
)  # when; who and how stand beside it
PROOF = ("consent_by", "consent_wording")  # how they agreed, and to which words: what a regulator asks for
ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
PLAIN = re.compile(rf"{ATOM}(?:\.{ATOM})*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])?\.)+[A-Za-z]{{2,63}}")


class AudienceUnusable(Unusable):
    """The list can't be read, and what would mend that, where it is known."""

    def __init__(self, why: str, mend: str = "") -> None:
        super().__init__(f"{why}: {mend}" if mend else why)
        self.why, self.mend = why, mend


class AudienceAway(AudienceUnusable):
    """The list's database does not answer."""

    passing = True


@dataclass(frozen=True, slots=True)
class Left:
    """A row that gets no mail: where it stands (a line of the file, a row of the answer, from 1), and why."""

    row: int
    why: str


@dataclass(kw_only=True)
class Audience:
    """A list, as its account is set up. Read it as often as you like; each reading begins anew."""

    source: str = field(repr=False)  # a database's address may hold a password
    seal: Seal
    root: Path = Path()
    query: str = ""
    consent: str = "required"
    segments: tuple[Segment, ...] = ()
    fields: tuple[str, ...] = ()  # of a subscriber, that the mail asks for
    variables: str = "…_"  # what those of its account begin with
    unproved: tuple[str, ...] = field(default=(), init=False)  # columns of proof of consent that the list lacks
    digest: str = field(default="", init=False)  # of the last whole reading: who, and with which fields

    @classmethod
    def of(cls, settings: ListSettings, seal: Seal, root: Path, **more: Any) -> Audience:
        """The list of an account, or another of its project."""
        source = more.pop("instead", "") or settings.audience.get_secret_value()
        # what was read from the environment knows by which name
        more["variables"] = str(type(settings).model_config.get("env_prefix") or cls.variables)
        return cls(source=source, query=settings.query, consent=settings.consent, seal=seal, root=root, **more)

    def pages(self) -> Generator[list[Recipient | Left], None, None]:
        """Every row, judged, some hundreds at a time. Raises `AudienceUnusable`.

        Once all are read, `digest` is that of the list, in whatever order it came.
        """
        total = 0
        rows = self._rows()
        while page := list(islice(rows, PAGE)):
            judged = [self._judged(number, row) for number, row in page]
            kept = [found for found in judged if found is not None]
            total += sum(self._mark(found) for found in kept if isinstance(found, Recipient))
            yield kept
        self.digest = f"{total % 2**256:064x}"

    def size(self) -> int:
        """How many would get it. Raises `AudienceUnusable`."""
        return sum(isinstance(found, Recipient) for page in self.pages() for found in page)

    def _mark(self, recipient: Recipient) -> int:
        # a sum, for a database gives its rows in any order
        told = "\x1f".join((recipient.hashed.hex(), *(recipient.fields.get(name, "") for name in self.fields)))
        return int.from_bytes(sha256(told.encode()).digest(), "big")

    def _judged(self, number: int, row: Mapping[str, str]) -> Recipient | Left | None:
        """None: not in the segment that is meant."""
        if not all(segment.takes(row) for segment in self.segments):
            return None
        address = checked(row[next(name for name in ADDRESS if name in row)])
        if not address:
            return Left(number, "no valid address")
        if self.consent == "required" and not any(row.get(name, "").strip() for name in CONSENT):
            return Left(number, "no consent")
        told = {name: row[name] for name in self.fields if row.get(name)}
        return Recipient(address=address, hashed=self.seal.hash(address), fields=told, row=number)

    def _rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        if "://" not in self.source:
            yield from self._complete(_from_file(self.root / self.source))
        elif self.query:
            yield from self._complete(_from_database(self.source, self.query))
        else:
            why = "the list is a database, but no query says who is meant"
            raise AudienceUnusable(why, f"set {self.variables}QUERY")

    def _complete(self, rows: Iterable[tuple[int, dict[str, str]]]) -> Iterator[tuple[int, dict[str, str]]]:
        """Look at the first row's columns before anybody gets anything."""
        first = True
        for number, row in rows:
            if first:
                self._must_have(row)
                first = False
            yield number, row

    def _must_have(self, row: Mapping[str, str]) -> None:
        if not any(name in row for name in ADDRESS):
            raise AudienceUnusable(f"the list has no column 'email'; it has {', '.join(row) or 'none'}")
        if self.consent == "required" and not any(name in row for name in CONSENT):
            mend = f"add consent_at, consent_by and consent_wording, or set {self.variables}CONSENT=elsewhere"
            why = "the list does not say when anybody agreed to it"
            raise AudienceUnusable(why, f"{mend} if it is kept elsewhere")
        self.unproved = tuple(name for name in PROOF if name not in row) if self.consent == "required" else ()
        for segment in self.segments:
            if segment.field not in row:
                raise AudienceUnusable(f"the list has no column '{segment.field}'; it has {', '.join(row)}")


def checked(address: str) -> str:
    """An address as it goes over the wire, its domain in ASCII; "" for what is none."""
    address = address.strip()
    local, _, domain = address.rpartition("@")
    if PLAIN.fullmatch(address) and len(address) <= 254 and len(local) <= 64:
        return f"{local}@{domain.lower()}"
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - for the few that are not plain

    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        return ""
    return found.ascii_email or ""


def table(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file with their lines, whether commas, semicolons or tabs part its cells.

    Raises `csv.Error` for a quote that is left open: it would make one reader's cell of the next readers' lines.
    """
    begin = file.read(4096)
    file.seek(0)
    parting = max(",;\t", key=begin.split("\n", 1)[0].count)
    reader = csv.reader(file, delimiter=parting, strict=True)
    try:
        for cells in reader:
            if "\n" in "".join(cells):
                _must_be_one_readers(cells, parting)
            yield reader.line_num, cells
    except csv.Error as error:
        raise csv.Error(f"line {reader.line_num}: {error}; is a quote left open?") from None


def _must_be_one_readers(cells: list[str], parting: str) -> None:
    """A cell may have several lines, but none that is a row of the list."""
    row = re.compile(rf"\n(?=.*{parting})(?:.*{parting})?\s*[^\s@]+@[^\s@{parting}]+\s*(?:{parting}|\n|$)")
    if any(row.search(cell) for cell in cells):
        raise csv.Error("a cell holds other rows of the list")


def _from_file(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = table(file)
            names = [column(name) for name in next(lines, (0, []))[1]]
            for line, values in lines:
                if any(values):
                    # some programs leave out the empty cells at a row's end
                    values.extend("" for _ in names[len(values) :])
                    yield line, dict(zip(names, values, strict=False))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = "it is not UTF-8; save it again" if isinstance(error, UnicodeDecodeError) else error
        raise AudienceUnusable(f"the list {path.name} can't be read: {reason}") from None


def _from_database(url: str, query: str) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        engine = create_engine(driven(url), poolclass=NullPool)  # a reading may be broken off: nothing stays open
        with engine.connect().execution_options(yield_per=PAGE) as connection:
            found = connection.execute(text(query))
            names = [column(name) for name in found.keys()]  # noqa: SIM118 - a result is no mapping
            for number, row in enumerate(found, start=1):
                yield (
                    number,
                    {name: "" if value is None else str(value) for name, value in zip(names, row, strict=True)},
                )
    except (ArgumentError, ModuleNotFoundError) as error:
        # never the address itself: it may hold a password
        raise AudienceUnusable(f"the list's database can't be reached from here: {error}") from None
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or type(error).__name__).strip().split("\n")[0]
        kind = AudienceAway if isinstance(error, OperationalError) else AudienceUnusable
        raise kind(f"the list can't be read from its database: {cause}") from None
