"""Hugo's `{{< … >}}` and Liquid's `{% … %}`: told to the writer with the line, never shown to a reader."""

import re
from dataclasses import dataclass

from content import merging
from content.findings import Finding

# None of these runs past the next opening of its own kind: a forgotten `}}` costs no text, and time stays linear
RAW = re.compile(r"\{%-?[ \t]*raw[ \t]*-?%\}((?:(?!\{%-?[ \t]*raw).)*?)\{%-?[ \t]*endraw[ \t]*-?%\}", re.DOTALL)
ESCAPED = re.compile(r"\{\{([<%])/\*((?:(?!\{\{).)*?)\*/([>%])\}\}", re.DOTALL)
COMMENT = r"\{%-?\s*comment\b(?:(?!\{%-?\s*comment).)*?\{%-?\s*endcomment\s*-?%\}"
WITHIN = r"(?:(?!\{\{|\{%|\{\#|\n[ \t]*\n).)*?"
FOREIGN = re.compile(
    rf"{COMMENT}|\{{\{{[<%](?:(?!\{{\{{).)*?[%>]\}}\}}|\{{%{WITHIN}%\}}|\{{\{{{WITHIN}\}}\}}|\{{\#{WITHIN}\#\}}",
    re.DOTALL,
)
LITERAL = re.compile(r"""^\{\{-?\s*(["'])(?P<text>[^"']*)\1\s*\|[^}]*\}\}$""")  # {{ "/path/" | url }}
CODE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}+|~{3,}+)[^\n]*\n(?:.*?^ {0,3}(?P=fence)[`~]*[ \t]*$|.*)"
    r"|(?<!`)(?P<ticks>`++)[^\n]{1,500}?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
MARKUP_CODE = re.compile(r"<(?P<tag>pre|code)\b[^<>]*>(?:(?!<(?:pre|code)\b).)*?</(?P=tag)>", re.DOTALL | re.IGNORECASE)
INDENTED = re.compile(r" {4}|\t")
HOLDER = re.compile(r" {0,3}(?:[-*+]|\d+[.)]|:|\[\^[^\]]+\]:)[ \t]")  # its own text is what is indented below
# Unicode keeps these for a program's inner use: no file has them
PAIRED = "\ufdd0", "\ufdd1"  # stand in for braces that are meant to be read
GONE = "\ufdd2"  # where something was taken out

NO_PICTURE = re.compile(rf"!\[[^\[\]]*\]\(\s*<?{GONE}+>?[^()\n]*\)|<img\b[^<>]*\bsrc=[\"']{GONE}+[\"'][^<>]*>")
NO_TARGET = re.compile(rf"\[([^\[\]]*)\]\(\s*<?{GONE}+>?\s*(?:\"[^\"\n]*\"\s*)?\)|<{GONE}+>")
NO_ADDRESS = re.compile(rf"\s(?:href|src)=([\"']){GONE}+\1")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Markdown without foreign shortcodes, line for line, and what was taken out."""

    text: str
    notes: tuple[Finding, ...]


def remove(text: str, file: str, first_line: int) -> Cleaned:
    """Take foreign shortcodes out, but not what stands in code, `{% raw %}` or Hugo's comment form."""
    if "{{" not in text and "{%" not in text and "{#" not in text:
        return Cleaned(text, ())
    text = RAW.sub(lambda match: _protect(match[1]), text)
    text = ESCAPED.sub(lambda match: _protect("{{" + match[1] + match[2] + match[3] + "}}"), text)
    for code in (CODE, MARKUP_CODE):
        text = code.sub(lambda match: _protect(match[0]), text)
    text, notes = _marked(text, file, first_line)

    def drop(match: re.Match[str]) -> str:
        literal = LITERAL.match(match[0])
        kept = literal["text"] if literal else ""
        notes.append(_note(match[0], kept, file, lines.at(match.start())))
        # the line breaks stay, so that every later finding names the right line
        return (kept or GONE) + "\n" * match[0].count("\n")

    lines = _Lines(text, first_line)
    cleaned = _without_dead_links(FOREIGN.sub(drop, text)).replace(GONE, "")
    return Cleaned(cleaned.replace(PAIRED[0], "{").replace(PAIRED[1], "}"), tuple(notes))


def _marked(text: str, file: str, first_line: int) -> tuple[str, list[Finding]]:
    """Mark the merge fields. One that can't be filled in is a fault: it would leave a gap in every mail."""
    notes: list[Finding] = []

    def fault(match: re.Match[str], wrong: str, lines: _Lines) -> None:
        why = f"The merge field {match[0]} can't be filled in: {wrong}."
        line = lines.at(match.start())
        mend = f"Write, for example, {merging.EXAMPLE}."
        notes.append(Finding(rule="merge.field", severity="block", why=why, mend=mend, file=file, line=line))

    def keep(match: re.Match[str]) -> str:
        if lines.at(match.start()) - first_line in code:
            return _protect(match[0])
        if wrong := merging.trouble(match["name"], match["otherwise"]):
            fault(match, wrong, lines)
        return merging.mark(match[0])

    lines, code = _Lines(text, first_line), _indented_code(text)
    marked = merging.SPELLED.sub(keep, text)
    lines = _Lines(marked, first_line)
    for match in merging.MISSPELT.finditer(marked):
        fault(match, "it is spelt in another way", lines)
    return marked, notes


def _indented_code(text: str) -> set[int]:
    """The lines of code that is marked by indentation alone, counted from 0."""
    found: set[int] = set()
    held, blank = False, True
    for number, line in enumerate(text.split("\n")):
        if line.strip() and INDENTED.match(line):
            if not held and (blank or number - 1 in found):
                found.add(number)
        elif line.strip():
            held = bool(HOLDER.match(line)) or (held and not blank)
        blank = not line.strip()
    return found


class _Lines:
    """Line numbers of places that only go forward: counted from the start each time, many would take minutes."""

    def __init__(self, text: str, first: int) -> None:
        self.text, self.line, self.place = text, first, 0

    def at(self, place: int) -> int:
        self.line += self.text.count("\n", self.place, place)
        self.place = place
        return self.line


def _without_dead_links(text: str) -> str:
    """A link whose address was a shortcode becomes its text; a picture without an address goes."""
    text = NO_PICTURE.sub(lambda match: "\n" * match[0].count("\n"), text)
    text = NO_TARGET.sub(lambda match: _same_height(match[1] or "", match[0]), text)
    return NO_ADDRESS.sub(lambda match: "\n" * match[0].count("\n"), text)


def _same_height(text: str, before: str) -> str:
    return text + "\n" * (before.count("\n") - text.count("\n"))


def _protect(text: str) -> str:
    return text.replace("{", PAIRED[0]).replace("}", PAIRED[1])


def _note(code: str, kept: str, file: str, line: int) -> Finding:
    shown = " ".join(code[:200].split())
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
