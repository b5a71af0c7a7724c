"""Newsletters for the services' tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from channels.batches import Letter
from content import merging
from content.newsletter import Newsletter

SITE = "https://clinic.example.org"
LEAVE = f"{SITE}/unsubscribe/"
HELLO = 'Hello {{ subscriber.first_name | default("there") }}'
OUTLOOK = '<!--[if mso | IE]><table width="600"><tr><td><![endif]-->'
# what an article about mail may show, in the languages of all the services
FOREIGN = (
    "Write {{ subscriber.metadata.plan }}, {% if premium %}, {# a note #}, *|EMAIL|*, *|IF:PLAN|*, "
    "{{ .Subscriber.Email }}, {{{FIRST_NAME|you}}}, {{{ pm:unsubscribe }}} or https://example.org@TrackLink; {{{{, }}}}, {x}."
)
FIELD = merging.mark('{{ subscriber.first_name | default("there") }}')
TIGHT = f"{{{FIELD}}} {{{{{FIELD}}}}} *{FIELD}|*"  # signs of their languages right around a field


def newsletter(words: str = "Most people sleep less in the first night.", **changes: Any) -> Newsletter:
    """A mail with a merge field in its subject and in both of its parts, and a way off the list."""
    hello, leave = merging.mark(HELLO), merging.unsubscribe_mark(LEAVE)
    style = "<style>@media print { .paper { color: #fff }}</style>"
    html = f"<!DOCTYPE html><html><head>{style}</head><body>{OUTLOOK}<p>{hello}. {words}</p>"
    html += f'<p><a href="{leave}">Unsubscribe</a></p></body></html>'
    mail = Newsletter(
        subject=f"{hello}: sleep",
        preheader="What helps.",
        html=html,
        text=f"{hello}. {words}\n\n-- \nUnsubscribe: {leave}\n",
        language="en",
        date=date(2026, 11, 23),
        url=f"{SITE}/sleep/",
        page_url=f"{SITE}/sleep/",
        sender="news@clinic.example.org",
        from_name="Clinic, North",
        reply_to="desk@clinic.example.org",
        unsubscribe=LEAVE,
        postal_address="Clinic, 1 Long Walk, Kew",
    )
    return replace(mail, **changes)


def tried(**changes: Any) -> Newsletter:
    """The same with other subjects, tried on a part of the list."""
    return newsletter(**{"subjects": ("Sleep better",), "test_share": 20, "test_winner": "clicks", **changes})


def read_by(mail: Newsletter, leave: str, **fields: str) -> str:
    """The mail as it must reach somebody: subject and HTML."""
    filled = mail.spelled(lambda name, otherwise: leave if name == merging.UNSUBSCRIBE else fields.get(name, otherwise))
    return f"{filled.subject}\n{filled.html}"


def letter(to: str, **changes: Any) -> Letter:
    """One recipient's message."""
    given = {
        "to": to,
        "sender": "Clinic <news@clinic.example.org>",
        "subject": "Sleep",
        "html": "<p>Most people sleep less.</p>",
        "text": "Most people sleep less.",
    }
    return Letter(**{**given, **changes})
