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
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from channels.base import Receipt
from desk.proofs.pictures import installed
from flows.agenda import Agenda
from flows.directing import Director
from flows.ledger import Ledger
from flows.lookup import find_campaign
from flows.records import Delivery
from flows.roll import Roll, Settled
from flows.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
SAMPLE = "is-ketamine-an-opioid"
BILLS = "how-to-read-a-clinic-bill"
CAMPAIGN = f"""article: {BILLS}
timezone: America/New_York
quiet: 21:00-08:00
groups:
  networks: [x, linkedin, mastodon, bluesky]
steps:
  - {{name: page, channel: web, at: now, stop_line: true, quiet: false}}
  - {{name: teaser, channel: networks, at: 30 minutes after page is live, quiet: false}}
  - {{name: letter, channel: newsletter, at: 1 hour after page is live, only_if: page, quiet: false}}
  - {{name: reminder, channel: [mastodon, bluesky], at: +3 days}}
  - {{name: second-letter, channel: newsletter, at: 6 days 09:00 after letter is sent, only_if: letter}}
  - {{name: daylight, channel: networks, at: 2027-03-14 02:30, quiet: false}}
"""
# file, path on the desk, width, height, colours
SHOTS = (
    ("desk-proofs", f"/articles/{SAMPLE}", 1440, 1100, "light"),
    ("desk-newsletter", f"/articles/{SAMPLE}/newsletter", 1440, 1100, "dark"),
    ("desk-page", f"/articles/{SAMPLE}/web", 1440, 1150, "light"),
    ("desk-post", f"/articles/{SAMPLE}/linkedin", 1280, 980, "light"),
    ("desk-changes", f"/articles/{SAMPLE}/changes", 1280, 620, "light"),
    ("desk-articles", "/", 1280, 520, "light"),
    ("desk-campaign", "/campaigns/clinic-bills", 1280, 1180, "light"),
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
        with closing(Ledger(Settings.of(root).ledger_url(root))) as ledger:
            under_way(ledger, root)
        browser = playwright.chromium.launch(executable_path=installed(), args=["--no-sandbox"])
        with desk(root) as address:
            for name, path, width, height, scheme in SHOTS:
                photograph(browser, f"{address}{path}", PICTURES / f"{name}.png", (width, height), scheme)
                print(f"docs/pictures/{name}.png")
        browser.close()


def under_way(ledger: Ledger, root: Path) -> None:
    """A campaign in the middle of its letter, with a step that waits for a person."""
    (root / "content" / "campaigns" / "clinic-bills.yaml").write_text(CAMPAIGN, encoding="utf-8")
    Director(ledger, root).start(find_campaign("clinic-bills", root))
    now, minute = datetime.now(UTC), timedelta(minutes=1)
    arrived(ledger, "page", "web")
    stand(ledger, "page", state="sent", due_at=now - 65 * minute, ended_at=now - 65 * minute)
    arrived(ledger, "teaser", "x")
    arrived(ledger, "teaser", "linkedin")
    refused = delivery("teaser", "mastodon")
    ledger.plan(refused)
    owner = ledger.claim(refused, "d" * 64)
    ledger.settle(refused, owner, "failed", "Validation failed: the server takes 300 characters")
    said = "outbox/mastodon: Validation failed: the server takes 300 characters"
    stand(ledger, "teaser", state="failed", due_at=now - 35 * minute, detail=said)
    letter(ledger, delivery("letter", "newsletter"), 2000, 1234)
    stand(ledger, "letter", state="running", due_at=now - 5 * minute, owner="press", lease_until=now + 60 * minute)
    soon = now.replace(hour=14, minute=0, second=0) + timedelta(days=3)
    stand(ledger, "reminder", state="booked", moved_to=soon, due_at=soon, detail="moved by hand")


def letter(ledger: Ledger, meant: Delivery, total: int, sent: int) -> None:
    """A mailing of which so many are out."""
    ledger.plan(meant)
    ledger.claim(meant, "d" * 64)
    with closing(Roll(ledger.engine)) as roll:
        mailing = roll.begin(meant.key, "d" * 64)
        roll.enrol(mailing, 0, [(number.to_bytes(16, "big"), 0) for number in range(total)])
        mailing = roll.finish(mailing, "a" * 64, total)
        roll.turn(mailing, [], range(sent + 20))
        roll.turn(mailing, [Settled(number=number, state="sent") for number in range(sent)], [])


def delivery(step: str, account: str) -> Delivery:
    """What a step brings to an account."""
    return Delivery(campaign="clinic-bills", article=BILLS, account=f"outbox/{account}", part=step)


def arrived(ledger: Ledger, step: str, account: str) -> None:
    """A delivery that is there."""
    receipt = Receipt(channel=account, remote_ids=("1",), url="outbox", digest="d" * 64, sent_at=datetime.now(UTC))
    ledger.plan(delivery(step, account))
    ledger.sent(delivery(step, account), receipt)


def stand(ledger: Ledger, step: str, **values: object) -> None:
    """Have a step stand so."""
    agenda = Agenda(ledger.engine)
    agenda.change(agenda.stage("clinic-bills", step), **values)


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
