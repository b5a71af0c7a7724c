"""What goes out by hand: laid out in a folder, and open in the ledger until a person says where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from channels.disk import no_room, place_folder
from flows.ledger import OPEN_STATES, Ledger
from flows.records import Delivery, Outcome, State, Status, concluded, held_back

if TYPE_CHECKING:
    from pathlib import Path

    from channels.base import Channel, Receipt

WAITING: tuple[State, ...] = (*OPEN_STATES, "held", "unknown")


class Clerk:
    """Lays one rendition out for whoever posts it. Again is no harm: the newest words are there."""

    def __init__(self, channel: Channel[Any], rendition: Any, delivery: Delivery, ledger: Ledger, folder: Path) -> None:
        self.channel = channel
        self.rendition = rendition
        self.delivery = delivery
        self.ledger = ledger
        self.folder = folder / channel.account.replace(":", "-")

    def deliver(self, *, hold: str = "", correct: bool = False) -> Outcome:
        """Lay it out, or say that it was posted. Raises `ChannelError` where the disk takes nothing."""
        record = self.ledger.plan(self.delivery)
        receipt = record.receipt if record.state == "sent" else None
        if receipt and receipt.digest == self.rendition.digest:
            return self._outcome("already", "posted before, unchanged", receipt)
        if hold and not receipt:
            return held_back(self.delivery, hold, digest=self.rendition.digest)
        self._lay_out()
        if receipt:
            said = f"carries the earlier text; the new one is in {self.folder}: change it there, then say so again"
            return self._outcome("changed", f"{said}: {self._command(receipt.url)}", receipt)
        said = f"post it by hand: {self.folder}; then {self._command()}"
        owner = self.ledger.claim(self.delivery, self.rendition.digest, states=WAITING)
        if owner:
            self.ledger.settle(self.delivery, owner, "held", said)
        return self._outcome("handed", said)

    def _lay_out(self) -> None:
        self.ledger.keep(self.rendition)
        parcel = self.channel.parcel(self.rendition, self.delivery.key)
        try:
            place_folder(self.folder, parcel.files)
        except OSError as error:
            raise no_room(self.channel.account, error) from error

    def _command(self, address: str = "ADDRESS") -> str:
        return f"pressroom receipt {self.delivery.article} {self.channel.account} {address}"

    def _outcome(self, status: Status, detail: str, receipt: Receipt | None = None) -> Outcome:
        return concluded(self.delivery, status, detail, receipt, digest=self.rendition.digest)
