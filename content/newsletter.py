"""The article as a mail: MJML for every mail program, and a plain text made of the same blocks."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import css_inline
import mjml
from lxml import etree
from markupsafe import Markup

from content import plaintext
from content.composed import Composed, compose
from content.findings import Finding, Refused, Severity
from content.page import brand_logo
from content.rendition import Asset, Rendition
from content.view import view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

    from content.article import Article
    from content.context import Context
    from content.fitting import Limits

WIDTH = 536  # pixels of text and pictures: a 600 px mail less its margins
CLIPPED, HEAVY = 100_000, 85_000  # Gmail cuts a mail off at about 102 KB of HTML


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsletter(Rendition):
    """One mail for every recipient. `assets` are the pictures that `html` refers to by web address."""

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

    @classmethod
    def of(cls, article: Article, context: Context, channel: str, _limits: Limits) -> Newsletter:
        """Render with `templates/newsletter/`: `article.mjml` and `article.txt`."""
        overrides, composed = article.overrides(channel), compose(article, context)
        brand = context.brand
        logo = brand_logo(context, mail=True)
        subject = overrides.subject or article.meta.title
        preheader = overrides.preheader or article.description
        names = {
            **view(article, context),
            "subject": subject,
            "preheader": preheader,
            "read_online": context.tracked(article, channel, "email"),
            "unsubscribe": unsubscribe_address(context),
            "logo": logo,
            "absolute": lambda address: context.absolute(address, article),
        }
        return cls(
            subject=subject,
            preheader=preheader,
            html=_html(article, context, composed, names),
            text=_text(article, context, composed, names),
            language=article.meta.language,
            date=date(*article.meta.date.timetuple()[:3]),
            page_url=context.page_url(article),
            url=context.public_url(article),
            sender=brand.email.from_address,
            from_name=brand.email.from_name or brand.name,
            reply_to=brand.email.reply_to,
            unsubscribe=unsubscribe_address(context),
            postal_address=brand.postal_address,
            assets=composed.assets + ((logo.asset,) if logo and logo.asset else ()),
        )

    def check(self, channel: str, _limits: Limits) -> list[Finding]:
        """What would make mail programs or the law unhappy."""
        return [
            Finding(rule=rule, severity=severity, why=why, mend=mend, channel=channel)
            for rule, severity, why, mend, wrong in self._rules()
            if wrong
        ]

    def _rules(self) -> Iterable[tuple[str, Severity, str, str, bool]]:
        size = len(self.html.encode())
        clipped = f"The mail is {size:,} bytes; Gmail cuts off what is over about 102,000."
        yield "mail.size", "block", clipped, "Shorten the article for mail.", size > CLIPPED
        yield "mail.size", "warn", clipped, "Keep it below 85,000.", HEAVY < size <= CLIPPED
        no_address = "The mail has no postal address, which the law asks for (CAN-SPAM, 16 CFR 316)."
        mend = "Set postal_address: in content/brand.yaml."
        yield "mail.postal_address", "block", no_address, mend, not self.postal_address
        long = f"The subject has {len(self.subject)} characters; phones show about 40, desktops about 70."
        yield (
            "mail.subject.long",
            "warn",
            long,
            "Give a shorter one at channels: newsletter: subject:.",
            len(self.subject) > 70,
        )
        same = "The preheader repeats the subject."
        yield (
            "mail.preheader.same",
            "warn",
            same,
            "Give another at channels: newsletter: preheader:.",
            self.preheader == self.subject,
        )


def unsubscribe_address(context: Context) -> str:
    """Where a reader leaves the list."""
    return context.brand.email.unsubscribe or f"{context.site}/unsubscribe/"


def _html(article: Article, context: Context, composed: Composed, names: dict[str, object]) -> str:
    root = deepcopy(composed.root)
    page = context.page_url(article)
    for link in root.iter("a"):
        # mail programs strip ids: a jump within the text leads to the page instead
        if link.get("href", "").startswith("#"):
            link.set("href", page + link.get("href", ""))
    for image in root.iter("img"):
        _fit(image, context, article)
    body = "".join(_xml(block) for block in root)
    template = context.templates.get_template("newsletter/article.mjml")
    source = template.render(**names, body=Markup(body))  # noqa: S704 - nh3 has cleaned it
    try:
        html = mjml.mjml2html(source, fonts={})  # no font is loaded from outside
    except ValueError as error:
        why = f"The newsletter's MJML can't be read: {error}."
        finding = Finding(
            rule="template.mjml",
            severity="block",
            why=why,
            file="templates/newsletter/article.mjml",
        )
        raise Refused([finding]) from error
    return _inliner().inline(html)


def _text(article: Article, context: Context, composed: Composed, names: dict[str, object]) -> str:
    body = plaintext.of(composed.root, context.page_url(article))
    template = context.templates.get_template("newsletter/article.txt")
    return plaintext.tidy(template.render(**names, body=body, wrap=plaintext.wrap))


def _fit(image: HtmlElement, context: Context, article: Article) -> None:
    image.set("src", context.absolute(image.get("src", ""), article))
    width = min(int(image.get("width") or WIDTH), WIDTH) if (image.get("width") or "0").isdigit() else WIDTH
    image.set("width", str(width))  # Outlook reads no max-width
    image.attrib.pop("height", None)


def _xml(block: HtmlElement) -> str:
    return etree.tostring(block, encoding="unicode", method="xml")


@cache
def _inliner() -> css_inline.CSSInliner:
    # at-rules stay: dark mode and narrow screens live in them
    return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)
