"""`pressroom doctor --for CAMPAIGN`: whether it will go out when it is to, as far as this can be known before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from content.findings import Finding, Severity
from desk.campaigns.choosing import chosen
from desk.doctor import disk, ledger, report
from flows import clock, engine
from flows.agenda import Agenda
from flows.errors import PrefectUnreachable
from flows.forecast import forecast
from flows.health import DEPLOYMENT, POOL, health
from flows.intents import spelled
from flows.leases import KEEPS, keeps_leases
from flows.lookup import looking
from flows.plan import connect
from flows.settings import Settings

if TYPE_CHECKING:
    from desk.console import Voice
    from flows.health import Health

TOLD, GRAVE = timedelta(seconds=5), timedelta(seconds=60)  # that clocks may differ: before it is said, and is grave


def examine_campaign(named: str, root: Path, voice: Voice) -> int:
    """Look at all that a campaign needs; exit code 1 if something is broken. Raises `Refused`."""
    readiness = Readiness(named, root)
    looks = {
        "Campaign": readiness.campaign,
        "Disk": disk,
        "Ledger": ledger,
        "Prefect": readiness.prefect,
        "Clocks": readiness.clocks,
        "Accounts": readiness.accounts,
    }
    return report(looks, root, voice)


class Readiness:
    """Looks at what one campaign needs. Raises `Refused` where it can't be read."""

    def __init__(self, named: str, root: Path) -> None:
        self._root = root
        self._campaign, self._article = chosen(named, "", root)

    def campaign(self, root: Path) -> Iterator[Finding]:
        """All that is foreseen of it; and that it is running, where it was started."""
        with looking(root) as ledger_:
            found = forecast(self._campaign, root, clock.now(), ledger_, article=self._article)
            known = Agenda(ledger_.engine).course(found.course.id) if ledger_ else None
        yield from found.findings
        if known and known.state != "running":
            mend = f"pressroom campaign resume {known.id}" if known.state == "paused" else ""
            yield self._campaign.finding("state", f"'{known.id}' is {known.state}.", mend, severity="warn")
        if known and known.terms != self._campaign.text:
            why = f"The file has changed since '{known.id}' was started."
            mend = f"pressroom campaign start {known.id}, once more, takes it over."
            yield self._campaign.finding("changed", why, mend, severity="warn")

    def prefect(self, root: Path) -> Iterator[Finding]:
        """A server that knows the steps, and somebody who works for it."""
        found = self._health
        if found is None:
            yield from self._nobody()
            return
        if not found.deployed:
            mend = "Run `pressroom up`, or `prefect --no-prompt deploy --all` where the server is another's."
            yield _finding("block", f"The server at {found.url} does not know '{DEPLOYMENT}'.", mend)
        if not found.workers:
            why = f"No worker is online in the pool '{POOL}' at {found.url}: nothing is sent."
            yield _finding("block", why, "Run `pressroom up`, or `pressroom worker` where the server is another's.")
        if not found.same_version:
            why = f"Prefect is {found.version} on the server, {version('prefect')} here."
            yield _finding("warn", why, "Have both the same, or try the campaign to the outbox first.")
        if Settings.of(root).at_once and not keeps_leases(found.url):
            why = "A restart of the Prefect server loses slots of PRESSROOM_LIMITS for good: it remembers none."
            yield _finding("warn", why, f"Set PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE={KEEPS} for the server.")
        yield from self._elsewhere(found)
        if found.deployed and found.workers:
            yield _finding("info", f"The server is {found.url}; online: {', '.join(found.workers)}.")

    def _nobody(self) -> Iterator[Finding]:
        other = engine.neighbour(self._root)
        whose = f" The one at {engine.LOCAL} is another project's, {other}." if other else ""
        yield _finding("block", f"No Prefect server runs: nothing is sent.{whose}", "Run `pressroom up`.")

    def _elsewhere(self, found: Health) -> Iterator[Finding]:
        """Another folder of this machine is another project; one of another machine's may be a copy of this one."""
        if found.folder and Path(found.folder).is_dir() and Path(found.folder).resolve() != self._root.resolve():
            why = f"The server at {found.url} has steps run in {found.folder}: what is in this folder is not sent."
            yield _finding("warn", why, "Run `pressroom up` without PREFECT_API_URL, for a press of this folder's own.")

    def clocks(self, root: Path) -> Iterator[Finding]:
        """This machine's clock against the server's and the ledger's."""
        with suppress(PrefectUnreachable):  # that it can't be asked was told already
            if self._health:
                yield from _apart(self._health.ahead, "the Prefect server's")
        with looking(root) as ledger_:
            if ledger_:
                began = datetime.now(UTC)
                there = Agenda(ledger_.engine).now()
                yield from _apart(there - (began + (datetime.now(UTC) - began) / 2), "the ledger's database's")

    def accounts(self, root: Path) -> Iterator[Finding]:
        """Each account is asked now; its dates are among what is foreseen."""
        if self._campaign.terms.destination == "outbox":
            yield _finding("info", "The campaign goes to the outbox: no account is asked.")
            return
        steps = self._campaign.steps.values()
        for account in sorted({account for step in steps for account in self._campaign.accounts(step)}):
            with closing(connect(account, root)) as channel:
                yield from (_for_real(finding, account) for finding in channel.doctor())

    @cached_property
    def _health(self) -> Health | None:
        """None where no server was found. Raises `PrefectUnreachable` where one is set and can't be asked."""
        url = engine.prepare(self._root).rstrip("/")
        return health(url) if url else None


def _for_real(finding: Finding, account: str) -> Finding:
    """An account that is not set up goes to the outbox elsewhere; a campaign for real can't be started with it."""
    if finding.rule != "account.missing":
        return finding
    return replace(finding, severity="block", why=f"No account is set up for '{account}'.")


def _apart(ahead: timedelta, whose: str) -> Iterator[Finding]:
    if abs(ahead) > TOLD:
        way = "behind" if ahead > timedelta() else "ahead of"
        why = f"This machine's clock is {spelled(abs(ahead))} {way} {whose}: times are kept by each for itself."
        yield _finding("block" if abs(ahead) > GRAVE else "warn", why, "Have both set theirs by NTP.")


def _finding(severity: Severity, why: str, mend: str = "") -> Finding:
    return Finding(rule="campaign.ready", severity=severity, why=why, mend=mend)
