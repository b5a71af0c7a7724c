"""Do links still lead somewhere? Asked politely, and not again on the same day."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urlsplit

from content.fetching import probe
from content.findings import Finding, Refused

if TYPE_CHECKING:
    from pathlib import Path

    from content.crosslinks import Link

FRESH, AGAIN = 86_400.0, 3_600.0  # seconds for which a good answer counts, and a bad one
PAUSE = 1.0  # seconds between two questions to one host
HOSTS = 8  # asked side by side
CLOSED = {401, 403, 405, 406, 429, 451, 503, 999}  # servers that turn programs away: a person would get in


class Prober:
    """Asks each address once a day. Answers are kept in `.pressroom/links.json`."""

    def __init__(self, root: Path, *, pause: float = PAUSE, allow_private: bool = False) -> None:
        self._file = root / ".pressroom" / "links.json"
        self._pause = pause
        self._allow_private = allow_private
        self._known: dict[str, tuple[str, float]] = {}  # address: what is wrong ("" nothing), and when it was asked
        with suppress(OSError, ValueError, TypeError, AttributeError):
            kept = json.loads(self._file.read_bytes())
            self._known = {address: (str(said), float(at)) for address, (said, at) in kept.items()}

    def check(self, links: Iterable[Link], told: Callable[[int, int], None] = lambda *_: None) -> Iterator[Finding]:
        """What is broken, link by link. A server that turns programs away proves nothing."""
        wanted = [link for link in links if not link.address.startswith("#")]
        self._ask(sorted({urldefrag(link.address).url for link in wanted}), told)
        for link in wanted:
            why, _ = self._known[urldefrag(link.address).url]
            if why:
                said = f"The link {link.address} is broken: {why}"
                mend = "Mend the link, or take it out."
                yield Finding(rule="link.broken", severity="warn", why=said, mend=mend, file=link.file, line=link.line)

    def _ask(self, addresses: list[str], told: Callable[[int, int], None]) -> None:
        stale = [address for address in addresses if not self._fresh(address)]
        hosts = [list(group) for _, group in groupby(stale, key=lambda address: urlsplit(address).netloc)]
        done = 0
        with ThreadPoolExecutor(HOSTS) as pool:
            for answers in pool.map(self._ask_host, hosts):
                self._known |= answers
                done += len(answers)
                told(done, len(stale))
        if stale:
            with suppress(OSError):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(json.dumps(self._known), encoding="utf-8")

    def _fresh(self, address: str) -> bool:
        why, at = self._known.get(address, ("", 0.0))
        return time.time() - at < (AGAIN if why else FRESH)

    def _ask_host(self, addresses: list[str]) -> dict[str, tuple[str, float]]:
        answers = {}
        for number, address in enumerate(addresses):
            if number:
                time.sleep(self._pause)
            answers[address] = (self._trouble(address), time.time())
        return answers

    def _trouble(self, address: str) -> str:
        try:
            status = probe(address, allow_private=self._allow_private)
        except Refused as refused:
            return refused.findings[0].why
        return "" if status < 400 or status in CLOSED else f"the server answers {status}."
