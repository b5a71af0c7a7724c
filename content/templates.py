"""Where templates are found: the project's own first, then the shipped ones."""

from contextlib import suppress
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
    select_autoescape,
)
from jinja2.bccache import Bucket

from content import words

SHIPPED = Path(__file__).resolve().parent.parent / "templates"


class Compiled(FileSystemBytecodeCache):
    """Compiled templates, as Python keeps its own: a fifth of a render's time. No room for them is no error."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one template's code."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def environment(root: Path) -> Environment:
    """Jinja for a project: what is HTML is escaped, and a misspelt name is an error and no empty place."""
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(root / "templates"), FileSystemLoader(SHIPPED)]),
        autoescape=select_autoescape(enabled_extensions=("html", "mjml", "xml", "svg"), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
        bytecode_cache=_cache(root / ".pressroom" / "templates"),
    )
    made.filters |= {"slug": words.slug, "long_date": words.long_date, "language_name": words.language_name}
    return made


def _cache(folder: Path) -> Compiled | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return Compiled(str(folder))
