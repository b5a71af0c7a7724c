"""Front matter written for Hugo or Jekyll, said in our words. What is not known here is a typo or a note."""

import difflib
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from content.findings import Finding
from content.frontmatter import Mapping

KEYS = (
    "title", "slug", "date", "description", "updated", "language", "authors", "reviewer", "tags", "canonical",
    "formerly", "translations", "hero", "takeaways", "call_to_action", "references", "disclosures", "draft", "channels",
)  # fmt: skip

# Their word: ours. Where several say the same, ours wins, then the first of this table.
ALIASES = {
    "description": "description", "summary": "description", "excerpt": "description", "deck": "description",
    "author": "authors", "topics": "tags", "categories": "tags", "keywords": "tags", "lang": "language",
    "locale": "language", "lastmod": "updated", "last_modified_at": "updated", "modified": "updated",
    "canonical_url": "canonical", "canonicalurl": "canonical", "image": "hero", "featured_image": "hero",
    "cover": "hero", "primary_image": "hero", "hero_image": "hero", "key_takeaways": "takeaways",
    "medical_reviewer": "reviewer", "reviewed_by": "reviewer", "cta": "call_to_action", "sources": "references",
}  # fmt: skip

# Theirs alone: how another program lays a page out. Said once, as information.
IGNORED = {
    "layout", "weight", "kicker", "expirydate", "publishdate", "aliases", "type", "permalink", "redirect_from",
    "tumblr_url", "image_figcaption", "published", "comments", "toc", "math", "pin", "sidebar", "featured",
}  # fmt: skip

LISTS = {"authors", "tags", "takeaways", "references", "disclosures", "formerly"}


@dataclass(slots=True)
class Translated:
    """Values in our words; `spelled` tells how the file itself calls a key."""

    values: dict[str, Any] = field(default_factory=dict)
    spelled: dict[str, str] = field(default_factory=dict)
    notes: list[Finding] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)


def translate(marks: Mapping) -> Translated:
    """Rename, tidy and sort out the keys of a front matter. Empty values are as good as absent."""
    result = Translated()
    ranked = sorted(marks.values, key=lambda key: _rank(key.lower()))
    for key in ranked:
        value = marks.values[key]
        ours = key.lower() if key.lower() in KEYS else ALIASES.get(key.lower(), "")
        if not ours:
            _unknown(key, marks, result)
        elif value in (None, "", [], {}):
            continue
        elif ours not in result.values and not _layout_switch(ours, value):
            result.values[ours] = _tidy(ours, key, marks, result)
            result.spelled[ours] = key
    return result


def _rank(key: str) -> int:
    return -1 if key in KEYS else list(ALIASES).index(key) if key in ALIASES else len(ALIASES)


def _layout_switch(ours: str, value: Any) -> bool:
    """Jekyll themes say `hero: false` where they mean a layout without a picture."""
    return ours == "hero" and str(value).lower() in {"true", "false"}


def _tidy(ours: str, key: str, marks: Mapping, result: Translated) -> Any:
    value = marks.values[key]
    if ours in LISTS and not isinstance(value, list):
        value = _words(value) if ours == "tags" else [value]
    if ours in LISTS:
        value = [item for item in value if item not in (None, "", {})]
    if ours in {"title", "description"} and isinstance(value, str):
        return " ".join(unescape(value).split())  # theirs is often pasted from a page
    if ours == "authors":
        return [_author(item, key, marks, result) for item in value]
    if ours == "hero" and isinstance(value, str):
        why = f"'{key}' has no text for people who can't see the picture."
        mend = "Write hero: with src: and alt: below it."
        result.notes.append(marks.finding("image.alt", "warn", why, mend, (key,)))
        return {"src": value}
    return value


def _words(value: Any) -> list[Any]:
    return [word.strip() for word in value.split(",")] if isinstance(value, str) else [value]


def _author(value: Any, key: str, marks: Mapping, result: Translated) -> Any:
    """`jane-doe` is an id in somebody's data file: it is written as a name, and said so."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*", value):
        return value
    name = " ".join(word.capitalize() for word in re.split(r"[-_.]", value))
    why = f"The author '{value}' looks like an id, not a name; readers will see '{name}'."
    result.notes.append(marks.finding("author.id", "warn", why, "Write the full name.", (key,)))
    return name


def _unknown(key: str, marks: Mapping, result: Translated) -> None:
    if key.lower() in IGNORED:
        why = f"'{key}' is a key of another program; it is not used."
        result.notes.append(marks.finding("article.key.foreign", "info", why, at=(key,)))
        return
    near = difflib.get_close_matches(key.lower(), (*KEYS, *ALIASES), n=1, cutoff=0.72)
    if near:
        why, mend = f"There is no key '{key}'.", f"Did you mean '{near[0]}'?"
        result.faults.append(marks.finding("article.key.unknown", "block", why, mend, (key,)))
        return
    why = f"The key '{key}' is not known; it is not used."
    mend = "Known keys: " + ", ".join(KEYS) + "."
    result.notes.append(marks.finding("article.key.unknown", "warn", why, mend, (key,)))
