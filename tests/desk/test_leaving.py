"""Leaving the list as readers, mailbox providers, link scanners and attackers do: at a server that runs for real."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from channels.seal import Seal
from desk.mail.leaving import create
from desk.mail.turnstile import Turnstile
from flows.database import open_database
from flows.errors import Unusable
from flows.settings import Settings
from flows.suppressions import Suppressions, attest
from tests.corpus import ROOT

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
START = """import json, sys
from pathlib import Path
from desk.console import Voice
from desk.mail.serving import serve_mail
sys.exit(serve_mail(Path(sys.argv[1]), Voice(), port=int(sys.argv[2])))
"""


@dataclass
class Served:
    """A server's process, and what a test knows of its project."""

    root: Path
    address: str
    process: subprocess.Popen[str]
    log: Path

    def link(self, reader: str = "reader@example.org") -> str:
        """A reader's own way off the list."""
        return f"{self.address}/u/{self.token(reader)}"

    def token(self, reader: str = "reader@example.org") -> str:
        """What the link holds."""
        seal = Settings.of(self.root).seal(self.root)
        return seal.token(seal.hash(reader), "unsubscribe")

    @property
    def suppressions(self) -> Suppressions:
        """The ledger's own."""
        return Suppressions(open_database(Settings.of(self.root).ledger_url(self.root)))

    def gone(self, reader: str = "reader@example.org") -> bool:
        """Whether a reader is off the list."""
        hashed = Settings.of(self.root).seal(self.root).hash(reader)
        return hashed in self.suppressions.among({hashed})


@contextmanager
def served(root: Path, port: int = 0) -> Iterator[Served]:
    """Start the server, and end it as a service manager does."""
    log = root / "served.log"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", START, str(root), str(port)]
    with log.open("w") as told:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=told, text=True)
    with process, process.stdout as said:
        line = said.readline()
        assert "http" in line, f"it ended: {process.wait()} {log.read_text()}"
        address = line.split(" at ")[1].split("/u/")[0]
        try:
            yield Served(root, address, process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


@pytest.fixture
def mail(project: Path) -> Iterator[Served]:
    """A server of a test's own."""
    with served(project) as running:
        yield running


def test_looking_at_the_link_takes_nobody_off(mail):
    for _ in range(3):
        answer = httpx.get(mail.link())
        assert answer.status_code == 200
        assert "Leave this list?" in answer.text
    head = httpx.head(mail.link())

    assert (head.status_code, head.content) == (200, b"")
    assert not mail.gone()


@pytest.mark.parametrize("sent", [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}, {}])
def test_one_click_takes_the_reader_off_without_a_cookie_or_a_redirect(mail, sent):
    for _ in range(3):
        answer = httpx.post(mail.link(), **sent)
        assert (answer.status_code, answer.text) == (200, "You are off the list.\n")
        assert not answer.cookies

    assert mail.gone()
    assert mail.suppressions.counts() == {"unsubscribed": 1}
    assert not mail.gone("another@example.org")


def test_a_mistake_can_be_taken_back(mail):
    left = httpx.post(mail.link(), data={"confirm": "yes"})
    back = [httpx.post(mail.link(), data={"again": "yes"}) for _ in range(2)]

    assert "You are off the list" in left.text
    assert "That was a mistake" in left.text
    assert [answer.status_code for answer in back] == [200, 200]
    assert all("You are back on the list" in answer.text for answer in back)
    assert not mail.gone()


def test_nobody_comes_back_who_has_complained(mail):
    seal = Settings.of(mail.root).seal(mail.root)
    mail.suppressions.add(seal.hash("reader@example.org"), "complained")
    answer = httpx.post(mail.link(), data={"again": "yes"})

    assert "You are off the list" in answer.text
    assert "That was a mistake" not in answer.text
    assert mail.gone()


@pytest.mark.parametrize("reason", ["complained", "by hand", "bounced"])
def test_whoever_holds_the_link_of_one_who_left_and_was_kept_off_since_brings_nobody_back(mail, reason):
    httpx.post(mail.link(), data=ONE_CLICK)
    seal = Settings.of(mail.root).seal(mail.root)
    assert not mail.suppressions.add(seal.hash("reader@example.org"), reason)
    httpx.post(mail.link(), data={"again": "yes"})

    assert mail.gone()
    assert mail.suppressions.counts() == {reason: 1}


def test_a_forged_link_is_refused_in_the_same_words_whatever_is_wrong_with_it(mail):
    seal = Settings.of(mail.root).seal(mail.root)
    good = mail.token()
    other_purpose = seal.token(seal.hash("reader@example.org"), "bounce")
    changed = good[:5] + ("a" if good[5] != "a" else "b") + good[6:]
    forged = [other_purpose, changed, good[:-3], good + "aaaaaaaa", "x", "%00", "%C3%A9" * 39, "a" * 3000, "."]
    answers = [httpx.request(method, f"{mail.address}/u/{one}") for one in forged for method in ("GET", "POST")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "This link does not work" in answers[0].text
    assert "mailto:letters@garden.example.org" in answers[0].text
    assert mail.suppressions.counts() == {}


@pytest.mark.parametrize("path", ["/", "/u/", "/u/a/b", "/nowhere", "/docs", "/u/../health/x"])
def test_there_is_nothing_else(mail, path):
    assert httpx.get(mail.address + path).status_code == 404


def test_whoever_watches_sees_that_it_runs(mail):
    answer = httpx.get(f"{mail.address}/health")

    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(mail, method):
    answer = httpx.request(method, mail.link())

    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))
    assert not mail.gone()


@pytest.mark.parametrize("length", [True, False])
def test_a_long_body_is_refused_whether_or_not_its_length_is_told(mail, length):
    body = b"List-Unsubscribe=One-Click&x=" + b"x" * 5000
    answer = httpx.post(mail.link(), content=body if length else iter([body]))

    assert answer.status_code == 413
    assert not mail.gone()


def test_a_body_that_never_ends_is_cut_off(mail):
    host, port = mail.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=15) as wire:
        wire.sendall(f"POST /u/{mail.token()} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\n".encode())
        said = wire.recv(4096)

    assert b" 408 " in said.splitlines()[0]
    assert not mail.gone()


def test_who_tries_links_is_slowed_down_and_readers_behind_one_address_are_not(mail):
    with httpx.Client() as client:
        tried = [client.get(f"{mail.address}/u/{number:039}") for number in range(70)]
        readers = [client.post(mail.link(f"reader{number}@example.org"), data=ONE_CLICK) for number in range(100)]
        same = [client.get(mail.link()) for _ in range(70)]
    slowed = [answer for answer in tried if answer.status_code == 429]

    assert {answer.status_code for answer in tried[:60]} == {404}
    assert len(slowed) >= 5
    assert int(slowed[0].headers["retry-after"]) >= 1
    assert "Too many requests" in slowed[0].text
    assert {answer.status_code for answer in readers} == {200}
    assert mail.suppressions.counts() == {"unsubscribed": 100}
    assert [answer.status_code for answer in same].count(429) >= 5


def test_a_proxy_on_this_machine_says_who_is_asking(mail):
    with httpx.Client() as client:
        answers = [
            client.get(f"{mail.address}/u/none", headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(100)
        ]

    assert {answer.status_code for answer in answers} == {404}


def test_many_leave_at_once(mail):
    links = [mail.link(f"reader{number}@example.org") for number in range(60)]
    codes = []

    def leave(mine):
        with httpx.Client(timeout=60) as client:
            codes.extend(client.post(link, data=ONE_CLICK).status_code for link in mine)

    threads = [threading.Thread(target=leave, args=(links[start::12],)) for start in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == [200] * 60
    assert mail.suppressions.counts() == {"unsubscribed": 60}


def test_a_ledger_that_cannot_be_used_asks_providers_to_try_again_and_is_used_once_it_can(project):
    ledger = project / ".pressroom" / "ledger.db"
    ledger.mkdir(parents=True)
    with served(project) as mail:
        asked = httpx.get(mail.link())
        answer = httpx.post(mail.link(), data=ONE_CLICK)
        ledger.rmdir()
        later = httpx.post(mail.link(), data=ONE_CLICK)
        told = mail.log.read_text()

        assert asked.status_code == 200
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "Nothing was saved" in answer.text
        assert later.status_code == 200
        assert mail.gone()
        assert "a reader could not be served: the ledger" in told


def test_another_secret_than_the_ledgers_is_refused_before_a_good_link_is_called_a_bad_one(project):
    root = project / ".pressroom"
    root.mkdir()
    attest(open_database(f"sqlite:///{root}/ledger.db"), Seal(b"the secret of the machine before"))
    with pytest.raises(Unusable, match="copy it from the machine that used the ledger first"):
        create(project)


@pytest.mark.parametrize("path", ["/u/none", "/health", "/nowhere", "good"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_every_answer_tells_browsers_and_engines_to_keep_away(mail, path, method):
    answer = httpx.request(method, mail.link() if path == "good" else mail.address + path)
    headers = answer.headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script" not in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert "server" not in headers
    assert "set-cookie" not in headers


def test_no_link_and_no_address_stands_in_the_log(project):
    (project / ".pressroom" / "ledger.db").mkdir(parents=True)
    with served(project) as mail:
        for method in ("GET", "POST", "PUT"):
            httpx.request(method, mail.link(), headers={"X-Forwarded-For": "192.0.2.77"})
        httpx.get(f"{mail.address}/u/{mail.token()}x")
        with socket.create_connection(tuple(mail.address.removeprefix("http://").split(":")), timeout=5) as wire:
            wire.sendall(f"GET /u/{mail.token()} rubbish\r\n\r\n".encode())
            wire.recv(4096)
        token, hashed = mail.token(), Settings.of(project).seal(project).hash("reader@example.org").hex()
    told = mail.log.read_text()

    assert "could not be served" in told
    assert not [secret for secret in (token, token[:12], hashed, "192.0.2.77", "reader@") if secret in told]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order(project, by):
    with served(project) as mail:
        mail.process.send_signal(by)
        code = mail.process.wait(10)

    assert code == 0
    assert mail.log.read_text() == ""


def test_a_taken_port_is_told_and_no_other_is_taken_instead(project):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-c", START, str(project), str(port)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    assert ended.returncode != 0
    assert f"Nothing can listen at 127.0.0.1, port {port}" in ended.stderr
    assert "Readers can leave" not in ended.stdout


def test_a_turnstile_gives_back_what_it_took_and_remembers_only_so_many():
    now = [0.0]
    turnstile = Turnstile(3, 60.0, room=2, clock=lambda: now[0])
    first = [turnstile.wait("a") for _ in range(4)]
    now[0] = 20.0
    second = [turnstile.wait("a") for _ in range(2)]
    for key in ("b", "c"):
        turnstile.wait(key)

    assert first == [0.0, 0.0, 0.0, 20.0]
    assert second == [0.0, 20.0]
    assert turnstile.wait("a") == 0.0  # forgotten, for two others have come


@pytest.mark.judged
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reader_leaves_and_comes_back_in_a_browser(mail, browser, scheme, tmp_path):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    page = browser.new_page(viewport={"width": 320, "height": 700}, color_scheme=scheme)
    complaints = []
    page.on("console", lambda said: complaints.append(said.text))
    seen = {}

    def look(name):
        page.set_viewport_size({"width": 375, "height": 700})
        page.screenshot(path=Path(os.environ.get("PRESSROOM_PICTURES", tmp_path)) / f"{name}-{scheme}.png")
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        seen[name] = [violation["id"] for violation in Axe().run(page).response["violations"]]
        return page.locator("h1").inner_text()

    page.goto(mail.link())
    assert look("ask") == "Leave this list?"
    assert not mail.gone()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.get_by_role("button", name="That was a mistake").wait_for()
    assert look("left") == "You are off the list"
    assert mail.gone()
    page.get_by_role("button", name="That was a mistake").click()
    page.get_by_role("heading", name="You are back on the list").wait_for()
    assert look("back") == "You are back on the list"
    assert not mail.gone()
    assert complaints == []
    page.goto(f"{mail.address}/u/none")
    assert look("unknown") == "This link does not work"
    page.close()

    assert seen == {"ask": [], "left": [], "back": [], "unknown": []}


def test_a_brand_says_it_in_its_own_words_and_colours(project):
    brand = project / "content" / "brand.yaml"
    brand.write_text(
        brand.read_text() + 'labels: {leave_title: "Wirklich <gehen>?"}\ncolours: {accent: "#123456"}\n',
        encoding="utf-8",
    )
    with served(project) as mail:
        page = httpx.get(mail.link()).text

    assert '<h1 dir="auto">Wirklich &lt;gehen&gt;?</h1>' in page
    assert "#123456" in page
    assert "Garden Letters, 1 Long Walk, Kew" in page
