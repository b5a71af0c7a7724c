"""Web: pages as files below a folder that a web server serves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from channels.base import Capabilities, Channel, Parcel, Receipt
from channels.disk import below, no_room, place_file, writable
from channels.errors import Misconfigured
from content.findings import Finding
from content.fitting import Limits
from content.page import Page


class WebSettings(BaseModel):
    """Where the site's files stand."""

    model_config = ConfigDict(frozen=True)

    directory: Path | None = None


class Web(Channel[Page]):
    """A directory. Writing the same page twice changes nothing."""

    name = "web"
    title = "Web page"
    form = Page
    settings_model = WebSettings
    can = Capabilities(limits=Limits(), repeat_safe=True, finds=True, updates=True, retracts=True)

    def __init__(self, account: str = "", settings: WebSettings | None = None) -> None:
        super().__init__(account)
        self._directory = (settings or WebSettings()).directory

    @property
    def configured(self) -> bool:
        """Whether there is a directory."""
        return self._directory is not None

    def parcel(self, rendition: Page, _key: str) -> Parcel:
        """The page and its pictures in one folder, readable without a server."""
        files = [(asset.path, asset.data) for asset in rendition.assets]
        return Parcel(files=(*files, ("index.html", rendition.html.encode())), opens="index.html")

    def publish(self, rendition: Page, key: str, prepared: str = "") -> Receipt:
        """Write pictures first and the page last, so that it never shows a picture that is not there."""
        directory = self._ready()
        folder = rendition.path.rpartition("/")[0]
        try:
            for name, data in self.parcel(rendition, key).files:
                place_file(below(directory, f"{folder}/{name}"), data)
        except OSError as error:
            raise no_room(self.account, error) from error
        return self._receipt(rendition)

    def find(self, rendition: Page, _key: str, prepared: str = "", since: datetime | None = None) -> Receipt | None:
        """Compare the page's bytes with those that stand there."""
        page = below(self._ready(), rendition.path)
        there = page.is_file() and page.read_bytes() == rendition.html.encode()
        return self._receipt(rendition) if there else None

    def update(self, receipt: Receipt, rendition: Page) -> Receipt:
        """Write the page again in its place."""
        return self.publish(rendition, receipt.remote_ids[0])

    def retract(self, receipt: Receipt) -> None:
        """Take the page away; its pictures stay, for they may be linked."""
        below(self._ready(), receipt.remote_ids[0]).unlink(missing_ok=True)

    def doctor(self) -> list[Finding]:
        """Is there a directory to write to?"""
        if self._directory and writable(self._directory):
            return []
        if self._directory:
            why, mend = f"Nothing can be written to {self._directory}.", "Let Pressroom's user write there."
            return [Finding(rule="account.refused", severity="block", why=why, mend=mend, channel=self.account)]
        why = "Pages go to the outbox: no directory is set."
        mend = "Set PRESSROOM_WEB_DIRECTORY to the folder that the web server serves."
        return [Finding(rule="account.missing", severity="info", why=why, mend=mend, channel=self.account)]

    def _ready(self) -> Path:
        if self._directory is None:
            raise Misconfigured(self.account, "no directory is set; set PRESSROOM_WEB_DIRECTORY")
        return self._directory

    def _receipt(self, rendition: Page) -> Receipt:
        return Receipt(
            channel=self.account,
            remote_ids=(rendition.path,),
            url=rendition.url,
            digest=rendition.digest,
            sent_at=datetime.now(UTC),
        )
