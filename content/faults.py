"""What pydantic found, said to a writer: where, what was expected, what to do."""

import difflib
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from content.findings import Finding
from content.frontmatter import Mapping, Path

HINTS = {
    "title": "title: What readers will see first",
    "slug": "slug: small-letters-and-dashes",
    "date": "date: 2026-11-23",
    "language": "language: en",
    "url": "url: https://example.org/page",
    "canonical": "canonical: https://example.org/page",
}
# pydantic's kinds of faults, in a writer's words
EXPECTED = {
    "string_type": "text",
    "string_too_short": "some text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "key: value lines",
    "model_type": "key: value lines",
}
PATTERNS = {
    "slug": "small letters a-z, digits and single dashes",
    "language": "a language code such as en or en-GB",
    "hashtags": "one word with a letter in it",
    "focus": "two shares, from the left and from the top, such as 30% 50%",
}


def explain(
    error: ValidationError, marks: Mapping, model: type[BaseModel], spelled: dict[str, str], about: str = "article"
) -> list[Finding]:
    """One finding a fault, in the file's own words (`spelled` maps our keys to theirs). Rules begin with `about`."""
    findings: dict[Path, Finding] = {}
    for fault in error.errors(include_url=False):
        path = _readable(fault["loc"])
        theirs = (spelled.get(str(path[0]), path[0]), *path[1:]) if path else path
        findings.setdefault(path, _finding(fault, theirs, marks, model, about))
    # a list with a fault in it is no fault itself: that only one branch of a union would have it so
    return [found for path, found in findings.items() if not _has_within(path, findings)]


def _has_within(path: Path, paths: Iterable[Path]) -> bool:
    return any(len(other) > len(path) and other[: len(path)] == path for other in paths)


def _readable(location: tuple[int | str, ...]) -> Path:
    """A union's branch is pydantic's business: `thread.list[…].0` is `thread.0` in the file."""
    return location[:1] + tuple(step for step in location[1:] if not _branch(step))


BRANCHES = {"bool", "str", "date", "datetime", "int", "none"}


def _branch(step: int | str) -> bool:
    return isinstance(step, str) and (step in BRANCHES or "[" in step or "(" in step)


def _finding(fault: Any, path: Path, marks: Mapping, model: type[BaseModel], about: str) -> Finding:
    key = str(path[-1]) if path else ""
    dotted = ".".join(str(step) for step in path)
    match fault["type"]:
        case "missing":
            return marks.finding(
                f"{about}.{dotted}.missing",
                "block",
                f"'{dotted}' is missing.",
                f"Add, for example, `{HINTS.get(key, key + ': …')}`.",
                path,
            )
        case "extra_forbidden":
            why = f"There is no key '{key}' here."
            return marks.finding(f"{about}.key.unknown", "block", why, _suggestion(key, path, model), path)
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    why = f"'{dotted}' can't be used: {_expected(fault, name)}; it says {_shown(fault['input'])}."
    mend = f"Write, for example, `{HINTS[key]}`." if key in HINTS else ""
    return marks.finding(f"{about}.{name}", "block", why, mend, path)


def _expected(fault: Any, name: str) -> str:
    if fault["type"] == "string_pattern_mismatch" and name in PATTERNS:
        return f"expected {PATTERNS[name]}"
    if fault["type"] in EXPECTED:
        return f"expected {EXPECTED[fault['type']]}"
    said = fault["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{said[:1].lower()}{said[1:]}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _suggestion(key: str, path: Path, model: type[BaseModel]) -> str:
    known = _keys_at(path[:-1], model)
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else f"Known here: {', '.join(known)}."


def _keys_at(path: Path, model: type[BaseModel]) -> list[str]:
    """The keys that a place of the model knows: `("channels", "x")` leads to the overrides' keys."""
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, (_model_in(part) for part in get_args(annotation))), None)
