"""Publishing without a flow, for tests that only need something to have been sent."""

from contextlib import closing
from pathlib import Path

from flows.deliver import Courier
from flows.ledger import Ledger
from flows.orders import Order
from flows.plan import plan
from flows.records import Delivery
from flows.settings import Settings


def publish_to_outbox(root: Path, article: str) -> None:
    """Bring every rendition to the outbox, as the flow's pushes do."""
    with closing(Ledger(Settings.of(root).ledger_url(root))) as ledger:
        for entry in plan(Order(article=article, root=str(root)), root / "outbox").entries:
            Courier(entry.channel, entry.rendition, entry.delivery, ledger).deliver()


def hold(root: Path, article: str, account: str) -> None:
    """Leave a delivery for a person to look at."""
    delivery = Delivery(campaign=article, article=article, account=account)
    with closing(Ledger(Settings.of(root).ledger_url(root))) as ledger:
        ledger.plan(delivery)
        owner = ledger.claim(delivery, "d" * 64) or ""
        ledger.settle(delivery, owner, "held", "2 of its parts are out")
