"""Plain words as Markdown that shows exactly these words: signs that Markdown would read get a backslash."""

import re
from html.entities import html5

# `&lt;` and its kin where Python-Markdown knows no backslash form
BARE = "|".join(sorted(name for name in html5 if not name.endswith(";")))  # `&copy` needs no semicolon
INLINE = re.compile(
    rf"""
    (?P<back>\\(?=[\\`*_{{}}\[\]()>#+\-.!|]))
    | (?P<link>https?://[^\s<>"“”`\\]*[^\s<>"“”`\\.,;:!?'’)\]}}*_{{])
    | (?P<tag><(?=[A-Za-z/!?]))
    | (?P<entity>&(?=\#|\w+;|{BARE}))
    | (?P<liquid>\{{(?=%))
    | (?P<comment>\{{\#)
    | (?P<plain>[`{{] | (?<!\s)\* | \*(?!\s) | (?<![^\W_])_ | _(?![^\W_])
        | \[(?=\^|TOC\]|[^\[\]]*\][(:\[]) | \](?=[(\[]))
    """,
    re.VERBOSE,
)
FIXED = {"back": "\\\\", "tag": "&lt;", "entity": "&amp;", "liquid": "&#123;", "comment": "\\{\\#"}
START = re.compile(r"^(?:(?P<mark>#|>|[-+*](?=\s|$))|(?P<number>\d+)(?P<dot>\.)(?=\s|$)|(?P<odd>[:~](?=\s|~)))")
RULE = re.compile(r"^(?=([-=_*]))\1[-=_* ]*$")
TEMPLATE = ("{{", "{%", "{#")


def words(text: str) -> str:
    """Escape what has a meaning inside a line. Web addresses become links."""
    return INLINE.sub(_sign, text)


def line(text: str) -> str:
    """Escape a whole paragraph: its beginning must not make a heading, a list or a quotation."""
    if RULE.match(text):
        return "".join(f"&#{ord(sign)};" if sign in "=~" else f"\\{sign}" if sign != " " else sign for sign in text)
    begin = START.match(text)
    if not begin:
        return words(text)
    if begin["odd"]:
        return f"&#{ord(begin['odd'])};" + words(text[1:])
    head = f"{begin['number']}\\." if begin["number"] else f"\\{begin['mark']}"
    return head + words(text[begin.end() :])


def heading(text: str) -> str:
    """Escape a heading, whose last # signs Markdown would drop."""
    escaped = words(text)
    bare = escaped.rstrip("#")
    return bare + "\\#" * (len(escaped) - len(bare))


def alternative(text: str) -> str:
    """Escape a picture's text, which a lone bracket would end."""
    return re.sub(r"\\?[\[\]]", lambda match: f"&#{ord(match[0][-1])};", words(text))


def code(text: str) -> str:
    """Keep another program's template signs readable inside code."""
    return f"{{% raw %}}{text}{{% endraw %}}" if any(sign in text for sign in TEMPLATE) else text


def _sign(match: re.Match[str]) -> str:
    kind = str(match.lastgroup)
    if kind == "link":
        return f"<{match[0]}>"
    return FIXED.get(kind, "\\" + match[0])
