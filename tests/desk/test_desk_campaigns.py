"""Campaigns on the desk: how they stand, what a person does with them, and who may not."""

import http.client
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from lxml import html

from channels.base import Receipt
from desk.proofs.reasons import sentence
from flows import doorplate
from flows.courses import fresh
from flows.directing import directing
from flows.lookup import find_campaign
from flows.records import Delivery
from flows.roll import Roll, Settled
from tests.conftest import ARTICLE, BRAND
from tests.desk.conftest import opened, site

pytestmark = pytest.mark.judged  # a desk's process and Chromium for most of them: run once

SPRING = """# spring
article: garden
timezone: America/New_York
quiet: 21:00-08:00
groups: {networks: [x, mastodon]}
steps:
  - {name: page, channel: web, at: 2027-03-01 09:00, stop_line: true}
  - {name: letter, channel: newsletter, at: 1 hour after page is live, only_if: page}
  - {name: clocks, channel: networks, at: 2027-03-14 02:30, quiet: false}
  - {name: night, channel: mastodon, at: 2027-03-15 23:00}
"""
SHORT = """article: garden
timezone: Europe/Berlin
steps:
  - {name: page, channel: web, at: now}
  - {name: letter, channel: newsletter, at: +1 day}
  - {name: posts, channel: [x, mastodon], at: +2 days}
"""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True, scope="module")
def alone():
    """No Prefect server of this machine is asked for anything."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
        yield


@pytest.fixture(scope="module")
def quiet(tmp_path_factory, alone):
    """One desk for tests that only look, or are refused."""
    root = tmp_path_factory.mktemp("campaigns")
    (root / "content" / "articles").mkdir(parents=True)
    (root / "content" / "brand.yaml").write_text(BRAND, encoding="utf-8")
    (root / "content" / "articles" / "garden.md").write_text(ARTICLE, encoding="utf-8")
    begin(root, "spring", SPRING)
    begin(root, "old", SHORT)
    with directing(root) as director:
        director.ask("cancel", "old")
    write(root, "later", SHORT)
    write(root, "bad", "article: garden\ntimezone: Europe/Berln\nsteps: [{channel: x, at: now}]\n")
    with opened(root) as desk:
        yield desk


@pytest.fixture
def spring(project):
    """A project with a campaign under way."""
    begin(project, "spring", SPRING)
    return project


def write(root, name, text):
    """A campaign's file."""
    (root / "content" / "campaigns").mkdir(exist_ok=True)
    (root / "content" / "campaigns" / f"{name}.yaml").write_text(text, encoding="utf-8")


def begin(root, name, text):
    """A campaign that was started."""
    write(root, name, text)
    with directing(root) as director:
        director.start(find_campaign(name, root))


def put(root, id_, step, **values):
    """Have a step stand so."""
    with directing(root) as director:
        assert director.agenda.change(director.agenda.stage(id_, step), **values)


def stands(root, id_, step=""):
    """How a campaign stands, or a step of it."""
    with directing(root) as director:
        return (director.agenda.stage(id_, step) if step else director.agenda.course(id_)).state


def deliver(root, account, part, state="sent", campaign="short"):
    """A delivery of the garden article."""
    delivery = Delivery(campaign=campaign, article="garden", account=f"outbox/{account}", part=part)
    with directing(root) as director:
        ledger = director._ledger
        ledger.plan(delivery)
        owner = ledger.claim(delivery, "d" * 64)
        if state == "sent":
            url = f"https://{account}.example/1"
            told = {"remote_ids": ("1",), "url": url, "digest": "d" * 64, "sent_at": datetime.now(UTC)}
            ledger.sent(delivery, Receipt(channel=account, **told))
        elif state != "claimed":
            ledger.settle(delivery, owner, state, "refused: too long")
    return delivery


def mail(root, delivery, total, sent):
    """So many of a mailing are out."""
    with directing(root) as director, closing(Roll(director._ledger.engine)) as roll:
        mailing = roll.find(delivery.key)
        if mailing is None:
            mailing = roll.begin(delivery.key, "d" * 64)
            roll.enrol(mailing, 0, [(number.to_bytes(16, "big"), 0) for number in range(total)])
            roll.finish(mailing, "a" * 64, total)
            roll.turn(mailing, [], range(total))
        roll.turn(mailing, [Settled(number=number, state="sent") for number in range(sent)], [])


def running(root):
    """A campaign in the middle of its letter."""
    begin(root, "short", SHORT)
    deliver(root, "web", "page")
    put(root, "short", "page", state="sent", due_at=datetime.now(UTC), ended_at=datetime.now(UTC))
    letter = deliver(root, "newsletter", "letter", "claimed")
    long = datetime.now(UTC) + HOUR
    put(root, "short", "letter", state="running", due_at=datetime.now(UTC), owner="me", lease_until=long)
    mail(root, letter, 10, 3)
    return letter


def ask(desk, path="/campaigns", form=None, **headers):
    """One request as no browser would send it."""
    split = urlsplit(desk.address)
    connection = http.client.HTTPConnection(split.hostname, split.port, timeout=20)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST" if form else "GET", path, urlencode(form) if form else None, named)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def found(body, where):
    """The elements of a page that an XPath means."""
    return html.fromstring(body).xpath(where)


def words(body, where="//main"):
    """What a part of a page says."""
    told = " ".join(" ".join(text for part in found(body, where) for text in part.itertext()).split())
    return re.sub(r" ([,:])", r"\1", told)


def lane(body, step):
    """What a page says of a step."""
    return words(body, f"//li[@id='step-{step}']")


def press(desk, path, wanted, **more):
    """A form of the desk's own page."""
    return ask(desk, path, {"wanted": wanted, **more}, Origin=desk.address)


# how they stand


def test_the_list_tells_what_is_under_way_what_was_not_started_and_what_is_over(quiet):
    _, body = ask(quiet)

    under_way, files, over = (
        words(body, f"//section[@aria-labelledby='{name}']") for name in ("under-way", "not-started", "over")
    )
    assert "spring Reading in the garden Next: page, Mon 1 Mar 2027, 09:00 EST" in under_way
    assert "Under way 0 of 4 steps sent" in under_way
    assert "later Reading in the garden 3 steps Not started" in files
    assert "Line 2: 'timezone' can't be used" in files
    assert "old" in over
    assert "Cancelled 0 of 3 steps sent" in over


def test_an_empty_project_says_what_a_campaign_is(project, start):
    assert "No campaigns yet A campaign is a file in content/campaigns" in words(ask(start(project))[1])


def test_a_campaigns_page_is_its_plan_on_its_own_clocks(quiet):
    _, body = ask(quiet, "/campaigns/spring")
    page, letter, clocks, night = (lane(body, step) for step in ("page", "letter", "clocks", "night"))

    assert "09:00 EST Mon 1 Mar 2027 14:00 UTC page Waiting Stop-line" in page
    assert "about 10:00 EST" in letter
    assert "Only if page was sent An estimate: it counts from 'page'" in letter
    assert "03:30 EDT" in clocks
    assert "There is no 02:30 on 2027-03-14 in America/New_York: clocks go forward, so it is 03:30" in clocks
    assert "X Mastodon" in clocks
    assert "08:00 EDT Tue 16 Mar 2027 12:00 UTC" in night
    assert "Moved out of the quiet hours" in night


def test_steps_in_every_state_say_why_and_what_to_do(project, start):
    begin(project, "short", SHORT)
    deliver(project, "web", "page")
    late = datetime.now(UTC) - HOUR
    put(project, "short", "page", state="sent", due_at=late, ended_at=late + timedelta(minutes=10))
    put(project, "short", "letter", state="held", due_at=late, detail="it is late: it was due at 9")
    deliver(project, "x", "posts", "failed")
    put(project, "short", "posts", state="failed", due_at=late, detail="x: refused: too long")
    _, body = ask(start(project), "/campaigns/short")
    page, letter, posts = (lane(body, step) for step in ("page", "letter", "posts"))

    assert "page In the outbox" in page
    assert "10 minutes after its moment" in page
    assert "web.example/1" in page
    assert "letter Waits for a person" in letter
    assert "It is late: it was due at 9. Send it now all the same, move it, or skip it." in letter
    assert "x: refused: too long. Mend that, or look at what is marked" in posts
    assert "X: Failed Mastodon" in posts
    assert words(body, "//*[@id='rooms']").endswith("2 wait for a person")
    key = re.search(r'href="(/deliveries/\w+)">X', body)[1]
    assert "refused: too long" in ask(start(project), key)[1]


def test_what_nobody_has_taken_is_late(project, start):
    begin(project, "short", SHORT)
    gone = datetime.now(UTC) - HOUR
    put(project, "short", "page", state="booked", moved_to=gone, due_at=gone, booked_for=gone)
    desk = start(project)

    assert "1 late 0 of 3 steps sent page Late Its moment has passed, and it has not gone out." in words(ask(desk)[1])
    assert "pressroom up" in [code.text for code in found(ask(desk, "/campaigns/short")[1], "//p//code")]
    said = lane(ask(desk, "/campaigns/short")[1], "page")
    assert "For 2 hours after its moment it may still go out. Is the press running?" in said
    put(project, "short", "page", moved_to=gone - DAY)
    said = lane(ask(desk, "/campaigns/short")[1], "page")
    assert "Now it would be held. Send it, move it, or skip it." in said


def test_a_step_that_is_tried_again_says_when(project, start):
    begin(project, "short", SHORT)
    gone, soon = datetime.now(UTC) - HOUR, datetime(2099, 1, 1, 8, 30, tzinfo=UTC)
    detail = "web: 503, come again"
    put(project, "short", "page", state="waiting", moved_to=gone, due_at=gone, booked_for=soon, detail=detail)
    told = lane(ask(start(project), "/campaigns/short")[1], "page")

    assert "Late" in told
    assert "web: 503, come again. Its next try is at 09:30." in told


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("failed", "Waits for 'page' to be sent, which is failed."),
        ("skipped", "As things stand it will be held: Nothing goes out after 'page', which is skipped."),
    ],
)
def test_a_step_behind_a_stop_line_tells_what_would_become_of_it(spring, start, state, told):
    put(spring, "spring", "page", state=state, due_at=datetime.now(UTC) - HOUR, detail="web: no")

    assert told in lane(ask(start(spring), "/campaigns/spring")[1], "clocks")


def test_a_paused_campaign_sends_nothing_and_offers_no_sending(spring, start):
    with directing(spring) as director:
        director.ask("pause", "spring")
    _, body = ask(start(spring), "/campaigns/spring")

    assert "Paused: nothing goes out." in words(body)
    assert found(body, "//input[@value='send']") == []
    assert len(found(body, "//input[@value='skip']")) == 4


def test_what_comes_again_tells_its_next_times_and_what_it_has_begun(project, start):
    again = SHORT.replace("steps:", 'repeat: {cron: "30 9 * * 2"}\nsteps:')
    begin(project, "weekly", again)
    with directing(project) as director:
        plan = director.agenda.course("weekly").plan
        one = fresh(plan, datetime(2026, 12, 1, 8, 30, tzinfo=UTC), occurrence="20261201T0930")
        director.agenda.add(one)
        director.agenda.include(one.id, plan.steps)
    desk = start(project)
    said = words(ask(desk, "/campaigns/weekly")[1])
    one = words(ask(desk, "/campaigns/weekly%4020261201T0930")[1])

    assert "Again by 30 9 * * 2" in said
    assert (
        len(
            re.findall(
                r"Tue \d+ \w+ \d{4}, 09:30 CES?T", words(ask(desk, "/campaigns/weekly")[1], "//ol[@class='turns']")
            )
        )
        == 5
    )
    assert "weekly@20261201T0930" in said
    assert "Campaigns weekly weekly@20261201T0930" in one


def test_a_campaign_of_an_article_in_a_folder_has_a_page(project, start):
    write(project, "each", "each: {}\ntimezone: Europe/Berlin\nsteps: [{channel: x, at: now}]\n")
    with directing(project) as director:
        director.start(find_campaign("each", project), "content/articles/garden.md")
    body = ask(start(project), "/campaigns/each/content/articles/garden.md")[1]

    assert "Reading in the garden" in words(body, "//*[@class='facts']")


def test_a_file_that_was_not_started_shows_what_would_come_and_how_to_start_it(quiet):
    write(quiet.root, "summer", SPRING)
    _, body = ask(quiet, "/campaigns/summer")

    assert "pressroom campaign start summer" in words(body)
    assert "08:00 EDT Tue 16 Mar 2027" in lane(body, "night")
    assert found(body, "//form") == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("channel: web", "channel: wbe", "There is no channel 'wbe'. Did you mean 'web'? Line 7, column 18"),
        ("article: garden", "article: gardn", "There is no article 'gardn'. Did you mean 'garden'? Line 2, column 1"),
        ("at: 2027-03-01", "at: 2020-03-01", "is in the past: 2020-03-01 09:00 EST. Give it a time to come. Line 7"),
        ("only_if: page", "onlyif: page", "There is no key 'onlyif' here. Did you mean 'only_if'? Line 8"),
    ],
)
def test_what_must_be_mended_in_a_file_is_told_with_its_line(quiet, old, new, said):
    write(quiet.root, "mended", SPRING.replace(old, new))
    _, body = ask(quiet, "/campaigns/mended")

    assert said in words(body)
    line = re.search(r'href="#(L\d+)"', body)[1]
    assert new in words(body, f"//*[@id='{line}'][@class='marked']")
    assert "campaign start" not in body


def test_a_file_that_changed_since_is_told(spring, start):
    write(spring, "spring", SPRING.replace("# spring", "# summer"))

    assert "Its file has changed since it was started." in words(ask(start(spring), "/campaigns/spring")[1])


def test_an_article_leads_to_its_campaigns(quiet):
    told = words(ask(quiet, "/articles/garden")[1], "//*[@class='planned']")

    assert told.startswith("spring Under way 0 of 4 old Cancelled 0 of 3 later Not started")


def test_a_booked_step_leads_to_its_run_where_the_press_is_running(spring, start):
    desk = start(spring)
    put(spring, "spring", "page", state="booked", run="0b7cbbe4-1111-4222-8333-944445555666")
    before = ask(desk, "/campaigns/spring")[1]
    plate = {"pid": desk.process.pid, "desk": desk.address, "prefect": "http://127.0.0.1:4321", "since": "2026-11-29"}
    doorplate.hang(spring, doorplate.Doorplate(**plate))
    [run] = found(ask(desk, "/campaigns/spring")[1], "//li[@id='step-page']//a[contains(., 'Prefect')]/@href")

    assert "Prefect" not in before
    assert run == "http://127.0.0.1:4321/runs/flow-run/0b7cbbe4-1111-4222-8333-944445555666"


@pytest.mark.parametrize("path", ["/campaigns/none", "/campaigns/", "/campaigns/..%2fbrand", "/campaigns/spring/x"])
def test_what_is_not_there_is_not_found(quiet, path):
    assert ask(quiet, path)[0].status == 404


def test_what_a_newer_press_has_written_is_told_and_can_be_cancelled(spring, start):
    with directing(spring) as director:
        director.agenda.amend(director.agenda.course("spring"), terms=SPRING.replace("article:", "artikel:"))
    desk = start(spring)

    assert "can’t be read any more" in words(ask(desk, "/campaigns/spring")[1])
    assert "To mend" in words(ask(desk)[1])


@pytest.mark.parametrize(
    ("told", "said"),
    [("", ""), ("it is late", "It is late."), ("x: 422", "x: 422."), ("outbox/x: no!", "outbox/x: no!")],
)
def test_what_the_ledger_notes_becomes_a_sentence(told, said):
    assert sentence(told) == said


# what a person does


def test_pausing_and_resuming_leads_back_to_the_page(spring, start):
    desk = start(spring)
    answer, _ = press(desk, "/campaigns/spring", "pause")
    paused = stands(spring, "spring")
    press(desk, "/campaigns/spring", "resume")

    assert (answer.status, answer.headers["Location"]) == (303, "/campaigns/spring")
    assert (paused, stands(spring, "spring")) == ("paused", "running")


@pytest.mark.parametrize(("wanted", "state"), [("send", "waiting"), ("skip", "skipped"), ("move", "waiting")])
def test_a_held_step_is_sent_skipped_or_moved(spring, start, wanted, state):
    put(spring, "spring", "page", state="held", due_at=datetime.now(UTC), detail="it is late")
    answer, _ = press(start(spring), "/campaigns/spring", wanted, step="page", to="2027-03-02 10:00")

    assert answer.headers["Location"] == "/campaigns/spring#step-page"
    with directing(spring) as director:
        stage = director.agenda.stage("spring", "page")
    assert (stage.state, stage.released, stage.moved_to is not None) == (state, wanted == "send", wanted == "move")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"wanted": "resume me", "step": ""}, "Nobody knows here how to resume me."),
        ({"wanted": "send", "step": "pgae"}, "'spring' has no step 'pgae'."),
        ({"wanted": "move", "step": "page", "to": "soonish"}, "'soonish' can't be used: expected a time such as"),
        ({"wanted": "move", "step": "page", "to": "2020-01-01 09:00"}, "'2020-01-01 09:00' has passed."),
    ],
)
def test_what_cant_be_done_is_said_on_the_page(quiet, form, said):
    answer, _ = ask(quiet, "/campaigns/spring", form, Origin=quiet.address)
    there = answer.headers["Location"]
    _, body = ask(quiet, there.partition("#")[0])

    assert answer.status == 303
    assert said in words(body, "//*[@role='alert']")
    assert form.get("to", "") in body
    assert f'hx-get="{there.partition("#")[0]}"' in body  # what follows the ledger keeps it too
    assert found(ask(quiet, "/campaigns/spring?refused=1")[1], "//*[@role='alert']") == []


def test_a_campaign_that_is_over_is_not_cancelled_again(spring, start):
    desk = start(spring)
    press(desk, "/campaigns/spring", "cancel")
    answer, _ = press(desk, "/campaigns/spring", "cancel")
    _, body = ask(desk, answer.headers["Location"].partition("#")[0])

    assert "The campaign 'spring' is cancelled." in words(body, "//*[@role='alert']")
    assert found(body, "//form") == []


def test_a_form_that_is_too_large_is_not_read(quiet):
    assert press(quiet, "/campaigns/spring", "move", step="page", to="9" * 5000)[0].status == 400
    assert press(quiet, "/campaigns/spring", "move", **{f"f{n}": "1" for n in range(20)})[0].status == 400


# who may not


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "none", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"},
        {"Origin": "{own}", "Sec_Fetch_Site": "cross-site"},
    ],
)
def test_nobody_else_can_cancel_a_campaign(quiet, headers):
    told = {name: value.format(own=quiet.address) for name, value in headers.items()}
    answer, _ = ask(quiet, "/campaigns/spring", {"wanted": "cancel"}, **told)

    assert answer.status == 403
    assert stands(quiet.root, "spring") == "running"


@pytest.mark.parametrize("path", ["/campaigns", "/campaigns/spring"])
def test_a_page_with_forms_trusts_nobody_either(quiet, path):
    told = ask(quiet, path)[0].headers

    assert "form-action 'self'" in told["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in told["Content-Security-Policy"]
    assert told["Referrer-Policy"] == "same-origin"  # with less, a browser would send the desk's own forms as nobody's


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_there_is_no_other_way_to_change_one(quiet, method):
    connection = http.client.HTTPConnection(*quiet.address.removeprefix("http://").split(":"), timeout=10)
    connection.request(method, "/campaigns/spring", "wanted=cancel", {"Origin": quiet.address})

    assert connection.getresponse().status == 405
    connection.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_another_sites_page_can_neither_press_nor_post(quiet, browser, host):
    desk = quiet
    attack = f"""<!doctype html><title>evil</title><body>
    <form method="post" action="{desk.address}/campaigns/spring"><input name="wanted" value="cancel"></form>
    <script>
    fetch("{desk.address}/campaigns/spring", {{method: "POST", mode: "no-cors", body: "wanted=cancel",
      headers: {{"content-type": "application/x-www-form-urlencoded"}}}}).catch(() => 0)
      .then(() => document.forms[0].submit());
    </script></body>"""
    with site(attack) as address:
        page = browser.new_page()
        page.goto(address.replace("127.0.0.1", host))
        page.wait_for_url(f"{desk.address}/campaigns/spring")
        said = page.locator("body").inner_text()
        page.close()

    assert said.strip() == "Another site's page asked for this."
    assert stands(quiet.root, "spring") == "running"


# in a browser


def test_the_forms_work_without_a_script(spring, start, browser):
    desk = start(spring)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{desk.address}/campaigns/spring")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    paused = stands(spring, "spring")
    page.locator("#step-night summary").click()
    page.get_by_role("button", name=re.compile("Skip.*night")).click()
    page.locator("#step-night .chip--skipped").wait_for()
    where = page.url
    context.close()

    assert paused == "paused"
    assert stands(spring, "spring", "night") == "skipped"
    assert where.endswith("/campaigns/spring#step-night")


def test_the_time_of_a_step_stands_in_one_line(project, start, page):
    begin(project, "spring", SPRING.replace("America/New_York", "Asia/Kathmandu"))
    page.goto(f"{start(project).address}/campaigns/spring")
    about = page.locator("#step-letter .lane-when b")

    assert re.fullmatch(r"about \d\d:\d\d \+0545", about.inner_text())
    assert about.evaluate("time => time.offsetHeight < 1.6 * parseFloat(getComputedStyle(time).fontSize)")
    assert about.evaluate("time => time.scrollWidth <= time.offsetWidth")


def test_what_is_left_out_is_not_counted_as_sent(spring, start):
    put(spring, "spring", "night", state="skipped")
    put(spring, "spring", "page", state="sent", due_at=datetime.now(UTC), ended_at=datetime.now(UTC))

    assert "1 of 4 steps sent" in words(ask(start(spring))[1])


def test_cancelling_takes_a_second_press(spring, start, page):
    desk = start(spring)
    page.goto(f"{desk.address}/campaigns/spring")
    page.get_by_text("Cancel…").click()
    before = stands(spring, "spring")
    page.get_by_role("button", name="Cancel it for good").click()
    page.locator(".facts .chip--cancelled").wait_for()

    assert before == "running"
    assert stands(spring, "spring") == "cancelled"
    assert page.locator(".lane .chip--cancelled").count() == 4
    assert page.locator("form").count() == 0


def test_a_press_changes_the_page_in_place(spring, start, page):
    desk = start(spring)
    page.goto(f"{desk.address}/campaigns/spring")
    page.evaluate("window.stayed = true")
    night = page.locator("#step-night")
    night.locator("summary").click()
    night.get_by_label("To another time").fill("2027-03-20 11:00")
    night.get_by_role("button", name="Move").click()
    night.get_by_text("11:00 EDT").wait_for()

    assert "Moved by hand" in night.inner_text()
    assert night.locator("input[name=to]").input_value() == ""
    assert page.evaluate("window.stayed")


def test_a_mistyped_time_stays_to_be_mended(spring, start, page):
    desk = start(spring)
    page.goto(f"{desk.address}/campaigns/spring")
    night = page.locator("#step-night")
    night.locator("summary").click()
    night.get_by_label("To another time").fill("2027-13-20 11:00")
    night.get_by_label("To another time").press("Enter")

    assert "there is no 2027-13-20" in night.get_by_role("alert").inner_text()
    put(spring, "spring", "page", state="held", due_at=datetime.now(UTC), detail="it is late")
    page.locator("#step-page .chip--held").wait_for()
    assert night.get_by_role("alert").count() == 1
    assert night.get_by_label("To another time").input_value() == "2027-13-20 11:00"


def test_progress_is_followed_without_a_reload_and_nothing_half_typed_is_lost(project, start, page):
    letter = running(project)
    desk = start(project)
    page.goto(f"{desk.address}/campaigns/short")
    page.evaluate("window.stayed = true")
    page.get_by_text("3 of 10 sent").wait_for()
    posts = page.locator("#step-posts")
    posts.locator("summary").click()
    posts.get_by_label("To another time").press_sequentially("2027-03")
    at = page.evaluate("scrollTo(0, 120), scrollY")
    mail(project, letter, 10, 7)
    page.get_by_text("7 of 10 sent").wait_for()
    page.keyboard.type("-20 11:00")

    assert posts.get_by_label("To another time").input_value() == "2027-03-20 11:00"
    assert posts.locator("details[open]").count() == 1
    assert page.evaluate("scrollY") == at
    assert page.evaluate("window.stayed")


def test_the_list_and_the_count_in_the_bar_follow_the_ledger(spring, start, page):
    desk = start(spring)
    page.goto(f"{desk.address}/campaigns")
    page.locator("#pulse[data-state=on]").wait_for()
    before = page.locator("#rooms").inner_text()
    put(spring, "spring", "page", state="held", due_at=datetime.now(UTC), detail="it is late")
    page.locator(".spine .chip--held", has_text="1 waits for a person").wait_for()

    assert before.split() == ["Articles", "Campaigns"]
    assert page.locator("#rooms .tab-count").inner_text().startswith("1")


def test_a_change_before_the_page_listens_is_not_missed(spring, start, page, browser):
    desk = start(spring)
    other = browser.new_page()
    other.goto(f"{desk.address}/campaigns")  # the desk follows the ledger for this one already
    other.locator("#pulse[data-state=on]").wait_for()
    other.wait_for_timeout(1500)
    page.route("**/events", lambda route: (page.wait_for_timeout(2500), route.continue_()))
    page.goto(f"{desk.address}/campaigns/spring", wait_until="commit")
    page.locator("#step-page .chip--waiting").wait_for()
    put(spring, "spring", "page", state="held", due_at=datetime.now(UTC), detail="it is late")
    page.locator("#step-page .chip--held").wait_for()
    other.close()


def test_articles_are_not_drawn_anew_for_a_campaign(spring, start, page):
    desk = start(spring)
    page.goto(f"{desk.address}/campaigns")
    page.goto(desk.article("x"))
    page.locator("#pulse[data-state=on]").wait_for()
    page.wait_for_timeout(2000)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    put(spring, "spring", "page", state="held", due_at=datetime.now(UTC), detail="it is late")
    page.wait_for_timeout(2500)

    assert asked == []


def test_hostile_words_stay_words(project, start, page):
    evil = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
    (project / "content" / "articles" / "garden.md").write_text(
        ARTICLE.replace("title: Reading in the garden", f"title: '{evil.replace(chr(39), chr(39) * 2)}'"),
        encoding="utf-8",
    )
    text = SHORT.replace("letter, channel: newsletter", f"letter, channel: '{evil.replace(chr(39), chr(39) * 2)}'")
    begin(project, "fine", f"# {evil}\n{SHORT}")
    write(project, "foul", f"# {evil}\n{text}")
    put(project, "fine", "page", state="held", due_at=datetime.now(UTC), detail=evil)
    desk = start(project)
    for path in ("/campaigns", "/campaigns/fine", "/campaigns/foul"):
        page.goto(desk.address + path)
        page.locator("#pulse[data-state=on]").wait_for()
        assert "taken" not in page.title()
        assert evil in page.locator("main").inner_text()
        assert page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_campaigns_and_a_phone_is_wide_enough(project, browser, scheme):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    running(project)
    put(project, "short", "posts", state="failed", due_at=datetime.now(UTC) - HOUR, detail="x: refused: too long")
    begin(project, "spring", SPRING)
    with directing(project) as director:
        director.ask("pause", "spring")
    write(project, "later", SHORT)
    write(project, "bad", SPRING.replace("at: 2027-03-01", "at: never"))
    found, wide = {}, {}
    with opened(project) as desk:
        page = browser.new_page(color_scheme=scheme, viewport={"width": 375, "height": 740})
        for path in ("", "/short", "/spring", "/later", "/bad"):
            page.goto(f"{desk.address}/campaigns{path}")
            page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
            found[path] = [violation["id"] for violation in Axe().run(page).response["violations"]]
            wide[path] = page.evaluate("document.documentElement.scrollWidth")
        page.close()

    assert {path: ids for path, ids in found.items() if ids} == {}
    assert set(wide.values()) == {375}


def test_the_desk_imports_no_prefect_for_a_press_where_no_server_answers(spring, tmp_path):
    with (tmp_path / "imports").open("w") as told, opened(spring, told=told) as desk:
        ask(desk, "/campaigns/spring")
        press(desk, "/campaigns/spring", "pause")
        ask(desk, "/campaigns")
    imports = (tmp_path / "imports").read_text()

    assert "flows.directing" in imports
    assert not re.search(r"\| +prefect", imports)
