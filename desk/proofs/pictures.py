"""A picture of each proof, taken by Chromium from a copy in a folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from content.findings import Finding, Refused
from desk.proofs.addresses import Folder, plain
from desk.proofs.drawing import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desk.proofs.sheet import Proof, Sheet

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
OFFLINE = ("--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--no-first-run")
STILL = ".bar,.tabs{position:static!important}"  # else they stand over what is taller than the window
TALLEST = 16_000  # pixels: what Chromium can draw in one piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture: its file's name, the page it is taken of, how wide, and which element (all of it: "")."""

    name: str
    page: str
    width: int
    element: str = ""


def shots(sheet: Sheet) -> Iterator[Shot]:
    """The pictures of an article's proofs."""
    for proof in sheet.proofs:
        yield from _shots(sheet, proof)


def _shots(sheet: Sheet, proof: Proof) -> Iterator[Shot]:
    links, account = Folder(), plain(proof.account)
    own = links.view(sheet.name, proof.account)
    match proof.form:
        case "page":
            for look in ("light", "dark"):
                frame = links.frame(sheet.name, proof.account, look)
                yield from (Shot(name=f"{account}-{kind}-{look}", page=frame, width=w) for kind, _, w, _ in WIDTHS)
            yield Shot(name=f"{account}-print", page=links.frame(sheet.name, proof.account, "print"), width=794)
        case "newsletter":
            for look, width in (("light", 640), ("light", 375), ("dark", 640), ("forced", 640), ("bare", 640)):
                frame = links.frame(sheet.name, proof.account, look)
                yield Shot(name=f"{account}-{look}-{width}", page=frame, width=width)
            yield Shot(name=f"{account}-inbox", page=own, width=1200, element=".inboxes")
        case "story":
            yield Shot(name=account, page=links.frame(sheet.name, proof.account, "light"), width=760)
        case _:
            yield Shot(name=account, page=own, width=1200, element=".thread")


def take(sheet: Sheet, copy: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of PNG files, as they are taken. Raises `Refused` where there is no browser to take them."""
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - an extra that only pictures need
    except ModuleNotFoundError as error:
        raise Refused([_no_browser()]) from error
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=installed(), args=list(OFFLINE), chromium_sandbox=False
            )
        except Error as error:
            raise Refused([_no_browser()]) from error
        for shot in shots(sheet):
            yield f"{shot.name}.png", _take(browser, shot, copy)
        browser.close()


def _take(browser: Any, shot: Shot, copy: Path) -> bytes:
    page = browser.new_page(viewport={"width": shot.width, "height": 900}, device_scale_factor=1)
    page.goto((copy / shot.page).resolve().as_uri())
    if shot.element:
        picture: bytes = page.locator(shot.element).first.screenshot(style=STILL)
    else:
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": shot.width, "height": min(max(height, 100), TALLEST)})
        picture = page.screenshot()
    page.close()
    return picture


def installed() -> str | None:
    """A browser of this machine; None leaves the choice to Playwright, which may have brought its own."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _no_browser() -> Finding:
    why = "Pictures need Chromium and the package playwright, and one of them is not here."
    mend = (
        "Both: `pip install 'pressroom[pictures]'`, then `apt-get install chromium` or `playwright install chromium`."
    )
    return Finding(rule="pictures.browser", severity="block", why=why, mend=mend)
