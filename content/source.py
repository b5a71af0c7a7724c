"""From bytes on disk to clean text: encodings, line ends, sizes. Nothing is guessed in silence."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from content.findings import Finding, Refused

MAX_BYTES = 1024 * 1024  # about 170,000 words: a book, not an article
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
    """Decode UTF-8 (with or without BOM), UTF-16 with BOM, else Windows-1252 with a warning."""
    if len(data) > MAX_BYTES:
        raise Refused([_too_large(name, len(data))])
    notes: tuple[Finding, ...] = ()
    bom, encoding = next(((b, e) for b, e in BOMS if data.startswith(b)), (b"", "utf-8"))
    try:
        text = data.removeprefix(bom).decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if bom:
            raise Refused([_broken(name, encoding, line)]) from error
        text = data.decode("cp1252", errors="replace")
        notes = (_legacy(name, line),)
    _refuse_nul(name, text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
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
    why = f"The file says that it is {encoding.upper()}, but is not."
    mend = "Save it again as UTF-8."
    return Finding(rule="file.encoding", severity="block", why=why, mend=mend, file=name, line=line)


def _legacy(name: str, line: int) -> Finding:
    why = "The file is not UTF-8; it was read as Windows-1252 (Latin-1)."
    mend = "Look at the accents and quotes, and save it again as UTF-8."
    return Finding(rule="file.encoding", severity="warn", why=why, mend=mend, file=name, line=line)
