"""Where templates are found: the project's own first, then the shipped ones."""

from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

SHIPPED = Path(__file__).resolve().parent.parent / "templates"


def environment(root: Path) -> Environment:
    """Jinja for a project: what is HTML is escaped, and a misspelt name is an error and no empty place."""
    return Environment(
        loader=ChoiceLoader([FileSystemLoader(root / "templates"), FileSystemLoader(SHIPPED)]),
        autoescape=select_autoescape(enabled_extensions=("html", "mjml", "xml", "svg"), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
    )
