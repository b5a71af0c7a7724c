"""How renditions are drawn: what is a link, where is the fold, what differs, what a program shows otherwise."""

import json
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from channels.base import Receipt
from channels.registry import offline
from content.article import Article
from content.context import Context
from content.merging import OPEN
from content.styled import Mark, Styled
from desk.proofs import copy, frames, inbox, networks
from desk.proofs.changes import changes, compare
from desk.proofs.past import Past
from desk.proofs.shelf import Shelf, choose
from desk.proofs.workbench import Workbench
from flows.ledger import Ledger
from flows.records import Delivery
from flows.settings import Settings
from tests.conftest import ARTICLE
from tests.corpus import ROOT

LONG = "https://garden.example.org/reading-in-the-garden/?utm_source=x"


def marked(account, text):
    """What a network makes of a text, but for plain words."""
    return [
        (span.kind, span.shown)
        for span in networks.spans(Styled(text=text), networks.manner(account))
        if span.kind != "text"
    ]


@pytest.fixture
def rendered(project):
    """Renders the sample article for a channel."""

    def render(channel, old="", new=""):
        path = project / "content" / "articles" / "garden.md"
        path.write_text(ARTICLE.replace(old, new) if old else ARTICLE, encoding="utf-8")
        return offline(channel).render(Article.load(path), Context.open(project))

    return render


@pytest.mark.parametrize(
    ("account", "text", "found"),
    [
        ("x", f"Read {LONG} now", [("link", "garden.example.org/reading…")]),
        ("x", "Ask clinic.com or @clinic about #Sleep", [("link", "clinic.com"), ("mention", "@clinic"), ("tag", "#Sleep")]),
        ("mastodon", "Ask clinic.com", []),
        ("mastodon", f"{LONG}", [("link", "garden.example.org/reading-in-…")]),
        ("mastodon:north", "Ask @ada@example.social", [("mention", "@ada@example.social")]),
        ("bluesky", "See https://a.example/b#c and #d.", [("link", "https://a.example/b#c"), ("tag", "#d")]),
        ("linkedin", "Mail a@b.example, 50 #1 or C#", []),
        ("pebble", "A network of one's own: https://a.example", [("link", "https://a.example")]),
    ],
)  # fmt: skip
def test_what_a_network_makes_a_link_and_how_it_writes_it(account, text, found):
    assert marked(account, text) == found


@given(st.sampled_from(sorted(networks.MANNERS)), st.text(max_size=300))
def test_drawing_loses_no_character(account, text):
    how = networks.manner(account)
    at = networks.fold_at(text, how)

    assert "".join(span.text for span in networks.spans(Styled(text=text), how)) == text
    assert 0 <= at <= len(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", "short"),
        ("word " * 60, ("word " * 42).strip()),
        ("one\ntwo\nthree\nfour", "one\ntwo\nthree"),
        ("x" * 400, "x" * 210),
    ],
)
def test_linkedin_folds_at_a_word_or_the_third_line(text, shown):
    assert text[: networks.fold_at(text, networks.manner("linkedin"))] == shown


def test_meters_count_as_the_network_counts(rendered):
    [drawn] = networks.draw(rendered("bluesky"), "bluesky", offline("bluesky").can)
    text = "".join(span.text for span in drawn.spans)

    assert [(meter.used, meter.limit, meter.unit) for meter in drawn.meters] == [
        (len(text), 300, "graphemes"),
        (len(text.encode()), 3000, "bytes"),
    ]


def test_what_went_and_what_came_in_every_form(rendered):
    before = {name: json.loads(rendered(name).canonical) for name in ("web", "newsletter", "x")}
    after = {name: json.loads(rendered(name, "half the book", "all of it").canonical) for name in before}
    found = {name: changes(before[name], after[name]) for name in before}

    assert [change.name for change in found["newsletter"]] == ["Preheader", "Text"]
    assert {change.name for change in found["x"]} == {"Part 1", "Card"}
    assert [change.name for change in found["web"]] == ["Text"]
    for change in [change for list_ in found.values() for change in list_]:
        assert "half the book" in " ".join(piece.text for piece in change.pieces if piece.kind == "gone")
        assert "all of it" in " ".join(piece.text for piece in change.pieces if piece.kind == "new")
    assert changes(before["x"], before["x"]) == []


@given(st.text(alphabet="ab \n", max_size=80), st.text(alphabet="ab \n", max_size=80))
def test_a_comparison_holds_every_new_word_and_every_old_one(old, new):
    pieces = list(compare(old, new))
    words = {kind: "".join(p.text for p in pieces if p.kind in {kind, "same"}).split() for kind in ("gone", "new")}

    if not any(piece.kind == "skip" for piece in pieces):
        assert (words["gone"], words["new"]) == (old.split(), new.split())


def test_two_long_texts_with_nothing_in_common_are_compared_at_once():
    old, new = "old " * 20_000, "new " * 20_000

    assert [piece.kind for piece in compare(old, new)] == ["gone", "new", "same"]


@pytest.mark.parametrize("look", frames.PAGE_LOOKS, ids=lambda look: look.name)
def test_a_frame_of_a_page_answers_its_media_queries_itself(rendered, look):
    html = frames.page(rendered("web"), look)

    assert "prefers-color-scheme" not in html
    assert f'name="color-scheme" content="{"dark" if look.dark else "light"}"' in html
    assert ("@media print" in html) != look.paper
    assert 'http-equiv="Content-Security-Policy"' in html.partition("<style")[0]


def test_a_frame_leaves_the_words_of_an_article_about_css_alone(rendered):
    words = '(prefers-color-scheme: dark) and @media print, color-scheme: light dark, &lt;a target="_blank"&gt;'
    html = frames.page(
        rendered("web", "- a chair", f"`{words}` [out](https://a.example) [in](#b)"), frames.PAGE_LOOKS[2]
    )

    assert f"<code>{words.replace('&', '&amp;')}</code>" in html
    assert '<a target="_blank" href="https://a.example">out' in html
    assert '<a href="#b">in' in html


def test_what_was_pressed_before_a_save_is_not_shown_after_it(project):
    bench = Workbench(project)
    path = project / "content" / "articles" / "garden.md"
    before = bench.planned("garden")
    path.write_text(ARTICLE.replace("some shade", "much shade"), encoding="utf-8")
    kept = bench.planned("garden")
    bench.turn()

    assert kept is before
    assert "much shade" in bench.planned("garden").article.markdown


def test_a_picture_with_a_name_that_no_address_can_hold_is_linked_all_the_same(project, tmp_path):
    folder = project / "content" / "articles"
    shutil.copy(ROOT / "content" / "articles" / "is-ketamine-an-opioid" / "hero.jpg", folder / "50% of #1?.jpg")
    garden = folder / "garden.md"
    garden.write_text(ARTICLE.replace("tags:", 'hero: {src: "50% of #1?.jpg", alt: A}\ntags:'), encoding="utf-8")
    copy.write(Workbench(project), "garden", tmp_path / "out")
    page = html.parse(str(tmp_path / "out" / "web.html"))

    files = [unquote(link.get("href")) for link in page.iter("a") if link.get("download") is not None]
    assert sum(path.startswith("files/web/50-of-1-") and path.endswith(".jpg") for path in files) == 1
    assert all((tmp_path / "out" / path).is_file() for path in files)


def test_a_frame_of_a_mail_holds_its_pictures_or_none(shipped):
    article = Article.load(shipped / "content" / "articles" / "is-ketamine-an-opioid.md")
    mail = offline("newsletter").render(article, Context.open(shipped))
    light, bare = frames.mail(mail, frames.MAIL_LOOKS[0]), frames.mail(mail, frames.MAIL_LOOKS[-1])

    assert light.count('src="data:image/') == 2
    assert "src=" not in bare
    assert bare.count("alt=") == light.count("alt=")


def test_a_mail_is_weighed_and_its_caveats_are_those_of_what_it_holds(rendered):
    mail = rendered("newsletter")
    fancy = replace(mail, html=mail.html + '<video src="a"></video><img src="a.webp">')

    assert inbox.weight(mail).size == len(mail.html.encode())
    assert {caveat.what for caveat in inbox.caveats(fancy)} - {c.what for c in inbox.caveats(mail)} == {
        "Video",
        "WebP pictures",
    }
    assert all(caveat.address.startswith("https://www.caniemail.com/features/") for caveat in inbox.caveats(fancy))


def test_headers_are_read_as_mail_programs_read_them(rendered):
    mail = replace(rendered("newsletter"), subject="Grüße aus dem Garten – Teil 1")
    said = dict(inbox.headers(dict(offline("newsletter").parcel(mail, "key").files)["message.eml"]))

    assert said["Subject"] == "Grüße aus dem Garten – Teil 1"
    assert said["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.fixture
def delivered(project):
    """Records deliveries of the sample article: account, state."""

    def record(*states):
        with closing(Ledger(Settings.of(project).ledger_url(project))) as ledger:
            for account, state in states:
                delivery = Delivery(campaign="c", article="garden", account=account)
                ledger.plan(delivery)
                owner = ledger.claim(delivery, "d" * 64)
                if state == "sent":
                    now = datetime.now(UTC)
                    receipt = Receipt(channel=account, remote_ids=("1",), url="", digest="d" * 64, sent_at=now)
                    ledger.sent(delivery, receipt)
                else:
                    ledger.settle(delivery, owner, state, "why")
        return Past(project)

    return record


def test_an_accounts_own_record_goes_before_its_dry_run(delivered):
    past = delivered(("x", "held"), ("outbox/x", "sent"), ("outbox/mastodon", "sent"))

    assert {account: record.state for account, record in past.of("garden").items()} == {"x": "held", "mastodon": "sent"}


@pytest.mark.parametrize(
    ("states", "filters"),
    [
        ([], {"all", "unsent"}),
        ([("x", "sent")], {"all", "sent"}),
        ([("outbox/x", "sent")], {"all", "unsent", "dry"}),
        ([("x", "held")], {"all", "unsent", "open"}),
        ([("x", "sent"), ("mastodon", "unknown")], {"all", "sent", "open"}),
    ],
)
def test_filters_go_by_what_the_ledger_says(project, delivered, states, filters):
    past, spines = delivered(*states), Shelf(project).spines()
    known = ("all", "mend", "draft", "unsent", "dry", "sent", "open")

    assert {state for state in known if choose(spines, past, "", state)} == filters


def test_the_shelf_shows_what_is_broken_first_and_reads_anew_what_has_changed(project):
    folder = project / "content" / "articles"
    (folder / "broken.md").write_text("no front matter", encoding="utf-8")
    (folder / "later.md").write_text(ARTICLE.replace("2026-11-16", "2026-11-20"), encoding="utf-8")
    shelf = Shelf(project)
    first = [spine.name for spine in shelf.spines()]
    (folder / "broken.md").write_text(ARTICLE.replace("2026-11-16", "2026-11-01"), encoding="utf-8")
    (folder / "later.md").unlink()

    assert first == ["broken", "later", "garden"]
    assert [spine.name for spine in shelf.spines()] == ["garden", "broken"]


def test_a_search_finds_words_in_title_topics_and_file(project):
    [spine] = Shelf(project).spines()

    assert spine.holds("GARDEN quiet")
    assert spine.holds("")
    assert not spine.holds("garden sea")


def test_no_proof_shows_a_merge_field_as_it_is_marked(project, tmp_path):
    path = project / "content" / "articles" / "garden.md"
    field = '{{ subscriber.first_name | default("friend") }}'
    subject = f"channels: {{newsletter: {{subject: '{field}, read on', test: {{subjects: ['For {field}']}}}}}}\n"
    greeted = ARTICLE.replace("Take a chair", f"Dear {field}, take a chair").replace("tags:", subject + "tags:")
    path.write_text(greeted, encoding="utf-8")
    copy.write(Workbench(project), "garden", tmp_path / "out")

    written = [found.read_bytes() for found in (tmp_path / "out").rglob("*.*") if found.name != "source.html"]
    assert not [data for data in written if OPEN.encode() in data or b"subscriber.first_name" in data]
    assert any(b"Dear friend, take a chair" in data for data in written)
    assert any(b"For friend" in data and b"first_name" in data for data in written)


def test_words_behind_a_link_and_emphasis_are_drawn_as_the_network_shows_them():
    marks = (Mark(kind="bold", start=0, end=9), Mark(kind="link", start=5, end=14, url="https://example.org/a"))

    drawn = list(networks.spans(Styled(text="Read this page, @me.", marks=marks), networks.manner("telegram")))

    assert [(span.kind, span.shown, span.styles) for span in drawn] == [
        ("text", "Read ", ("bold",)),
        ("link", "this", ("bold",)),
        ("link", " page", ()),
        ("text", ", ", ()),
        ("mention", "@me", ()),
        ("text", ".", ()),
    ]
    assert drawn[1].text == "https://example.org/a"
