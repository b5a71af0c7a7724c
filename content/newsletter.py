"""The article as a mail: MJML for every mail program, and a plain text made of the same blocks."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from html import escape
from typing import TYPE_CHECKING, Any

import css_inline
import mjml
import regex
from lxml import etree
from markupsafe import Markup

from content import mailbody, merging, plaintext
from content.composed import Composed, compose_mail
from content.findings import Finding, Refused, Severity
from content.markdown import HEADINGS, text_of
from content.page import brand_logo
from content.rendition import Asset, Rendition
from content.view import view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

    from content.article import Article
    from content.context import Context
    from content.fitting import Limits
    from content.meta import SubjectTest

# stands for each recipient's way off the list until the mail is made: MJML takes no mark within an address
WAY_OFF = "https://unsubscribe.invalid/"
LINKED = re.compile(rf'(?:href|src)="[^"]*(?:{merging.OPEN}(?!{merging.UNSUBSCRIBE})|%EF%B7%93)', re.IGNORECASE)
SUBJECT = "pressroom-subject"  # stands for the subject until then: MJML spells the marks in it another way
CHARSET = '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">'
# MJML spells these in attributes as a program would, \u{a0}; written as references they pass
AWKWARD = regex.compile(r"[\p{M}\p{C}\p{Z}\\--[ \n\t]]", regex.VERSION1)
# beside a short preheader mail programs show the mail's first line: blanks that none of them leaves out keep it away
BLANK, SHOWN = "\u034f\u200c\xa0", 150
CLIPPED, HEAVY = 100_000, 85_000  # Gmail cuts a mail off at about 102 KB of HTML


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter(Rendition):
    """One mail for every recipient, with marks where merge fields are filled in (`content.merging`).

    `assets` are the pictures that `html` refers to by web address.
    """

    subject: str
    preheader: str
    html: str
    text: str
    language: str
    date: date
    url: str
    page_url: str
    sender: str
    from_name: str
    reply_to: str
    unsubscribe: str
    postal_address: str
    assets: tuple[Asset, ...] = ()
    subjects: tuple[str, ...] = ()  # tried beside `subject`
    test_share: int = 0  # per cent of the list that the subjects are tried on
    test_winner: str = ""  # "hand" or "clicks"
    weights: tuple[tuple[str, int], ...] = field(default=(), compare=False)  # section, bytes of HTML

    @classmethod
    def of(cls, article: Article, context: Context, channel: str, _limits: Limits) -> Newsletter:
        """Render with `templates/newsletter/`: `article.mjml` and `article.txt`."""
        overrides = article.overrides(channel, "newsletter")
        excerpt = context.brand.email.body == "excerpt" if overrides.excerpt is None else overrides.excerpt
        composed = compose_mail(article, context, excerpt=excerpt)
        logo = brand_logo(context, mail=True)
        subject = overrides.subject or article.meta.title
        preheader = overrides.preheader or article.description
        names = {
            **view(article, context),
            "subject": subject,
            "preheader": preheader,
            "excerpt": excerpt,
            "read_online": context.tracked(article, channel, "email"),
            "logo": logo,
            "absolute": lambda address: context.absolute(address, article),
        }
        return cls(
            subject=subject,
            preheader=preheader,
            html=_html(article, context, composed, names),
            text=_text(article, context, composed, names),
            assets=composed.assets + ((logo.asset,) if logo and logo.asset else ()),
            weights=_weights(composed.root),
            **_around(article, context, overrides.test),
        )

    @property
    def merge_fields(self) -> tuple[merging.Field, ...]:
        """Every field of a subscriber that the mail asks for, with its default."""
        return merging.fields(self.subject, *self.subjects, self.preheader, self.text, self.html)

    def spelled(self, value: merging.Value) -> Newsletter:
        """The same mail with something in the place of each mark: a service's own spelling of its merge fields."""
        fill = partial(merging.fill, value=value)
        return replace(
            self,
            subject=fill(self.subject),
            subjects=tuple(map(fill, self.subjects)),
            preheader=fill(self.preheader),
            html=fill(self.html),
            text=fill(self.text),
        )

    def shown(self) -> Newsletter:
        """The mail as somebody reads it of whom nothing is known: every default in its place."""
        return self.spelled(lambda _name, otherwise: otherwise)

    def check(self, channel: str, _limits: Limits) -> list[Finding]:
        """What would make mail programs or the law unhappy."""
        return [
            Finding(rule=rule, severity=severity, why=why, mend=mend, channel=channel)
            for rule, severity, why, mend, wrong in self._rules()
            if wrong
        ]

    def _rules(self) -> Iterable[tuple[str, Severity, str, str, bool]]:
        size = len(self.shown().html.encode())
        clipped = f"The mail is {size:,} bytes; Gmail cuts off what is over about 102,000."
        heavy = f"{self._heavy()} Move a part to the page (`::: web-only`), or send an excerpt (excerpt: true)."
        yield "mail.size", "block", clipped, heavy, size > CLIPPED
        yield "mail.size", "warn", clipped, f"Keep it below 85,000. {heavy}", HEAVY < size <= CLIPPED
        no_address = "The mail has no postal address, which the law asks for (CAN-SPAM, 16 CFR 316)."
        mend = "Set postal_address: in content/brand.yaml."
        yield "mail.postal_address", "block", no_address, mend, not self.postal_address
        linked = "A merge field stands in the address of a link or picture, where it can't be filled in."
        yield "merge.link", "block", linked, "Write the address without it.", bool(LINKED.search(self.html))
        shown = merging.plain(self.subject)
        long = f"The subject has {len(shown)} characters; phones show about 40, desktops about 70."
        mend = "Give a shorter one at channels: newsletter: subject:."
        yield "mail.subject.long", "warn", long, mend, len(shown) > 70
        same = "The preheader repeats the subject."
        mend = "Give another at channels: newsletter: preheader:."
        yield "mail.preheader.same", "warn", same, mend, self.preheader == self.subject

    def _heavy(self) -> str:
        """The parts that weigh most."""
        heaviest = sorted(self.weights, key=lambda weight: -weight[1])[:3]
        named = ", ".join(f"{name} ({size:,})" for name, size in heaviest)
        return f"Heaviest: {named}." if named else ""


def _around(article: Article, context: Context, trial: SubjectTest | None) -> dict[str, Any]:
    """What a mail says but for its words: who it is from, where it leads, which subjects are tried."""
    email = context.brand.email
    return {
        "language": article.meta.language,
        "date": date(*article.meta.date.timetuple()[:3]),
        "page_url": context.page_url(article),
        "url": context.public_url(article),
        "sender": email.from_address,
        "from_name": email.from_name or context.brand.name,
        "reply_to": email.reply_to,
        "unsubscribe": unsubscribe_address(context),
        "postal_address": context.brand.postal_address,
        "subjects": trial.subjects if trial else (),
        "test_share": trial.share if trial else 0,
        "test_winner": trial.winner if trial else "",
    }


def unsubscribe_address(context: Context) -> str:
    """Where a reader leaves the list."""
    return context.brand.email.unsubscribe or f"{context.site}/unsubscribe/"


def _html(article: Article, context: Context, composed: Composed, names: dict[str, object]) -> str:
    root = deepcopy(composed.root)
    absolute = partial(context.absolute, article=article)
    mailbody.suit(root, context.page_url(article), absolute, article.direction)
    own = {
        "subject": SUBJECT,
        "filler": BLANK * (SHOWN - len(merging.plain(str(names["preheader"])))),
        "room": mailbody.ROOM,
        "for_word": mailbody.for_word,
        "body": Markup("".join(_xml(block) for block in root)),  # noqa: S704 - nh3 has cleaned it
        "unsubscribe": WAY_OFF,
    }
    html = _inliner().inline(_compiled(context.templates.get_template("newsletter/article.mjml").render(names | own)))
    way_off = merging.unsubscribe_mark(escape(unsubscribe_address(context)))
    html = html.replace(WAY_OFF, way_off).replace(SUBJECT, escape(str(names["subject"])))
    html = html.replace(' role="article"', ' role="main"', 1)  # readers of a mail's own window find its start
    # browsers look for it in the first 1,024 bytes, where the inliner puts the styles
    return html.replace(CHARSET, "", 1).replace("<head>", f"<head>{CHARSET}", 1)


def _compiled(source: str) -> str:
    """HTML of MJML. Raises `Refused` where a project's own template is faulty."""
    head, mark, body = source.partition("<mj-body")  # the head's styles know no references
    source = head + mark + AWKWARD.sub(lambda found: f"&#{ord(found[0])};", body)
    try:
        return mjml.mjml2html(source, fonts={})  # no font is loaded from outside
    except ValueError as error:
        why = f"The newsletter's MJML can't be read: {error}."
        finding = Finding(
            rule="template.mjml",
            severity="block",
            why=why,
            file="templates/newsletter/article.mjml",
        )
        raise Refused([finding]) from error


def _text(article: Article, context: Context, composed: Composed, names: dict[str, object]) -> str:
    body = plaintext.of(composed.root, context.page_url(article))
    template = context.templates.get_template("newsletter/article.txt")
    way_off = merging.unsubscribe_mark(unsubscribe_address(context))
    return plaintext.tidy(template.render(**names, body=body, wrap=plaintext.wrap, unsubscribe=way_off))


def _weights(root: HtmlElement) -> tuple[tuple[str, int], ...]:
    """How many bytes of HTML each section of the text has, by its heading."""
    sections: dict[str, int] = {}
    name = "the opening"
    for block in root:
        if block.tag in HEADINGS:
            name = f"“{merging.plain(text_of(block))}”"
        sections[name] = sections.get(name, 0) + len(_xml(block).encode())
    return tuple(sections.items())


def _xml(block: HtmlElement) -> str:
    return etree.tostring(block, encoding="unicode", method="xml")


@cache
def _inliner() -> css_inline.CSSInliner:
    # at-rules stay: dark mode and narrow screens live in them
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
