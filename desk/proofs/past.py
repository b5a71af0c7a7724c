"""What the ledger knows, read once for a whole page of the desk."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from flows.ledger import Ledger
from flows.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from flows.records import Record


def standing(record: Record | None) -> str:
    """How a delivery stands, in a word: the ledger's own; `never`; or `dry`, for what only the outbox has."""
    if record is None or record.state == "planned":
        return "never"
    dry = record.state == "sent" and record.delivery.account.startswith("outbox/")
    return "dry" if dry else record.state


class Past:
    """The newest record of each article and channel. An account's own record goes before its dry run's."""

    def __init__(self, root: Path) -> None:
        self._url = Settings.of(root).ledger_url(root)
        with closing(Ledger(self._url)) as ledger:
            self.records = ledger.records()
        self._newest: dict[str, dict[str, Record]] = {}  # by article, then by channel
        for record in reversed(self.records):
            self._remember(record)

    def _remember(self, record: Record) -> None:
        account = record.delivery.account.removeprefix("outbox/")
        records = self._newest.setdefault(record.delivery.article, {})
        known = records.get(account)
        if known is None or known.delivery.account != account or record.delivery.account == account:
            records[account] = record

    def newest(self, article: str, account: str) -> Record | None:
        """The last delivery of an article to a channel."""
        return self.of(article).get(account)

    def of(self, article: str) -> dict[str, Record]:
        """The last deliveries of an article, by channel."""
        return self._newest.get(article, {})

    def record(self, key: str) -> Record | None:
        """One delivery by its key."""
        return next((record for record in self.records if record.delivery.key == key), None)

    def kept(self, digest: str) -> dict[str, Any] | None:
        """The fields of what was sent under a digest."""
        with closing(Ledger(self._url)) as ledger:
            return ledger.kept(digest)
