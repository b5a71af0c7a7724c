"""A desk that runs as people start it, and a real browser to look at it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

import pytest

from desk.proofs.pictures import installed
from tests import ports
from tests.conftest import ARTICLE, BRAND
from tests.corpus import ROOT
from tests.desk.published import hold, publish_to_outbox

OFFLINE = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"]


@dataclass(frozen=True)
class Running:
    """A desk's process."""

    root: Path
    address: str
    process: subprocess.Popen[str]

    def article(self, view: str = "") -> str:
        """The address of a view of the sample article."""
        return f"{self.address}/articles/garden" + (f"/{view}" if view else "")

    @property
    def file(self) -> Path:
        """The sample article's file."""
        return self.root / "content" / "articles" / "garden.md"

    def edit(self, old: str, new: str) -> None:
        """Save the article with other words."""
        text = self.file.read_text(encoding="utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new), encoding="utf-8")


@contextmanager
def opened(root: Path, *arguments: str, told: IO[str] | None = None) -> Iterator[Running]:
    """Start `pressroom preview` and end it as Ctrl-C does. `told` gets the modules that it imports."""
    python = [sys.executable, *(["-X", "importtime"] if told else [])]
    if "--port" not in arguments:  # a page that outlives its desk must not meet another test's at the same place
        arguments = (*arguments, "--port", str(ports.free()))
    command = [*python, "-m", "desk", "preview", *arguments, "--no-browser", "--json", "--root", str(root)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=told, text=True)
    with process, process.stdout as said:
        lines = []
        while not lines or lines[-1] != "}":
            line = said.readline()
            assert line, f"the desk ended: {process.wait()}"
            lines.append(line.rstrip())
        address = json.loads("\n".join(lines))["address"].split("/articles/")[0].rstrip("/")
        try:
            yield Running(root, address, process)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(10)


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Starts a desk in a project of a test's own."""
    with ExitStack() as stack:
        yield lambda root, *arguments: stack.enter_context(opened(root, *arguments))


@pytest.fixture
def desk(project: Path, start: Callable[..., Running]) -> Running:
    """A desk of a test's own, for tests that change files."""
    return start(project)


@pytest.fixture(scope="module")
def quiet_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One desk for tests that only look."""
    root = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "content", root / "content", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (root / "content" / "brand.yaml").write_text(BRAND, encoding="utf-8")
    (root / "content" / "articles" / "garden.md").write_text(ARTICLE, encoding="utf-8")
    (root / "content" / "articles" / "broken.md").write_text("---\ntitel: T\n---\n\nText.\n", encoding="utf-8")
    publish_to_outbox(root, "is-ketamine-an-opioid")
    hold(root, "garden", "x")
    sample = root / "content" / "articles" / "is-ketamine-an-opioid.md"
    sample.write_text(sample.read_text(encoding="utf-8").replace("belongs to", "is one of"), encoding="utf-8")
    with opened(root) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    """Chromium, kept from the internet."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not paid by tests without a browser

    path = installed()
    if path is None:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=OFFLINE)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A browser's page. Whatever its console complains of fails the test, but for a desk that was closed."""
    complaints: list[str] = []
    shown = browser.new_page()

    def heard(said) -> None:
        if said.type in {"error", "warning"} and "ERR_CONNECTION_REFUSED" not in said.text:
            complaints.append(said.text)

    shown.on("console", heard)
    shown.heard = heard  # for a test in which Chromium is to complain
    shown.on("pageerror", lambda error: complaints.append(str(error)))
    yield shown
    shown.close()
    assert complaints == []


@contextmanager
def site(html: str) -> Iterator[str]:
    """Another site on this machine, with one page."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Be quiet."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
