"""The desk tried as an attacker would: another site, another name, a hostile article, a path that leads out."""

import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.conftest import ARTICLE
from tests.desk.conftest import site

HOSTILE = """
<script>parent.document.title = "taken"</script>
<img src=x onerror="parent.document.title = 'taken'">
<a href="javascript:parent.document.title='taken'">click</a>
<iframe src="/"></iframe><form action="/articles/garden"><button>send</button></form>
<meta http-equiv="refresh" content="0;url=http://127.0.0.1:TRAP/">
<style>body{background:url(http://127.0.0.1:TRAP/leak)}</style>
<base href="http://127.0.0.1:TRAP/">
"""


def ask(desk, path="/", method="GET", **headers):
    """One request as no browser would send it: with any headers, and a path that nobody tidies."""
    split = urlsplit(desk.address)
    connection = http.client.HTTPConnection(split.hostname, split.port, timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode(errors="replace")
    connection.close()
    return answer, body


def test_it_listens_on_loopback_alone(quiet_desk):
    port = urlsplit(quiet_desk.address).port
    listening = [line.split()[1] for line in open_sockets() if line.split()[3] == "0A"]
    mine = [address for address in listening if int(address.split(":")[1], 16) == port]

    assert mine == [f"0100007F:{port:04X}"]


def open_sockets():
    with open("/proc/net/tcp", encoding="ascii") as tcp, open("/proc/net/tcp6", encoding="ascii") as tcp6:  # noqa: PTH123
        return [*tcp.read().splitlines()[1:], *tcp6.read().splitlines()[1:]]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", ""]
)
def test_a_name_that_was_bent_to_this_machine_is_refused(quiet_desk, host):
    port = urlsplit(quiet_desk.address).port
    answer, body = ask(quiet_desk, Host=host.format(port=port))

    assert (answer.status, "garden" in body) == (403, False)


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}"])
def test_the_machines_own_names_are_let_in(quiet_desk, host):
    assert ask(quiet_desk, Host=host.format(port=urlsplit(quiet_desk.address).port))[0].status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "image"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "script"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/events", "/static/desk.css", "/frames/garden/web/light.html"])
def test_what_another_site_asks_for_is_refused(quiet_desk, headers, path):
    assert ask(quiet_desk, path, **headers)[0].status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed_from_here(quiet_desk, method):
    navigates = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}

    assert ask(quiet_desk, "/articles/garden", method)[0].status == 405
    assert ask(quiet_desk, "/articles/garden", method, **navigates)[0].status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/articles/..%2f..%2f..%2fetc%2fpasswd",
        "/articles/..",
        "/articles/%2e%2e%2fbrand",
        "/articles/garden%00",
        "/files/garden/web/..%2f..%2f..%2f..%2fcontent%2fbrand.yaml",
        "/files/garden/web//etc/passwd",
        "/files/garden/..%2f..%2fetc/passwd",
        "/pictures/garden/..%2fbrand.yaml",
        "/static/..%2f..%2f..%2fpyproject.toml",
        "/static//etc/passwd",
        "/frames/garden/web/..%2flight.html",
        "/deliveries/..%2f..%2fledger.db",
        "/.env",
    ],
)
def test_no_path_leads_out(quiet_desk, path):
    (quiet_desk.root / ".env").write_text("PRESSROOM_X_TOKEN=token-in-a-file-5e", encoding="utf-8")
    answer, body = ask(quiet_desk, path)

    assert answer.status == 404
    assert not [secret for secret in ("root:", "letters@", "token-in-a-file-5e", "[project]") if secret in body]


@pytest.mark.parametrize("path", ["/", "/articles/garden", "/nowhere", "/events", "/static/desk.js", "/articles/.."])
def test_every_answer_tells_the_browser_to_trust_nobody(quiet_desk, path):
    split = urlsplit(quiet_desk.address)
    with socket.create_connection((split.hostname, split.port), timeout=10) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {split.netloc}\r\n\r\n".encode())
        head = wire.recv(8192).decode(errors="replace").split("\r\n\r\n")[0].lower()
    policy = next(line for line in head.splitlines() if line.startswith("content-security-policy"))

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    for header in ("x-content-type-options: nosniff", "referrer-policy: no-referrer", "cross-origin-resource-policy"):
        assert header in head


def test_a_frame_may_not_run_anything_nor_be_framed_elsewhere(quiet_desk):
    answer, _ = ask(quiet_desk, "/frames/garden/web/light.html")
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy


@pytest.fixture
def trap():
    """A port that nobody may knock at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.mark.judged
def test_a_hostile_article_reaches_nothing(project, start, page, trap):
    hostile = HOSTILE.replace("TRAP", str(trap.getsockname()[1]))
    (project / "content" / "articles" / "hostile.md").write_text(
        ARTICLE.replace("Reading in the garden", "Fine") + hostile, encoding="utf-8"
    )
    # a template of one's own may hold anything: the frame must hold against that as well
    (project / "templates" / "page").mkdir(parents=True)
    (project / "templates" / "page" / "article.html").write_text(
        f"<html lang='en'><head><title>t</title></head><body>{{{{ body }}}}{hostile}</body></html>", encoding="utf-8"
    )
    desk = start(project)
    page.remove_listener("console", page.heard)  # Chromium says there what it has blocked
    page.goto(f"{desk.address}/articles/hostile/web")
    page.wait_for_load_state("networkidle")  # the event stream does not count
    proofs = page.main_frame.child_frames
    for proof in proofs:
        proof.locator("button").first.evaluate("button => button.click()")
    page.wait_for_timeout(200)

    assert page.title() == "Fine · Garden Letters"
    assert page.url.endswith("/articles/hostile/web")
    assert len(proofs) > 1
    assert [proof.url for proof in proofs if not proof.url.startswith(f"{desk.address}/frames/")] == []
    with pytest.raises(BlockingIOError):
        trap.accept()


@pytest.mark.judged
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_another_sites_page_can_neither_read_nor_frame_nor_use_the_desk(quiet_desk, browser, host):
    attack = f"""<!doctype html><title>evil</title><body><script>
    const said = {{}};
    const tries = [
      fetch("{quiet_desk.address}/").then(a => a.text()).then(t => said.read = t).catch(() => said.read = ""),
      fetch("{quiet_desk.address}/", {{mode: "no-cors"}}).then(a => said.opaque = a.status).catch(() => said.opaque = 0),
      new Promise(done => {{ const f = document.createElement("iframe"); f.src = "{quiet_desk.address}/";
        f.onload = () => {{ try {{ said.framed = f.contentDocument.body.innerText }} catch {{ said.framed = "" }} done() }};
        document.body.append(f) }}),
      new Promise(done => {{ const s = document.createElement("script"); s.src = "{quiet_desk.address}/static/desk.js";
        s.onload = () => done(said.script = true); s.onerror = () => done(said.script = false); document.body.append(s) }}),
      new Promise(done => {{ const e = new EventSource("{quiet_desk.address}/events");
        e.onopen = () => done(said.events = true); e.onerror = () => done(said.events = false) }}),
    ];
    Promise.all(tries).then(() => document.title = JSON.stringify(said));
    </script></body>"""
    with site(attack) as address:
        page = browser.new_page()
        page.goto(address.replace("127.0.0.1", host))
        page.wait_for_function("document.title.startsWith('{')")
        said = json.loads(page.title())
        page.close()

    assert said == {"read": "", "opaque": 0, "framed": "", "script": False, "events": False}


def test_secrets_stand_on_no_page(project, start):
    (project / ".env").write_text(
        "PRESSROOM_X_TOKEN=token-of-x-31\nPRESSROOM_BLUESKY_PASSWORD=word-of-sky-32\n", encoding="utf-8"
    )
    desk = start(project)
    pages = ["/", *(f"/articles/garden/{view}" for view in ("web", "newsletter", "x", "bluesky", "source"))]
    shown = "".join(ask(desk, path)[1] for path in pages)

    assert "Reading in the garden" in shown
    assert not [secret for secret in ("token-of-x-31", "word-of-sky-32") if secret in shown]
