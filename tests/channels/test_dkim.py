"""Signatures of mail: what a verifier makes of them, and what is said of a key that can't be used."""

from __future__ import annotations

import base64
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.dkim import signer
from channels.errors import Misconfigured
from channels.lines import Recipient
from channels.newsletter import Mail, NewsletterSettings
from channels.press import Manner, Press
from channels.seal import Seal
from tests.channels.letters import newsletter

SEAL = Seal(b"a secret of at least sixteen bytes")
DAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
SENDER, SELECTOR = "news@clinic.example.org", "press-2026"
READER = Recipient(address="ada@example.org", hashed=SEAL.hash("ada@example.org"), fields={"first_name": "Ünï ."})
WORDS = {
    "plain": "Most people sleep less.",
    "dots at line starts": "One.\n.\n..two\n.three",
    "long lines": "sleep " * 400,
    "not ASCII": "Größe, 睡眠 🎈 علی\u200cرضا",
    "blanks at line ends": "one  \ntwo\t\n\n\n",
}
# Debian's own verifier, told the public key that it would ask the DNS for
VERIFIER = """
use strict; use warnings;
use Mail::DKIM::DNS; use Mail::DKIM::Verifier; use Net::DNS;
my $record = shift;
{ no warnings 'redefine';
  *Mail::DKIM::DNS::query = sub {
    my ($name, $type) = @_;
    return unless $type eq 'TXT' && $name eq 'press-2026._domainkey.clinic.example.org';
    return Net::DNS::RR->new(name => $name, type => 'TXT', txtdata => [$record =~ /(.{1,200})/g]);
  };
}
my $verifier = Mail::DKIM::Verifier->new;
local $/; $verifier->PRINT(<STDIN>); $verifier->CLOSE;
print $verifier->result_detail;
"""


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    """A key in a PEM file, and what stands in the DNS for it."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = tmp_path_factory.mktemp("keys") / "dkim.pem"
    path.write_bytes(made.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return path, "v=DKIM1; k=rsa; p=" + base64.b64encode(made.public_key().public_bytes(*der)).decode()


@pytest.fixture(scope="module")
def sign(key):
    return signer("newsletter", key[0], SELECTOR, SENDER)


def signed(sign, words="Most people sleep less.", **more):
    mail = newsletter(words, **more)
    manner = Manner(leave="https://mail.example.org", returns="bounces@example.org")
    return Press(mail, "k" * 32, SEAL, manner, sign).message(READER, DAY).data


def accepted(key, data):
    def answer(name, timeout=5):
        return key[1].encode() if name == b"press-2026._domainkey.clinic.example.org." else None

    return dkim.verify(data, dnsfunc=answer)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_signature_holds(key, sign, words):
    data = signed(sign, words)

    assert data.startswith(b"DKIM-Signature: ")
    assert accepted(key, data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Most people", b"Some people"),
        (b"To: ada@", b"To: eve@"),
        (b"/u/", b"/v/"),
        (b"One-Click", b"No-Click"),
        (b"Subject: ", b"Subject: x"),
        (b"From: ", b"From: Eve <eve@example.org>\r\nX-From: "),
    ],
)
def test_a_changed_byte_is_refused(key, sign, old, new):
    data = signed(sign)

    assert old in data
    assert not accepted(key, data.replace(old, new, 1))


def test_the_pair_that_lets_readers_leave_with_one_click_is_signed(sign):
    head = signed(sign).partition(b"\r\nDate: ")[0].replace(b"\r\n ", b"").replace(b" ", b"").decode()
    fields = dict(field.partition("=")[::2] for field in head.removeprefix("DKIM-Signature:").split(";"))

    assert {"from", "to", "subject", "date", "list-unsubscribe", "list-unsubscribe-post"} <= set(fields["h"].split(":"))
    assert (fields["d"], fields["s"], fields["c"]) == ("clinic.example.org", SELECTOR, "relaxed/relaxed")
    assert "l" not in fields


@pytest.mark.judged
@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_debians_verifier_accepts_a_signature_and_refuses_a_changed_byte(key, sign, words, tmp_path):
    perl = shutil.which("perl")
    if not perl or subprocess.run([perl, "-MMail::DKIM", "-e", "1"], capture_output=True, check=False).returncode:
        pytest.skip("Mail::DKIM is not installed (libmail-dkim-perl)")
    script = tmp_path / "verify.pl"
    script.write_text(VERIFIER)
    data = signed(sign, words)
    results = [
        subprocess.run([perl, script, key[1]], input=message, capture_output=True, timeout=30, check=True).stdout
        for message in (data, data.replace(b"Hello", b"Hallo"))
    ]

    assert results[0] == b"pass"
    assert results[1].startswith(b"fail (body has been altered)")


def test_a_message_without_a_key_is_not_signed():
    plain = Press(newsletter(), "k" * 32, SEAL).message(READER, DAY)

    assert b"DKIM-Signature" not in plain.data


def test_a_reply_address_is_signed_only_where_there_is_one(key, sign):
    data = signed(sign, reply_to="")

    assert b"reply-to" not in data.partition(b"\r\nDate: ")[0]
    assert accepted(key, data)


@pytest.mark.parametrize(
    "content", ["", "hunter2", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_is_none_is_misconfigured_and_never_repeated(tmp_path, content):
    path = tmp_path / "dkim.pem"
    path.write_text(content)

    with pytest.raises(Misconfigured, match="DKIM key") as caught:
        signer("newsletter", path, SELECTOR, SENDER)
    assert "hunter2" not in f"{caught.value!r} {caught.value}"
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("name", ["missing.pem", "."])
def test_a_key_that_cannot_be_read_is_misconfigured(tmp_path, name):
    with pytest.raises(Misconfigured, match="can't be read"):
        signer("newsletter", tmp_path / name, SELECTOR, SENDER)


@pytest.mark.parametrize("selector", ["", "two words", "semi;colon", "ümlaut", "line\nbreak", ".", "a..b"])
def test_a_selector_that_no_name_can_hold_is_misconfigured(key, selector):
    with pytest.raises(Misconfigured, match="selector"):
        signer("newsletter", key[0], selector, SENDER)


def test_a_signature_under_another_selector_is_refused(key):
    other = signer("newsletter", key[0], "other", SENDER)

    assert not accepted(key, signed(other))


def test_the_key_is_shown_nowhere(key, sign):
    secret = key[0].read_text().splitlines()[1]
    account = Mail("newsletter", NewsletterSettings(host="h", dkim_key=str(key[0]), dkim_selector=SELECTOR))
    crew = account.proof_crew(newsletter(), "k" * 32, SEAL)
    shown = f"{sign!r} {account.settings!r} {crew!r} {vars(crew)!r}"
    crew.close()

    assert secret not in shown
    assert secret not in signed(sign).decode()


def test_the_same_message_is_signed_alike_whoever_reads_it(key, sign):
    other = replace(READER, address="grace@example.org", hashed=SEAL.hash("grace@example.org"))
    press = Press(newsletter(), "k" * 32, SEAL, None, sign)

    assert all(accepted(key, press.message(reader, DAY).data) for reader in (READER, other))
