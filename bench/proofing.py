"""How fast the desk follows, against the limits that people feel. `make bench`; needs Chromium.

* from saving a 1,000-word article to its new words on the screen, in every frame, by the browser's own clock (150 ms)
* the list of 500 articles, from the request to the last row laid out (1 s)
* the desk's resident memory after both (150 MB)
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from desk.proofs.pictures import installed

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "content" / "articles" / "is-ketamine-an-opioid.md"
WORDS, ARTICLES, SAVES = 1000, 500, 25
# asked at every frame that the browser draws: when did each document first hold the word?
WATCH = """() => {
  window.seen = {};
  const look = () => {
    const frames = [...document.querySelectorAll("iframe")];
    const stands = (one) => one.contentDocument?.body?.textContent.includes(window.word);
    if (window.word && !window.seen[window.word] && frames.every(stands)) window.seen[window.word] = Date.now();
    requestAnimationFrame(look);
  };
  look();
}"""


def main() -> None:
    """Measure all three."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = Path(folder)
        text = fill(root)
        browser = playwright.chromium.launch(executable_path=installed(), args=["--no-sandbox"])
        with desk(root) as (address, process):
            page = browser.new_page()
            listed = measure_list(page, address)
            saved = measure_saves(page, address, root, text)
            resident = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) / 1024
        browser.close()
    median = statistics.median(saved)
    print(f"saved to screen, {WORDS} words: {median / 150:.2f} of the limit  ({median:.0f} ms, worst {max(saved):.0f})")
    print(f"list of {ARTICLES} articles: {listed / 1000:.2f} of the limit  ({listed:.0f} ms)")
    print(f"memory: {resident / 150:.2f} of the limit  ({resident:.0f} MB)")


def fill(root: Path) -> str:
    """A project with 500 articles; gives the text of the one that is saved."""
    shutil.copytree(ROOT / "content", root / "content", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    head, body = SAMPLE.read_text(encoding="utf-8").split("\n---\n", 1)
    words = body.split()
    body += "\n\n" + " ".join((words * 2)[: max(0, WORDS - len(words))]) + "\n"
    articles = root / "content" / "articles"
    for number in range(ARTICLES - 2):
        own = head.replace("slug: is-ketamine-an-opioid", f"slug: article-{number}")
        (articles / f"article-{number}.md").write_text(f"{own}\n---\n{body}", encoding="utf-8")
    return f"{head}\n---\n{body}"


def measure_list(page: Any, address: str) -> float:
    """Milliseconds of the first visit: nothing has been read before."""
    page.goto(address)
    rows = page.locator(".spine").count()
    if rows != ARTICLES:
        sys.exit(f"{rows} articles are listed, not {ARTICLES}")
    taken: float = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    return taken


def measure_saves(page: Any, address: str, root: Path, text: str) -> list[float]:
    """Milliseconds of each save, on the page with every proof."""
    file = root / "content" / "articles" / SAMPLE.name
    page.goto(f"{address}/articles/{SAMPLE.stem}")
    page.locator("#pulse[data-state=on]").wait_for()
    page.evaluate(WATCH)
    taken = []
    for number in range(SAVES):
        word = f"word{number}x{time.time_ns()}"
        page.evaluate("word => { window.word = word }", word)
        started = time.time() * 1000
        file.write_text(f"{text}\n\n{word}\n", encoding="utf-8")
        page.wait_for_function("word => window.seen[word]", arg=word)
        taken.append(page.evaluate("word => window.seen[word]", word) - started)
        time.sleep(0.3)
    return taken[5:]


@contextmanager
def desk(root: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The desk as people start it."""
    command = [sys.executable, "-m", "desk", "preview", "--no-browser", "--json", "--root", str(root)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    said = "".join(iter(process.stdout.readline, "}\n")) + "}"
    try:
        yield json.loads(said)["address"].rstrip("/"), process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


if __name__ == "__main__":
    main()
