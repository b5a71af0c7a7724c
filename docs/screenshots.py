"""Takes the pictures of the desk for README and docs: `make screenshots`. Needs Chromium."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from desk.proofs.pictures import installed

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
SAMPLE = "is-ketamine-an-opioid"
# file, path on the desk, width, height, colours
SHOTS = (
    ("desk-proofs", f"/articles/{SAMPLE}", 1440, 1100, "light"),
    ("desk-newsletter", f"/articles/{SAMPLE}/newsletter", 1440, 1100, "dark"),
    ("desk-page", f"/articles/{SAMPLE}/web", 1440, 1150, "light"),
    ("desk-post", f"/articles/{SAMPLE}/linkedin", 1280, 980, "light"),
    ("desk-changes", f"/articles/{SAMPLE}/changes", 1280, 620, "light"),
    ("desk-articles", "/", 1280, 520, "light"),
    ("desk-phone", f"/articles/{SAMPLE}/bluesky", 390, 844, "dark"),
)


def main() -> None:
    """Publish the sample to an outbox, edit it, and photograph the desk."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder)
        shutil.copytree(ROOT / "content", root / "content", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        run(root, "publish", SAMPLE)
        article = root / "content" / "articles" / f"{SAMPLE}.md"
        text = article.read_text(encoding="utf-8")
        article.write_text(
            text.replace("It belongs to a group called", "It is one of a group called"), encoding="utf-8"
        )
        browser = playwright.chromium.launch(executable_path=installed(), args=["--no-sandbox"])
        with desk(root) as address:
            for name, path, width, height, scheme in SHOTS:
                photograph(browser, f"{address}{path}", PICTURES / f"{name}.png", (width, height), scheme)
                print(f"docs/pictures/{name}.png")
        browser.close()


def photograph(browser: Browser, address: str, picture: Path, size: tuple[int, int], scheme: str) -> None:
    """One picture of one page, once its frames stand."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(address)
    page.locator("#pulse[data-state=on]").wait_for()
    page.wait_for_timeout(400)
    page.screenshot(path=picture)
    page.close()


@contextmanager
def desk(root: Path) -> Iterator[str]:
    """The desk as people start it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "desk", "preview", "--no-browser", "--json", "--root", str(root)],
        env=environment(root),
        stdout=subprocess.PIPE,
        text=True,
    )
    said = "".join(iter(process.stdout.readline, "}\n")) + "}"
    try:
        yield json.loads(said)["address"].rstrip("/")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def run(root: Path, *arguments: str) -> None:
    """One command of the desk."""
    command = [sys.executable, "-m", "desk", *arguments, "--root", str(root)]
    subprocess.run(command, env=environment(root), check=True, capture_output=True)


def environment(root: Path) -> dict[str, str]:
    """Prefect keeps its things in the same passing folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PREFECT_HOME": str(root / "prefect")}


if __name__ == "__main__":
    main()
