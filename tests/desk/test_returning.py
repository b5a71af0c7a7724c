"""What comes back is read from files, folders and a real IMAP server, and acted on once."""

from __future__ import annotations

import imaplib
import json
import mailbox
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from email import message_from_bytes
from pathlib import Path

import pytest

from channels import mailbox as returns
from channels.errors import ChannelError, Misconfigured, Unavailable
from channels.mailbox import ReturnsSettings, unseen
from channels.seal import Seal
from content.findings import Refused
from desk.console import Voice
from desk.mail.returning import read_bounces
from flows.database import open_database
from flows.errors import LedgerUnusable
from flows.settings import Settings
from flows.suppressions import Suppressions
from tests import ports


@dataclass(frozen=True)
class Post:
    """Writes what comes back to a project."""

    seal: Seal

    def bounce(
        self, reader: str, status: str = "5.1.1", number: int = 1, *, action: str = "failed", mark: str = ""
    ) -> bytes:
        """A report of a server about a reader."""
        mark = mark or self.seal.token(self.seal.hash(reader), "bounce")
        return f"""From: MAILER-DAEMON@mx.example.net
To: bounces+{mark}@letters.example.org
Subject: Undelivered
Message-ID: <{number}.{reader.replace("@", ".")}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Sorry, {reader} is not here.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {reader}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {status[0]}50 {status} <{reader}> said something

--b--
""".encode()

    def leave(self, reader: str) -> bytes:
        """A reader's mail program asks for them to be let go."""
        mark = self.seal.token(self.seal.hash(reader), "bounce")
        return (
            f"From: {reader}\nTo: l@letters.example.org\nSubject: leave {mark}\nMessage-ID: <l@{reader}>\n\n".encode()
        )

    def all(self) -> list[bytes]:
        """One of each kind."""
        return [
            self.bounce("dead@example.net"),
            self.bounce("full@example.net", "5.2.2"),
            self.bounce("strict@example.net", "5.7.26"),
            self.bounce("forged@example.net", mark="a" * 39),
            self.leave("leaver@example.net"),
            b"From: ada@example.net\nAuto-Submitted: auto-replied\nSubject: away\n\nBack on Monday.\n",
            b"From: ada@example.net\nSubject: Thank you\nMessage-ID: <t@x>\n\nIt was lovely.\n",
        ]


@pytest.fixture
def post(project: Path) -> Post:
    """Made with the project's own secret."""
    return Post(Settings.of(project).seal(project))


def suppressed(project: Path, *readers: str) -> set[str]:
    """Which of some readers get no more mail."""
    seal = Settings.of(project).seal(project)
    found = Suppressions(open_database(Settings.of(project).ledger_url(project)))
    return {reader for reader in readers if found.among({seal.hash(reader)})}


def read(source, project: Path, capsys) -> tuple[int, dict]:
    """Run the command as a script does."""
    code = read_bounces(source, project, Voice(as_json=True))
    return code, json.loads(capsys.readouterr().out)


EVERY = [f"{name}@example.net" for name in ("dead", "full", "strict", "forged", "leaver", "ada")]
FOUND = {"bounced": 1, "passing": 1, "refused": 1, "unproved": 1, "unsubscribed": 1, "nothing": 1, "letter": 1}


def as_mbox(folder: Path, mails: list[bytes]) -> Path:
    """A mailbox in one file."""
    box = mailbox.mbox(folder / "returns.mbox")
    for mail in mails:
        box.add(message_from_bytes(mail))
    box.close()
    return folder / "returns.mbox"


def as_maildir(folder: Path, mails: list[bytes]) -> Path:
    """A mailbox as a folder; what is still being written to it does not count."""
    box = mailbox.Maildir(folder / "returns")
    for mail in mails:
        box.add(mail)
    (folder / "returns" / "tmp" / "half").write_bytes(mails[0].replace(b"Message-ID: <1", b"Message-ID: <2"))
    return folder / "returns"


def as_files(folder: Path, mails: list[bytes]) -> Path:
    """A folder of single mails."""
    (folder / "returns").mkdir()
    for number, mail in enumerate(mails):
        (folder / "returns" / f"{number}.eml").write_bytes(mail.replace(b"\n", b"\r\n"))
    return folder / "returns"


@pytest.mark.parametrize("form", [as_mbox, as_maildir, as_files])
def test_each_kind_is_acted_on_and_a_second_reading_changes_nothing(project, post, tmp_path, capsys, form):
    source = form(tmp_path, post.all())
    first = read(source, project, capsys)
    second = read(source, project, capsys)

    assert first[0] == second[0] == 0
    assert first[1]["found"] == second[1]["found"] == FOUND
    assert (first[1]["suppressed"], second[1]["suppressed"]) == (2, 0)
    assert suppressed(project, *EVERY) == {"dead@example.net", "leaver@example.net"}
    assert sorted(one["what"] for one in first[1]["for_you"]) == ["letter", "refused", "unproved"]


def test_one_file_is_one_mail(project, post, tmp_path, capsys):
    (tmp_path / "one.eml").write_bytes(post.bounce("dead@example.net"))
    (tmp_path / "other.eml").write_bytes(b"From someone Tue Nov 24 09:09:03 2026\n" + post.leave("leaver@example.net"))

    assert read(tmp_path / "one.eml", project, capsys)[1]["suppressed"] == 1
    assert read(tmp_path / "other.eml", project, capsys)[1]["suppressed"] == 1
    assert suppressed(project, *EVERY) == {"dead@example.net", "leaver@example.net"}


def test_trouble_that_does_not_pass_suppresses_in_the_end(project, post, tmp_path, capsys):
    source = as_mbox(tmp_path, [post.bounce("full@example.net", "4.2.2", number) for number in range(4)])
    for _ in range(3):
        assert read(source, project, capsys)[1]["suppressed"] == 0
    assert not suppressed(project, "full@example.net")
    fifth = tmp_path / "fifth.eml"
    fifth.write_bytes(post.bounce("full@example.net", "5.2.2", 5))

    assert read(fifth, project, capsys)[1]["suppressed"] == 1
    assert suppressed(project, "full@example.net")


def test_the_same_report_twice_in_one_mailbox_counts_once(project, post, tmp_path, capsys):
    source = as_mbox(tmp_path, [post.bounce("full@example.net", "4.2.2")] * 6)
    told = read(source, project, capsys)[1]

    assert (told["found"], told["twice"], told["suppressed"]) == ({"passing": 1}, 5, 0)


def test_people_are_told_what_was_done_and_no_address(project, post, tmp_path, capsys):
    source = as_mbox(tmp_path, post.all())
    read_bounces(source, project, Voice())
    first = capsys.readouterr().out
    read_bounces(source, project, Voice())
    second = capsys.readouterr().out

    assert "No such mailbox any more: suppressed" in first
    assert "returns.mbox, mail 4  unproved" in " ".join(first.split("\n")).replace("   ", "  ")
    assert "550 5.7.26" in first
    assert "Suppressed now: 2" in first
    assert "Nobody new is suppressed." in second
    assert "@" not in first


def test_nothing_to_read_is_said(project, tmp_path, capsys):
    (tmp_path / "none").mkdir()
    code = read_bounces(tmp_path / "none", project, Voice())

    assert (code, capsys.readouterr().out) == (0, "There is nothing new to read.\n")


def test_what_is_not_there_is_refused(project, tmp_path):
    with pytest.raises(Refused, match="There is no such file or folder"):
        read_bounces(tmp_path / "nowhere.mbox", project, Voice())


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_read(project, post, tmp_path, capsys):
    source = as_files(tmp_path, [post.bounce("dead@example.net")])
    (source / "0-loop.eml").symlink_to(source / "0-loop.eml")
    code, told = read(source, project, capsys)

    assert code == 1
    assert [one["where"] for one in told["unreadable"]] == ["0-loop.eml"]
    assert suppressed(project, "dead@example.net")


def test_a_long_mail_is_read_as_far_as_its_report(project, post, tmp_path, capsys):
    mail = post.bounce("dead@example.net").replace(b"--b--", b"--b\nContent-Type: text/plain\n\n" + b"x\n" * 2_000_000)
    (tmp_path / "long.eml").write_bytes(mail)

    assert read(tmp_path / "long.eml", project, capsys)[1]["suppressed"] == 1


def test_a_ledger_that_cannot_be_used_is_said(project, post, tmp_path):
    (project / ".pressroom" / "ledger.db").mkdir(parents=True)

    with pytest.raises(LedgerUnusable):
        read_bounces(as_mbox(tmp_path, post.all()), project, Voice())


@pytest.fixture
def no_mailbox(monkeypatch):
    """An environment without a mailbox."""
    for name in [name for name in os.environ if name.startswith("PRESSROOM_")]:
        monkeypatch.delenv(name)


def test_a_mailbox_that_is_not_set_up_is_said(project, no_mailbox, capsys):
    code, told = read(None, project, capsys)

    assert code == 1
    assert "PRESSROOM_RETURNS_HOST" in told["unreadable"][0]["why"]


def test_a_setting_that_makes_no_sense_is_said_without_what_it_holds(project, no_mailbox, monkeypatch):
    monkeypatch.setenv("PRESSROOM_RETURNS_HOST", "mail.example.org")
    monkeypatch.setenv("PRESSROOM_RETURNS_PORT", "hunter2")

    with pytest.raises(Refused, match="PRESSROOM_RETURNS_PORT: Input should be a valid integer") as raised:
        read_bounces(None, project, Voice())
    assert "hunter2" not in str(raised.value)


def test_a_server_that_is_not_there_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match=r"no connection to 127\.0\.0\.1: Connection refused"):
        list(unseen(ReturnsSettings(host="127.0.0.1", port=port, security="none")))


def test_a_password_never_travels_without_tls():
    with pytest.raises(Misconfigured, match="never travels without TLS"):
        list(unseen(ReturnsSettings(host="192.0.2.1", security="none", user="u")))


@pytest.mark.parametrize(
    ("name", "written"),
    [("INBOX", '"INBOX"'), ("Zurück & vor", '"Zur&APw-ck &- vor"'), ('a"b\\c', '"a\\"b\\\\c"'), ("台北", '"&U,BTFw-"')],
)
def test_a_folders_name_is_written_as_imap_wants_it(name, written):
    assert returns._quoted(name) == written


@dataclass(frozen=True)
class Dovecot:
    """A server's folder and ports, and a mailbox of it."""

    folder: Path
    port: int
    tls_port: int
    user: str = "returns"

    def settings(self, **more) -> ReturnsSettings:
        """How its mailbox is reached."""
        usual = {"host": "127.0.0.1", "port": self.port, "security": "none", "user": self.user, "password": "secret"}
        return ReturnsSettings(**{**usual, **more})

    def client(self) -> imaplib.IMAP4:
        """Somebody else's mail program."""
        imap = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        imap.login(self.user, "secret")
        return imap

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Deliver."""
        imap = self.client()
        for mail in mails:
            assert imap.append(folder, None, None, mail.replace(b"\n", b"\r\n"))[0] == "OK"
        imap.logout()

    def flags(self) -> list[set[str]]:
        """How each mail of the inbox is marked."""
        imap = self.client()
        imap.select(readonly=True)
        found = imap.fetch("1:*", "(FLAGS)")[1]
        imap.logout()
        return [{flag.decode() for flag in imaplib.ParseFlags(line)} - {"\\Recent"} for line in found if line]


CONFIGURATION = """base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:{folder}/mail/%n
first_valid_uid = 1
auth_mechanisms = plain login
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%n
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
"""


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """A server of this module's own, with a certificate that only we trust."""
    program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program or os.geteuid() != 0:
        pytest.skip("there is no Dovecot here that can be started")
    folder = Path(tempfile.mkdtemp(prefix="pressroom-dovecot-"))
    folder.chmod(0o755)  # its processes are not ours
    (folder / "mail").mkdir()
    shutil.chown(folder / "mail", "nobody", "nogroup")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
    subprocess.run(made, check=True, capture_output=True)
    port, tls_port = ports.free(), ports.free()
    configuration = folder / "dovecot.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, tls_port=tls_port), encoding="ascii")
    process = subprocess.Popen([program, "-F", "-c", str(configuration)])
    try:
        await_port(port)
        yield Dovecot(folder, port, tls_port)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)


def await_port(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("Dovecot does not listen")


@pytest.fixture
def box(dovecot) -> Dovecot:
    """The server, with an empty mailbox of a test's own."""
    return replace(dovecot, user=f"returns-{secrets.token_hex(6)}")


def set_up(project: Path, box: Dovecot, **more: str) -> None:
    """The project's mailbox."""
    values = {"HOST": "127.0.0.1", "PORT": str(box.port), "SECURITY": "none", "USER": box.user, "PASSWORD": "secret"}
    lines = [f"PRESSROOM_RETURNS_{name}={value}" for name, value in {**values, **more}.items()]
    (project / ".env").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.judged
def test_a_mailbox_is_read_once_and_what_a_person_must_see_is_flagged(project, post, box, no_mailbox, capsys):
    set_up(project, box)
    box.put(*post.all())
    first = read(None, project, capsys)
    second = read(None, project, capsys)

    assert first[0] == second[0] == 0
    assert first[1]["found"] == FOUND
    assert (second[1]["found"], second[1]["suppressed"]) == ({}, 0)
    assert suppressed(project, *EVERY) == {"dead@example.net", "leaver@example.net"}
    flagged = {"\\Seen", "\\Flagged"}
    assert box.flags() == [{"\\Seen"}, {"\\Seen"}, flagged, flagged, {"\\Seen"}, {"\\Seen"}, flagged]


@pytest.mark.judged
def test_what_was_not_recorded_is_not_marked(project, post, box, no_mailbox):
    set_up(project, box)
    box.put(*post.all()[:2])
    engine = open_database(Settings.of(project).ledger_url(project))
    full = "CREATE TRIGGER full BEFORE INSERT ON bounces BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    with engine.begin() as ledger:
        ledger.exec_driver_sql(full)
    with pytest.raises(LedgerUnusable, match="the disk is full"):
        read_bounces(None, project, Voice())
    assert box.flags() == [{"\\Seen"}, set()]
    with engine.begin() as ledger:
        ledger.exec_driver_sql("DROP TRIGGER full")
    engine.dispose()

    assert read_bounces(None, project, Voice()) == 0
    assert box.flags() == [{"\\Seen"}, {"\\Seen"}]


@pytest.mark.judged
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_safe_connection_is_made_only_to_whom_we_trust(box, security):
    port = box.tls_port if security == "tls" else box.port
    box.put(b"Subject: Hello\n\nHello\n")
    with pytest.raises(Misconfigured, match=r"no safe connection to 127\.0\.0\.1: self-signed certificate"):
        list(unseen(box.settings(security=security, port=port)))
    letters = list(unseen(box.settings(security=security, port=port, ca=str(box.folder / "cert.pem"))))

    assert [letter.data for letter in letters] == [b"Subject: Hello\r\n\r\nHello\r\n"]


@pytest.mark.judged
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"password": "word-of-mine"}, "does not take the user name and password"),
        ({"password": "wört"}, "does not take the user name and password"),
        ({"folder": "Nowhere"}, "there is no folder 'Nowhere'"),
        ({"ca": "/nowhere.pem"}, "the file of …_CA can't be read"),
    ],
)
def test_what_is_set_up_wrongly_is_said_in_words_without_the_secret(box, wrong, why):
    with pytest.raises(ChannelError, match=why) as raised:
        list(unseen(box.settings(**wrong)))

    assert "word-of-mine" not in str(raised.value)
    assert isinstance(raised.value, Misconfigured)


@pytest.mark.judged
def test_a_wrong_password_ends_the_command_in_one_sentence(project, box, no_mailbox, capsys):
    set_up(project, box, PASSWORD="word-of-mine")
    code = read_bounces(None, project, Voice())
    said = capsys.readouterr()

    assert code == 1
    assert said.err == "the mailbox: 127.0.0.1 does not take the user name and password\n"
    assert said.out == "Nothing was read.\n"


@pytest.mark.judged
def test_another_folder_is_read_and_eight_bits_pass(box):
    imap = box.client()
    imap.create('"Zur&APw-ck"')
    imap.logout()
    mail = b"Subject: \xff\xfe\n\n" + bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"") + b"\n"
    box.put(mail, folder='"Zur&APw-ck"')
    letters = list(unseen(box.settings(folder="Zurück")))

    assert letters[-1].data == mail.replace(b"\n", b"\r\n")


@pytest.mark.judged
def test_of_a_long_mail_only_the_beginning_is_fetched(box):
    box.put(b"Subject: long\n\n" + b"x" * 70 * 3 + b"\n" + (b"y" * 70 + b"\n") * 40_000)
    letters = list(unseen(box.settings()))

    assert [len(letter.data) for letter in letters] == [returns.MOST]


@pytest.mark.judged
def test_a_mail_that_somebody_deletes_meanwhile_is_passed_over(box):
    box.put(*(f"Subject: {number}\n\n".encode() for number in range(3)))
    seen = []
    for letter in unseen(box.settings()):
        seen.append(letter.data)
        if len(seen) == 1:
            imap = box.client()
            imap.select()
            imap.store("2", "+FLAGS", r"(\Deleted)")
            imap.expunge()
            imap.logout()

    assert [b"Subject: 0" in data or b"Subject: 2" in data for data in seen] == [True, True]


class Relay:
    """Stands between a client and a server, and can cut the wire."""

    def __init__(self, port: int) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._to = port
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._run)]
        self._threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._door.close()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        """End it for both."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        client, _ = self._door.accept()
        server = socket.create_connection(("127.0.0.1", self._to))
        self._ends = [client, server]
        back = threading.Thread(target=self._pass, args=(server, client))
        self._threads.append(back)
        back.start()
        self._pass(client, server)
        back.join()
        client.close()
        server.close()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        self.cut()


@pytest.mark.judged
def test_a_server_that_dies_in_the_middle_is_said(box):
    box.put(*(f"Subject: {number}\n\n".encode() for number in range(3)))
    with Relay(box.port) as relay:
        letters = unseen(box.settings(port=relay.port))
        next(letters)
        relay.cut()
        with pytest.raises(Unavailable, match=r"hung up|no connection"):
            next(letters)
