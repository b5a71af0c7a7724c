"""What mail servers and readers send back: bounces (RFC 3464), complaints (RFC 5965), requests to leave the list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from channels.refusals import Meaning, meaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from channels.seal import Purpose, Seal

Kind = Meaning | Literal["complained", "unsubscribed", "unproved", "letter"]
MILDEST: tuple[Kind, ...] = ("refused", "passing", "bounced")

MARK = r"([a-z2-7]{39})(?![a-z2-7])"
PLUS = re.compile(rf"\+{MARK}@", re.IGNORECASE)  # bounces+TOKEN@example.org
IN_ID = re.compile(rf"\.{MARK}@", re.IGNORECASE)  # <KEY.TOKEN@example.org>
IN_LINK = re.compile(rf"/u/{MARK}", re.IGNORECASE)  # <https://mail.example.org/u/TOKEN>
LEAVE = re.compile(rf"(?:leave|unsubscribe)\s+{MARK}\s*", re.IGNORECASE)  # the subject that our mailto asks for
ANY = re.compile(rf"(?<![a-z2-7]){MARK}", re.IGNORECASE)
ENVELOPE = ("Delivered-To", "X-Original-To", "X-Delivered-To", "Envelope-To", "X-Envelope-To", "To")
NO_COMPLAINTS = {"not-spam", "auth-failure", "virus"}  # RFC 6430, RFC 6591: said by machines, or in our favour

STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
REPLY = re.compile(r"\s*(?:smtp\s*;\s*)?([245]\d\d)(?:[\s#(<-]+([245]\.\d{1,3}\.\d{1,3})(?![.\d]))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one mail reports of one reader, who stands in it as a hash alone.

    `bounced`: no such mailbox any more. `passing`: trouble that may pass. `refused`: the server does not like the
    sender or the text, which is no fault of the reader's. `unproved`: it carries no mark of ours, and anybody can
    write a bounce. `letter`: no report at all; somebody has written.
    """

    kind: Kind
    id: str  # SHA-256 of the report's Message-ID and the hash: the same for each copy
    address: bytes = b""  # the hash of `channels.seal`; empty where nothing is proved
    status: str = ""  # "5.1.1" (RFC 3463)
    reply: str = ""  # "550": what the reader's server said


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one group of a delivery status says. Its words are read, and never kept: they hold addresses."""

    kind: Kind | None  # None: it was delivered, or passed on
    status: str
    reply: str
    hashed: frozenset[bytes]  # the recipients that it names


def read_report(message: bytes, seal: Seal) -> Report | None:
    """What a mail reports; None for what asks for nothing: automatic replies, news of good deliveries."""
    try:
        return _read(message_from_bytes(message), message, seal)
    except (RecursionError, ValueError, LookupError, TypeError):
        # thousands of parts within parts, a parameter in a made-up charset: an attack, or rubbish
        return Report(kind="unproved", id=sha256(message).hexdigest())


def _read(mail: Message, raw: bytes, seal: Seal) -> Report | None:
    parts = list(mail.walk())
    complaint = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    statuses = [part for part in parts if part.get_content_type() in DELIVERY]
    if complaint is not None:
        return _complaint(complaint, mail, parts, raw, seal)
    if mail.get_content_type() == "multipart/report" and not statuses:
        # a receipt (RFC 8098), or a report on our domain: nobody's trouble, unless it is a bounce that was cut off
        delivery = str(mail.get_param("report-type")).lower() == "delivery-status"
        return Report(kind="unproved", id=_id(mail, raw)) if delivery else None
    if statuses:
        return _bounce(statuses, mail, parts, raw, seal)
    if reader := _leaver(mail, seal):
        return Report(kind="unsubscribed", id=_id(mail, raw, reader), address=reader)
    return None if _automatic(mail) else Report(kind="letter", id=_id(mail, raw))


WHAT = {"action", "status"}
DELIVERY = {"message/delivery-status", "message/global-delivery-status"}
RETURNED = {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"}


def _complaint(report: Message, mail: Message, parts: list[Message], raw: bytes, seal: Seal) -> Report | None:
    """Somebody has pressed the spam button (RFC 5965)."""
    fields = next(_blocks(report), Message())
    if _text(fields, "Feedback-Type").strip().lower() in NO_COMPLAINTS:
        return None
    marks = [*_marks(mail, parts, seal), *_tokens(PLUS, _text(fields, "Original-Mail-From"), seal, "bounce")]
    reader = _one(marks)
    return Report(kind="complained" if reader else "unproved", id=_id(mail, raw, reader), address=reader)


def _bounce(statuses: list[Message], mail: Message, parts: list[Message], raw: bytes, seal: Seal) -> Report | None:
    """A delivery status notification, with a group for each recipient."""
    reader = _one(_marks(mail, parts, seal))
    verdicts = [_verdict(block, seal) for part in statuses for block in _blocks(part) if WHAT & _names(block)]
    # a mail goes to one reader: several groups are what an alias of theirs was made of
    verdicts = [verdict for verdict in verdicts if reader in verdict.hashed] or verdicts
    if any(verdict.kind is None for verdict in verdicts):
        return None  # it reached the reader somewhere
    if not reader or not verdicts:
        return Report(kind="unproved", id=_id(mail, raw))
    worst = min(verdicts, key=lambda verdict: MILDEST.index(verdict.kind or "refused"))
    return Report(
        kind=worst.kind or "refused",
        id=_id(mail, raw, reader),
        address=reader,
        status=worst.status,
        reply=worst.reply,
    )


def _verdict(group: Message, seal: Seal) -> Verdict:
    """What one recipient's group says."""
    said = _text(group, "Diagnostic-Code")
    status = STATUS.match(_text(group, "Status"))
    answer = REPLY.match(said)
    code, reply, better = status[1] if status else "", answer[1] if answer else "", (answer[2] or "") if answer else ""
    # "5.0.0" is what a server writes that has not understood the other's answer, and the answer stands beside it
    if better and (not code or code.endswith(".0.0")) and better[0] == (code or better)[0]:
        code = better
    action = _text(group, "Action").strip().lower()
    named = [_text(group, name).rpartition(";")[2].strip(" <>") for name in ("Original-Recipient", "Final-Recipient")]
    hashed = frozenset(seal.hash(name) for name in named if name)
    return Verdict(_judged(action, code, reply, said), code, reply, hashed)


def _judged(action: str, code: str, reply: str, said: str) -> Kind | None:
    # delayed: its server still tries, and says so several times of one mail
    if action in {"delivered", "relayed", "expanded", "delayed"} or code.startswith("2"):
        return None
    if (code or reply).startswith("4"):
        return "passing"  # "failed" with 4.x.x: given up after days, by a server that could not reach the other
    return meaning(code, said)


def _leaver(mail: Message, seal: Seal) -> bytes:
    """Who asks by mail to be let go: by the subject that our mailto link gives, or by the address written to."""
    subject = _text(mail, "Subject").strip()
    asked = [*_tokens(LEAVE, subject, seal, "bounce"), *_tokens(ANY, subject, seal, "unsubscribe")]
    written = [found for name in ENVELOPE for found in _tokens(PLUS, _text(mail, name), seal, "unsubscribe")]
    return _one([*asked, *written])


def _marks(mail: Message, parts: list[Message], seal: Seal) -> Iterator[bytes]:
    """Every signed mark of a report: where it was sent to, what it answers, and within what it returns."""
    for name in ENVELOPE:
        yield from _tokens(PLUS, _text(mail, name), seal, "bounce")
    for name in ("In-Reply-To", "References"):
        yield from _tokens(IN_ID, _text(mail, name), seal, "bounce")
    for part in parts:
        if part.get_content_type() in RETURNED:
            yield from _returned(next(_blocks(part), Message()), seal)


def _returned(head: Message, seal: Seal) -> Iterator[bytes]:
    yield from _tokens(PLUS, _text(head, "Return-Path"), seal, "bounce")
    yield from _tokens(IN_ID, _text(head, "Message-ID"), seal, "bounce")
    yield from _tokens(IN_LINK, _text(head, "List-Unsubscribe"), seal, "unsubscribe")


def _tokens(pattern: re.Pattern[str], text: str, seal: Seal, purpose: Purpose) -> Iterator[bytes]:
    for found in pattern.finditer(text):
        if hashed := seal.read(found[1], purpose):
            yield hashed


def _one(marks: Iterable[bytes]) -> bytes:
    """The reader whom all marks name; nobody where they name two, for then somebody has put them together."""
    readers = set(marks)
    return readers.pop() if len(readers) == 1 else b""


def _automatic(mail: Message) -> bool:
    """Whether a machine has answered: away, on leave, "we have received your message" (RFC 3834)."""
    submitted = _text(mail, "Auto-Submitted").strip().lower()
    marks = ("X-Autoreply", "X-Autorespond", "X-Autoresponder")
    precedence = _text(mail, "Precedence").strip().lower()
    return submitted not in {"", "no"} or precedence == "auto_reply" or any(name in mail for name in marks)


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields of a part, however its type was understood."""
    if not part.is_multipart():
        text = _decoded(part).lstrip("\r\n")
        yield from (message_from_string(block) for block in re.split(r"\n[ \t]*\r?\n", text))
        return
    for block in part.walk():
        if block is not part:
            yield block
            if block.get_content_maintype() == "text" and part.get_content_type() in DELIVERY:
                yield from _blocks(block)


def _decoded(part: Message) -> str:
    data = part.get_payload(decode=True)
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else ""


def _names(block: Message) -> set[str]:
    return {name.lower() for name in block.keys()}  # noqa: SIM118 - a message is no mapping


def _text(mail: Message, name: str) -> str:
    """All of a field's values; unknown bytes in it hurt nobody."""
    return "\n".join(str(value) for value in mail.get_all(name, []))


def _id(mail: Message, raw: bytes, reader: bytes = b"") -> str:
    name = _text(mail, "Message-ID").strip().encode(errors="replace") or raw
    return sha256(name + b"\x1f" + reader).hexdigest()
