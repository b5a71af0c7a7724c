"""How articles hang together: addresses that meet, links that lead astray."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from content.article import Article
from content.context import Context
from content.crosslinks import card, check_together, linking
from content.probing import Prober

TEXT = "---\ntitle: {slug}\nslug: {slug}\ndate: 2026-11-20\n{more}---\n\n## Rest\n\n{body}\n"


@pytest.fixture
def write(project):
    """Write articles, and give what is wrong between them as rule and file."""

    def judge(*articles, whole=True):
        context = Context.open(project)
        cards = []
        for slug, body, *more in articles:
            path = project / "content" / "articles" / f"{slug}-{len(cards)}.md"
            path.write_text(TEXT.format(slug=slug, body=body, more="".join(more)), encoding="utf-8")
            cards.append(card(Article.load(path, path.name), context))
        return cards, list(check_together(cards, context, whole=whole)), context

    return judge


def rules(findings):
    return [(found.rule, found.file) for found in findings]


def test_two_articles_at_one_address_are_stopped(write):
    _, found, _ = write(("sleep", "[b](/walks/)"), ("sleep", "Other."), ("walks", "[a](/sleep/)"))

    assert ("site.slug", "sleep-1.md") in rules(found)
    assert all(one.severity == "block" for one in found if one.rule.startswith("site."))


def test_one_canonical_address_for_two_articles_is_stopped(write):
    same = "canonical: https://journal.example/sleep\n"
    _, found, _ = write(("sleep", "A.", same), ("rest", "B.", same))

    assert ("site.canonical", "rest-1.md") in rules(found)


def test_an_earlier_slug_that_another_article_has_now_is_stopped(write):
    _, found, _ = write(("sleep", "A."), ("rest", "B.", "formerly: [sleep]\n"))

    assert ("site.slug", "rest-1.md") in rules(found)


@pytest.mark.parametrize("slug", ["topics", "2"])
def test_the_names_of_the_sites_own_lists_are_no_slugs(write, slug):
    assert ("site.slug", f"{slug}-0.md") in rules(write((slug, "A."))[1])


def test_links_that_lead_nowhere_are_told_with_the_line_and_the_nearest_name(write):
    _, found, _ = write(("sleep", "See\n[b](/wlaks/)\nand [c](#rset)."), ("walks", "[a](../sleep/#rest)"))

    unknown = next(one for one in found if one.rule == "link.unknown")
    anchor = next(one for one in found if one.rule == "link.anchor")
    assert (unknown.line, unknown.mend) == (10, "Did you mean '/walks'?")
    assert (anchor.line, anchor.mend) == (11, "Did you mean '#rest'?")


def test_links_below_a_folder_or_to_a_file_are_told_and_those_to_lists_and_feeds_are_not(write):
    body = "[a](/2015/07/walks/) [b](/guide.pdf) [c](/topics/rest/) [d](/atom.xml) [e](/) [f](/walks/)"
    _, found, _ = write(("sleep", body), ("walks", "[a](/sleep/)"))

    told = [one.why for one in found if one.rule == "link.unknown"]
    assert [why.split()[3] for why in told] == ["/2015/07/walks", "/guide.pdf"]


def test_a_link_to_a_draft_is_told(write):
    _, found, _ = write(("sleep", "[b](/walks/)"), ("walks", "[a](/sleep/)", "draft: true\n"))

    assert ("link.draft", "sleep-0.md") in rules(found)


def test_what_nobody_links_to_is_told_where_all_articles_are_known(write):
    articles = ("sleep", "[b](/walks/)"), ("walks", "Words."), ("water", "[a](https://garden.example.org/sleep/)")

    assert [found.why for found in write(*articles)[1]] == ["No other article links to water."]
    assert write(*articles, whole=False)[1] == []


def test_who_links_to_an_article_is_known(write):
    cards, _, context = write(("sleep", "[x](#rest) [b](/walks/#rest)"), ("walks", "Words."))

    assert [(link.file, link.line) for link in linking(cards, "walks", context)] == [("sleep-0.md", 9)]


@contextmanager
def server():
    """A site that knows /fine and /moved, turns programs away at /closed, and has lost all else."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Be quiet."""

        def do_GET(self):
            asked.append(self.path)
            self.send_response({"/fine": 200, "/moved": 302, "/closed": 403}.get(self.path, 404))
            if self.path == "/moved":
                self.send_header("Location", "/fine")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}", asked
        serving.shutdown()
        thread.join()


def test_broken_links_are_found_and_each_address_is_asked_once_a_day(write, project):
    with server() as (site, asked):
        body = " ".join(f"[x]({site}/{path})" for path in ("fine", "moved", "closed", "gone", "gone#there"))
        cards, _, _ = write(("sleep", body))
        links = cards[0].links

        first = list(Prober(project, pause=0, allow_private=True).check(links))
        again = list(Prober(project, pause=0, allow_private=True).check(links))

    assert [(found.rule, found.line) for found in first] == [("link.broken", 9)] * 2
    assert "404" in first[0].why
    assert again == first
    assert sorted(asked) == ["/closed", "/fine", "/fine", "/gone", "/moved"]


def test_a_host_that_is_not_there_is_a_broken_link(write, project):
    cards, _, _ = write(("sleep", "[x](http://127.0.0.1:9/)"))

    [found] = Prober(project, pause=0, allow_private=True).check(cards[0].links)
    assert "No connection" in found.why


def test_addresses_of_this_machine_are_not_asked(write, project):
    with server() as (site, asked):
        cards, _, _ = write(("sleep", f"[x]({site}/fine)"))
        found = list(Prober(project, pause=0).check(cards[0].links))

    assert asked == []
    assert "private network" in found[0].why
