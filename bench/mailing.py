"""How fast a newsletter reaches a list, against the mail server's own load generator in the same run. `make bench`.

* personalised messages with the ledger on, over 10 kept connections: against `smtp-source` with messages of the same
  size into the same `smtp-sink` (limit 0.35). Both come with Postfix.
* a longer list: memory (limit 200 MB) and time a recipient, against the short one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pwd
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "how-to-read-a-clinic-bill"
CONNECTIONS = 10


def main() -> None:
    """Measure, or be one measured sending (`--send`)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--long", type=int, default=100_000, help="the longer list; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--send", nargs=2, type=int, metavar=("PORT", "RECIPIENTS"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.send:
        print(json.dumps(send(*given.send)))
        return
    if not shutil.which("smtp-sink"):
        print("mail to a list: not measured, for there is no smtp-sink (it comes with Postfix)")
        return
    with sink() as port:
        compare(port, given.recipients, given.rounds)
        if given.long:
            grow(port, given.recipients, given.long)


def compare(port: int, recipients: int, rounds: int) -> None:
    """The same number of messages of the same size, in turns."""
    pairs = []
    for _ in range(rounds):
        ours = measured(port, recipients)
        peer = load(port, recipients, ours["size"])
        pairs.append((recipients / ours["seconds"], recipients / peer))
    ours_rate, peer_rate = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    told = f"{ours_rate:,.0f} of {peer_rate:,.0f} messages/s, {ours['size']:,} bytes each"
    print(f"mail to a list, {CONNECTIONS} connections: {ratio:.2f} of smtp-source  (limit 0.35; {told})")


def grow(port: int, short: int, long: int) -> None:
    """Ten times the list takes ten times as long, in the same memory."""
    small, large = measured(port, short), measured(port, long)
    each = (large["seconds"] / long) / (small["seconds"] / short)
    print(f"{long:,} recipients: {each:.2f} x the time of {short:,} for each of them  (linear: 1)")
    print(f"  memory {large['megabytes']:.0f} MB, with {short:,} it is {small['megabytes']:.0f} MB  (limit 200 MB)")


def measured(port: int, recipients: int) -> dict[str, float]:
    """One sending in a process of its own."""
    command = [sys.executable, __file__, "--send", str(port), str(recipients)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def load(port: int, messages: int, size: float) -> float:
    """Seconds that `smtp-source` takes, over kept connections."""
    command = ["smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(messages), "-l", str(int(size))]
    started = time.perf_counter()
    subprocess.run([*command, "-f", "a@bench.test", "-t", "b@bench.test", f"127.0.0.1:{port}"], check=True)
    return time.perf_counter() - started


def send(port: int, recipients: int) -> dict[str, float]:
    """From the list's file to its last row in the ledger."""
    sys.path.insert(0, str(ROOT))
    from channels.newsletter import Mail, NewsletterSettings  # noqa: PLC0415 - only this process needs them
    from channels.seal import Seal  # noqa: PLC0415
    from content.article import Article  # noqa: PLC0415
    from content.context import Context  # noqa: PLC0415
    from flows.audience import Audience  # noqa: PLC0415
    from flows.ledger import Ledger  # noqa: PLC0415
    from flows.mailing import Postman  # noqa: PLC0415
    from flows.records import Delivery  # noqa: PLC0415

    (ROOT / ".pressroom").mkdir(exist_ok=True)  # on the disk, which the folder for passing files may not be
    with tempfile.TemporaryDirectory(dir=ROOT / ".pressroom") as folder:
        root = project(Path(folder), recipients)
        mail = Mail("newsletter", NewsletterSettings(**account(port)))
        article = Article.load(root / "content" / "articles" / f"{SAMPLE}.md")
        rendition = mail.render(article, Context.open(root))
        ledger, seal = Ledger(f"sqlite:///{root}/ledger.db"), Seal(b"a secret for the bench alone")
        fields = tuple(field.name for field in rendition.merge_fields)
        postman = Postman(
            channel=mail,
            rendition=rendition,
            delivery=Delivery(campaign="bench", article=SAMPLE, account="newsletter"),
            ledger=ledger,
            audience=Audience.of(mail.settings, seal, root, fields=fields),
            seal=seal,
        )
        started = time.perf_counter()
        outcome = postman.deliver()
        seconds = time.perf_counter() - started
        ledger.close()
        assert outcome.detail == f"{recipients:,} of {recipients:,} sent", outcome
        size = len(dict(mail.parcel(rendition, postman.delivery.key).files)["message.eml"])
    return {"seconds": seconds, "size": size, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def project(root: Path, recipients: int) -> Path:
    """A project whose article greets each of a list by name."""
    shutil.copytree(ROOT / "content", root / "content", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = root / "content" / "articles" / f"{SAMPLE}.md"
    greeting = 'Dear {{ subscriber.first_name | default("reader") }}, a clinic bill is a list'
    path.write_text(path.read_text(encoding="utf-8").replace("A clinic bill is a list", greeting), encoding="utf-8")
    with (root / "list.csv").open("w", encoding="utf-8") as file:
        file.write("email,first_name,consent_at\n")
        file.writelines(f"reader{n}@list{n % 97}.test,Name{n},2026-01-01\n" for n in range(recipients))
    return root


def account(port: int) -> dict[str, object]:
    """The sink as a mail server."""
    where = {"host": "127.0.0.1", "port": port, "security": "none", "connections": CONNECTIONS}
    return {**where, "audience": "list.csv", "leave": "https://mail.bench.test"}


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """`smtp-sink` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    who = ["-u", pwd.getpwnam("nobody").pw_name] if os.geteuid() == 0 else []
    process = subprocess.Popen(["smtp-sink", *who, f"127.0.0.1:{port}", "1000"])
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
