"""The mail that readers get, before judges that nobody here wrote: what programs know, who can read it, what filters say."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from channels.lines import Recipient
from channels.press import Manner, Press
from channels.seal import Seal
from content.article import Article
from content.context import Context
from content.fitting import Limits
from content.newsletter import Newsletter
from desk.proofs.inbox import KNOWN, UNSEEN
from tests.channels.letters import read_by
from tests.corpus import CORPUS, ROOT
from tests.tools import node, program

SHIPPED = sorted((ROOT / "content" / "articles").glob("*.md"))
STRANGERS = [path for path in sorted(CORPUS.rglob("*.md")) if path.read_bytes().startswith(b"---")][::2][:20]
SEAL = Seal(b"a secret of at least sixteen bytes")
READER = Recipient(address="ada@example.org", hashed=SEAL.hash("ada@example.org"), fields={"first_name": "Ada"})
# what each program does not know of what a mail holds, by the names that caniemail.com's addresses have
UNKNOWN = """
import { caniemail } from "caniemail";
import { createRequire } from "node:module";
import { readFileSync as read } from "node:fs";
const file = createRequire(import.meta.url).resolve("caniemail").replace(/dist.*/, "data/caniemail.json");
const names = new Map(JSON.parse(read(file, "utf8")).data.map(one => [one.title, one.slug]));
const clients = ["gmail.*", "outlook.windows", "outlook.windows-mail", "apple-mail.*"];
const found = new Set(given.flatMap(html => [...caniemail({ clients, html }).issues.errors.values()].flat())
  .map(issue => names.get(issue.title) ?? issue.title));
console.log(JSON.stringify([...found].sort()));
"""

pytestmark = pytest.mark.judged


@dataclass(frozen=True)
class Pressed:
    """One article's mail, and the bytes of it that a reader gets."""

    name: str
    mail: Newsletter
    message: bytes


def press(paths) -> list[Pressed]:
    context = Context.open(ROOT)
    manner = Manner(leave="https://mail.example.org", returns="bounces@example.org")
    mails = [Newsletter.of(Article.load(path), context, "newsletter", Limits()) for path in paths]
    messages = [Press(mail, "k" * 32, SEAL, manner).message(READER, datetime.now(UTC)).data for mail in mails]
    return [Pressed(*made) for made in zip([path.stem for path in paths], mails, messages, strict=True)]


@pytest.fixture(scope="module", params=["shipped", pytest.param("strangers", marks=pytest.mark.corpus)])
def pressed(request) -> list[Pressed]:
    made = press(SHIPPED if request.param == "shipped" else STRANGERS)
    assert len(made) == (2 if request.param == "shipped" else 20)
    return made


def unknown(mails) -> set[str]:
    return set(node(UNKNOWN, [one.mail.shown().html for one in mails]))


def test_what_a_program_does_not_know_has_a_fallback_that_was_thought_of(pressed):
    found = unknown(pressed)

    assert "css-border-radius" in found
    assert found - {source for *_, source in KNOWN} - set(UNSEEN) == set()


def test_no_reason_is_given_for_what_no_mail_holds():
    assert set(UNSEEN) - unknown(press(SHIPPED)) == set()


# in the dark nothing differs but colours
@pytest.mark.parametrize(("scheme", "rules"), [("light", {}), ("dark", {"runOnly": ["color-contrast"]})])
def test_axe_finds_nothing(pressed, browser, scheme, rules):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    page = browser.new_page(viewport={"width": 600, "height": 900}, color_scheme=scheme)
    found = {}
    for one in pressed:
        page.set_content(one.mail.shown().html, wait_until="domcontentloaded")
        answer = Axe().run(page, options=rules).response
        assert answer["passes"]
        found[one.name] = [violation["id"] for violation in answer["violations"]]
    page.close()

    assert {name: ids for name, ids in found.items() if ids} == {}


@pytest.mark.parametrize("width", [375, 600])
def test_nothing_sticks_out_on_a_phone_or_beside_a_list_of_mails(pressed, browser, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    wide = {}
    for one in pressed:
        page.set_content(one.mail.shown().html, wait_until="domcontentloaded")
        wide[one.name] = page.evaluate("document.documentElement.scrollWidth")
    page.close()

    assert {name: found for name, found in wide.items() if found > width} == {}


def test_a_filter_of_unwanted_mail_lets_it_through(pressed, tmp_path):
    filter_ = program("spamassassin", "spamassassin")
    box = tmp_path / "box"
    envelope = b"From bounces@example.org Mon Nov 23 09:00:00 2026\n"
    box.write_bytes(b"\n".join(envelope + one.message.replace(b"\r\n", b"\n") for one in pressed))
    home = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    judged = subprocess.run([filter_, "-L", "--mbox", box], capture_output=True, check=True, timeout=150, env=home)
    scores = [
        float(score) for score in re.findall(rb"^X-Spam-Status: \w+, score=(-?[\d.]+)", judged.stdout, re.MULTILINE)
    ]

    assert len(scores) == len(pressed)
    assert max(scores) < 1.0


def test_the_message_is_whole_by_the_letter_of_mime(pressed):
    for one in pressed:
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)", one.message)
        assert max(map(len, one.message.split(b"\r\n"))) <= 998
        parsed = message_from_bytes(one.message, policy=policy.default)
        parts = list(parsed.walk())
        assert [part.get_content_type() for part in parts] == ["multipart/alternative", "text/plain", "text/html"]
        assert [part.defects for part in parts] == [[], [], []]
        assert [defect for part in parts for value in part.values() for defect in value.defects] == []
        leave = re.search(r"<(https://mail\.example\.org/[^>]+)>", parsed["List-Unsubscribe"])[1]
        html = parts[2].get_content().replace("\r\n", "\n").strip()
        assert f"{parsed['Subject']}\n{html}" == read_by(one.mail, leave, first_name="Ada").strip()
        assert all(len(parsed.get_all(name)) == 1 for name in ("From", "To", "Subject", "Date", "Message-ID"))
        assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
