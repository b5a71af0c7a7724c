"""`pressroom connect` as people use it: a process, a terminal, a browser that comes back, and what is written then."""

import json
import os
import pty
import re
import select
import stat
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.bluesky import BlueskySettings
from channels.registry import channel_class, known
from desk.connect.envfile import set_variables
from flows.plan import connect
from flows.settings import account_settings
from tests import ports
from tests.channels.fakes import bluesky, linkedin, mastodon, x
from tests.channels.fakes.oauth import CLIENT_ID, CLIENT_SECRET
from tests.channels.fakes.server import Answer

ROOT = Path(__file__).resolve().parents[2]
APP = f"{CLIENT_ID}\n{CLIENT_SECRET}\n"
# the first terminal that a process opens becomes its own: it is there that secrets are asked for
ON_A_TERMINAL = """
import os, sys
os.close(os.open(os.ttyname(0), os.O_RDWR))
os.execv(sys.executable, [sys.executable, "-m", "desk", *sys.argv[1:]])
"""
OOB = "urn:ietf:wg:oauth:2.0:oob"


class Server(mastodon.Platform):
    """A Mastodon server that registers apps."""

    app: dict[str, str] | None = None

    def handle(self, request):
        if request.path == "/api/v1/apps":
            self.app = dict(request.form)
            return Answer(json={"id": "1", "client_id": "app-1", "client_secret": "app-1-secret"})
        if request.path == "/oauth/token":
            wanted = {"client_id": "app-1", "client_secret": "app-1-secret", "redirect_uri": OOB}
            wanted |= {"grant_type": "authorization_code", "code": "a-code", "scope": self.app["scopes"]}
            right = Answer(json={"access_token": mastodon.TOKEN, "token_type": "Bearer"})
            return right if request.form == wanted else Answer(status=400, json={"error": "invalid_grant"})
        return super().handle(request)


class Talk:
    """One run of the command; `heard` is what it says to people until it ends."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.heard = ""

    def say(self, *lines: str) -> None:
        """Type lines."""
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()

    def page(self) -> str:
        """Wait for the page that a person is sent to."""
        while not (found := re.search(r"^ +(http\S+[?]\S+)$", self.heard, re.MULTILINE)):
            line = self.process.stderr.readline()
            assert line, self.heard
            self.heard += line
        return found[1]

    def end(self) -> tuple[int, str]:
        """The exit code, and all that it said."""
        out, rest = self.process.communicate(timeout=60)
        return self.process.returncode, self.heard + rest + out


@pytest.fixture
def talk(project):
    """Starts the command in the test's project."""
    started = []

    def start(*arguments: str, **environment: str) -> Talk:
        command = [sys.executable, "-m", "desk", "connect", *arguments, "--no-browser"]
        known = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **environment}
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=project, env=known, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        started.append(process)
        return Talk(process)

    yield start
    for process in started:
        process.kill()
        process.communicate()


@contextmanager
def network(project, module, name):
    """A fake network that the project's `.env` points to."""
    with module.Platform() as platform:
        prefix = f"PRESSROOM_{name.upper()}_"
        (project / ".env").write_text(f"# mine\n{prefix}API={platform.url}\n{prefix}SITE={platform.url}\n")
        yield platform


@pytest.fixture
def on_x(project):
    """X."""
    with network(project, x, "x") as platform:
        yield platform


@pytest.fixture
def on_linkedin(project):
    """LinkedIn."""
    with network(project, linkedin, "linkedin") as platform:
        yield platform


def agree(address: str) -> httpx.Response:
    """Do in a browser what the page asks for."""
    with httpx.Client(trust_env=False, follow_redirects=True) as browser:
        return browser.get(address)


def works(account: str, project: Path) -> bool:
    """Whether an account is set up in the project, and its doctor finds nothing."""
    with closing(connect(account, project)) as channel:
        return channel.configured and channel.doctor() == []


def port() -> tuple[str, str]:
    """A port that is free."""
    return "--port", str(ports.free())


def test_x_is_connected_by_a_browser_and_posts_with_what_was_kept(project, talk, on_x):
    talking = talk("x", *port())
    talking.say(CLIENT_ID, CLIENT_SECRET)
    shown = agree(talking.page())
    code, said = talking.end()

    assert (code, shown.status_code) == (0, 200)
    assert "X is connected." in said
    assert works("x", project)
    assert on_x.faults == []


def test_linkedin_is_connected_for_a_page(project, talk, on_linkedin):
    with (project / ".env").open("a") as file:
        file.write(f"PRESSROOM_LINKEDIN_VERSION={linkedin.VERSION}\n")
    talking = talk("linkedin", *port())
    talking.say(CLIENT_ID, CLIENT_SECRET, linkedin.AUTHOR)
    agree(talking.page())
    code, said = talking.end()

    assert code == 0, said
    assert works("linkedin", project)
    assert "PRESSROOM_LINKEDIN_AUTHOR=urn:li:organization:5515715\n" in (project / ".env").read_text()
    assert on_linkedin.authority.scope == "w_organization_social"


def test_no_secret_is_shown_and_the_files_are_their_owners(project, talk, on_x):
    before = (project / ".env").read_text()
    talking = talk("x", *port())
    talking.say(CLIENT_ID, CLIENT_SECRET)
    agree(talking.page())
    _, said = talking.end()

    on_x.connected = True
    assert not [secret for secret in on_x.secrets if secret in said]
    written = (project / ".env").read_text()
    assert written == f"{before}PRESSROOM_X_CLIENT_ID={CLIENT_ID}\nPRESSROOM_X_CLIENT_SECRET={CLIENT_SECRET}\n"
    for file in (project / ".env", project / ".pressroom" / "tokens" / "x.json"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_script_reads_what_was_set_and_no_secret(project, talk, on_x):
    talking = talk("x", "--json", *port())
    talking.say(CLIENT_ID, CLIENT_SECRET)
    agree(talking.page())
    out, _ = talking.process.communicate(timeout=60)

    assert json.loads(out) == {
        "account": "x",
        "set": ["PRESSROOM_X_CLIENT_ID", "PRESSROOM_X_CLIENT_SECRET"],
        "findings": [],
    }


def test_the_address_may_be_pasted_where_the_browser_is_elsewhere(project, talk, on_x):
    talking = talk("x", "--paste")
    talking.say(CLIENT_ID, CLIENT_SECRET)
    with httpx.Client(trust_env=False) as browser:
        ended = browser.get(talking.page()).headers["Location"]
    talking.say(ended)
    code, said = talking.end()

    assert code == 0, said
    assert ended.startswith("http://127.0.0.1:8766/callback?")


def test_a_pasted_address_of_another_page_is_refused(project, talk, on_x):
    talking = talk("x", "--paste")
    talking.say(CLIENT_ID, CLIENT_SECRET)
    talking.page()
    talking.say("http://127.0.0.1:8766/callback?code=another&state=guessed")
    code, said = talking.end()

    assert code == 1
    assert "not the address" in said
    assert CLIENT_ID not in (project / ".env").read_text()


def test_an_answer_that_carries_another_state_is_not_taken(project, talk, on_x):
    where = port()
    talking = talk("x", *where)
    talking.say(CLIENT_ID, CLIENT_SECRET)
    page = talking.page()
    refused = [
        agree(f"http://127.0.0.1:{where[1]}{path}").status_code
        for path in ("/callback?code=evil&state=guessed", "/callback?code=evil", "/favicon.ico", "/callback")
    ]
    agree(page)
    code, said = talking.end()

    assert refused == [400] * 4
    assert code == 0, said


def test_who_does_not_agree_is_told_and_nothing_is_written(project, talk, on_x):
    on_x.authority.consents = False
    before = (project / ".env").read_text()
    talking = talk("x", *port())
    talking.say(CLIENT_ID, CLIENT_SECRET)
    agree(talking.page())
    code, said = talking.end()

    assert code == 1
    assert "access_denied" in said
    assert (project / ".env").read_text() == before
    assert not (project / ".pressroom").exists()


def test_nobody_is_waited_for_without_end(project, talk, on_x):
    talking = talk("x", "--wait", "0.2", *port())
    talking.say(CLIENT_ID, CLIENT_SECRET)
    code, said = talking.end()

    assert code == 1
    assert "within 0.2 seconds" in said


def test_a_port_that_is_taken_is_named(project, talk, on_x):
    number = on_x.url.rpartition(":")[2]
    talking = talk("x", "--port", number)
    talking.say(CLIENT_ID, CLIENT_SECRET)
    code, said = talking.end()

    assert code == 1
    assert f"port {number}" in said


def test_a_wrong_secret_of_the_app_is_told_without_showing_it(project, talk, on_x):
    talking = talk("x", *port())
    talking.say(CLIENT_ID, "a-wrong-secret")
    agree(talking.page())
    code, said = talking.end()

    assert code == 1
    assert "401" in said
    assert "a-wrong-secret" not in said


def test_mastodon_registers_an_app_and_takes_the_code_that_its_page_shows(project, talk):
    with Server() as server:
        talking = talk("mastodon")
        talking.say(f"{server.url}/")
        page = httpx.URL(talking.page())
        talking.say("a-code")
        code, said = talking.end()

        assert code == 0, said
        assert dict(page.params) == {
            "response_type": "code",
            "client_id": "app-1",
            "redirect_uri": OOB,
            "scope": server.app["scopes"],
        }
        assert server.app["redirect_uris"] == OOB
        assert works("mastodon", project)
        assert mastodon.TOKEN not in said
        assert (project / ".env").read_text() == (
            f"PRESSROOM_MASTODON_SERVER={server.url}\nPRESSROOM_MASTODON_TOKEN={mastodon.TOKEN}\n"
        )


def test_a_code_that_a_server_refuses_writes_nothing(project, talk):
    with Server() as server:
        talking = talk("mastodon")
        talking.say(server.url)
        talking.page()
        talking.say("another-code")
        code, said = talking.end()

    assert code == 1
    assert "the code is refused" in said
    assert "another-code" not in said
    assert not (project / ".env").exists()


@pytest.fixture
def on_bluesky(project):
    """Bluesky, which is set up by typing."""
    with bluesky.Platform() as platform:
        (project / ".env").write_text(f"PRESSROOM_BLUESKY_SERVER={platform.url}\n")
        yield platform


def test_what_is_typed_is_tried_and_written(project, talk, on_bluesky):
    right = on_bluesky.settings()
    talking = talk("bluesky")
    talking.say(right.handle, right.password.get_secret_value())
    code, said = talking.end()

    assert code == 0, said
    assert right.password.get_secret_value() not in said
    assert works("bluesky", project)


def test_an_account_that_does_not_work_is_not_written(project, talk, on_bluesky):
    before = (project / ".env").read_text()
    talking = talk("bluesky")
    talking.say("clinic.example", "a-wrong-password")
    code, said = talking.end()

    assert code == 1
    assert "does not answer as it should" in said
    assert "a-wrong-password" not in said
    assert (project / ".env").read_text() == before


def test_an_empty_answer_keeps_what_is_set(project, talk, on_bluesky):
    right = on_bluesky.settings()
    secret = right.password.get_secret_value()
    with (project / ".env").open("a") as file:
        file.write(f"PRESSROOM_BLUESKY_HANDLE={right.handle}\nPRESSROOM_BLUESKY_PASSWORD='{secret}'\n")
    before = (project / ".env").read_text()
    talking = talk("bluesky")
    talking.say("", "")
    code, said = talking.end()

    assert code == 0, said
    assert f"[{right.handle}]" in said
    assert "Enter keeps" in said
    assert secret not in said
    assert (project / ".env").read_text() == before


def test_a_second_account_has_names_of_its_own(project, talk, on_bluesky):
    right = on_bluesky.settings()
    with (project / ".env").open("a") as file:
        file.write(f"PRESSROOM_BLUESKY_CLINIC_2_SERVER={right.server}\n")
    talking = talk("bluesky:clinic-2")
    talking.say(right.handle, right.password.get_secret_value())
    code, said = talking.end()

    assert code == 0, said
    assert connect("bluesky:clinic-2", project).configured
    assert not connect("bluesky", project).configured


def test_a_variable_of_the_environment_that_counts_more_is_named(project, talk, on_bluesky):
    right = on_bluesky.settings()
    talking = talk("bluesky", PRESSROOM_BLUESKY_HANDLE="another.example")
    talking.say(right.handle, right.password.get_secret_value())
    code, said = talking.end()

    assert code == 0, said
    assert "PRESSROOM_BLUESKY_HANDLE is set to something else in the environment" in said


@pytest.mark.parametrize(
    ("given", "why"), [("", "ended too early"), ("me\n", "ended too early"), ("me\x1b[A\nsecret\n", "can't be seen")]
)
def test_answers_that_are_none_write_nothing(project, talk, on_bluesky, given, why):
    talking = talk("bluesky")
    out, said = talking.process.communicate(given, timeout=60)

    assert talking.process.returncode == 1
    assert why in said + out
    assert "secret" not in said + out


def test_what_is_missing_is_told(project, talk, on_bluesky):
    talking = talk("bluesky")
    talking.say("me.example", "")
    code, said = talking.end()

    assert code == 1
    assert "PRESSROOM_BLUESKY_PASSWORD" in said


@pytest.mark.parametrize(("name", "why"), [("medium", "no account"), ("blusky", "bluesky"), ("x", "id of an app")])
def test_what_can_not_be_connected_is_refused(talk, name, why):
    talking = talk(name)
    talking.say("", "")
    code, said = talking.end()

    assert code == 1
    assert why in said


def test_outside_a_project_nothing_is_asked(tmp_path, talk):
    talking = talk("bluesky", "--root", str(tmp_path))
    code, said = talking.end()

    assert code == 1
    assert "is no project" in said


def test_on_a_terminal_a_secret_is_typed_unseen(project, on_bluesky):
    right = on_bluesky.settings()
    secret = right.password.get_secret_value()
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-c", ON_A_TERMINAL, "connect", "bluesky", "--no-browser"]
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    with subprocess.Popen(command, cwd=project, env=known, start_new_session=True, **streams) as process:
        seen = until(terminal, b"handle")
        os.write(terminal, f"{right.handle}\n".encode())
        seen += until(terminal, b"password (not shown")
        os.write(terminal, f"{secret}\n".encode())
        seen += until(terminal, b"is connected.")
    os.close(theirs)
    os.close(terminal)

    assert process.returncode == 0
    assert right.handle.encode() in seen
    assert secret.encode() not in seen


def until(terminal: int, awaited: bytes) -> bytes:
    """What a terminal shows, up to some words."""
    seen = b""
    while awaited not in seen:
        assert select.select([terminal], [], [], 60)[0], seen
        seen += os.read(terminal, 4096)
    return seen


@pytest.mark.parametrize("name", [name for name in sorted(known()) if channel_class(name).settings_model])
def test_every_account_can_be_asked_for(name):
    adapter = channel_class(name)

    assert set(adapter.asks) <= set(adapter.settings_model.model_fields)
    assert adapter.guide or adapter.settings_model.__doc__
    assert all(len(line) <= 110 for line in adapter.guide.splitlines())


# the file


KEPT = """# mine
PRESSROOM_OUTBOX=outbox  # where it goes

export PRESSROOM_X_TOKEN="old"
OTHER='one
PRESSROOM_X_CLIENT_ID=not this one
three'
nonsense
PRESSROOM_X_CLIENT_ID=old"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_other_line_stays_as_it_is(tmp_path, ending):
    file = tmp_path / ".env"
    file.write_bytes(KEPT.replace("\n", ending).encode())

    set_variables(file, {"PRESSROOM_X_TOKEN": "new", "PRESSROOM_X_CLIENT_ID": "id", "PRESSROOM_X_API": "a b"})

    wanted = KEPT.replace('"old"', "new").replace("CLIENT_ID=old", "CLIENT_ID=id\nPRESSROOM_X_API='a b'\n")
    assert file.read_bytes().decode() == wanted.replace("\n", ending)


@given(st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" '\"\\$#{}:-`=!"), min_size=1))
def test_a_value_is_read_back_as_it_was_written(tmp_path_factory, value):
    root = tmp_path_factory.mktemp("env")
    wanted = value.strip() or "x"

    set_variables(root / ".env", {"PRESSROOM_BLUESKY_HANDLE": wanted, "PRESSROOM_BLUESKY_PASSWORD": wanted})

    read = account_settings(BlueskySettings, "bluesky", root)
    assert (read.handle, read.password.get_secret_value()) == (wanted, wanted)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "kept").write_text("A=1\n")
    (tmp_path / ".env").symlink_to(tmp_path / "kept")

    set_variables(tmp_path / ".env", {"B": "2"})

    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "kept").read_text() == "A=1\nB=2\n"


# what a post costs


@pytest.fixture
def press(project):
    """Run another command in the test's project."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "desk", *arguments]
        known = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PRESSROOM_LIVE_WAIT": "0"}
        return subprocess.run(command, cwd=project, env=known, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_the_table_of_channels_tells_what_a_post_costs(press):
    told = {one["name"]: one["price"] for one in json.loads(press("channels", "--json").stdout)["channels"]}

    assert told["x"] == 0.2
    assert told["bluesky"] == 0


@pytest.mark.judged
def test_who_has_connected_x_is_told_the_price_by_doctor_and_publish(project, press, talk, on_x):
    price = "X charges about $0.20 for a post with a link."
    assert price not in press("doctor").stdout
    talking = talk("x", *port())
    talking.say(CLIENT_ID, CLIENT_SECRET)
    agree(talking.page())
    talking.end()

    assert price in press("doctor").stdout
    published = press("publish", "garden", "--live", "-c", "x")
    assert published.stdout.index(price) < published.stdout.index("x: sent")
    assert len(on_x.texts()) == 1
