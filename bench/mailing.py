"""How fast a newsletter reaches a list, against the mail server's own load generator in the same run. `make bench`.

* personalised messages with the ledger on, over 10 kept connections: against `smtp-source` with messages of the same
  size into the same `smtp-sink` (limit 0.35). Both come with Postfix.
* a longer list: memory (limit 200 MB) and time a recipient, against the short one.
* with `--shares 2,4`: the list in so many shares, each sent by a process of its own, against one process in the same
  run (`--ledger postgresql://…`: on that ledger, emptied first; `--signed`: with DKIM signatures of our own, which
  make the sender's part greater than the sink's), and what it costs each share to read the whole list.
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
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "how-to-read-a-clinic-bill"
CONNECTIONS = 10
KEY = "key.pem"
DELIVERY = {"campaign": "bench", "article": SAMPLE, "account": "newsletter"}


def main() -> None:
    """Measure, or be one measured sending (`--send`)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--long", type=int, default=100_000, help="the longer list; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shares", default="", help="such as 2,4: only this is measured")
    parser.add_argument("--ledger", default="", help="a PostgreSQL database for the shares, which is emptied")
    parser.add_argument("--signed", action="store_true", help="sign each message of the shares")
    parser.add_argument("--send", nargs=3, type=int, metavar=("PORT", "RECIPIENTS", "SHARES"), help=argparse.SUPPRESS)
    parser.add_argument("--help-with", nargs=3, metavar=("PORT", "FOLDER", "SHARE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.help_with:
        port, folder, number = given.help_with
        mate(int(port), Path(folder), int(number), given.ledger)
        return
    if given.send:
        print(json.dumps(send(*given.send, ledger=given.ledger, signed=given.signed)))
        return
    if not shutil.which("smtp-sink"):
        print("mail to a list: not measured, for there is no smtp-sink (it comes with Postfix)")
        return
    if given.shares:
        with sink() as port:
            numbers = [int(number) for number in given.shares.split(",")]
            more = ["--ledger", given.ledger, *(["--signed"] if given.signed else [])]
            side_by_side(port, given.recipients, given.rounds, numbers, more)
        read(given.recipients)
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


def side_by_side(port: int, recipients: int, rounds: int, numbers: list[int], more: list[str]) -> None:
    """The same list in one share and in several, in turns."""
    found: dict[int, list[tuple[float, float]]] = {number: [] for number in (1, *numbers)}
    for _ in range(rounds):
        for number, pairs in found.items():
            one = measured(port, recipients, number, *more)
            pairs.append((recipients / one["seconds"], 1e6 * one["cpu"] / recipients))
    alone = statistics.median(rate for rate, _ in found[1])
    print(f"{recipients:,} recipients, {os.cpu_count()} cores, of which the sink needs a part:")
    for number, pairs in found.items():
        rate, cost = (statistics.median(values) for values in zip(*pairs, strict=True))
        told = f"{rate:,.0f} messages/s, {cost:.0f} µs of a core for each"
        print(f"  {number} processes: {rate / alone:.2f} x the pace of one  ({told})")


def read(recipients: int) -> None:
    """What each share pays for finding its own on the whole list."""
    sys.path.insert(0, str(ROOT))
    from channels.seal import Seal  # noqa: PLC0415 - see `send`
    from flows.audience import Audience  # noqa: PLC0415
    from flows.shares import share_of  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        root = project(Path(folder), recipients)
        audience = Audience(source="list.csv", seal=Seal(b"a secret for the bench alone"), root=root)
        started = time.process_time()
        mine = sum(share_of(found.hashed, 2) == 1 for page in audience.pages() for found in page)
        print(f"reading a list of {recipients:,} for its {mine:,}: {time.process_time() - started:.1f} s of one core")


def measured(port: int, recipients: int, shares: int = 1, *more: str) -> dict[str, float]:
    """One sending in a process of its own, and one more for each further share."""
    command = [sys.executable, __file__, "--send", str(port), str(recipients), str(shares), *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def load(port: int, messages: int, size: float) -> float:
    """Seconds that `smtp-source` takes, over kept connections."""
    command = ["smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(messages), "-l", str(int(size))]
    started = time.perf_counter()
    subprocess.run([*command, "-f", "a@bench.test", "-t", "b@bench.test", f"127.0.0.1:{port}"], check=True)
    return time.perf_counter() - started


def send(port: int, recipients: int, shares: int, ledger: str, *, signed: bool) -> dict[str, float]:
    """From the list's file to its last row in the ledger."""
    (ROOT / ".pressroom").mkdir(exist_ok=True)  # on the disk, which the folder for passing files may not be
    with tempfile.TemporaryDirectory(dir=ROOT / ".pressroom") as folder:
        root = project(Path(folder), recipients)
        if signed:
            subprocess.run(
                ["openssl", "genrsa", "-traditional", "-out", root / KEY, "2048"], check=True, stderr=subprocess.DEVNULL
            )
        parts = equipment(port, root, ledger)
        if ledger:
            empty(parts["ledger"])
        from flows.mailing import Postman  # noqa: PLC0415 - see `equipment`
        from flows.records import Delivery  # noqa: PLC0415

        postman = Postman(**parts, delivery=Delivery(**DELIVERY), shares=shares, worth=1)
        with helpers(port, root, shares, ledger) as used:
            started, begun = time.perf_counter(), time.process_time()
            outcome = postman.deliver()
            seconds = time.perf_counter() - started
            used.append(time.process_time() - begun)
        assert outcome.detail == f"{recipients:,} of {recipients:,} sent", outcome
        size = len(dict(parts["channel"].parcel(parts["rendition"], postman.delivery.key).files)["message.eml"])
        parts["ledger"].close()
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "size": size, "megabytes": megabytes, "cpu": sum(used)}


@contextlib.contextmanager
def helpers(port: int, root: Path, shares: int, ledger: str) -> Iterator[list[float]]:
    """Processes that are ready to send a share each, and the seconds of a core that they had in the end."""
    used: list[float] = []
    command = [sys.executable, __file__, "--ledger", ledger, "--help-with", str(port), str(root)]
    started = [
        subprocess.Popen([*command, str(n)], cwd=ROOT, stdout=subprocess.PIPE, text=True) for n in range(1, shares)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        yield used
        used += [float(process.communicate(timeout=60)[0]) for process in started]
    finally:
        for process in started:
            process.kill()
            process.communicate()


def mate(port: int, root: Path, number: int, ledger: str) -> None:
    """Send a share as soon as it is offered."""
    parts = equipment(port, root, ledger)
    from flows.records import Delivery  # noqa: PLC0415 - see `equipment`
    from flows.shares import Shares  # noqa: PLC0415
    from flows.sharing import Mate  # noqa: PLC0415

    key, shares = Delivery(**DELIVERY).key, Shares(parts["ledger"].engine)
    print("ready", flush=True)
    while not (mine := [share for share in shares.offered(key) if share.number == number]):
        time.sleep(0.02)
    begun = time.process_time()
    sent = Mate(**parts, key=key, claim=mine[0].claim, number=number).deliver()
    assert sent, "the main run was faster"
    print(time.process_time() - begun)


def equipment(port: int, root: Path, ledger: str) -> dict[str, Any]:
    """What a postman and a mate have in common."""
    sys.path.insert(0, str(ROOT))
    from channels.newsletter import Mail, NewsletterSettings  # noqa: PLC0415 - only these processes need them
    from channels.seal import Seal  # noqa: PLC0415
    from content.article import Article  # noqa: PLC0415
    from content.context import Context  # noqa: PLC0415
    from flows.audience import Audience  # noqa: PLC0415
    from flows.ledger import Ledger  # noqa: PLC0415

    key = {"dkim_key": root / KEY, "dkim_selector": "bench"} if (root / KEY).exists() else {}
    mail = Mail("newsletter", NewsletterSettings(**account(port), **key))
    article = Article.load(root / "content" / "articles" / f"{SAMPLE}.md")
    rendition, seal = mail.render(article, Context.open(root)), Seal(b"a secret for the bench alone")
    fields = tuple(field.name for field in rendition.merge_fields)
    return {
        "channel": mail,
        "rendition": rendition,
        "ledger": Ledger(ledger or f"sqlite:///{root}/ledger.db"),
        "audience": Audience.of(mail.settings, seal, root, fields=fields),
        "seal": seal,
    }


def empty(ledger: Any) -> None:
    """Nothing of an earlier measurement is left."""
    from flows.tables import metadata  # noqa: PLC0415 - see `equipment`

    with ledger.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


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
