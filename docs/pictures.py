"""Draws the README's picture from the sample article: `make screenshots`. Needs Chromium."""

from __future__ import annotations

import html
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from desk.proofs.pictures import installed

ROOT = Path(__file__).resolve().parent.parent
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SHEET = """<!doctype html><meta charset="utf-8"><style>
body{margin:0;width:1600px;height:1000px;background:#e9e2d3;font:15px/1.5 'Liberation Sans',Arial,sans-serif;color:#22302c;overflow:hidden}
.card{position:absolute;background:#fff;border-radius:14px;box-shadow:0 18px 50px #22302c2e,0 2px 8px #22302c24;overflow:hidden}
.card img{display:block;width:100%}.name{position:absolute;font-weight:700;letter-spacing:.06em;font-size:14px;text-transform:uppercase;color:#5b675f}
.post{padding:20px 24px;white-space:pre-wrap;overflow-wrap:anywhere}.post b{display:block;margin-bottom:8px}
</style>
<div class="name" style="left:50px;top:34px">The page</div><div class="card" style="left:50px;top:66px;width:690px;height:890px"><img src="page.png"></div>
<div class="name" style="left:790px;top:34px">The newsletter</div><div class="card" style="left:790px;top:66px;width:400px;height:890px"><img src="mail.png"></div>
<div class="name" style="left:1240px;top:34px">The posts</div>
<div class="card post" style="left:1240px;top:66px;width:262px;height:250px"><b>X</b>{x}</div>
<div class="card post" style="left:1240px;top:386px;width:262px;height:245px"><b>Bluesky, a thread of {parts}</b>{bluesky}</div>
<div class="card post" style="left:1240px;top:701px;width:262px;height:215px"><b>LinkedIn</b>{linkedin}</div>"""


def main() -> None:
    """Render the sample, photograph page and mail, and lay them out beside the posts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "desk", "render", "is-ketamine-an-opioid", "--out", str(folder), "--json"]
        subprocess.run([*command, "--root", str(ROOT)], cwd=ROOT, check=True, capture_output=True)
        photograph(folder / "web" / "index.html", folder / "page.png", "1000,1300")
        photograph(folder / "newsletter" / "preview.html", folder / "mail.png", "600,1340")
        (folder / "sheet.html").write_text(sheet(folder), encoding="utf-8")
        photograph(folder / "sheet.html", ROOT / "docs" / "pictures" / "outputs.png", "1600,1000")


def sheet(folder: Path) -> str:
    """The layout, filled with what the networks would show."""
    texts = {name: (folder / name / "post.txt").read_text(encoding="utf-8") for name in ("x", "bluesky", "linkedin")}
    parts = len(json.loads((folder / "bluesky" / "request.json").read_text(encoding="utf-8")))
    short = texts["x"].replace("https://", "").split("/?")[0] + "/…"
    filled = SHEET.replace("{x}", html.escape(short)).replace("{parts}", str(parts))
    two = "\n\n".join(part.strip() for part in texts["bluesky"].split("\n---\n")[1:3])
    return filled.replace("{bluesky}", html.escape(two)).replace(
        "{linkedin}", html.escape(texts["linkedin"][:230]) + "…"
    )


def photograph(page: Path, picture: Path, size: str) -> None:
    """A screenshot by Chromium, which is told to load nothing from outside."""
    chromium = installed()
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium, or the like.")
    with tempfile.TemporaryDirectory() as profile:
        flags = [*FLAGS, f"--user-data-dir={profile}", f"--screenshot={picture}", f"--window-size={size}"]
        subprocess.run([chromium, *flags, page.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    main()
