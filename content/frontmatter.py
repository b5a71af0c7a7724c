"""YAML front matter in which every value remembers its line and column.

Values stay strings until a model says what they are, so `title: 1984`, `slug: 007` and `language: no` mean what
their writer meant. Anchors are refused: they have no use here and are how a small file grows without end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from content.findings import Finding, Refused

Path = tuple[str | int, ...]
MAX_DEPTH = 12
MAX_CHARACTERS = 64 * 1024
FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
NULLS = {"", "~", "null", "Null", "NULL"}
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Mapping:
    """What a YAML text says, and where it says it: `marks[("hero", "alt")] == (7, 3)`."""

    file: str
    values: dict[str, Any] = field(default_factory=dict)
    marks: dict[Path, tuple[int, int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def at(self, path: Path) -> tuple[int, int]:
        """Line and column of a value, or of the nearest thing around it."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, (1, 1))

    def finding(self, rule: str, severity: Any, why: str, mend: str = "", at: Path = ()) -> Finding:
        """A finding at the place of a value."""
        line, column = self.at(at)
        return Finding(
            rule=rule,
            severity=severity,
            why=why,
            mend=mend,
            file=self.file,
            line=line,
            column=column,
        )


def split(text: str, file: str) -> tuple[str, str, int]:
    """Front matter, body, and the body's first line. Raises `Refused` where there is no front matter."""
    opening = FENCE.match(text)
    if not opening:
        raise Refused([_no_front_matter(text, file)])
    closing = FENCE.search(text, opening.end())
    if not closing:
        why = "The front matter that opens here with --- is never closed."
        mend = "Put a line --- after its last key."
        raise Refused([_fault("frontmatter.unclosed", file, 1, 1, why, mend)])
    body_line = text.count("\n", 0, closing.end()) + 2
    return text[opening.end() + 1 : closing.start()], text[closing.end() + 1 :], body_line


def load(text: str, file: str, first_line: int = 1) -> Mapping:
    """Read a YAML mapping. Raises `Refused` with the line of each fault."""
    if len(text) > MAX_CHARACTERS:
        why = f"The front matter has {len(text):,} characters; {MAX_CHARACTERS:,} are allowed."
        raise Refused([_fault("yaml.size", file, first_line, 1, why, "Move text to the body.")])
    mapping = Mapping(file)
    reader = _Reader(mapping, yaml.parse(text, Loader=Loader), first_line - 1)
    try:
        reader.read()
    except yaml.YAMLError as error:
        raise Refused([*mapping.findings, _syntax(error, file, first_line - 1)]) from error
    if mapping.findings:
        raise Refused(mapping.findings)
    return mapping


class _Reader:
    """Walks YAML's events once; each node becomes a plain value with a mark."""

    def __init__(self, mapping: Mapping, events: Iterator[Any], offset: int) -> None:
        self.mapping = mapping
        self.events = events
        self.offset = offset

    def read(self) -> None:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent) and self.mapping.marks:
                raise Refused([self._at(event, "yaml.documents", "A second document begins here.", "Keep one.")])
            if isinstance(event, yaml.MappingStartEvent):
                self.mapping.values = self._mapping(event, ())
            elif isinstance(event, yaml.NodeEvent) and not _empty(event):
                why = "Key: value lines were expected here."
                raise Refused([self._at(event, "yaml.mapping", why, 'Write, for example, "title: …".')])

    def _value(self, event: Any, path: Path) -> Any:
        self.mapping.marks[path] = self._place(event)
        if len(path) > MAX_DEPTH:
            why = f"The values are nested more than {MAX_DEPTH} deep."
            raise Refused([self._at(event, "yaml.depth", why)])
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            why = "YAML anchors and aliases (& and *) are not read here."
            raise Refused([self._at(event, "yaml.anchor", why, "Write the value out, or put it in quotes.")])
        match event:
            case yaml.MappingStartEvent():
                return self._mapping(event, path)
            case yaml.SequenceStartEvent():
                return self._sequence(path)
        return None if _empty(event) else event.value

    def _mapping(self, start: Any, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent):
                why = "A key must be a single word."
                mend = "Text that begins with [ or { needs quotes."
                raise Refused([self._at(event, "yaml.key", why, mend)])
            self._note_duplicate(event, path, values)
            value = self._value(next(self.events), (*path, event.value))
            self.mapping.marks[*path, event.value] = self._place(event)
            values[event.value] = value
        return values

    def _sequence(self, path: Path) -> list[Any]:
        values: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            values.append(self._value(event, (*path, len(values))))
        return values

    def _note_duplicate(self, event: Any, path: Path, values: dict[str, Any]) -> None:
        if event.value in values:
            line = self.mapping.marks[*path, event.value][0]
            why = f"The key '{event.value}' stands twice; it is on line {line} already."
            self.mapping.findings.append(self._at(event, "yaml.duplicate", why, "Keep one of them."))

    def _place(self, event: Any) -> tuple[int, int]:
        return event.start_mark.line + self.offset + 1, event.start_mark.column + 1

    def _at(self, event: Any, rule: str, why: str, mend: str = "") -> Finding:
        return _fault(rule, self.mapping.file, *self._place(event), why, mend)


def _empty(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.value in NULLS


def _syntax(error: yaml.YAMLError, file: str, offset: int) -> Finding:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", str(error))
    line, column = (mark.line + offset + 1, mark.column + 1) if mark else (offset + 1, 1)
    why = f"The YAML can't be read: {problem}."
    mend = 'Text with ": " or " #" in it, or that begins with a sign such as @ * & % [ {, needs quotes around it.'
    return _fault("yaml.syntax", file, line, column, why, mend)


def _no_front_matter(text: str, file: str) -> Finding:
    if text.startswith("+++"):
        why = "The front matter is TOML (+++); this is read as YAML only."
        mend = "Write it between two lines --- as key: value."
    else:
        why = "The file does not begin with front matter between two lines ---."
        mend = "`pressroom import` makes an article of a plain text."
    return _fault("frontmatter.missing", file, 1, 1, why, mend)


def _fault(rule: str, file: str, line: int, column: int, why: str, mend: str = "") -> Finding:
    return Finding(rule=rule, severity="block", why=why, mend=mend, file=file, line=line, column=column)
