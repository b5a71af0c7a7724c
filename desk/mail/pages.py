"""The few pages that a reader who leaves may see, drawn once when the server starts."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from content.brand import Brand
from content.templates import environment

if TYPE_CHECKING:
    from pathlib import Path

STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


class Pages:
    """Each page by its name, and the policy that lets a browser use these pages' own styles and nothing else."""

    def __init__(self, root: Path) -> None:
        brand = Brand.load(root)
        template = environment(root).get_template("mail/leaving.html")
        self._drawn = {name: template.render(brand=brand, **said) for name, said in _said(brand)}
        self.policy = _policy({style for page in self._drawn.values() for style in STYLE.findall(page)})

    def __getitem__(self, name: str) -> str:
        return self._drawn[name]


def _said(brand: Brand) -> list[tuple[str, dict[str, str]]]:
    """What each page says, and the button it offers: `answer` is the field that the button sends."""
    say, write = brand.labels, _write(brand)

    def page(title: str, text: str, answer: str = "", button: str = "", write: str = "") -> dict[str, str]:
        return {"title": title, "text": text, "answer": answer, "button": button, "write": write}

    return [
        ("ask", page(say.leave_title, say.leave_ask, "confirm", say.leave_button)),
        ("left", page(say.left_title, say.left_text, "again", say.back_button)),
        ("stays", page(say.left_title, say.left_text, write=write)),
        ("back", page(say.back_title, say.back_text)),
        ("unknown", page(say.leave_unknown_title, say.leave_unknown, write=write)),
        ("trouble", page(say.leave_trouble_title, say.leave_trouble, write=write)),
        ("busy", page(say.leave_trouble_title, say.leave_busy, write=write)),
    ]


def _write(brand: Brand) -> str:
    """Where a reader whose link fails can write to; nothing where the brand has no address yet."""
    address = brand.email.reply_to or brand.email.from_address
    return "" if address.endswith("@localhost") else address


def _policy(styles: set[str]) -> str:
    # styles by their digest: a brand's own template may bring others, and inline ones stay forbidden in general
    digests = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in sorted(styles)]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    rest = "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    return f"default-src 'none'; style-src {allowed}; {rest}"
