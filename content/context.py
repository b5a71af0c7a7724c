"""What stands around an article when it is rendered: the project, its brand, the campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from markupsafe import Markup

from content.brand import Brand
from content.darkroom import Darkroom
from content.templates import environment

if TYPE_CHECKING:
    from jinja2 import Environment

    from content.article import Article
    from content.meta import Person


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Who has approved a text, and when."""

    by: Person
    on: date


@dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    """A project, ready to render. Rendering the same article in it twice gives the same bytes."""

    root: Path
    brand: Brand
    campaign: str = ""  # "": the article's slug
    part: str = ""  # of a campaign that goes to a channel more than once
    reviewed: Reviewed | None = None  # from an approval on record, never from what an article says of itself

    @classmethod
    def open(cls, root: Path, campaign: str = "", part: str = "") -> Context:
        """Read a project's brand. Raises `Refused` where `content/brand.yaml` is faulty."""
        return cls(root=root, brand=Brand.load(root), campaign=campaign, part=part)

    @cached_property
    def templates(self) -> Environment:
        """Jinja with the project's templates first. Made once: its compiled templates are kept."""
        return environment(self.root)

    @cached_property
    def style(self) -> Markup:
        """The style sheet of every page, in the brand's colours."""
        brand = self.brand
        made = self.templates.get_template("page/style.css").render(colours=brand.colours, fonts=brand.fonts)
        return Markup(made)  # noqa: S704 - colours are checked, fonts are the brand's own

    @cached_property
    def darkroom(self) -> Darkroom:
        """Where pictures are made for pages and posts."""
        return Darkroom(self.root / ".pressroom" / "pictures")

    @property
    def site(self) -> str:
        """The site's address without a slash at its end; a reserved name where the brand has none."""
        return (self.brand.site or "https://site.invalid").rstrip("/")

    def page_url(self, article: Article) -> str:
        """Where the article's own page stands."""
        return f"{self.site}/{article.meta.slug}/"

    def public_url(self, article: Article) -> str:
        """The address to share: the canonical one where the front matter names it."""
        return article.meta.canonical or self.page_url(article)

    def absolute(self, address: str, article: Article) -> str:
        """An address as it works outside the site."""
        return urljoin(self.page_url(article), address)

    def tracked(self, article: Article, channel: str, medium: str) -> str:
        """The shared link of one delivery: its `utm_content` names it, so that a read-back can recognise it."""
        return self._with_marks(self.public_url(article), article, channel, medium)

    def track(self, address: str, *, article: Article, channel: str, medium: str) -> str:
        """An address as a delivery carries it: our own are marked, those of others stay as they are."""
        ours = {urlsplit(self.site).hostname, urlsplit(self.public_url(article)).hostname}
        try:
            _, host, path, query, anchor = urlsplit(address)
            known = urlsplit(address).hostname in ours
        except ValueError:
            return address
        if not known or "utm_" in query:
            return address
        shared = urlsplit(self.public_url(article))
        if (host, path.rstrip("/"), query) == (shared.netloc, shared.path.rstrip("/"), shared.query) and not anchor:
            return self.tracked(article, channel, medium)
        return self._with_marks(address, article, channel, medium)

    def _with_marks(self, address: str, article: Article, channel: str, medium: str) -> str:
        marks = {
            "utm_source": channel.split(":", maxsplit=1)[0],
            "utm_medium": medium,
            "utm_campaign": self.campaign or article.meta.identity,
            "utm_content": ".".join(filter(None, (article.meta.identity, channel, self.part))).replace(":", "-"),
        }
        scheme, host, path, query, anchor = urlsplit(address)
        query = "&".join(filter(None, (query, urlencode(marks))))
        return urlunsplit((scheme, host, path, query, anchor))
