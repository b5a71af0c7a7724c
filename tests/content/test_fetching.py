"""Pages are fetched whole, in time, and never from a private machine by accident."""

import gzip
import ipaddress
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from content.fetching import Fetched, fetch, is_private
from content.findings import Finding, Refused

ROOT = Path(__file__).parents[2]
PUBLIC = "93.184.216.34"
PAGE = b"<p>Bees sleep in winter.</p>"
BOMB = gzip.compress(bytes(30_000_000))


class Site(BaseHTTPRequestHandler):
    """A small site with one page, and with every bad habit."""

    def do_GET(self):
        path, _, query = self.path.partition("?")
        packed = {"Content-Encoding": "gzip"}
        answers = {
            "/page": (PAGE, {"Content-Type": "text/html; charset=utf-8"}),
            "/host": (self.headers["Host"].encode(), {}),
            "/to": (b"", {"Location": query}, 302),
            "/round": (b"", {"Location": "/round"}, 302),
            "/gzip": (gzip.compress(PAGE), packed),
            "/half": (gzip.compress(PAGE)[:-9], packed),
            "/bomb": (BOMB, packed),
            "/br": (PAGE, {"Content-Encoding": "br"}),
            "/large": (bytes(30_000), {}),
            "/as": (PAGE, {"Content-Type": query.replace("%20", " ")}),
            "/cookie": (b"", {"Set-Cookie": "seen=1", "Location": query}, 302),
            "/cookies": (str(self.headers["Cookie"]).encode(), {}),
        }
        slow = {"/drip": b"Content-Length: 999\r\n\r\n", "/drip-of-headers": b"X-Slow: "}
        if path in slow:
            self.drip(b"HTTP/1.1 200 OK\r\n" + slow[path], b"." * 999)
        else:
            self.say(*answers.get(path, (b"", {}, 404)))

    def say(self, body: bytes, headers: dict[str, str], status: int = 200):
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.end_body(body)

    def drip(self, begin: bytes, rest: bytes):
        self.end_body(begin)
        for at in range(len(rest)):
            if not self.end_body(rest[at : at + 1]) or self.server.closing.wait(0.05):
                return

    def end_body(self, body: bytes) -> bool:
        try:
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:  # the reader had enough
            return False
        return True

    def log_message(self, *_):
        """Say nothing."""


def serve(context: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.closing = threading.Event()
    server.handle_error = lambda *_: None  # a reader that hangs up is expected here
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def stop(server: ThreadingHTTPServer) -> None:
    server.closing.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def port():
    server = serve()
    yield server.server_port
    stop(server)


class Internet(httpx.AsyncHTTPTransport):
    """Every address leads to the small site; what was asked for is written down."""

    def __init__(self, port: int, verify: ssl.SSLContext | bool = True):
        super().__init__(verify=verify)
        self.port = port
        self.asked: list[str] = []

    async def handle_async_request(self, request):
        self.asked.append(request.url.host)
        request.url = request.url.copy_with(host="127.0.0.1", port=self.port)
        return await super().handle_async_request(request)


def known(**names: str):
    """A resolver that knows these names; `_` in a name stands for a dot."""
    table = {name.replace("_", "."): address for name, address in names.items()}
    return lambda host, _port: (table.get(host, host),)


def refusal(url: str, **options) -> Finding:
    with pytest.raises(Refused) as caught:
        fetch(url, **options)
    return caught.value.findings[0]


def local(port: int, path: str, **options) -> Fetched:
    return fetch(f"http://127.0.0.1:{port}{path}", allow_private=True, **options)


def local_refusal(port: int, path: str, **options) -> str:
    return refusal(f"http://127.0.0.1:{port}{path}", allow_private=True, **options).rule


def test_a_page_arrives_with_its_type_and_address(port):
    page = local(port, "/page#part")
    assert page.data == PAGE
    assert page.media_type == "text/html; charset=utf-8"
    assert page.url == f"http://127.0.0.1:{port}/page"


def test_redirects_are_followed_to_their_end(port):
    assert local(port, "/to?/to?/page").url == f"http://127.0.0.1:{port}/page"


def test_a_packed_page_is_unpacked(port):
    assert local(port, "/gzip").data == PAGE


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://0.0.0.0/",
     "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data", "http://10.0.0.7:8080/", "http://[fe80::1]/"],
)  # fmt: skip
def test_a_private_address_is_refused_and_the_switch_is_named(url):
    finding = refusal(url)
    assert finding.rule == "import.url.private"
    assert "--allow-private" in finding.mend


@pytest.mark.parametrize(
    "address",
    ["100.64.0.1", "::ffff:0:7f00:1", "127.9.9.9", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.168.1.1", "198.18.0.1", "224.0.0.1",
     "240.0.0.1", "255.255.255.255", "::", "::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::",
     "fd00:ec2::254", "fec0::1", "ff02::1", "fe80::1%eth0", "::ffff:10.0.0.1"],
)  # fmt: skip
def test_an_inward_address_is_private(address):
    assert is_private(address)


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::1111", "::ffff:93.184.216.34"])
def test_a_public_address_is_not(address):
    assert not is_private(address)


def test_a_public_name_that_leads_inside_is_refused():
    resolve = known(rebound_example="192.168.0.1")
    assert refusal("http://rebound.example/", resolve=resolve).rule == "import.url.private"


def test_a_name_with_one_private_address_among_public_ones_is_refused():
    finding = refusal("http://two.example/", resolve=lambda _host, _port: (PUBLIC, "10.0.0.1"))
    assert finding.rule == "import.url.private"


@pytest.mark.parametrize("target", ["http://127.0.0.1/", "http://inside.example/", "//[::1]/", "http://2130706433/"])
def test_a_redirect_from_outside_to_inside_is_refused(port, target):
    net = Internet(port)
    resolve = known(out_example=PUBLIC, inside_example="10.1.2.3", **{"2130706433": "127.0.0.1"})
    finding = refusal(f"http://out.example/to?{target}", resolve=resolve, transport=net)
    assert finding.rule == "import.url.private"
    assert net.asked == [PUBLIC]


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://example.org/", "gopher://example.org/"])
def test_a_redirect_to_another_kind_of_address_is_refused(port, target):
    assert local_refusal(port, f"/to?{target}") == "import.url.scheme"


def test_a_name_is_looked_up_once_and_its_checked_address_is_used(port):
    answers = iter([(PUBLIC,), ("127.0.0.1",)])
    net = Internet(port)
    page = fetch("http://two-faced.example/host", resolve=lambda *_: next(answers), transport=net)
    assert net.asked == [PUBLIC]
    assert page.data == b"two-faced.example"
    assert page.url == "http://two-faced.example/host"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/a", "example.org/a", "http:///a", "data:,a"])
def test_only_web_addresses_are_fetched(url):
    assert refusal(url).rule == "import.url.scheme"


@pytest.mark.parametrize("url", ["http://[::1/", "http://a:99999999/", "http://exa mple.org:x/"])
def test_an_address_that_cannot_be_read_is_refused(url):
    assert refusal(url).rule == "import.url.invalid"


@pytest.mark.parametrize(
    "url", ["https://me:s3cret@example.org/", "http:me:s3cret@example.org", "ftp://me:s3cret@example.org/", "http://me:s3cret@[/"]
)  # fmt: skip
def test_a_password_in_an_address_is_not_repeated(url):
    assert "s3cret" not in str(refusal(url))


def test_a_password_in_a_redirect_is_refused(port):
    assert local_refusal(port, "/to?http://me:s3cret@example.org/") == "import.url.credentials"


def test_a_cookie_is_not_shown_to_another_name_at_the_same_address(port):
    resolve = known(one_example=PUBLIC, two_example=PUBLIC)
    page = fetch("http://one.example/cookie?http://two.example/cookies", resolve=resolve, transport=Internet(port))
    assert page.url == "http://two.example/cookies"
    assert page.data == b"None"


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    "kind", ["text/html;charset=utf-8", "TEXT/PLAIN", "text/markdown", "application/xhtml+xml", WORD]
)
def test_a_kind_of_text_is_accepted(port, kind):
    assert local(port, f"/as?{kind}").data == PAGE


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "video/mp4", "application/octet-stream", "text/css"])
def test_another_kind_of_file_is_refused_by_its_name(port, kind):
    finding = refusal(f"http://127.0.0.1:{port}/as?{kind}", allow_private=True)
    assert finding.rule == "import.url.type"
    assert kind in finding.why
    assert "Word" in finding.mend


def test_five_redirects_are_followed_and_six_are_not(port):
    assert local(port, "/to?" * 5 + "/page").data == PAGE
    assert local_refusal(port, "/to?" * 6 + "/page") == "import.url.redirects"


def test_a_round_of_redirects_ends(port):
    assert local_refusal(port, "/round") == "import.url.redirects"


def test_a_page_that_is_not_there_says_the_servers_answer(port):
    finding = refusal(f"http://127.0.0.1:{port}/none", allow_private=True)
    assert (finding.rule, "404 Not Found" in finding.why) == ("import.url.status", True)


@pytest.mark.parametrize(
    ("path", "rule"), [("/large", "size"), ("/bomb", "size"), ("/half", "broken"), ("/br", "encoding")]
)
def test_a_page_too_large_or_wrongly_packed_is_refused(port, path, rule):
    assert local_refusal(port, path, max_bytes=20_000) == f"import.url.{rule}"


def test_the_size_limit_itself_is_allowed(port):
    assert len(local(port, "/large", max_bytes=30_000).data) == 30_000


def test_a_small_file_that_unpacks_without_end_is_never_held_whole(port):
    tracemalloc.start()
    try:
        rule = local_refusal(port, "/bomb", max_bytes=20_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rule == "import.url.size"
    assert peak < 5_000_000


@pytest.mark.parametrize("path", ["/drip", "/drip-of-headers"])
def test_a_slow_drip_ends_at_the_limit(port, path):
    begin = time.monotonic()
    assert local_refusal(port, path, timeout=0.3) == "import.url.timeout"
    assert time.monotonic() - begin < 1.5


def test_a_slow_name_server_ends_at_the_limit():
    answered = threading.Event()
    begin = time.monotonic()
    finding = refusal("http://slow.example/", timeout=0.2, resolve=lambda *_: answered.wait(5) and ())
    assert finding.rule == "import.url.timeout"
    assert time.monotonic() - begin < 1.5
    answered.set()


def test_a_slow_name_server_does_not_hold_up_the_end_of_the_program():
    program = (
        "import time; from content.fetching import fetch\n"
        "try: fetch('http://slow.example/', timeout=0.1, resolve=lambda *_: time.sleep(60))\n"
        "except Exception as error: print(error)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=20, cwd=ROOT
    )
    assert "import.url.timeout" in ended.stdout
    assert ended.stderr == ""


def test_a_closed_port_says_that_nobody_answers():
    server = serve()
    stop(server)
    assert local_refusal(server.server_port, "/") == "import.url.unreachable"


def test_the_next_address_is_tried_where_the_first_does_not_answer(port):
    page = fetch(f"http://two.example:{port}/page", allow_private=True, resolve=lambda *_: ("::1", "127.0.0.1"))
    assert page.data == PAGE


def test_an_unknown_host_is_said_to_be_unknown():
    def resolve(*_):
        raise OSError("no such name")

    assert refusal("http://nowhere.example/", resolve=resolve).rule == "import.url.host"


def certificate(folder, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for one name, and a reader's that trusts it."""
    key, who = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "site.pem").write_bytes(secret + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "site.pem")
    return server, ssl.create_default_context(cadata=pem.decode())


@pytest.mark.parametrize(("host", "rule"), [("press.example", ""), ("other.example", "import.url.unreachable")])
def test_a_certificate_is_checked_for_the_name_and_not_for_the_address(tmp_path, host, rule):
    theirs, ours = certificate(tmp_path, "press.example")
    server = serve(theirs)
    options = {"resolve": lambda *_: (PUBLIC,), "transport": Internet(server.server_port, ours)}
    try:
        said = (
            fetch(f"https://{host}/host", **options).data.decode()
            if not rule
            else refusal(f"https://{host}/", **options).rule
        )
    finally:
        stop(server)
    assert said == (rule or host)
    assert ipaddress.ip_address(options["transport"].asked[0]).is_global
