"""`pressroom doctor --for CAMPAIGN`: what would keep it from going out, told before its time."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import pytest

from desk.cli import main
from flows import engine
from tests import ports
from tests.channels.fakes.mastodon import TOKEN, Platform

SPRING = "article: garden\ntimezone: UTC\nsteps:\n  - {channel: mastodon, at: 2030-03-04 09:00}\n"
FOR_REAL = SPRING.replace("steps:", "destination: accounts\nsteps:")


class Prefect:
    """Answers as Prefect's server does, on a clock of its own."""

    def __init__(self):
        self.pull = None
        self.leases = "prefect.server.concurrency.lease_storage.filesystem"
        self.ahead, self.version, self.deployed, self.workers, self.password = (
            timedelta(),
            version("prefect"),
            True,
            ["press"],
            "",
        )

    def answer(self, path):
        """A status and a document."""
        found = {
            "/api/health": True,
            "/api/admin/version": self.version,
            "/api/admin/settings": {"server": {"concurrency": {"lease_storage": self.leases}}},
            "/api/deployments/name/campaign-step/press": {"pull_steps": self.pull} if self.deployed else None,
            "/api/work_pools/press/workers/filter": [{"name": name, "status": "ONLINE"} for name in self.workers]
            + [{"name": "gone", "status": "OFFLINE"}],
        }.get(path)
        return (404, {"detail": "Not Found"}) if found is None else (200, found)


@pytest.fixture
def prefect(monkeypatch):
    """A server at a port of its own, and the variable that names it."""
    fake = Prefect()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Be quiet."""

        def date_time_string(self, timestamp=None):
            return format_datetime(datetime.now(UTC) + fake.ahead, usegmt=True)

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            refused = fake.password and self.headers.get("Authorization") != fake.password
            status, told = (401, {}) if refused else fake.answer(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        do_POST = do_GET  # noqa: N815 - the library's name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{server.server_port}/api")
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def doctor(project, capsys):
    """Look at the campaign `spring`: the exit code, and the findings by rule and severity."""
    (project / "content" / "campaigns").mkdir()

    def run(text=SPRING, *more):
        (project / "content" / "campaigns" / "spring.yaml").write_text(text)
        with pytest.raises(SystemExit) as left:
            main(["doctor", "--for", "spring", "--json", "--root", str(project), *more])
        return left.value.code, {
            found["why"]: found["severity"] for found in json.loads(capsys.readouterr().out)["findings"]
        }

    return run


def graver(found):
    """The findings that are more than told."""
    return {why: severity for why, severity in found.items() if severity != "info"}


def test_where_all_is_well_it_says_who_works_and_that_no_account_is_asked(doctor, prefect):
    code, found = doctor()

    assert (code, graver(found)) == (0, {})
    assert any(why.endswith("online: press.") for why in found)
    assert "The campaign goes to the outbox: no account is asked." in found


@pytest.mark.parametrize(
    ("ahead", "severity", "words"),
    [(20, "warn", "behind"), (-20, "warn", "ahead of"), (120, "block", "behind"), (-120, "block", "ahead of")],
)
def test_clocks_that_differ_are_told_and_a_minute_is_grave(doctor, prefect, ahead, severity, words):
    prefect.ahead = timedelta(seconds=ahead)
    code, found = doctor()

    [(why, grave)] = graver(found).items()
    assert (code, grave) == (int(severity == "block"), severity)
    assert f" {words} the Prefect server's" in why


def test_two_seconds_are_nothing(doctor, prefect):
    prefect.ahead = timedelta(seconds=2)

    assert doctor()[0] == 0


@pytest.mark.parametrize(
    ("limits", "kept", "severities"),
    [
        ("x=1", "prefect.server.concurrency.lease_storage.memory", ["warn"]),
        ("x=1", "prefect_redis.lease_storage", []),
        ("", "prefect.server.concurrency.lease_storage.memory", []),
    ],
)
def test_a_server_that_would_lose_slots_is_told_of_where_accounts_have_limits(
    doctor, prefect, monkeypatch, limits, kept, severities
):
    monkeypatch.setenv("PRESSROOM_LIMITS", limits)
    prefect.leases = kept
    code, found = doctor()

    assert (code, list(graver(found).values())) == (0, severities)
    assert all("loses slots of PRESSROOM_LIMITS" in why for why in graver(found))


def works_in(folder):
    """How a deployment says where its runs work."""
    return [{"prefect.deployments.steps.set_working_directory": {"directory": str(folder)}}]


def test_a_server_that_was_named_and_works_in_another_folder_of_this_machine_is_told_of(doctor, prefect, tmp_path):
    prefect.pull = works_in(tmp_path)
    code, found = doctor()

    [(why, severity)] = graver(found).items()
    assert (code, severity) == (0, "warn")
    assert f"has steps run in {tmp_path}" in why


@pytest.mark.parametrize("folder", ["/srv/elsewhere/press", ""])
def test_a_server_that_works_here_or_on_another_machine_is_as_it_should_be(doctor, prefect, project, folder):
    prefect.pull = works_in(folder or project)

    assert doctor()[0] == 0
    assert graver(doctor()[1]) == {}


def test_another_projects_press_at_the_usual_place_is_none_for_this_one(doctor, prefect, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "LOCAL", os.environ["PREFECT_API_URL"])
    monkeypatch.setenv("PREFECT_API_URL", "")
    prefect.pull = works_in(tmp_path)
    code, found = doctor()

    [(why, severity)] = graver(found).items()
    assert (code, severity) == (1, "block")
    assert f"is another project's, {tmp_path}." in why


def test_this_projects_press_at_the_usual_place_is_found(doctor, prefect, project, monkeypatch):
    monkeypatch.setattr(engine, "LOCAL", os.environ["PREFECT_API_URL"])
    monkeypatch.setenv("PREFECT_API_URL", "")
    prefect.pull = works_in(project)

    assert doctor()[0] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"workers": []}, "No worker is online in the pool 'press'"),
        ({"deployed": False}, "does not know 'campaign-step/press'"),
        ({"password": "Basic c2VjcmV0"}, "PREFECT_API_AUTH_STRING is not what it wants"),
    ],
)
def test_what_keeps_steps_from_being_sent_is_grave(doctor, prefect, change, words):
    vars(prefect).update(change)
    code, found = doctor()

    assert code == 1
    assert [severity for why, severity in found.items() if words in why] == ["block"]


def test_a_password_is_shown_as_prefect_would(doctor, prefect, monkeypatch):
    prefect.password = "Basic YW5uYTpzZWNyZXQ="  # anna:secret
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "anna:secret")

    assert doctor()[0] == 0


def test_another_version_of_prefect_is_told(doctor, prefect):
    prefect.version = "3.1.0"
    code, found = doctor()

    assert code == 0
    assert graver(found) == {f"Prefect is 3.1.0 on the server, {version('prefect')} here.": "warn"}


def test_a_server_that_does_not_answer_is_told_once(doctor, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{ports.free()}/api")
    code, found = doctor()

    assert code == 1
    assert len(graver(found)) == 1


@contextmanager
def stranger(said):
    """Something at a port that answers whoever comes with the same bytes, and is no Prefect server."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve():
            with suppress(OSError):  # the door is closed
                while True:
                    wire, _ = door.accept()
                    with wire:
                        wire.recv(65536)
                        wire.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}/api"
        finally:
            door.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<!DOCTYPE html><p>Hello",
        b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"status": "ok"}',
        b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n",
    ],
    ids=["ssh", "pages", "another service", "nothing there"],
)
def test_what_is_no_prefect_server_is_told_and_a_campaign_starts_all_the_same(
    doctor, project, monkeypatch, capsys, said
):
    with stranger(said) as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        code, found = doctor()
        with pytest.raises(SystemExit) as left:
            main(["campaign", "start", "spring", "--root", str(project)])

    assert (code, left.value.code) == (1, 0)
    assert [why for why in graver(found) if "is no Prefect server's API: PREFECT_API_URL is" in why]
    assert "nothing is sent until it does" in capsys.readouterr().out


def test_what_is_wrong_with_the_campaign_is_told_with_its_line(doctor, prefect, project, capsys):
    code, found = doctor(SPRING.replace("mastodon", "mastodn"))

    assert code == 1
    assert found["There is no channel 'mastodn'."] == "block"


def test_each_account_of_the_campaign_is_asked_and_no_other(doctor, prefect, project):
    with Platform() as fake:
        settings = f"PRESSROOM_MASTODON_SERVER={fake.url}\nPRESSROOM_MASTODON_TOKEN="
        (project / ".env").write_text(settings + TOKEN)
        code, found = doctor(FOR_REAL)
        assert (code, graver(found)) == (0, {})

        (project / ".env").write_text(f"{settings}stolen")
        code, found = doctor(FOR_REAL)

    assert code == 1
    assert "block" in found.values()
    assert not any("LinkedIn" in why for why in found)


def test_an_account_that_is_not_set_up_keeps_a_campaign_from_going_out_for_real(doctor, prefect):
    code, found = doctor(FOR_REAL.replace("mastodon", "bluesky"))

    assert code == 1
    assert graver(found) == {"No account is set up for 'bluesky'.": "block"}
    assert not any("goes to the outbox" in why for why in found)


def test_that_a_file_has_changed_or_a_campaign_is_paused_is_told(doctor, prefect, project, monkeypatch, capsys):
    doctor()
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{ports.free()}/api")
    for command in ("start", "pause"):
        with pytest.raises(SystemExit):
            main(["campaign", command, "spring", "--root", str(project)])
    capsys.readouterr()
    _, found = doctor(SPRING.replace("09:00", "10:00"))

    assert found["'spring' is paused."] == "warn"
    assert found["The file has changed since 'spring' was started."] == "warn"
