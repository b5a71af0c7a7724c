"""Bounces and complaints in the shapes in which servers really send them, and as forgers would write them."""

from __future__ import annotations

import re
from dataclasses import astuple
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.lines import Recipient
from channels.press import Manner, Press
from channels.refusals import meaning
from channels.reports import read_report
from channels.seal import Seal
from content.newsletter import Newsletter

SEAL = Seal(b"a secret that only we hold")
READER = "ada@example.net"
HASH = SEAL.hash(READER)
MARK = SEAL.token(HASH, "bounce")
LEAVE = SEAL.token(HASH, "unsubscribe")
VERP = f"bounces+{MARK}@letters.example.org"
ORIGINAL = f"""Return-Path: <{VERP}>
Message-ID: <0123456789abcdef0123456789abcdef.{MARK}@letters.example.org>
List-Unsubscribe: <https://mail.example.org/u/{LEAVE}>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
From: Garden Letters <letters@letters.example.org>
To: {READER}
Subject: Reading in the garden
MIME-Version: 1.0
Content-Type: text/plain

Take a chair outside.
"""
UNMARKED = "From: letters@letters.example.org\nMessage-ID: <changed@elsewhere.example>\nSubject: Reading\n\nText.\n"


def report(
    groups: str, *, to: str = VERP, returned: str = ORIGINAL, kind: str = "message/rfc822", head: str = ""
) -> bytes:
    """A delivery status notification: RFC 3464, around groups of one's own."""
    return f"""Return-Path: <>
{head}From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4F2A.1763976543/mx.example.net"
Message-ID: <20261124090903.4F2B@mx.example.net>

This is a MIME-encapsulated message.

--4F2A.1763976543/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered to <{READER}>.

--4F2A.1763976543/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4F2A
X-Postfix-Sender: rfc822; {VERP}
Arrival-Date: Tue, 24 Nov 2026 09:09:02 +0000 (UTC)

{groups}
--4F2A.1763976543/mx.example.net
Content-Description: Undelivered Message
Content-Type: {kind}

{returned}
--4F2A.1763976543/mx.example.net--
""".encode()


def group(status: str, said: str, action: str = "failed", whom: str = READER) -> str:
    """One recipient's group as Postfix writes it."""
    return f"""Final-Recipient: rfc822; {whom}
Original-Recipient: rfc822;{whom}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; {said}
"""


POSTFIX = report(
    group("5.1.1", f"550 5.1.1 <{READER}>: Recipient address rejected:\n    User unknown in virtual mailbox table")
)
POSTFIX_DELAYED = report(group("4.4.1", "451 4.4.1 connect to mx.example.net[192.0.2.1]:25: timed out", "delayed"))
POSTFIX_GIVEN_UP = report("\n".join(group("4.4.1", "x").splitlines()[:-2]) + "\n")

EXIM = f"""Return-path: <>
Envelope-to: {VERP}
Received: from mail by mx.example.net with local (Exim 4.96) id 1abcDE-0001; Tue, 24 Nov 2026 09:09:03 +0000
X-Failed-Recipients: {READER}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: {VERP}
References: <0123456789abcdef0123456789abcdef.{MARK}@letters.example.org>
Content-Type: multipart/report; report-type=delivery-status; boundary=1763975343-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1abcDE-0001@mx.example.net>

--1763975343-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

  {READER}
    host mx.example.net [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<{READER}>:
    550 5.1.1 <{READER}>: Recipient address rejected

--1763975343-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Action: failed
Final-Recipient: rfc822;{READER}
Status: 5.0.0
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
 550 5.1.1 Please try double-checking {READER}

--1763975343-eximdsn-1804289383
Content-type: message/rfc822

{ORIGINAL}
--1763975343-eximdsn-1804289383--
""".encode()

EXCHANGE = f"""From: <postmaster@example.net>
To: <{VERP}>
Date: Tue, 24 Nov 2026 09:09:03 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="a7f0c0de-1b2c-4f6e-8d61-2f2f2f2f2f2f"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-US
Message-ID: <6d1d2c5e-77a1-4a61-9c3c-1d2c5e77a161@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
In-Reply-To: <0123456789abcdef0123456789abcdef.{MARK}@letters.example.org>
References: <0123456789abcdef0123456789abcdef.{MARK}@letters.example.org>
Subject: Undeliverable: Reading in the garden
Auto-Submitted: auto-replied

--a7f0c0de-1b2c-4f6e-8d61-2f2f2f2f2f2f
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="b7f0c0de-1b2c-4f6e-8d61-2f2f2f2f2f2f"

--b7f0c0de-1b2c-4f6e-8d61-2f2f2f2f2f2f
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Your message to {READER} couldn't be delivered.

--b7f0c0de-1b2c-4f6e-8d61-2f2f2f2f2f2f
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body>{READER} wasn't found at example.net.</body></html>

--b7f0c0de-1b2c-4f6e-8d61-2f2f2f2f2f2f--

--a7f0c0de-1b2c-4f6e-8d61-2f2f2f2f2f2f
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;mail.letters.example.org
Arrival-Date: Tue, 24 Nov 2026 09:09:02 +0000

Final-Recipient: rfc822;{READER}
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {READER} not found by SMTP address lookup
X-Display-Name: {READER}

--a7f0c0de-1b2c-4f6e-8d61-2f2f2f2f2f2f
Content-Type: text/rfc822-headers

{ORIGINAL.split(chr(10) * 2, 1)[0]}

--a7f0c0de-1b2c-4f6e-8d61-2f2f2f2f2f2f--
""".encode()

GMAIL = f"""Delivered-To: {VERP}
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: {VERP}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <changed@mail.gmail.example>
In-Reply-To: <changed@mail.gmail.example>
X-Failed-Recipients: {READER}
Message-ID: <692423df.050a0220.1d9b0d.0001.GMR@mx.google.com>
Date: Tue, 24 Nov 2026 01:09:03 -0800 (PST)
MIME-Version: 1.0
Content-Type: multipart/report; boundary="000000000000f2f2f206443c0001"; report-type=delivery-status

--000000000000f2f2f206443c0001
Content-Type: multipart/related; boundary="000000000000f2f2f906443c0002"

--000000000000f2f2f906443c0002
Content-Type: multipart/alternative; boundary="000000000000f2f2f706443c0003"

--000000000000f2f2f706443c0003
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to {READER} because the address couldn't be found.

--000000000000f2f2f706443c0003--

--000000000000f2f2f906443c0002
Content-Type: image/png; name="icon.png"
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==

--000000000000f2f2f906443c0002--

--000000000000f2f2f206443c0001
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Tue, 24 Nov 2026 01:09:02 -0800 (PST)
X-Original-Message-ID: <changed@mail.gmail.example>

Final-Recipient: rfc822; {READER}
Action: failed
Status: 5.1.1
Remote-MTA: dns; gmail-smtp-in.l.google.com. (192.0.2.26, the server for the domain.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the recipient's email address for typos or
 550 5.1.1 unnecessary spaces. https://support.google.com/mail/?p=NoSuchUser
Last-Attempt-Date: Tue, 24 Nov 2026 01:09:03 -0800 (PST)

--000000000000f2f2f206443c0001
Content-Type: message/rfc822

{UNMARKED}
--000000000000f2f2f206443c0001--
""".encode()

# Amazon writes its own Message-ID and Return-Path into what it sends: the way off the list is the mark that stays
SES = f"""From: MAILER-DAEMON@amazonses.com
To: letters@letters.example.org
Date: Tue, 24 Nov 2026 09:09:03 +0000
Message-ID: <0100019ab0c0de00-0f0f0f0f-1111-4222-8333-444444444444-000000@email.amazonses.com>
Subject: Delivery Status Notification (Failure)
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="----=_Part_1500001_1170001.1763975343000"

------=_Part_1500001_1170001.1763975343000
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

An error occurred while trying to deliver the mail to the following recipients:
{READER}

------=_Part_1500001_1170001.1763975343000
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit

Reporting-MTA: dns; a8-29.smtp-out.amazonses.com

Action: failed
Final-Recipient: rfc822; {READER}
Diagnostic-Code: smtp; 550 5.1.1 user unknown
Status: 5.1.1

------=_Part_1500001_1170001.1763975343000
Content-Type: message/rfc822
Content-Description: Undelivered Message
Content-Transfer-Encoding: 7bit

Message-ID: <0100019ab0c0de00-77777777-1111-4222-8333-444444444444-000000@email.amazonses.com>
List-Unsubscribe: <https://mail.example.org/u/{LEAVE}>,
\t<mailto:leave@letters.example.org?subject=leave%20{MARK}>
From: letters@letters.example.org
Subject: Reading in the garden

Take a chair outside.
------=_Part_1500001_1170001.1763975343000--
""".encode()

YAHOO = f"""Return-Path: <feedback@arf.mail.yahoo.com>
Delivered-To: complaints@letters.example.org
Date: Tue, 24 Nov 2026 09:09:03 +0000
From: Yahoo! Mail AntiSpam Feedback <feedback@arf.mail.yahoo.com>
To: complaints@letters.example.org
Subject: FW:Reading in the garden
Message-ID: <20261124090903.ARF1@arf.mail.yahoo.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
\tboundary="=_arf_0001"

--=_arf_0001
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message from letters.example.org

--=_arf_0001
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Yahoo!-Mail-Feedback/2.0
Version: 0.1
Original-Mail-From: <bounces@letters.example.org>
Original-Rcpt-To: {READER}
Received-Date: Tue, 24 Nov 2026 09:00:00 +0000
Reported-Domain: letters.example.org
Authentication-Results: mta1.yahoo.example; dkim=pass

--=_arf_0001
Content-Type: message/rfc822
Content-Disposition: inline

{ORIGINAL.replace(READER, "redacted")}
--=_arf_0001--
""".encode()
AOL = (
    YAHOO.replace(MARK.encode(), b"redacted")
    .replace(LEAVE.encode(), b"redacted")
    .replace(b"<bounces@letters.example.org>", f"<{VERP}>".encode())
)

AWAY = f"""From: Ada <{READER}>
To: {VERP}
Subject: Automatic reply: Reading in the garden
In-Reply-To: <0123456789abcdef0123456789abcdef.{MARK}@letters.example.org>
Message-ID: <away@example.net>
{{how}}

I am away until Monday. Write to colleague@example.net.
"""


@pytest.mark.parametrize(
    ("mail", "told"),
    [
        (POSTFIX, ("bounced", "5.1.1", "550")),
        (EXIM, ("bounced", "5.1.1", "550")),
        (EXCHANGE, ("bounced", "5.1.10", "550")),
        (GMAIL, ("bounced", "5.1.1", "550")),
        (SES, ("bounced", "5.1.1", "550")),
        (POSTFIX_GIVEN_UP, ("passing", "4.4.1", "")),
    ],
    ids=["postfix", "exim", "exchange", "gmail", "ses", "given up"],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_bounces_of_the_great_servers_are_understood(mail, told, ends):
    found = read_report(mail.replace(b"\n", ends.encode()), SEAL)

    assert (found.kind, found.status, found.reply) == told
    assert found.address == HASH


def test_a_server_that_still_tries_has_found_no_trouble_yet():
    assert read_report(POSTFIX_DELAYED, SEAL) is None


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: multipart/mixed; boundary*=undefined''foo",
        "Content-Type: multipart/mixed; boundary*=idna''foo",
        "Content-Type: multipart/mixed; boundary*=a%00b''foo",
        "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary*=undefined''foo",
        "Content-Type: text/plain; charset*=undefined''foo",
        "Content-Transfer-Encoding: base64\nContent-Type: multipart/report; report-type*=idna''x; boundary=b",
    ],
)
def test_a_mail_made_to_trip_the_reader_is_only_a_letter(head):
    found = read_report(f"From: x@y.example\n{head}\n\n--foo\n\nx\n--foo--\n".encode(), SEAL)

    assert found is None or found.kind in {"unproved", "letter"}


@pytest.mark.parametrize("mail", [YAHOO, AOL], ids=["yahoo", "aol"])
def test_a_complaint_is_understood(mail):
    found = read_report(mail, SEAL)

    assert (found.kind, found.address) == ("complained", HASH)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure"])
def test_a_report_in_our_favour_is_no_complaint(kind):
    assert read_report(YAHOO.replace(b"Feedback-Type: abuse", f"Feedback-Type: {kind}".encode()), SEAL) is None


@pytest.mark.parametrize("mail", [POSTFIX, EXIM, EXCHANGE, GMAIL, SES, YAHOO, AOL])
def test_no_address_is_kept(mail):
    kept = " ".join(str(value) for value in astuple(read_report(mail, SEAL)))

    assert "@" not in kept
    assert "ada" not in kept


ALONE = {
    "verp": {"to": VERP, "returned": UNMARKED},
    "delivered-to": {"to": "postmaster@letters.example.org", "returned": UNMARKED, "head": f"Delivered-To: {VERP}\n"},
    "envelope-to": {"to": "x@y.example", "returned": UNMARKED, "head": f"Envelope-To: <{VERP.upper()}>\n"},
    "original-to": {"to": "x@y.example", "returned": UNMARKED, "head": f"X-Original-To: {VERP}\n"},
    "message-id": {"to": "x@y.example", "returned": f"Message-ID: <key.{MARK}@letters.example.org>\n\nText\n"},
    "return-path": {"to": "x@y.example", "returned": f"Return-Path: <{VERP}>\n\nText\n"},
    "way off": {"to": "x@y.example", "returned": f"List-Unsubscribe: <https://m.example/a/u/{LEAVE}>\n\nText\n"},
    "headers": {"to": "x@y.example", "returned": f"Return-Path: <{VERP}>\n", "kind": "text/rfc822-headers"},
    "global": {"to": "x@y.example", "returned": f"Return-Path: <{VERP}>\n\nx\n", "kind": "message/global"},
    "encoded": {
        "to": "x@y.example",
        "returned": f"Return-Path: <bounces=2B{MARK}@letters.example.org>\n",
        "kind": "text/rfc822-headers\nContent-Transfer-Encoding: quoted-printable",
    },
}


@pytest.mark.parametrize("shape", ALONE.values(), ids=ALONE)
def test_one_mark_is_enough_wherever_it_stands(shape):
    found = read_report(report(group("5.1.1", "550 5.1.1 no such user"), **shape), SEAL)

    assert (found.kind, found.address) == ("bounced", HASH)


STRANGER = Seal(b"a secret of somebody else's")
FORGED = {
    "no mark": {"to": "letters@letters.example.org", "returned": UNMARKED},
    "an address alone": {"to": f"bounces+{READER.replace('@', '=')}@letters.example.org", "returned": UNMARKED},
    "another's secret": {
        "to": f"bounces+{STRANGER.token(HASH, 'bounce')}@letters.example.org",
        "returned": ORIGINAL.replace(MARK, STRANGER.token(HASH, "bounce")).replace(LEAVE, "none"),
    },
    "for something else": {"to": f"bounces+{LEAVE}@letters.example.org", "returned": UNMARKED},
    "a changed letter": {"to": VERP.replace(MARK, ("b" if MARK[0] == "a" else "a") + MARK[1:]), "returned": UNMARKED},
    "two readers": {"to": f"bounces+{SEAL.token(SEAL.hash('bob@example.net'), 'bounce')}@letters.example.org"},
    "in the text": {"to": "x@y.example", "returned": f"Subject: Reading\n\nReturn-Path: <{VERP}>\n"},
}


@pytest.mark.parametrize("shape", FORGED.values(), ids=FORGED)
def test_what_is_not_proved_suppresses_nobody(shape):
    found = read_report(report(group("5.1.1", "550 5.1.1 no such user"), **shape), SEAL)

    assert (found.kind, found.address) == ("unproved", b"")


def test_a_complaint_without_a_mark_is_not_proved():
    forged = YAHOO.replace(MARK.encode(), b"none").replace(LEAVE.encode(), b"none")

    assert (read_report(forged, SEAL).kind, read_report(forged, SEAL).address) == ("unproved", b"")


@pytest.mark.parametrize(
    "how",
    [
        "Auto-Submitted: auto-replied (vacation)",
        "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
    ],
)
def test_an_automatic_reply_says_nothing_of_the_address(how):
    assert read_report(AWAY.format(how=how).encode(), SEAL) is None


def test_a_letter_is_left_for_a_person():
    found = read_report(AWAY.format(how="Auto-Submitted: no").encode(), SEAL)

    assert (found.kind, found.address) == ("letter", b"")


def test_a_receipt_is_nothing_to_act_on():
    receipt = POSTFIX.replace(b"report-type=delivery-status", b"report-type=disposition-notification")

    assert read_report(receipt.replace(b"message/delivery-status", b"message/disposition-notification"), SEAL) is None


@pytest.mark.parametrize(
    "written",
    [
        f"To: leave@letters.example.org\nSubject: leave {MARK}",
        f"To: leave@letters.example.org\nSubject: Unsubscribe  {MARK.upper()}",
        f"To: leave@letters.example.org\nSubject: {LEAVE}",
        f"To: leave+{LEAVE}@letters.example.org\nSubject: unsubscribe",
        f"To: list@x.example\nDelivered-To: leave+{LEAVE}@letters.example.org\nAuto-Submitted: auto-generated",
    ],
)
def test_a_mail_to_the_way_off_is_a_wish_to_leave(written):
    found = read_report(f"From: {READER}\nMessage-ID: <1@x>\n{written}\n\n".encode(), SEAL)

    assert (found.kind, found.address) == ("unsubscribed", HASH)


@pytest.mark.parametrize(
    "subject", [f"Re: {MARK}", f"leave {MARK[:-1]}", "leave", f"leave {STRANGER.token(HASH, 'bounce')}"]
)
def test_a_mail_without_a_good_mark_is_only_a_letter(subject):
    assert read_report(f"From: {READER}\nSubject: {subject}\n\nHello\n".encode(), SEAL).kind == "letter"


def test_what_the_press_prints_is_what_is_read_here():
    mail = Newsletter(
        subject="Reading",
        preheader="",
        html="<p>Hello</p>",
        text="Hello",
        from_name="Garden",
        sender="letters@letters.example.org",
        reply_to="",
        postal_address="Garden Letters, 1 Long Walk, Kew",
        unsubscribe="https://garden.example.org/unsubscribe/",
        page_url="https://garden.example.org/a/",
        url="https://garden.example.org/a/",
        date=datetime(2026, 11, 24, tzinfo=UTC).date(),
        language="en",
    )
    manner = Manner(leave="https://mail.example.org", returns="bounces@letters.example.org", reports="l@example.org")
    printed = Press(mail, "k" * 32, SEAL, manner).message(Recipient(address=READER, hashed=HASH))
    head = printed.data.decode().split("\r\n\r\n")[0]
    lines = {line.split(":")[0]: line for line in head.split("\r\n")}
    subject = re.search(r"subject=leave%20(\w+)", head)[1]
    for line in (lines["Message-ID"], lines["List-Unsubscribe"], f"Return-Path: <{printed.sender}>"):
        found = read_report(report(group("5.1.1", "550 x"), to="x@y.example", returned=f"{line}\n\nText\n"), SEAL)
        assert (found.kind, found.address) == ("bounced", HASH)

    assert read_report(f"Subject: leave {subject}\n\n".encode(), SEAL).kind == "unsubscribed"


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        ("5.1.1", "", "bounced"),
        ("5.1.2", "", "bounced"),
        ("5.1.6", "", "bounced"),
        ("5.1.10", "", "bounced"),
        ("5.1.7", "", "refused"),
        ("5.1.8", "", "refused"),
        ("5.2.1", "", "bounced"),
        ("5.2.2", "", "passing"),
        ("5.2.3", "", "refused"),
        ("5.3.0", "", "passing"),
        ("5.3.4", "", "refused"),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", "bounced"),
        ("5.4.1", "550 5.4.1 no answer from host", "passing"),
        ("5.4.4", "", "bounced"),
        ("5.4.310", "", "bounced"),
        ("5.4.6", "", "passing"),
        ("5.4.7", "", "passing"),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", "bounced"),
        ("5.6.0", "", "refused"),
        ("5.7.1", "550 5.7.1 message looks like spam, user unknown", "refused"),
        ("5.7.26", "", "refused"),
        ("5.7.515", "", "refused"),
        ("5.0.0", "550 No such user here", "bounced"),
        ("5.0.0", "554 delivery error: dd This user doesn't have a yahoo.com account", "bounced"),
        ("5.0.0", "550 <jim.blackwood@spam.example>: user unknown", "bounced"),
        ("5.0.0", "550 Sender address rejected: Domain not found", "refused"),
        ("5.0.0", "554 blocked, see https://block.example/", "refused"),
        ("5.0.0", "550 no", "passing"),
        ("", "", "passing"),
    ],
)
def test_a_code_means_for_the_reader_what_it_says_of_the_address(code, said, kind):
    assert meaning(code, said) == kind


def test_an_alias_that_reaches_somebody_still_works():
    one, other = group("5.1.1", "550 no", whom="x@example.net"), group("2.0.0", "250 ok", "relayed", "y@example.net")
    dead = group("5.1.1", "550 no", whom="y@example.net")
    full = group("5.2.2", "552 full", whom="y@example.net")

    assert read_report(report(f"{one}\n{other}"), SEAL) is None
    assert read_report(report(f"{one}\n{full}"), SEAL).kind == "passing"
    assert read_report(report(f"{one}\n{dead}"), SEAL).kind == "bounced"


def test_of_several_groups_the_readers_own_counts():
    groups = group("4.2.0", "450 later", "delayed", "other@example.net") + "\n" + group("5.1.1", "550 5.1.1 no")

    assert read_report(report(groups), SEAL).kind == "bounced"


def test_a_bounce_whose_status_was_lost_is_left_for_a_person():
    cut = POSTFIX.split(b"Content-Type: message/delivery-status")[0]

    assert read_report(cut, SEAL).kind == "unproved"
    assert read_report(report("Final-Recipient: rfc822; x@y.example\n"), SEAL).kind == "unproved"


def test_each_report_has_a_name_of_its_own_and_its_copies_the_same():
    first = read_report(POSTFIX, SEAL)
    copy = read_report(b"Received: from elsewhere\n" + POSTFIX, SEAL)
    other = read_report(POSTFIX.replace(b"<20261124090903", b"<20261125090903"), SEAL)

    assert re.fullmatch("[0-9a-f]{64}", first.id)
    assert first.id == copy.id
    assert first.id != other.id


NASTY = {
    "empty": b"",
    "zeros": b"\x00" * 500,
    "eight bits": bytes(range(256)) * 40,
    "no end": POSTFIX[: len(POSTFIX) // 2],
    "no boundary": POSTFIX.replace(b"boundary", b"bundary"),
    "eight bits in fields": POSTFIX.replace(b"User unknown", b"Utilisateur \xe9\xff inconnu").replace(
        b"Sub", b"S\xfcb"
    ),
    "an unknown charset": POSTFIX.replace(b"us-ascii", b"klingon-8"),
    "encoded words": POSTFIX.replace(b"Undelivered Mail", b"=?utf-8?b?broken?= =?x?q?=ff?="),
    "nested": b"Content-Type: message/rfc822\n\n" * 5000 + POSTFIX,
    "many boundaries": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    ),
    "one long line": b"Subject: " + b"x" * 900_000 + b"\n\n",
    "many blanks": b"Subject: leave" + b" " * 100_000 + b"\n\n",
    "many fields": b"To: bounces+a@x.example\n" * 40_000 + b"\n",
    "status in base64": POSTFIX.replace(
        b"Content-Type: message/delivery-status\n",
        b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n",
    ),
}


@pytest.mark.parametrize("mail", NASTY.values(), ids=NASTY)
@pytest.mark.timeout(20)
def test_rubbish_is_read_without_a_fall(mail):
    found = read_report(mail, SEAL)

    assert found is None or found.kind in {"letter", "unproved", "bounced", "passing", "refused"}


@given(st.data())
def test_a_damaged_report_never_falls_nor_names_another(data):
    mail = bytearray(data.draw(st.sampled_from([POSTFIX, EXIM, EXCHANGE, GMAIL, SES, YAHOO])))
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(mail) - 1))
        mail[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=12))
    found = read_report(bytes(mail), SEAL)

    assert found is None or found.address in {HASH, b""}
