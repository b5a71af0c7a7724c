"""A message as bytes: what a server is handed and what a mail program makes of it."""

from __future__ import annotations

import email
import email.policy
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from html import escape, unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.lines import Recipient
from channels.press import Manner, Press
from channels.seal import Seal
from tests.channels.letters import FIELD, LEAVE, newsletter

SEAL = Seal(b"a secret of at least sixteen bytes")
DAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
MANNER = Manner(leave="https://mail.example.org/", returns="bounces@example.org", reports="leave@example.org")
JOINERS = "\u200c\u200d"
VALUES = {
    "longer than a line": "Maximiliane " * 40 + "von und zu " + "x" * 300,
    "a first dot": ".NET",
    "dots alone": "...",
    "equals signs": "=C3=A9 = a+b",
    "not ASCII": "Jürgen Čapek 山田",
    "emoji": "👩\u200d⚕️🎈",
    "a Persian name": "علی\u200cرضا",
    "markup": '<b>Tom & "Jerry\'s"</b>',
    "a boundary": "--=_" + "k" * 32 + "--",
    "an encoded word": "=?utf-8?q?=41?=",
    "our own marks": FIELD,
}


def reader(name="", address="ada@example.org", **more):
    return Recipient(address=address, hashed=SEAL.hash(address), fields={"first_name": name}, **more)


def pressed(mail=None, key="k" * 32, **more):
    return Press(mail or newsletter(), key, SEAL, MANNER, **more)


def parsed(printed):
    return email.message_from_bytes(printed.data, policy=email.policy.default)


def parts(message):
    return tuple(message.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))


def subject_of(printed):
    """The header as it goes over the wire."""
    return printed.data.partition(b"\r\nSubject: ")[2].partition(b"\r\nFrom: ")[0]


def told(value):
    """What is to be read of a value: its signs, but none that controls, on one line."""
    kept = (sign if unicodedata.category(sign)[0] not in "CZ" or sign in JOINERS else " " for sign in value)
    return " ".join("".join(kept).split()) or "there"


def test_both_parts_arrive_whole():
    message = parsed(pressed().message(reader("Ada"), DAY))
    plain, html = parts(message)

    assert (message.get_content_type(), message.defects) == ("multipart/alternative", [])
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert plain.startswith("Hello Ada. Most people sleep less in the first night.")
    assert html.startswith("<!DOCTYPE html>")
    assert html.endswith("</body></html>")


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_arrives_as_it_is(value):
    printed = pressed().message(reader(value), DAY)
    plain, html = parts(parsed(printed))

    assert plain.startswith(f"Hello {told(value)}. Most")
    assert f"<p>Hello {escape(told(value))}. Most" in html
    assert str(parsed(printed)["Subject"]) == f"Hello {told(value)}: sleep"


@pytest.mark.parametrize("value", ["", " ", "\t\r\n", "\x00", "\u2028\ufeff"])
def test_who_has_no_name_gets_the_default_everywhere(value):
    message = parsed(pressed().message(reader(value), DAY))

    assert [part.count("Hello there. Most") for part in parts(message)] == [1, 1]
    assert message["Subject"] == "Hello there: sleep"


@given(st.text(max_size=300))
@example("a" * 66 + " " + "." * 70)
@example("=" * 25 + "é" * 40)
@example("x " * 33 + " " * 66)
@settings(deadline=None, max_examples=150)
def test_whatever_a_value_holds_the_message_is_sound_and_says_just_that(value):
    printed = pressed().message(reader(value), DAY)
    message = parsed(printed)
    plain, html = parts(message)

    assert [part.defects for part in message.walk()] == [[], [], []]
    assert plain.startswith(f"Hello {told(value)}. Most people")
    assert f"<p>Hello {escape(told(value))}. Most people" in html
    assert b"\n" not in printed.data.replace(b"\r\n", b"")
    assert max(map(len, printed.data.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76


@given(st.text(max_size=120))
@example("very " * 20)
@example("x" * 2000)
@settings(deadline=None, max_examples=100)
def test_a_subject_says_its_value_on_lines_that_are_short(value):
    printed = pressed().message(reader(value), DAY)
    encoded = subject_of(printed)

    assert "".join(parsed(printed)["Subject"].split()) == "".join(f"Hello {told(value)}: sleep".split())
    assert encoded.isascii()
    assert max(map(len, encoded.split(b"\r\n"))) <= 78


def test_the_words_around_a_value_keep_their_shape():
    words = "é" * 100 + "\n.\n..\n" + "word " * 60 + " \n\ttab \t\n"
    mail = newsletter(text=words + FIELD + "\n.\n" + words)

    plain, _ = parts(parsed(pressed(mail).message(reader("Ada"), DAY)))
    assert plain == f"{words}Ada\n.\n{words}"


@pytest.mark.parametrize("field", ["first_name", "unsubscribe", "Subject"])
def test_no_value_adds_a_header_or_another_recipient(field):
    hostile = "x\r\nBcc: all@example.org\r\n\r\n<script>\r\n.\r\nMAIL FROM:<a@b.test>"
    recipient = replace(reader(), fields={field: hostile})
    printed = pressed().message(recipient, DAY)
    message = parsed(printed)

    assert (message["Bcc"], message["To"]) == (None, "ada@example.org")
    assert LEAVE not in parts(message)[1]
    assert b"\r\n.\r\n" not in printed.data
    assert "<script>" not in parts(message)[1]


@pytest.mark.parametrize(
    "subject", ["Schlaf für alle: Größe zählt, auch im ersten Winter nach der großen Reform", "夜" * 60, "Plain words"]
)
def test_a_subject_in_any_language_is_encoded_once_for_all(subject):
    printed = pressed(newsletter(subject=subject)).message(reader(), DAY)

    assert parsed(printed)["Subject"] == subject
    assert subject_of(printed).isascii()
    assert (b"=?utf-8?" in subject_of(printed)) is not subject.isascii()


def test_each_reader_of_a_test_has_the_subject_that_is_theirs():
    press = pressed(newsletter(subjects=("Nächte", "Three")))
    subjects = [parsed(press.message(reader("Ada", subject=number), DAY))["Subject"] for number in range(3)]

    assert subjects == ["Hello Ada: sleep", "Nächte", "Three"]


def test_the_same_reader_and_date_are_the_same_bytes():
    first, second = pressed(), pressed()

    assert first.message(reader("Ada"), DAY) == first.message(reader("Ada"), DAY)
    assert first.message(reader("Ada"), DAY) == second.message(reader("Ada"), DAY)


def test_identities_are_stable_and_nobody_elses():
    def identity(press, address):
        printed = press.message(reader(address=address))
        return parsed(printed)["Message-ID"], printed.sender, parsed(printed)["List-Unsubscribe"]

    ada, again, grace = (
        identity(pressed(), who) for who in ("ada@example.org", "ADA@example.org", "grace@example.org")
    )
    other = identity(pressed(key="m" * 32), "ada@example.org")

    assert ada == again
    assert not set(ada) & set(grace)
    assert ada[0] != other[0]
    assert ada[1:] == other[1:]


def test_readers_leave_by_their_own_link_and_by_mail():
    message = parsed(pressed().message(reader(), DAY))
    hashed = SEAL.hash("ada@example.org")
    link = f"https://mail.example.org/u/{SEAL.token(hashed, 'unsubscribe')}"
    mail = f"mailto:leave@example.org?subject=leave%20{SEAL.token(hashed, 'bounce')}"

    assert message["List-Unsubscribe"] == f"<{link}>, <{mail}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert all(link in unescape(part) for part in parts(message))


def test_a_manner_without_more_leaves_senders_and_links_as_they_are():
    printed = Press(newsletter(), "k" * 32, SEAL).message(reader(), DAY)

    assert printed.sender == "news@clinic.example.org"
    assert parsed(printed)["List-Unsubscribe"] == f"<{LEAVE}>"


def test_headers_say_who_sends_and_what_it_is():
    mail = newsletter(from_name='Klinik "Süd", Ärzte', reply_to="")
    message = parsed(pressed(mail).message(reader(), DAY))

    assert message["From"].addresses[0].display_name == 'Klinik "Süd", Ärzte'
    assert message["From"].addresses[0].addr_spec == "news@clinic.example.org"
    assert message["Reply-To"] is None
    assert (message["List-ID"], message["Content-Language"]) == ("<newsletter.clinic.example.org>", "en")
    assert message["Date"].datetime == DAY


def test_a_printed_message_shows_nobodys_address_or_words():
    shown = repr(pressed().message(reader("Ada Lovelace"), DAY))

    assert not [word for word in ("ada@", "Lovelace", "sleep") if word in shown]
