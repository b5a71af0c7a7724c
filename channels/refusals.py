"""What a mail server means when it refuses: is there nobody any more, may it pass, or is it the sender's fault?"""

from __future__ import annotations

import re
from typing import Literal

Meaning = Literal["bounced", "passing", "refused"]
NAMES = re.compile(r"[^\s@]*@\S+|\w+://\S+")
SENDER = re.compile(  # what a server blames on the sender or the text
    r"spam|polic|block|black|reputation|\bspf\b|dkim|dmarc|authenticat|content|virus|sender|rate limit|denylist",
    re.IGNORECASE,
)
NOBODY = re.compile(
    r"(?:no such|unknown|invalid|unrouteable|non-?existent) (?:user|recipient|mailbox|address|account|person)"
    r"|(?:user|recipient|mailbox|address|account)\b.{0,60}?"
    r"(?:unknown|not found|n[o']t exist|n[o']t have an?\b|no longer|invalid|unavailable|disabled)"
    r"|recipient address rejected: access denied",
    re.IGNORECASE | re.DOTALL,
)
# "the only undefined error code" (RFC 3463 3.1), and codes that Outlook.com (5.5.0) and Microsoft 365 (5.4.1) use for
# mailboxes that they do not have, against their meaning: here the words decide
VAGUE = {"", "5.0.0", "5.2.0", "5.4.1", "5.5.0"}
NOT_OURS = {"5.4.310"}  # Exchange: the domain does not exist
NO_MAILBOX = {550, 551, 553}  # RFC 5321 4.2.3, from servers that have no enhanced codes


def meaning(code: str, said: str = "") -> Meaning:
    """What an enhanced code of class 5 means for a reader (RFC 3463), and not for whoever sent the mail."""
    subject, detail = [*code.split("."), "", ""][1:3]
    if code in VAGUE:
        return _in_words(said)
    if code in NOT_OURS:
        return "bounced"
    # 3.4 and 2.3: too big. 5: the protocol. 6: the content. 7: policy, and what Gmail and Outlook say of senders who
    # lack SPF, DKIM or DMARC (5.7.26, 5.7.515). 1.7 and 1.8: the sender's own address.
    if subject in {"5", "6", "7"} or (subject, detail) in {("3", "4"), ("2", "3"), ("1", "7"), ("1", "8")}:
        return "refused"
    # 1: the address is wrong, or moved. 2.1: the mailbox is closed. 4.4: there is no such host.
    if subject == "1" or (subject, detail) in {("2", "1"), ("4", "4")}:
        return "bounced"
    # 2.2: full. 2.4: a list's own trouble. 3: the whole server. 4: the network, and mail that was too long on its way.
    return "passing"


def at_the_door(number: int, code: str, said: str) -> Literal["later", "bounced", "failed"]:
    """What a reply of class 4 or 5 means for the recipient it was given for (RFC 5321 4.2.1)."""
    if 400 <= number < 500:
        return "later"
    meant = meaning(code, said)
    wordless = meant == "passing" and not code and number in NO_MAILBOX
    return "bounced" if wordless or meant == "bounced" else "failed"


def _in_words(said: str) -> Meaning:
    words = NAMES.sub("", said[:2000])  # jim.blackwood@example.org is on no black list
    if SENDER.search(words):
        return "refused"
    return "bounced" if NOBODY.search(words) else "passing"
