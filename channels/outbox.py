"""The outbox: what any channel would send, written to disk. The dry run of every channel."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.base import Channel, Parcel, Receipt
from channels.disk import no_room, place_folder

if TYPE_CHECKING:
    from content.article import Article
    from content.context import Context
    from content.findings import Finding

RECEIPT = "receipt.json"


class Outbox(Channel[Any]):
    """Stands in front of a channel: the same renditions and checks, but files below `folder` in place of a send."""

    name = "outbox"
    title = "Outbox"

    def __init__(self, channel: Channel[Any], folder: Path) -> None:
        super().__init__(f"outbox/{channel.account}")
        self.channel = channel
        self.folder = folder / channel.account.replace(":", "-")
        self.form = channel.form
        self.can = replace(
            channel.can,
            repeat_safe=True,
            finds=True,
            updates=True,
            retracts=True,
            drafts=False,
            recipients=False,
            by_hand=False,
            price=0.0,
            bare_price=0.0,
            quota=None,
        )

    def render(self, article: Article, context: Context) -> Any:
        """Just what the channel itself would send."""
        return self.channel.render(article, context)

    def check(self, rendition: Any) -> list[Finding]:
        """Just what the channel itself would say."""
        return self.channel.check(rendition)

    def parcel(self, rendition: Any, key: str) -> Parcel:
        """The channel's own files."""
        return self.channel.parcel(rendition, key)

    def publish(self, rendition: Any, key: str, prepared: str = "") -> Receipt:
        """Write the channel's files in one step. Raises `Misconfigured` where the disk takes nothing."""
        parcel = self.parcel(rendition, key)
        receipt = Receipt(
            channel=self.account,
            remote_ids=(key,),
            url=(self.folder / parcel.opens).resolve().as_uri(),
            digest=rendition.digest,
            sent_at=datetime.now(UTC),
        )
        said = {**asdict(receipt), "key": key, "sent_at": receipt.sent_at.isoformat()}
        proof = json.dumps(said, indent=2).encode() + b"\n"
        try:
            place_folder(self.folder, [*parcel.files, (RECEIPT, proof)])
        except OSError as error:
            raise no_room(self.account, error) from error
        return receipt

    def find(self, rendition: Any, key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Look for the files of this very rendition."""
        said = self._said()
        if said.get("key") != key or said.get("digest") != rendition.digest:
            return None
        return Receipt(
            channel=self.account,
            remote_ids=tuple(said["remote_ids"]),
            url=said["url"],
            digest=said["digest"],
            sent_at=datetime.fromisoformat(said["sent_at"]),
        )

    def update(self, receipt: Receipt, rendition: Any) -> Receipt:
        """Put the corrected files in the place of the old."""
        return self.publish(rendition, receipt.remote_ids[0])

    def retract(self, receipt: Receipt) -> None:
        """Take the files away."""
        if self._said().get("key") == receipt.remote_ids[0]:
            shutil.rmtree(self.folder)

    def _said(self) -> dict[str, Any]:
        try:
            said: dict[str, Any] = json.loads((self.folder / RECEIPT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return said
