"""From bytes on disk to clean text: encodings, line ends, sizes. Nothing is guessed in silence."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from content.findings import Finding, Refused, Severity

MAX_BYTES = 1024 * 1024  # about 170,000 words: a book, not an article
# what no reader sees and mail, XML or a terminal may choke on; each becomes a space, so that columns stay
UNSEEN = re.compile("[\x01-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufeff\ufffd-\uffff]")
AGAIN = "Save it again as UTF-8."
BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file in NFC with `\\n` line ends, and what had to be done to read it."""

    name: str
    text: str
    notes: tuple[Finding, ...] = ()


def there(path: Path) -> bool:
    """Whether there is such a file; of a name that is too long for one there is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def read(path: Path, name: str = "") -> Source:
    """Read a text file. Raises `Refused` where it is missing, too large, or no text."""
    name = name or str(path)
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        why = f"The file can't be read: {error.strerror or error}."
        raise Refused([_fault("unreadable", name, why)]) from error
    _refuse_large(size, name)
    return decode(data, name)


def decode(data: bytes, name: str) -> Source:
    """Decode UTF-8 (with or without BOM), UTF-16 with BOM, else Windows-1252 with a warning.

    Raises `Refused` for what is none of these, or several at once.
    """
    _refuse_large(len(data), name)
    text, notes = _unicode(data, name)
    if (at := text.find("\0")) >= 0:
        why = "The file holds NUL bytes, so it is no plain text (or UTF-16 without its mark)."
        raise Refused([_fault("nul", name, why, AGAIN, _line(text, at))])
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", " ").replace("\u2029", " ")  # a new line in some editors, in others not
    if unseen := UNSEEN.search(text):
        line = _line(text, unseen.start())
        text, number = UNSEEN.subn(" ", text)
        if number > 0.02 * len(text) + 2:
            why = "The file is no text: it is full of control characters."
            raise Refused([_fault("binary", name, why, "Take a text.", line)])
        sign = f"U+{ord(unseen[0]):04X}"
        why = f"The text holds control characters ({sign} is the first); each was read as a space."
        notes += (_fault("control", name, why, "Delete what can't be seen there.", line, "warn"),)
    return Source(name, unicodedata.normalize("NFC", text), notes)


def _unicode(data: bytes, name: str) -> tuple[str, tuple[Finding, ...]]:
    bom, encoding = next(((b, e) for b, e in BOMS if data.startswith(b)), (b"", "utf-8"))
    try:
        return data.removeprefix(bom).decode(encoding), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if bom or not data.decode("utf-8", errors="ignore").isascii():
            why = f"The file is {encoding.upper()}, but not from here on: its encodings are mixed."
            raise Refused([_fault("encoding", name, why, AGAIN, line)]) from error
    why = "The file is not UTF-8; it was read as Windows-1252 (Latin-1)."
    mend = "Look at the accents and quotes, and save it again as UTF-8."
    return data.decode("cp1252", errors="replace"), (_fault("encoding", name, why, mend, line, "warn"),)


def _refuse_large(size: int, name: str) -> None:
    if size <= MAX_BYTES:
        return
    why = f"The file is {size:,} bytes; an article may have {MAX_BYTES:,}."
    mend = "Split it into several articles, or move embedded pictures to files."
    raise Refused([_fault("size", name, why, mend)])


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _fault(rule: str, name: str, why: str, mend: str = "", line: int = 0, severity: Severity = "block") -> Finding:
    return Finding(rule=f"file.{rule}", severity=severity, why=why, mend=mend, file=name, line=line)
