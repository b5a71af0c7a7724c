"""Parts of a list: those whose field has a value, or has it not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """One condition: a field has one of some values, or none of them."""

    field: str
    values: frozenset[str]
    negated: bool = False

    @classmethod
    def of(cls, spelled: str) -> Segment:
        """Read `city=Boston`, `city=Boston,Kew` or `city!=Boston`. Raises `ValueError`."""
        name, found, values = spelled.partition("=")
        if not found or not name.strip("! "):
            raise ValueError(f"expected a segment such as city=Boston or city!=Boston, not '{spelled}'")
        wanted = frozenset(value.strip().casefold() for value in values.split(","))
        return cls(column(name.rstrip("! ")), wanted, name.rstrip().endswith("!"))

    def takes(self, row: Mapping[str, str]) -> bool:
        """Whether somebody is meant."""
        return (row.get(self.field, "").strip().casefold() in self.values) != self.negated


def column(name: str) -> str:
    """A column's name as it is asked for: `Email Address` is `email_address`."""
    return re.sub(r"\W+", "_", name.strip().casefold()).strip("_")
