"""Kept connections to a mail server: what servers do in the middle of it, and what becomes of each message."""

from __future__ import annotations

import base64
import ipaddress
import select
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.errors import Misconfigured, Unavailable
from channels.lines import Recipient, Reply
from channels.press import Press, Printed
from channels.seal import Seal
from channels.smtp import Server, TurnedAway, transaction
from channels.wires import Wires
from tests.channels.letters import newsletter
from tests.smtpd import YES, Smtpd

SEAL = Seal(b"a secret of at least sixteen bytes")
PRINTED = Printed("news@clinic.example.org", b"Subject: Sleep\r\n\r\n.one\r\n..\r\n")
ONE_BY_ONE = "250-small\r\n250 ENHANCEDSTATUSCODES"
WITH_AUTH = "250-small\r\n250-AUTH PLAIN\r\n250 PIPELINING"
SENT = Reply("sent", "250 2.0.0")


class Ready:
    """Messages that are printed already."""

    def __init__(self, data):
        self.data = data

    def message(self, _recipient):
        return Printed("news@clinic.example.org", self.data)


class Strict(Smtpd):
    """Takes no command before it has answered the one before."""

    buffering = 0
    early = 0

    def _say(self, connection, text):
        self.early += bool(select.select([connection], [], [], 0.01)[0])
        super()._say(connection, text)


def reader(name="ada"):
    return Recipient(address=f"{name}@example.org", hashed=SEAL.hash(name))


def server_of(smtpd, **more):
    given = {"channel": "newsletter", "host": smtpd.host, "port": smtpd.port, "security": "none"}
    return Server(**{**given, **more})


@pytest.fixture
def smtpd():
    with Smtpd() as running:
        yield running


@pytest.fixture
def wires():
    """Opens connections to a server, and hangs up after the test."""
    opened = []

    def to(smtpd, number=1, press=None, **more):
        press = press or Press(newsletter(), "k" * 32, SEAL)
        opened.append(Wires(server_of(smtpd, **more), press, number))
        return opened[-1]

    yield to
    for crew in opened:
        crew.close()


def sent_to(crew, *names):
    """What becomes of messages that are handed in one after the other."""
    return [ended(crew, name) for name in names]


def ended(crew, name="ada"):
    crew.hand([reader(name)])
    [returned] = crew.returned(10)
    return returned.error or returned.replies[0]


def at(stage, reply, times=1):
    """A script: something else than yes at one stage, so many times."""
    left = [times]

    def script(now, _recipient):
        if now != stage or not left[0]:
            return ""
        left[0] -= 1
        return reply

    return script


def test_one_connection_carries_many_messages(smtpd, wires):
    crew = wires(smtpd)

    assert sent_to(crew, "ada", "grace", "joan") == [SENT] * 3
    assert smtpd.had() == {"ada@example.org": 1, "grace@example.org": 1, "joan@example.org": 1}
    assert sum(line.lower().startswith("ehlo") for line in smtpd.lines) == 1


def test_dots_arrive_as_they_were(smtpd, wires):
    ended(wires(smtpd, press=Ready(PRINTED.data)))

    assert smtpd.taken[0][2] == PRINTED.data


def test_a_server_without_pipelining_gets_one_command_at_a_time(wires):
    with Strict(lambda stage, _to: ONE_BY_ONE if stage == "ehlo" else "") as strict:
        results = sent_to(wires(strict), "ada", "grace")
        commands = [line.split(" ")[0].upper() for line in strict.lines]

    assert (results, strict.early) == ([SENT, SENT], 0)
    assert commands == ["EHLO", *["MAIL", "RCPT", "DATA"] * 2]


@pytest.mark.parametrize("ehlo", [YES["ehlo"], ONE_BY_ONE], ids=["pipelined", "one by one"])
@pytest.mark.parametrize(
    ("stage", "reply", "fate"),
    [
        ("rcpt", "550 5.1.1 no such user", Reply("bounced", "550 5.1.1")),
        ("rcpt", "550 5.7.1 not you", Reply("failed", "550 5.7.1")),
        ("rcpt", "450 4.2.0 later", Reply("later", "450 4.2.0")),
        ("rcpt", "550 unknown", Reply("bounced", "550")),
        ("rcpt", "550 blocked for spam, see https://block.example/", Reply("failed", "550")),
        ("rcpt", "550 5.4.1 Recipient address rejected: Access denied", Reply("bounced", "550 5.4.1")),
        ("rcpt", "550 5.1.8 your own address has no host", Reply("failed", "550 5.1.8")),
        ("rcpt", "552 5.2.2 full", Reply("failed", "552 5.2.2")),
        ("data", "451 4.3.0 not now", Reply("later", "451 4.3.0")),
        ("dot", "554 5.6.0 spam", Reply("failed", "554 5.6.0")),
        ("dot", "452 4.3.1 full", Reply("later", "452 4.3.1")),
    ],
)
def test_a_refusal_is_one_recipients_and_the_next_goes_on(wires, ehlo, stage, reply, fate):
    refuse = at(stage, reply)
    with Smtpd(lambda now, to: ehlo if now == "ehlo" else refuse(now, to)) as smtpd:
        assert sent_to(wires(smtpd), "ada", "grace") == [fate, SENT]
        assert smtpd.had() == {"grace@example.org": 1}
        assert sum(line.lower().startswith("ehlo") for line in smtpd.lines) == 1


def test_replies_of_several_lines_are_one_reply(wires):
    long = {
        "mail": "250-2.1.0 hello\r\n250 2.1.0 Ok",
        "rcpt": "250-2.1.5 yes\r\n250-2.1.5 and\r\n250 2.1.5 yes",
        "data": "354-go\r\n354 on",
        "dot": "250-2.0.0 taken\r\n250 2.0.0 and how",
    }
    with Smtpd(lambda stage, _to: long.get(stage, "")) as smtpd:
        assert sent_to(wires(smtpd), "ada", "grace") == [SENT, SENT]


@pytest.mark.parametrize("ehlo", [YES["ehlo"], ONE_BY_ONE], ids=["pipelined", "one by one"])
def test_a_reply_in_several_segments_is_read_whole(wires, ehlo):
    class Stuttering(Smtpd):
        def _say(self, connection, text):
            for sign in f"{text}\r\n".encode():
                connection.sendall(bytes([sign]))

    with Stuttering(lambda stage, _to: ehlo if stage == "ehlo" else "") as smtpd:
        assert sent_to(wires(smtpd), "ada", "grace") == [SENT, SENT]
        assert len(smtpd.taken) == 2


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_a_server_that_closes_before_the_message_is_away_and_nothing_was_sent(smtpd, wires, stage):
    smtpd.script = at(stage, "421 4.3.2 closing", times=2)
    crew = wires(smtpd)
    results = sent_to(crew, "ada", "ada", "ada")

    assert [type(result) for result in results[:2]] == [Unavailable, Unavailable]
    assert results[2] == SENT
    assert smtpd.had() == {"ada@example.org": 1}


def test_a_server_that_is_too_busy_to_say_what_it_can_do_is_away(smtpd, wires):
    smtpd.script = at("ehlo", "421 4.3.2 too busy")

    assert isinstance(ended(wires(smtpd, security="starttls")), Unavailable)


def test_a_421_to_the_message_itself_is_no_doubt(smtpd, wires):
    smtpd.script = at("dot", "421 4.3.2 closing")

    assert sent_to(wires(smtpd), "ada", "grace") == [Reply("later", "421 4.3.2"), SENT]
    assert smtpd.had() == {"grace@example.org": 1}


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("reply", ["421 4.3.2 closing", "hang up"])
def test_a_kept_connection_that_breaks_before_the_message_is_replaced(smtpd, wires, stage, reply):
    crew = wires(smtpd)
    first = ended(crew, "ada")
    smtpd.script = at(stage, reply)

    assert (first, ended(crew, "grace")) == (SENT, SENT)
    assert smtpd.had() == {"ada@example.org": 1, "grace@example.org": 1}


@pytest.mark.parametrize("noticed", [True, False])
@pytest.mark.parametrize("word", [b"", b"421 4.4.2 idle for too long\r\n"])
def test_a_connection_that_was_closed_while_idle_costs_nothing(smtpd, wires, noticed, word):
    crew = wires(smtpd)
    ended(crew, "ada")
    for connection in list(smtpd._open):
        connection.sendall(word)
        connection.shutdown(socket.SHUT_RDWR)
    if noticed:
        assert crew.returned(0.1) == []

    assert sent_to(crew, "grace", "joan") == [SENT, SENT]
    assert max(smtpd.had().values()) == 1
    assert sum(line.lower().startswith("ehlo") for line in smtpd.lines) == 2


def test_a_lost_answer_to_the_message_is_doubt_and_is_not_sent_again(smtpd, wires):
    smtpd.script = at("dot", "take and hang up")

    assert sent_to(wires(smtpd), "ada", "grace") == [Reply("doubt"), SENT]
    assert smtpd.had() == {"ada@example.org": 1, "grace@example.org": 1}


class Halfway(Smtpd):
    """Breaks off in the middle of messages, so often; its window is small, so that much is still to come then."""

    breaks = 1

    def __init__(self):
        super().__init__()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)

    def _take(self, connection, file, sender, recipient):
        if recipient.startswith("half") and self.breaks:
            self.breaks -= 1
            file.read(500_000)
            raise ConnectionError("in the middle")
        super()._take(connection, file, sender, recipient)


def big(megabytes):
    """A message of many lines."""
    return b"Subject: Sleep\r\n\r\n" + (b"." + b"z" * 97 + b"\r\n") * (10_000 * megabytes)


def test_a_message_that_was_broken_off_is_sent_again_once_and_is_no_doubt(wires):
    with Halfway() as smtpd:
        crew = wires(smtpd, press=Ready(big(12)))
        results = sent_to(crew, "half", "half", "half")

    assert isinstance(results[0], Unavailable)
    assert results[1:] == [SENT, SENT]
    assert smtpd.had() == {"half@example.org": 2}


def test_a_message_that_is_broken_off_on_a_kept_connection_is_sent_again_by_itself(wires):
    with Halfway() as smtpd:
        crew = wires(smtpd, press=Ready(big(12)))
        results = sent_to(crew, "ada", "half")

    assert results == [SENT, SENT]
    assert smtpd.had() == {"ada@example.org": 1, "half@example.org": 1}


def test_an_answer_before_the_end_of_a_message_ends_the_connection(wires):
    class Hasty(Smtpd):
        def _take(self, connection, file, sender, recipient):
            if recipient.startswith("big"):
                file.read(100)
                self._say(connection, "552 5.3.4 too big")
                time.sleep(0.3)
            super()._take(connection, file, sender, recipient)

    with Hasty() as smtpd:
        smtpd._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        crew = wires(smtpd, press=Ready(big(12)))
        assert sent_to(crew, "big", "ada") == [Reply("failed", "552 5.3.4"), SENT]
        assert smtpd.had() == {"ada@example.org": 1}


def test_a_message_larger_than_any_buffer_goes_through_whole_while_others_go_on(smtpd, wires):
    crew = wires(smtpd, 3, press=Ready(big(5)))
    for name in ("ada", "grace", "joan"):
        crew.hand([reader(name)])
    came = []
    while len(came) < 3:
        came += crew.returned(10)

    assert [returned.replies[0] for returned in came] == [SENT] * 3
    assert {data for _, _, data in smtpd.taken} == {big(5)}


def test_small_commands_do_not_wait_for_acknowledgements(smtpd):
    with server_of(smtpd).connect() as smtp:
        assert smtp.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("reply", "error"), [("454 4.7.0 temporarily not", Unavailable), ("535 5.7.8 wrong password", Misconfigured)]
)
def test_a_refused_password_is_ours_to_mend_unless_it_is_for_now(smtpd, wires, reply, error):
    smtpd.script = lambda stage, _to: {"ehlo": WITH_AUTH, "auth": reply}.get(stage, "")
    result = ended(wires(smtpd, user="news", password="hunter2"))

    assert type(result) is error
    assert "user name and password" in str(result)
    assert "hunter2" not in f"{result!r} {result}"
    assert smtpd.taken == []


def test_a_password_is_taken_once_for_a_connection(smtpd, wires):
    smtpd.script = lambda stage, _to: WITH_AUTH if stage == "ehlo" else ""
    results = sent_to(wires(smtpd, user="news", password="hunter2"), "ada", "grace")

    assert results == [SENT, SENT]
    assert [line for line in smtpd.lines if "AUTH" in line] == [f"AUTH PLAIN {_plain('news', 'hunter2')}"]


def test_a_server_that_takes_no_passwords_is_misconfigured(smtpd, wires):
    assert type(ended(wires(smtpd, user="news", password="hunter2"))) is Misconfigured


@pytest.mark.parametrize(("host", "security"), [("127.0.0.2", "none"), ("127.0.0.1", "starttls")])
def test_nothing_of_a_password_leaves_the_machine_without_tls(host, security):
    with Smtpd(lambda stage, _to: WITH_AUTH if stage == "ehlo" else "", host=host) as smtpd:
        account = server_of(smtpd, security=security, user="news", password="hunter2")
        with pytest.raises(Misconfigured, match="TLS"):
            account.connect()
        said = " ".join(smtpd.lines)

    assert "AUTH" not in said
    assert not [secret for secret in ("hunter2", _plain("news", "hunter2")) if secret in said]


@pytest.mark.parametrize("ehlo", [YES["ehlo"], ONE_BY_ONE], ids=["pipelined", "one by one"])
@pytest.mark.parametrize(
    ("reply", "error"), [("550 5.7.1 not your sender", Misconfigured), ("452 4.3.1 no space", Unavailable)]
)
def test_a_refused_sender_is_no_recipients_fault(wires, ehlo, reply, error):
    def script(stage, _to):
        return {"ehlo": ehlo, "mail": reply, "rcpt": "503 5.5.1 MAIL first", "data": "503 5.5.1 MAIL first"}.get(stage)

    with Smtpd(lambda stage, to: script(stage, to) or "") as smtpd:
        result = ended(wires(smtpd))

    assert type(result) is error
    assert "takes no mail from this sender" in str(result)
    assert not isinstance(result, TurnedAway)


def test_a_port_where_nobody_listens_is_away(smtpd, wires):
    assert isinstance(ended(wires(smtpd, port=1)), Unavailable)


def test_a_server_that_says_nothing_is_given_up_and_what_was_handed_over_is_in_doubt(smtpd, wires):
    class Silent(Smtpd):
        def _say(self, connection, text):
            if text != YES["dot"]:
                super()._say(connection, text)

    with Silent() as silent:
        crew = wires(silent)
        crew.hand([reader()])
        assert crew.returned(0.2) == []
        [wire] = crew._busy
        wire.deadline = 0.0
        [returned] = crew.returned(0)

    assert returned.replies == (Reply("doubt"),)


def test_a_recipient_who_is_refused_after_data_was_taken_gets_an_empty_message_at_most():
    talk = transaction(PRINTED, "ada@example.org", pipelined=True)
    next(talk)
    say = talk.send([b"250 2.1.0 Ok", b"550 5.1.1 none", b"354 Go on"])

    assert (say.data, say.message) == (b".\r\n", False)
    with pytest.raises(StopIteration) as end:
        talk.send([b"554 5.5.1 no recipients"])
    assert end.value.value == Reply("bounced", "550 5.1.1")


def test_no_representation_shows_a_password_an_address_or_words(smtpd, wires):
    smtpd.script = lambda stage, _to: WITH_AUTH if stage == "ehlo" else "450 4.2.0 <ada@example.org>"
    crew = wires(smtpd, user="news", password="hunter2")
    shown = [repr(server_of(smtpd, password="hunter2"))]
    crew.hand([reader()])
    while crew.busy:
        shown += [repr(crew), repr(vars(crew)), repr(crew._idle), *(repr(wire.say) for wire in crew._busy)]
        shown += [repr(crew.returned(0.01))]

    assert len(shown) > 5
    assert not [text for text in shown for secret in ("hunter2", "ada@", "sleep") if secret in text]


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """A server's TLS, and the file that names its certificate."""
    made, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    basic = x509.BasicConstraints(ca=True, path_length=None)
    builder = x509.CertificateBuilder(name, name, made.public_key(), 1, now - timedelta(1), now + timedelta(1))
    signed = (
        builder.add_extension(names, critical=False).add_extension(basic, critical=True).sign(made, hashes.SHA256())
    )
    folder, pem = tmp_path_factory.mktemp("tls"), serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(made.private_bytes(pem, *plain))
    (folder / "cert.pem").write_bytes(signed.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, str(folder / "cert.pem")


class Safe(Smtpd):
    """Speaks TLS from the first byte. With its last word it hangs up, in one segment."""

    context: ssl.SSLContext
    last = ""

    def _converse(self, connection):
        with self.context.wrap_socket(connection, server_side=True) as safe:
            super()._converse(safe)

    def _say(self, connection, text):
        if text != self.last:
            return super()._say(connection, text)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        connection.sendall(text.encode() + b"\r\n")
        connection.settimeout(0.05)
        connection.unwrap()  # says goodbye, and waits in vain for an answer
        return None


def test_mail_goes_over_tls_to_a_server_that_is_known(certified, wires):
    with Safe() as smtpd:
        smtpd.context = certified[0]
        known = sent_to(wires(smtpd, security="tls", ca=certified[1], press=Ready(big(5))), "ada", "grace")
        stranger = ended(wires(smtpd, security="tls"))

    assert (known, type(stranger)) == ([SENT, SENT], Misconfigured)
    assert {data for _, _, data in smtpd.taken} == {big(5)}


@pytest.mark.parametrize(("last", "fate"), [("250 2.0.0 Ok", "sent"), ("452 4.3.1 full", "later")])
def test_a_servers_last_word_counts_though_it_hangs_up_with_it(certified, wires, last, fate):
    with Safe(at("dot", last)) as smtpd:
        smtpd.context, smtpd.last = certified[0], last
        result = ended(wires(smtpd, security="tls", ca=certified[1]))

    assert result.fate == fate


def _plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()
