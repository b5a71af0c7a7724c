"""`pressroom new`: a fresh project directory, ready to publish."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import content
from content.findings import Finding, Refused

if TYPE_CHECKING:
    from desk.console import Voice

SAMPLE, CAMPAIGN = "how-to-read-a-clinic-bill", "first-steps"
IGNORED = ".env\n.pressroom/\noutbox/\nproofs/\n"
TEMPLATES = """Templates of your own go here; they come before the shipped ones, one by one.

To change the page, copy page/article.html or page/style.css here and edit it.
"""


def make_project(folder: Path, voice: Voice) -> int:
    """Write brand, sample, and places for the rest. Raises `Refused` for a folder that holds something."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        why = "The folder is not empty."
        raise Refused(
            [
                Finding(
                    rule="new.exists",
                    severity="block",
                    why=why,
                    mend="Name another.",
                    file=str(folder),
                )
            ]
        )
    shipped = Path(content.__file__).parent
    try:
        _write(folder, shipped)
    except OSError as error:
        why = f"The project can't be written: {error.strerror or error}."
        raise Refused([Finding(rule="disk", severity="block", why=why, file=str(folder))]) from error
    voice.say(f"Made {folder}", "good")
    voice.say("  content/brand.yaml      name, colours, logo, address: begin here")
    voice.say(f"  content/articles/       your articles; {SAMPLE}.md is a sample")
    voice.say(f"  content/campaigns/      when they go out; {CAMPAIGN}.yaml is one to try")
    voice.say("  templates/              your own layouts, if you want them")
    voice.say("  prefect.yaml            for a Prefect server that machines share; one machine needs none")
    voice.say(f"Next: cd {folder} && pressroom preview {SAMPLE}", "dim")
    voice.data({"folder": str(folder), "sample": SAMPLE})
    return 0


def _write(folder: Path, shipped: Path) -> None:
    articles = folder / "content" / "articles"
    articles.mkdir(parents=True)
    (folder / "content" / "campaigns").mkdir()
    for place in ("content/policies", "templates"):
        (folder / place).mkdir(parents=True)
        (folder / place / ".gitkeep").touch()
    shutil.copy(shipped / "brand.yaml", folder / "content" / "brand.yaml")
    shutil.copytree(shipped / "brand", folder / "content" / "brand")
    shutil.copy(shipped / "articles" / f"{SAMPLE}.md", articles)
    shutil.copytree(shipped / "articles" / SAMPLE, articles / SAMPLE)
    shutil.copy(shipped / "campaigns" / f"{CAMPAIGN}.yaml", folder / "content" / "campaigns")
    shutil.copy(shipped.parent / "prefect.yaml", folder)
    (folder / "templates" / "README.txt").write_text(TEMPLATES, encoding="utf-8")
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
