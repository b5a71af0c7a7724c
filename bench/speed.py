"""How fast the press is, as ratios against a named peer or limit in the same run. `make bench`.

* render, whole process: against importing jinja2, markdown and httpx, which any such program would need (limit 3.0)
* publish with the embedded Prefect: against a trivial flow of three tasks on the same installation (limit 1.2)
* rendering on one core, in all three forms: articles a second, and against Python-Markdown alone
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "content" / "articles" / "is-ketamine-an-opioid.md"
PEER = "import jinja2, markdown, httpx"
TRIVIAL = """
import asyncio
from prefect import flow, task

@task
async def work(n: int) -> int:
    return n

@flow
async def trivial() -> None:
    await asyncio.gather(*[work(n) for n in range(3)])

asyncio.run(trivial())
"""


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=[[], "render", "publish", "forms"], help="default: all")
    parser.add_argument("--articles", type=Path, help="a folder of articles to render; default: the shipped ones")
    given = parser.parse_args()
    for name, measure in MEASURES.items():
        if not given.what or name in given.what:
            measure(given.articles)


def measure_render(_articles: Path | None) -> None:
    """One article, whole process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "desk", "render", str(SAMPLE), "--root", str(ROOT), "--out", folder]
        peer, ours = alternate([sys.executable, "-c", PEER], command, rounds=15)
        loaded = subprocess.run(
            [sys.executable, "-X", "importtime", *command[1:]], cwd=ROOT, capture_output=True, text=True, check=True
        )
    known = "yes" if " prefect" in loaded.stderr else "no"
    print(f"render, whole process: {ours / peer:.2f} x `python -c '{PEER}'`  (limit 3.0; {ours:.3f} s / {peer:.3f} s)")
    print(f"render imports Prefect: {known}")


def measure_publish(_articles: Path | None) -> None:
    """The embedded Prefect, started anew each time, with the same settings on both sides."""
    sys.path.insert(0, str(ROOT))
    from flows.engine import DEFAULTS  # noqa: PLC0415 - not paid by the other measures

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(ROOT / "content", root / "content", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        environment = os.environ | DEFAULTS | {"PREFECT_HOME": str(root / "prefect"), "PYTHONPATH": str(ROOT)}
        trivial = [sys.executable, "-c", TRIVIAL]
        timed(trivial, root, environment)  # a fresh home is migrated once
        pairs = []
        for number in range(5):
            peer = timed(trivial, root, environment)
            ours = ["publish", "is-ketamine-an-opioid", "--campaign", f"bench-{number}", "--root", str(root)]
            pairs.append((peer, timed([sys.executable, "-m", "desk", *ours], root, environment)))
    peer, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"publish, embedded Prefect: {ours / peer:.2f} x a flow of 3 tasks  (limit 1.2; {ours:.1f} s / {peer:.1f} s)")


def measure_forms(articles: Path | None) -> None:
    """Reading, checking and rendering page, newsletter and post, in one process."""
    sys.path.insert(0, str(ROOT))
    from channels.registry import offline  # noqa: PLC0415 - not paid by the other measures
    from content.article import Article  # noqa: PLC0415
    from content.context import Context  # noqa: PLC0415

    found = sorted((articles or ROOT / "content" / "articles").rglob("*.md"))
    paths = [path for path in found if path.read_bytes().startswith(b"---")]
    context = Context.open(ROOT)
    forms = [offline(name) for name in ("web", "newsletter", "mastodon")]

    def press() -> None:
        for path in paths:
            article = Article.load(path)
            for channel in forms:
                channel.check(channel.render(article, context))

    ours = rate(press, len(paths))
    peer = rate(lambda: [markdown_alone(path) for path in paths], len(paths))
    print(f"three forms on one core: {ours:.0f} articles/s  (limit 150; {len(paths)} articles)")
    print(f"  Python-Markdown alone, the same extensions: {peer:.0f} articles/s, {ours / peer:.2f} of it")


def markdown_alone(path: Path) -> str:
    """The ceiling: the body through Python-Markdown and nothing else."""
    from content.markdown import _converter  # noqa: PLC0415

    converter = _converter()
    converter.reset()
    return converter.convert(path.read_text(encoding="utf-8").split("---", 2)[-1])


def rate(work: Callable[[], object], count: int) -> float:
    """Articles a second: the best of several rounds, for other work on the machine only slows."""
    work()
    rounds = max(3, 200 // count)
    best = min(clock(work) for _ in range(rounds))
    return count / best


def clock(work: Callable[[], object]) -> float:
    """Processor seconds of one round."""
    started = time.process_time()
    work()
    return time.process_time() - started


def alternate(first: list[str], second: list[str], rounds: int) -> tuple[float, float]:
    """Medians of two commands run by turns, so that both see the same machine."""
    pairs = [(timed(first, ROOT), timed(second, ROOT)) for _ in range(rounds)]
    one, two = (statistics.median(times) for times in zip(*pairs, strict=True))
    return one, two


def timed(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> float:
    """Seconds of a whole process."""
    started = time.perf_counter()
    given = {**(environment or os.environ)}
    given.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # else our side alone is compiled anew each time; installed programs are not
    subprocess.run(command, cwd=folder, env=given, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


MEASURES = {"render": measure_render, "forms": measure_forms, "publish": measure_publish}

if __name__ == "__main__":
    main()
