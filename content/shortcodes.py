"""Hugo's `{{< … >}}` and Liquid's `{% … %}`: told to the writer with the line, never shown to a reader."""

import re
from dataclasses import dataclass

from content.findings import Finding

RAW = re.compile(r"\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}", re.DOTALL)
ESCAPED = re.compile(r"\{\{([<%])/\*(.*?)\*/([>%])\}\}")
FOREIGN = re.compile(r"\{\{[<%].*?[%>]\}\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
LITERAL = re.compile(r"""^\{\{-?\s*(["'])(?P<text>[^"']*)\1\s*\|[^}]*\}\}$""")  # {{ "/path/" | url }}
PAIRED = "\ue000", "\ue001"  # stand in for braces that are meant to be read


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Markdown without foreign shortcodes, line for line, and what was taken out."""

    text: str
    notes: tuple[Finding, ...]


def remove(text: str, file: str, first_line: int) -> Cleaned:
    """Take foreign shortcodes out, and keep what `{% raw %}` or Hugo's comment form protects."""
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return Cleaned(text, ())
    text = RAW.sub(lambda match: _protect(match[1]), text)
    text = ESCAPED.sub(lambda match: _protect("{{" + match[1] + match[2] + match[3] + "}}"), text)
    notes: list[Finding] = []

    def drop(match: re.Match[str]) -> str:
        line = text.count("\n", 0, match.start()) + first_line
        literal = LITERAL.match(match[0])
        kept = literal["text"] if literal else ""
        notes.append(_note(match[0], kept, file, line))
        # the line breaks stay, so that every later finding names the right line
        return kept or "\n" * match[0].count("\n")

    cleaned = FOREIGN.sub(drop, text)
    return Cleaned(cleaned.replace(PAIRED[0], "{").replace(PAIRED[1], "}"), tuple(notes))


def _protect(text: str) -> str:
    return text.replace("{", PAIRED[0]).replace("}", PAIRED[1])


def _note(code: str, kept: str, file: str, line: int) -> Finding:
    shown = " ".join(code.split())
    shown = shown if len(shown) <= 60 else shown[:57] + "…"
    if kept:
        why, mend = (
            f"{shown} is another program's shortcode; only '{kept}' was kept.",
            "Write the address out.",
        )
    else:
        why = f"{shown} is another program's shortcode; readers will not see it."
        mend = "Write what it stands for, or put it between {% raw %} and {% endraw %} to show it as it is."
    return Finding(rule="shortcode.foreign", severity="warn", why=why, mend=mend, file=file, line=line)
