"""Campaigns on many workers, with troubles: every delivery once, and how late. `python bench/campaigns.py`.

A Prefect server on PostgreSQL and three workers on this machine; campaigns of six posts each to accounts of a fake
Discord, due within some minutes. Meanwhile one worker is killed, one is frozen for a while, and the server starts anew.
Beside them run plain Prefect flows, scheduled in the same time: a delivery may be late by 1.2 times as much, median
and 99th percentile, both over the time without troubles. After recovery nothing may be late by more than 60 s.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flows.engine import DEFAULTS, answers  # noqa: E402 - the project's root comes first
from tests import ports  # noqa: E402
from tests.channels.fakes.discord import NUMBER, TOKEN, Platform  # noqa: E402
from tests.channels.fakes.server import Answer, Request  # noqa: E402
from tests.conftest import ARTICLE, BRAND  # noqa: E402
from tests.desk.presses import Press  # noqa: E402
from tests.postgres import Postgres  # noqa: E402

RATIO, LATE = 1.2, 60.0  # limits: times as late as a plain flow, and seconds after recovery
FROZEN, DOWN = 60.0, 10.0  # seconds: a worker, and at most the end of the server
ENOUGH = 100  # deliveries, from which on a 99th percentile says something; fewer are shown alone
STEPS = 6
HEAD = """article: garden
timezone: America/New_York
destination: accounts
governor: {same_text: 0 minutes}
steps:
"""
PLAIN = """
from urllib.request import urlopen
from prefect import flow

@flow
async def plain(due: float, url: str) -> None:
    urlopen(f"{url}/plain?due={due}").close()
"""


class Sink(Platform):
    """A fake Discord that notes when each post came, and when each plain flow ran."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[str, float]] = []  # a delivery, and when
        self.plain: list[tuple[float, float]] = []  # when a flow was due, and when it ran

    def answer(self, request: Request) -> Answer | None:
        """A plain flow is noted here, and is none of Discord's."""
        if request.path == "/plain":
            self.plain.append((float(request.query["due"]), time.time()))
            return Answer()
        return super().answer(request)

    def handle(self, request: Request) -> Answer:
        """A post is noted before it is taken."""
        if self.creates(request):
            self.came.append((_delivery(request), time.time()))
        return super().handle(request)


def _delivery(request: Request) -> str:
    """Which campaign's post to which account: its link says so."""
    words = str(request.json or request.form)
    link = next(part for part in words.replace("\\n", " ").split() if "utm_campaign=" in part)
    told = parse_qs(urlsplit(link.strip("<>()'\",")).query)
    return f"{told['utm_campaign'][0]}/{told['utm_content'][0].rpartition('discord-')[2].strip(chr(39))}"


@dataclass
class Run:
    """What is under way: servers, workers, the project; and when troubles were."""

    root: Path
    sink: Sink
    postgres: Postgres
    port: int = field(default_factory=ports.free)
    workers: list[Press] = field(default_factory=list)
    server: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    troubles: list[tuple[str, float, float]] = field(default_factory=list)

    @property
    def api(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.port}/api"


def main() -> None:
    """Measure. Exit code 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaigns", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=20, help="within which all steps are due")
    parser.add_argument("--plain", type=int, default=60, help="plain Prefect flows in the same time")
    parser.add_argument("--keep", type=Path, help="a new folder for the project and all logs, which stays")
    given = parser.parse_args()
    initdb = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not initdb:
        print("campaigns: not measured, for there is no PostgreSQL")
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pg")))
        postgres = Postgres(initdb[-1].parent, folder)
        postgres.start()
        stack.callback(postgres.stop)
        sink = stack.enter_context(Sink())
        root = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = Run(root=root, sink=sink, postgres=postgres)
        prepare(run)
        stack.callback(stop, run)
        dues, plains = schedule(run, given.campaigns, given.minutes * 60, given.plain)
        disturb(run, min(dues.values()), given.minutes * 60)
        wait_for_all(run, dues)
        kept = report(run, dues, plains)
    sys.exit(0 if kept else 1)


def prepare(run: Run) -> None:
    """A project, a server on PostgreSQL, three workers."""
    (run.root / "content" / "articles").mkdir(parents=True)
    (run.root / "content" / "campaigns").mkdir()
    (run.root / "content" / "brand.yaml").write_text(BRAND)
    (run.root / "content" / "articles" / "garden.md").write_text(ARTICLE)
    (run.root / "plain.py").write_text(PLAIN)
    webhook = f"{run.sink.url}/api/webhooks/{NUMBER}/{TOKEN}"
    accounts = {f"PRESSROOM_DISCORD_A{number}_WEBHOOK": webhook for number in range(STEPS)}
    run.environment = {
        **DEFAULTS,
        **accounts,
        "PRESSROOM_LIVE_WAIT": "0",
        "PRESSROOM_LEDGER": run.postgres.database(),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": run.postgres.database("postgresql+asyncpg"),
        "PREFECT_HOME": str(run.root / "home"),
        "PREFECT_API_URL": run.api,
    }
    os.environ |= {**run.environment, "PYTHONPATH": str(ROOT)}
    serve(run)
    register(run)
    for name in ("one", "two", "three"):
        run.workers.append(Press(run.root, "worker", "--name", name, **run.environment))


def serve(run: Run) -> None:
    """Start the server (again), and wait for it."""
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(run.port)]
    with (run.root / "server.log").open("ab") as log:
        run.server = subprocess.Popen(command, cwd=run.root, stdout=log, stderr=log)
    while not answers(run.api, 2):
        time.sleep(0.2)


def end_server(run: Run) -> None:
    """End the server as a supervisor does: it is told to, and killed where it waits for its clients for ever."""
    if run.server:
        run.server.terminate()
        try:
            run.server.wait(DOWN)
        except subprocess.TimeoutExpired:
            run.server.kill()
            run.server.wait(DOWN)


def register(run: Run) -> None:
    """Our deployments, and the plain flow: Prefect's own way to start a run."""
    import asyncio  # noqa: PLC0415

    from prefect import get_client  # noqa: PLC0415
    from prefect.flows import load_flow_from_entrypoint  # noqa: PLC0415

    from flows.deploying import POOL, register  # noqa: PLC0415

    async def all_of_it() -> None:
        await register(run.root)
        async with get_client() as client:
            flow = load_flow_from_entrypoint(f"{run.root}/plain.py:plain")
            await client.create_deployment(
                flow_id=await client.create_flow(flow),
                name="plain",
                work_pool_name=POOL,
                entrypoint="plain.py:plain",
                pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(run.root)}}],
                job_variables={"command": f"{sys.executable} -m prefect.engine"},
            )

    asyncio.run(all_of_it())


def schedule(run: Run, campaigns: int, seconds: float, plain: int) -> tuple[dict[str, float], list[float]]:
    """Start the campaigns, their steps spread evenly, and schedule the plain flows. When each is due."""
    from prefect import get_client  # noqa: PLC0415
    from prefect.states import Scheduled  # noqa: PLC0415

    from flows.directing import directing  # noqa: PLC0415
    from flows.lookup import find_campaign  # noqa: PLC0415

    begin = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=60 + campaigns)
    dues: dict[str, float] = {}
    gap = seconds / (campaigns * STEPS)
    for number in range(campaigns):
        text = HEAD
        for step in range(STEPS):
            due = begin + timedelta(seconds=round((step * campaigns + number) * gap))
            text += f"  - {{channel: 'discord:a{step}', at: {due:%Y-%m-%d %H:%M:%S}Z}}\n"
            dues[f"c{number}/a{step}"] = due.timestamp()
        (run.root / "content" / "campaigns" / f"c{number}.yaml").write_text(text)
    with directing(run.root) as director:
        for number in range(campaigns):
            director.start(find_campaign(f"c{number}", run.root))
    plains = [(begin + timedelta(seconds=seconds * (n + 0.5) / plain)).timestamp() for n in range(plain)]
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("plain/plain").id
        for due in plains:
            state = Scheduled(scheduled_time=datetime.fromtimestamp(due, UTC))
            parameters = {"due": due, "url": run.sink.url}
            client.create_flow_run_from_deployment(deployment, parameters=parameters, state=state)
    print(
        f"{len(dues)} deliveries due within {seconds / 60:.0f} minutes from {begin:%H:%M:%S} UTC, {plain} plain flows"
    )
    return dues, plains


def disturb(run: Run, begin: float, seconds: float) -> None:
    """A worker is killed, another frozen, the server restarted; the killed one comes back."""
    wait_until(begin + seconds * 0.3)
    with trouble(run, "one worker killed"):
        everything(run.workers[0], signal.SIGKILL)
    wait_until(begin + seconds * 0.45)
    with trouble(run, "one worker frozen"):
        frozen = everything(run.workers[1], signal.SIGSTOP)
        time.sleep(FROZEN)
        for pid in frozen:
            send(pid, signal.SIGCONT)
    wait_until(begin + seconds * 0.65)
    with trouble(run, "the server restarted"):
        end_server(run)
        serve(run)
    run.workers.append(Press(run.root, "worker", "--name", "four", **run.environment))


@contextmanager
def trouble(run: Run, what: str):
    """Note from when until when it was."""
    at = time.time()
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", flush=True)
    yield
    run.troubles.append((what, at, time.time()))
    print(f"{datetime.now(UTC):%H:%M:%S} over: {what}", flush=True)


def everything(worker: Press, number: int) -> list[int]:
    """Send a signal to a worker and all that it has started; who they are."""
    pids = worker.pids()
    for pid in pids:
        send(pid, number)
    return pids


def send(pid: int, number: int) -> None:
    """A signal, to whoever is still there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_until(moment: float) -> None:
    """Until a moment."""
    time.sleep(max(0.0, moment - time.time()))


def wait_for_all(run: Run, dues: dict[str, float]) -> None:
    """Until every delivery has come, or two minutes after the last was due."""
    last = max(dues.values()) + 120
    while time.time() < last and len({name for name, _ in run.sink.came}) < len(dues):
        time.sleep(1)
    wait_until(max(dues.values()) + 20)


def report(run: Run, dues: dict[str, float], plains: list[float]) -> bool:
    """Print how it went; whether every limit is kept."""
    came: dict[str, list[float]] = {}
    for name, at in run.sink.came:
        came.setdefault(name, []).append(at)
    lost, doubled = sorted(set(dues) - set(came)), sorted(name for name, times in came.items() if len(times) > 1)
    late = {name: times[0] - dues[name] for name, times in came.items()}
    ran: dict[float, float] = {}  # how far off: Prefect waits whole seconds, so that they run half of one early or late
    for due, at in run.sink.plain:
        ran.setdefault(due, abs(at - due))
    recovered = run.troubles[-1][2]
    after = [0.0] + [max(0.0, dues[name] + wait - max(recovered, dues[name])) for name, wait in late.items()]
    calm = {name: wait for name, wait in late.items() if untroubled(run, dues[name])}
    calm_plain = [wait for due, wait in ran.items() if untroubled(run, due)]
    print(f"sent {len(came)} of {len(dues)}, lost {lost or 'none'}, doubled {doubled or 'none'}")
    early = sum(wait < 0 for wait in late.values())
    print(f"early {early}; late after recovery: at most {max(after):.1f} s (limit {LATE:.0f})")
    ahead = sum(at < due for due, at in run.sink.plain)
    print(f"plain flows: {len(ran)} of {len(plains)} ran, {ahead} before their moment")
    kept = not lost and not doubled and max(after) <= LATE
    for title, ours, theirs in (
        ("untroubled", list(calm.values()), calm_plain),
        ("all", list(late.values()), list(ran.values())),
    ):
        told = len(ours) >= ENOUGH and len(theirs) >= ENOUGH // 3
        kept &= compare(title, ours, theirs) or title == "all" or not told
    return kept


def untroubled(run: Run, due: float) -> bool:
    """Whether a moment is clear of every trouble: none began within 15 s after it, nor ended within 60 s before it."""
    return not any(begin - 15 <= due <= end + 60 for _, begin, end in run.troubles)


def compare(title: str, ours: list[float], theirs: list[float]) -> bool:
    """How far off their moments, median and 99th percentile, against the plain flows."""
    told = []
    for name, share in (("median", 0.5), ("p99", 0.99)):
        mine, plain = quantile(ours, share), quantile(theirs, share)
        told.append((mine / plain, f"{name} {mine * 1000:,.0f} ms, plain {plain * 1000:,.0f} ms: {mine / plain:.2f} x"))
    print(f"{title} ({len(ours)} and {len(theirs)}): {'; '.join(words for _, words in told)} (limit {RATIO})")
    return all(ratio <= RATIO for ratio, _ in told)


def quantile(values: list[float], share: float) -> float:
    """The value that such a share does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else statistics.nan


def stop(run: Run) -> None:
    """End all that was started."""
    for worker in run.workers:
        for pid in worker.pids():
            send(pid, signal.SIGCONT)
        if worker.process.poll() is None:
            worker.process.terminate()
    for worker in run.workers:
        try:
            worker.process.wait(45)
        except subprocess.TimeoutExpired:
            everything(worker, signal.SIGKILL)
    end_server(run)


if __name__ == "__main__":
    main()
