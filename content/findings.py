"""What a check has to say, and to whom it matters."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["block", "review", "warn", "info"]
SEVERITIES: tuple[Severity, ...] = ("block", "review", "warn", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a person should know, where it is, and how to mend it.

    `block` stops a publication, `review` wants a named person's yes, `warn` and `info` stop nothing.
    """

    rule: str  # "article.title.missing": stable, for scripts and waivers
    severity: Severity
    why: str
    mend: str = ""
    file: str = ""
    line: int = 0  # from 1; 0 when the whole file or rendition is meant
    column: int = 0
    channel: str = ""
    part: int = 0  # of a thread, from 1

    @property
    def where(self) -> str:
        """`content/articles/a.md:3:8`, `mastodon, part 2`, or both joined by a dash."""
        place = self.file + "".join(f":{n}" for n in (self.line, self.column) if n)
        carrier = self.channel + (f", part {self.part}" if self.part else "")
        return " - ".join(filter(None, (place, carrier)))

    def __str__(self) -> str:
        mend = f" {self.mend}" if self.mend else ""
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.severity}: {self.why}{mend} [{self.rule}]"


class Refused(Exception):
    """The input can't be used as it is. Carries every finding, so that one look mends them all."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stop a publication."""
    return [finding for finding in findings if finding.severity == "block"]
