"""The desk as a marketer uses it: in a real browser, on files that change."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from flows.orders import Order
from flows.plan import plan
from tests.corpus import ROOT
from tests.desk.conftest import opened

pytestmark = pytest.mark.judged
VIEWS = ["", "web", "newsletter", "x", "linkedin", "mastodon", "bluesky", "findings", "changes", "source"]
LOOKS = [("light", 1280), ("dark", 390)]
INSIDE = "frames => frames.map(frame => frame.contentDocument.body.innerText)"


def inside(page) -> list[str]:
    """The words in each frame of a page."""
    return page.locator("iframe").evaluate_all(INSIDE)


def holds_in_every_frame(page, words: str) -> None:
    """Wait until each frame shows the words, and no other is on its way."""
    page.wait_for_function(
        "words => { const all = [...document.querySelectorAll('iframe')];"
        " return all.length && !document.querySelector('iframe.coming')"
        " && all.every(one => one.contentDocument?.body?.innerText.includes(words)) }",
        arg=words,
    )


def test_the_list_leads_to_an_article_and_its_proofs(desk, page):
    page.goto(desk.address)
    page.get_by_role("link", name="Reading in the garden").click()

    holds_in_every_frame(page, "Take a chair outside")
    titles = page.locator(".proof h2").all_inner_texts()
    assert titles == ["Web page", "Newsletter", "X", "LinkedIn", "Mastodon", "Bluesky"]
    assert page.locator(".post").count() == 4


def test_a_saved_word_appears_in_every_proof_where_one_stands(desk, page):
    desk.edit("- a chair", "- a chair" + "\n\nMore to read." * 60)
    page.goto(desk.article("newsletter"))
    holds_in_every_frame(page, "some shade")
    page.evaluate("scrollTo(0, 300)")
    page.locator("iframe").first.evaluate("frame => frame.contentWindow.scrollTo({top: 120, behavior: 'instant'})")
    desk.edit("some shade", "a great deal of shade")

    holds_in_every_frame(page, "a great deal of shade")
    page.locator("pre.plain", has_text="a great deal of shade").wait_for()
    assert page.url.endswith("/newsletter")
    assert page.evaluate("scrollY") == 300
    assert page.locator("iframe").first.evaluate("frame => frame.contentWindow.scrollY") == 120


@pytest.mark.parametrize("view", ["x", "linkedin", "mastodon", "bluesky"])
def test_a_saved_title_appears_in_a_post(desk, page, view):
    page.goto(desk.article(view))
    desk.edit("title: Reading in the garden", "title: Reading under a tree")

    page.locator(".post", has_text="Reading under a tree").wait_for()
    page.get_by_role("heading", name="Reading under a tree").wait_for()


def test_an_error_in_the_file_is_told_with_its_line_while_the_last_good_proof_stays(desk, page):
    page.goto(desk.article())
    holds_in_every_frame(page, "some shade")
    desk.edit("description:", "descripton:")
    alarm = page.get_by_role("alert")
    alarm.wait_for()

    assert "Did you mean 'description'?" in alarm.inner_text()
    assert alarm.get_by_role("link", name="Line 3").count() == 1
    assert all("some shade" in words for words in inside(page))
    desk.edit("descripton:", "description:")
    alarm.wait_for(state="detached")


def test_a_brand_and_a_template_of_ones_own_are_followed(project, start, page):
    (project / "templates" / "post").mkdir(parents=True)
    desk = start(project)
    page.goto(desk.article("x"))
    (project / "templates" / "post" / "x.txt").write_text("{{ text }} Hear, hear! {{ link }}", encoding="utf-8")
    page.locator(".post", has_text="Hear, hear!").wait_for()
    brand = project / "content" / "brand.yaml"
    brand.write_text(brand.read_text().replace("Garden Letters", "Meadow Letters"), encoding="utf-8")

    page.locator(".post b", has_text="Meadow Letters").wait_for()


def test_a_file_that_was_never_good_is_opened_all_the_same(project, start, page):
    (project / "content" / "articles" / "new.md").write_text("---\ntitle: T\n---\n\nText.\n", encoding="utf-8")
    desk = start(project, "new")
    page.goto(f"{desk.address}/articles/new")

    assert "'date' is missing" in page.get_by_role("alert").inner_text()
    page.get_by_role("link", name="Source").click()
    assert page.locator(".source li.marked").count() == 1


def test_searching_and_filtering_leave_what_fits(quiet_desk, page):
    page.goto(quiet_desk.address)
    page.locator("#pulse[data-state=on]").wait_for()
    page.locator("body").press("/")
    page.locator("input[type=search]:focus").wait_for()
    page.keyboard.type("quiet places")
    page.get_by_text("1 of 4").wait_for()
    alone = page.locator(".spine-title").all_inner_texts()
    page.get_by_label("Search").fill("")
    page.get_by_text("4 of 4").wait_for()
    page.get_by_label("Show").select_option("mend")
    page.get_by_text("1 of 4").wait_for()

    assert alone == ["Reading in the garden"]
    assert "Line 1: 'title' is missing. And 2 more." in page.locator(".spine").inner_text()
    page.get_by_label("Show").select_option("sent")
    page.get_by_text("Nothing matches").wait_for()


def test_the_last_letter_counts_however_slow_the_answers_are(quiet_desk, page):
    page.goto(quiet_desk.address)
    slow = {"offline": False, "latency": 400, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.get_by_label("Search").press_sequentially("Reading in no garden", delay=150)

    page.get_by_text("0 of 4").wait_for()


def test_a_save_keeps_what_was_searched_for(desk, page):
    (desk.file.parent / "other.md").write_text(desk.file.read_text().replace("garden", "sea"), encoding="utf-8")
    page.goto(desk.address)
    page.get_by_text("2 of 2").wait_for()
    page.get_by_label("Search").fill("garden")
    page.get_by_text("1 of 2").wait_for()
    desk.edit("title: Reading in the garden", "title: Reading in a large garden")

    page.get_by_role("link", name="Reading in a large garden").wait_for()
    assert page.locator(".count").inner_text() == "1 of 2"


def test_the_keyboard_alone_reaches_a_findings_line(quiet_desk, page):
    page.goto(f"{quiet_desk.address}/articles/broken")
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent")
    reached = []
    while "Line" not in "".join(reached):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert outline == "solid"
        assert len(reached) < 40
    page.keyboard.press("Enter")

    page.wait_for_url("**/source#L*")
    assert first == "Skip to the content"
    assert page.locator(".source li:target").count() == 1


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_wider_than_a_phone(quiet_desk, browser, view):
    page = browser.new_page(viewport={"width": 375, "height": 740})
    page.goto(quiet_desk.article(view))

    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(quiet_desk, browser, scheme):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    page = browser.new_page(color_scheme=scheme)
    sample = [f"/articles/is-ketamine-an-opioid/{view}".rstrip("/") for view in VIEWS]
    found = {}
    page.goto(quiet_desk.address)
    deliveries = [link.get_attribute("href") for link in page.locator(".chip").all()]
    for path in ["/", "/?state=sent", "/articles/broken", *sample, *deliveries, "/nowhere"]:
        page.goto(quiet_desk.address + path)
        found[path] = [violation["id"] for violation in Axe().run(page).response["violations"]]
    page.close()

    assert len(deliveries) == 7
    assert {path: ids for path, ids in found.items() if ids} == {}


def test_a_delivery_that_waits_says_what_to_do(quiet_desk, page):
    page.goto(quiet_desk.address)
    chip = page.locator(".chip--held")
    told = " ".join(chip.text_content().split())
    chip.click()

    assert told == "X: Waits for a person"
    assert "2 of its parts are out" in page.locator("main").inner_text()
    assert "pressroom resolve garden x --not-sent" in page.locator(".alarm").inner_text()
    page.get_by_role("link", name="garden").click()
    page.wait_for_url("**/articles/garden")


def test_a_proof_is_what_publish_sends_byte_for_byte(shipped, start, page):
    desk = start(shipped)
    run = ["publish", "is-ketamine-an-opioid", "--json", "--root", str(shipped)]
    environment = {**os.environ, "PREFECT_HOME": str(shipped / "prefect"), "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, "-m", "desk", *run], cwd=shipped, env=environment, capture_output=True, text=True, check=True
    )
    sent = {outcome["account"].removeprefix("outbox/"): outcome for outcome in json.loads(said.stdout)["outcomes"]}
    for account, outcome in sent.items():
        page.goto(f"{desk.address}/articles/is-ketamine-an-opioid/{account}")
        assert page.locator(".digest code").text_content() == outcome["digest"]
        assert page.locator(".proof-head .chip").inner_text() == "In the outbox"
        page.locator(".files summary").click()
        written = {
            path for path in (shipped / "outbox" / "is-ketamine-an-opioid" / account).rglob("*") if path.is_file()
        }
        links = page.locator(".files a").all()
        assert len(links) == len(written) - 1  # the receipt is no part of what goes out
        for link in links:
            got = page.request.get(desk.address + link.get_attribute("href")).body()
            assert got == (shipped / "outbox" / "is-ketamine-an-opioid" / account / link.inner_text()).read_bytes()
    assert set(sent) == {"web", "newsletter", "x", "linkedin", "mastodon", "bluesky"}


def test_what_changed_since_it_was_sent_is_shown_word_by_word(shipped, start, page):
    from tests.desk.published import publish_to_outbox  # noqa: PLC0415

    publish_to_outbox(shipped, "is-ketamine-an-opioid")
    file = shipped / "content" / "articles" / "is-ketamine-an-opioid.md"
    file.write_text(
        file.read_text().replace("It belongs to a group called", "It is one of a group called"), encoding="utf-8"
    )
    desk = start(shipped)
    page.goto(f"{desk.address}/articles/is-ketamine-an-opioid/changes")

    assert page.locator(".changed h3").all_inner_texts() == ["Web page", "Newsletter"]
    gone, come = (page.locator(".changed").first.locator(tag).all_inner_texts() for tag in ("del", "ins"))
    assert ([words.strip() for words in gone], [words.strip() for words in come]) == (["belongs to"], ["is one of"])
    page.locator(".changed .chip").first.click()
    page.get_by_role("heading", name="Web page").wait_for()
    assert page.locator(".ledger").inner_text().count("outbox/web") == 1


def test_a_folder_for_a_reviewer_opens_from_disk_and_asks_nobody(project, page, tmp_path):
    run_preview(project, "garden", "--out", str(tmp_path / "review"))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "review" / "index.html").as_uri())
    frames = [frame for frame in page.frames if frame != page.main_frame]
    shown = [frame.locator("body").inner_text() for frame in frames]
    page.get_by_role("link", name="Mastodon", exact=True).first.click()

    assert all("some shade" in words for words in shown)
    assert len(shown) == 2
    assert "Reading in the garden" in page.locator(".post-text").inner_text()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_a_folder_that_is_somebody_elses_is_left_alone(project, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "index.html").write_text("mine", encoding="utf-8")
    run_preview(project, "garden", "--out", str(tmp_path / "ours"))
    run_preview(project, "garden", "--out", str(tmp_path / "ours"))
    said = run_preview(project, "garden", "--out", str(tmp_path / "theirs"), code=1)

    assert "did not write" in said
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["index.html"]


def test_pictures_of_each_proof_are_taken(project, browser, tmp_path):
    run_preview(project, "garden", "--png", str(tmp_path / "png"))
    taken = {path.name: path.read_bytes() for path in (tmp_path / "png").iterdir()}

    assert len(taken) == 17
    assert all(data.startswith(b"\x89PNG") for data in taken.values())
    assert {"web-phone-dark.png", "newsletter-forced-640.png", "newsletter-inbox.png", "x.png"} <= set(taken)


def test_without_a_browser_it_is_said_how_to_get_one(project, tmp_path):
    bare = {"PATH": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    said = run_preview(project, "garden", "--png", str(tmp_path / "png"), code=1, **bare)

    assert "apt-get install chromium" in said
    assert not (tmp_path / "png").exists()


def test_a_busy_port_picks_the_next(project, start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        desk = start(project, "--port", str(port))

    assert int(desk.address.rpartition(":")[2]) > port


def test_it_listens_where_the_help_says_unless_told_otherwise(project, start):
    desk = start(project, "--port", "0")

    assert 8765 <= int(desk.address.rpartition(":")[2]) < 8800


def test_ctrl_c_ends_it_while_a_page_is_open(project, start, page):
    desk = start(project)
    page.goto(desk.article())
    page.locator("#pulse[data-state=on]").wait_for()
    desk.process.send_signal(signal.SIGINT)

    assert desk.process.wait(5) == 0
    page.locator("#pulse[data-state=off]").wait_for()


def test_the_process_never_imports_prefect(project, page, tmp_path):
    with (tmp_path / "imports").open("w") as told, opened(project, told=told) as desk:
        for view in VIEWS:
            page.goto(desk.article(view))
    imports = (tmp_path / "imports").read_text()

    assert "flows.ledger" in imports
    assert not re.search(r"\| +prefect", imports)


def test_the_process_stays_small(quiet_desk, page):
    for view in VIEWS:
        page.goto(f"{quiet_desk.address}/articles/is-ketamine-an-opioid/{view}".rstrip("/"))
    process = Path(f"/proc/{quiet_desk.process.pid}")
    resident = re.search(r"VmRSS:\s+(\d+) kB", (process / "status").read_text())

    assert int(resident[1]) < 150 * 1024


def test_an_article_that_is_not_there_is_refused_with_the_nearest_name(project):
    assert "Did you mean 'garden'?" in run_preview(project, "gardn", code=1)
    assert "Say which article" in run_preview(project, "--out", "x", code=2)


def run_preview(root, *arguments, code=0, **around) -> str:
    """Run `pressroom preview` to its end, and give what it said."""
    command = [sys.executable, "-m", "desk", "preview", *arguments, "--root", str(root)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **around}
    ended = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    return ended.stdout + ended.stderr


def test_the_desk_presses_through_the_plan_that_publish_runs(shipped, tmp_path):
    said = json.loads(run_preview(shipped, "is-ketamine-an-opioid", "--out", str(tmp_path / "copy"), "--json"))
    planned = plan(Order(article="is-ketamine-an-opioid", root=str(shipped)))

    assert said["digests"] == {e.account.removeprefix("outbox/"): e.rendition.digest for e in planned.entries}
