"""Which campaign a person means, and of which article."""

from __future__ import annotations

from typing import TYPE_CHECKING

from content.findings import Refused
from flows.lookup import find_campaign
from flows.plan import ARTICLES, existing_article

if TYPE_CHECKING:
    from pathlib import Path

    from content.campaign import Campaign


def chosen(named: str, article: str, root: Path) -> tuple[Campaign, str]:
    """A campaign by its file or name, and the article that it is to begin with. Raises `Refused`.

    `NAME/ARTICLE` is as good as both.
    """
    name, _, behind = named.partition("/")
    if behind and not named.endswith((".yaml", ".yml")):
        named, article = name, article or behind
    campaign = find_campaign(named, root)
    if not article:
        return campaign, ""
    if not campaign.terms.each:
        why = f"The campaign '{campaign.name}' names its article itself: '{campaign.terms.article}'."
        mend = "--article is for campaigns of each new article (`each:`). For another article, copy the file."
        raise Refused([campaign.finding("article", why, mend, key="article")])
    path = existing_article(article, root)
    inside = path.resolve().parent == (root / ARTICLES).resolve()
    return campaign, path.stem if inside else article
