"""From bytes on disk to clean text: encodings, line ends, sizes. Nothing is guessed in silence."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from content.findings import Finding, Refused

MAX_BYTES = 1024 * 1024  # about 170,000 words: a book, not an article
# what no reader sees and mail, XML or a terminal may choke on; each becomes a space, so that columns stay
UNSEEN = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufeff\ufffd-\uffff]")
BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file in NFC with `\\n` line ends, and what had to be done to read it."""

    name: str
    text: str
    notes: tuple[Finding, ...] = ()


def read(path: Path, name: str = "") -> Source:
    """Read a text file. Raises `Refused` where it is missing, too large, or no text."""
    name = name or str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise Refused([_too_large(name, size)])
        return decode(path.read_bytes(), name)
    except OSError as error:
        why = f"The file can't be read: {error.strerror or error}."
        raise Refused([Finding(rule="file.unreadable", severity="block", why=why, file=name)]) from error


def decode(data: bytes, name: str) -> Source:
    """Decode UTF-8 (with or without BOM), UTF-16 with BOM, else Windows-1252 with a warning.

    Raises `Refused` for what is none of these, or several at once.
    """
    if len(data) > MAX_BYTES:
        raise Refused([_too_large(name, len(data))])
    notes: tuple[Finding, ...] = ()
    bom, encoding = next(((b, e) for b, e in BOMS if data.startswith(b)), (b"", "utf-8"))
    try:
        text = data.removeprefix(bom).decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if bom or not data.decode("utf-8", errors="ignore").isascii():
            raise Refused([_broken(name, encoding, line)]) from error
        text = data.decode("cp1252", errors="replace")
        notes = (_legacy(name, line),)
    _refuse_nul(name, text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", " ").replace("\u2029", " ")  # a new line in some editors, in others not
    if unseen := UNSEEN.search(text):
        line = text.count("\n", 0, unseen.start()) + 1
        notes += (_unseen(name, line, unseen[0]),)
        text, number = UNSEEN.subn(" ", text)
        if number > 0.02 * len(text) + 2:
            raise Refused([_binary(name, line)])
    return Source(name, unicodedata.normalize("NFC", text), notes)


def _refuse_nul(name: str, text: str) -> None:
    at = text.find("\0")
    if at < 0:
        return
    why = "The file holds NUL bytes, so it is no plain text (or UTF-16 without its mark)."
    mend = "Save it again as UTF-8."
    line = text.count("\n", 0, at) + 1
    finding = Finding(rule="file.nul", severity="block", why=why, mend=mend, file=name, line=line)
    raise Refused([finding])


def _too_large(name: str, size: int) -> Finding:
    why = f"The file is {size:,} bytes; an article may have {MAX_BYTES:,}."
    mend = "Split it into several articles, or move embedded pictures to files."
    return Finding(rule="file.size", severity="block", why=why, mend=mend, file=name)


def _broken(name: str, encoding: str, line: int) -> Finding:
    why = f"The file is {encoding.upper()}, but not from here on: its encodings are mixed."
    mend = "Save it again as UTF-8."
    return Finding(rule="file.encoding", severity="block", why=why, mend=mend, file=name, line=line)


def _binary(name: str, line: int) -> Finding:
    why = "The file is no text: it is full of control characters."
    return Finding(rule="file.binary", severity="block", why=why, mend="Take a text.", file=name, line=line)


def _unseen(name: str, line: int, character: str) -> Finding:
    why = f"The text holds control characters (U+{ord(character):04X} is the first); each was read as a space."
    mend = "Delete what can't be seen there."
    return Finding(rule="file.control", severity="warn", why=why, mend=mend, file=name, line=line)


def _legacy(name: str, line: int) -> Finding:
    why = "The file is not UTF-8; it was read as Windows-1252 (Latin-1)."
    mend = "Look at the accents and quotes, and save it again as UTF-8."
    return Finding(rule="file.encoding", severity="warn", why=why, mend=mend, file=name, line=line)
