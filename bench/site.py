"""How fast a whole site is built, against two generators of static sites in the same run. `make bench`.

* 1,500 articles with index, topics, feeds and sitemap, whole processes in turns, nothing built before: against eleventy
  (limit 1.5 x its time) and pelican (limit 1.0 x)
  The peers draw no pictures for link cards, so neither do we; what those cost is told apart.
* the same site after one article was edited, without the start of a process: against its whole build (limit 0.05)
* memory at its peak, all processes together, shared pages counted once (limit 300 MB)

The articles are real ones, repeated under other names: those that `PRESSROOM_CORPUS` holds, else the shipped ones.
Each generator reads the same words, with the front matter that it knows.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from content.article import Article  # noqa: E402
from content.findings import Refused  # noqa: E402
from tests.corpus import CORPUS  # noqa: E402
from tests.tools import bench_packages, python_program  # noqa: E402

BRAND = "name: Bench\nsite: https://bench.example\ncard: {}\n"
AGAIN = """
import sys, time
from pathlib import Path
from content.site import Site
import content.page
begun = time.perf_counter()
Site(Path(sys.argv[1]), Path(sys.argv[1]) / "public").build()
print(time.perf_counter() - begun)
"""
PELICAN = """
SITENAME, SITEURL, PATH, TIMEZONE = "Bench", "https://bench.example", "content", "UTC"
ARTICLE_URL, ARTICLE_SAVE_AS = "{slug}/", "{slug}/index.html"
FEED_ALL_ATOM, FEED_ALL_RSS, DEFAULT_PAGINATION = "atom.xml", "rss.xml", 20
CATEGORY_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = TRANSLATION_FEED_ATOM = None
MARKDOWN = {"extensions": ["tables", "footnotes", "def_list", "attr_list", "toc", "fenced_code", "md_in_html"]}
"""


@dataclass(frozen=True)
class Text:
    """An article, in no generator's own form."""

    title: str
    date: str
    description: str
    authors: list[str]
    tags: list[str]
    markdown: str


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    texts = list(islice(cycle(_texts()), given.articles))
    with tempfile.TemporaryDirectory() as folder:
        sides = _sides(Path(folder), texts)
        times: dict[str, list[float]] = {name: [] for name in (*sides, "edited", "cards")}
        home = sides["pressroom"][1]
        peak = 0.0
        for number in range(given.rounds):
            for name in sides:
                seconds, megabytes = _afresh(*sides[name])
                times[name].append(seconds)
                peak = max(peak, megabytes) if name == "pressroom" else peak
            with (home / "content" / "articles" / "article-7.md").open("a", encoding="utf-8") as file:
                file.write(f"\nOne line more, number {number}.\n")
            told = subprocess.run(
                [sys.executable, "-c", AGAIN, str(home)], env=_ours(), check=True, capture_output=True
            )
            times["edited"].append(float(told.stdout))
        _complete(sides, len(texts))
        (home / "content" / "brand.yaml").write_text(BRAND.format("drawn"), encoding="utf-8")
        times["cards"].append(_afresh(*sides["pressroom"])[0])
    _tell({name: statistics.median(taken) for name, taken in times.items()}, peak, len(texts))


def _tell(took: dict[str, float], peak: float, count: int) -> None:
    ours = took["pressroom"]
    for name, limit in (("eleventy", 1.5), ("pelican", 1.0)):
        ratio = ours / took[name]
        print(f"a site of {count:,}: {ratio:.2f} x {name}  (limit {limit}; {ours:.1f} s / {took[name]:.1f} s)")
    print(f"  after one edit: {took['edited'] / ours:.3f} of the whole build  (limit 0.05; {took['edited']:.2f} s)")
    print(f"  with a card drawn for every title: {took['cards']:.1f} s")
    print(f"  memory at its peak: {peak:.0f} MB  (limit 300)")


def _texts() -> list[Text]:
    found = []
    folder = CORPUS if CORPUS.is_dir() else ROOT / "content" / "articles"
    for path in sorted(folder.rglob("*.md")):
        try:
            article = Article.load(path)
        except Refused:
            continue
        meta, names = article.meta, [person.name for person in article.meta.authors]
        day = meta.date.isoformat()[:10]
        tags = {re.sub(r"[^a-z0-9]+", " ", tag.lower()).strip() for tag in meta.tags}  # one folder a tag, everywhere
        text = Text(
            meta.title, day, article.description, names or ["Bench"], sorted(filter(None, tags)), article.markdown
        )
        found.append(text)
    return found


def _sides(folder: Path, texts: list[Text]) -> dict[str, tuple[list[str], Path, str]]:
    """Each generator's command, its project's folder, and the folder that it makes."""
    ours, eleventy, pelicans = folder / "pressroom", folder / "eleventy", folder / "pelican"
    (ours / "content" / "articles").mkdir(parents=True)
    (ours / "content" / "brand.yaml").write_text(BRAND.format("hero"), encoding="utf-8")
    shutil.copytree(ROOT / "bench" / "eleventy", eleventy)
    packages = bench_packages()
    (eleventy / "node_modules").symlink_to(packages / "node_modules")
    (pelicans / "content").mkdir(parents=True)
    (pelicans / "pelicanconf.py").write_text(PELICAN, encoding="utf-8")
    for number, text in enumerate(texts):
        name = f"article-{number}"
        told = {"title": text.title, "date": text.date, "description": text.description}
        told |= {"authors": text.authors, "tags": text.tags}
        matter = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in told.items())
        slugged = f"---\nslug: {name}\n{matter}---\n\n{text.markdown}\n"
        (ours / "content" / "articles" / f"{name}.md").write_text(slugged, encoding="utf-8")
        (eleventy / "articles" / f"{name}.md").write_text(slugged, encoding="utf-8")
        head = {**told, "slug": name, "authors": "; ".join(text.authors), "tags": ", ".join(text.tags)}
        plain = "".join(f"{key}: {' '.join(str(value).split())}\n" for key, value in head.items())
        (pelicans / "content" / f"{name}.md").write_text(f"{plain}\n{text.markdown}\n", encoding="utf-8")
    node = shutil.which("node") or sys.exit("site: not measured, for there is no node")
    program = packages / "node_modules" / "@11ty" / "eleventy" / "cmd.cjs"
    return {
        "pressroom": ([sys.executable, "-m", "desk", "build", "--root", str(ours)], ours, "public"),
        "eleventy": ([node, str(program), "--quiet"], eleventy, "_site"),
        "pelican": (
            [
                str(python_program("pelican", "pelican[markdown]==4.11.0")),
                "content",
                "-s",
                "pelicanconf.py",
                "-o",
                "output",
                "-q",
            ],
            pelicans,
            "output",
        ),
    }


def _complete(sides: dict[str, tuple[list[str], Path, str]], count: int) -> None:
    """Nobody is fast by leaving something out."""
    for name, (_, home, output) in sides.items():
        pages = len(list((home / output).glob("article-*/index.html")))
        feeds = [feed for feed in ("atom.xml", "rss.xml") if (home / output / feed).is_file()]
        if pages != count or len(feeds) != 2:
            sys.exit(f"{name} has made {pages} of {count} pages, and of the feeds {feeds}")


def _afresh(command: list[str], home: Path, output: str) -> tuple[float, float]:
    for made in (output, ".pressroom"):
        shutil.rmtree(home / made, ignore_errors=True)
    return _watched(command, home)


def _ours() -> dict[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else our side alone is compiled anew each time
    return environment


def _watched(command: list[str], home: Path) -> tuple[float, float]:
    """Seconds of a whole process, and the most memory that it and its children had, in MB."""
    peak, over = [0.0], threading.Event()
    begun = time.perf_counter()
    with subprocess.Popen(command, cwd=home, env=_ours(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:

        def look() -> None:
            while not over.wait(0.1):
                peak[0] = max(peak[0], _family(child.pid))

        watcher = threading.Thread(target=look)
        if "desk" in command:
            watcher.start()
        said = child.stderr.read() if child.stderr else b""
        code = child.wait()
        seconds = time.perf_counter() - begun
        over.set()
        if watcher.ident:
            watcher.join()
    if code:
        sys.exit(f"{command[0]} failed: {said.decode(errors='replace')[-2000:]}")
    return seconds, peak[0]


def _family(pid: int) -> float:
    """Memory of a process and all below it, each shared page divided among those that share it."""
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            told = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
            below = Path(f"/proc/{one}/task/{one}/children").read_text(encoding="ascii")
        except OSError:
            continue
        total += next(int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:")) / 1024
        waiting += map(int, below.split())
    return total


if __name__ == "__main__":
    main()
