"""The command line as people and scripts use it: what it says, and how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from channels.registry import known
from flows.ledger import Ledger
from flows.records import Delivery

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    "publish",
    "render",
    "check",
    "import",
    "status",
    "resolve",
    "receipt",
    "retract",
    "connect",
    "channels",
    "doctor",
    "new",
)


@pytest.fixture
def press(project: Path):
    """Run the command line in the test's project."""

    def run(*arguments: str, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "desk", *arguments]
        known = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment}
        ended = subprocess.run(
            command, cwd=project, input=given, env=known, capture_output=True, timeout=120, check=False
        )
        return subprocess.CompletedProcess(command, ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(press, command):
    said = press(command, "--help")

    assert said.returncode == 0
    assert len(said.stdout.splitlines()) > 5
    assert "--json" in said.stdout


@pytest.mark.parametrize(
    "arguments", [["publish"], ["publsh", "garden"], ["check", "--jsno"], ["render", "garden", "-q"]]
)
def test_a_command_that_is_not_understood_ends_with_2(press, arguments):
    said = press(*arguments)

    assert said.returncode == 2
    assert "Traceback" not in said.stderr


def test_render_writes_every_channels_files_and_says_where(press, project):
    said = press("render", "garden", "--out", "look")
    opened = [line.split()[-1] for line in said.stdout.splitlines() if line.startswith(("web", "newsletter", "x "))]

    assert said.returncode == 0
    assert [Path(path).name for path in opened] == ["index.html", "preview.html", "post.txt"]
    assert all((project / path).is_file() for path in opened)
    assert not (project / ".pressroom" / "ledger.db").exists()


def test_render_loads_no_prefect_no_database_and_no_http_client(press):
    said = press("render", "garden", PYTHONPROFILEIMPORTTIME="1")
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in said.stderr.splitlines()}

    assert "content" in loaded
    assert not loaded & {"prefect", "sqlalchemy", "alembic", "httpx", "fastapi", "trafilatura"}


def test_render_of_one_channel_gives_a_script_its_digest(press):
    said = json.loads(press("render", "garden", "-c", "mastodon", "--json").stdout)

    assert [written["channel"] for written in said["written"]] == ["mastodon"]
    assert len(said["written"][0]["digest"]) == 64


def test_check_names_file_line_and_mend_and_ends_with_1(press, project):
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text().replace("description:", "descripton:").replace("2026-11-16", "next week"))
    said = press("check")

    assert said.returncode == 1
    assert "content/articles/garden.md:3:1: block: There is no key 'descripton'." in said.stdout
    assert "Did you mean 'description'?" in said.stdout
    assert "content/articles/garden.md:4:1" in said.stdout


def test_check_gives_scripts_the_same_findings(press, project):
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text().replace("tags:", "channels: {mastodn: {skip: true}}\ntags:"))
    found = json.loads(press("check", "garden", "--json").stdout)["findings"]

    assert ("channel.unknown", "block", 6) in {(f["rule"], f["severity"], f["line"]) for f in found}


@pytest.mark.parametrize("suffix", ["../../../evil", "", "a b", "a_b", "a:b", "A"])
def test_an_account_that_could_name_another_folder_or_variable_is_refused_with_its_line(press, project, suffix):
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text().replace("tags:", f"channels: {{'medium:{suffix}': {{}}}}\ntags:"))
    said = press("render", "garden", "--out", str(project / "deep" / "out"))

    assert said.returncode == 1
    assert f"garden.md:6:12: block: 'medium:{suffix}' can't be the name of an account." in said.stdout
    assert not list(project.rglob("story.html"))


def test_the_doctor_looks_whether_pages_can_be_written(press, project):
    (project / "file").write_text("no folder")
    said = press("doctor", "-c", "web", PRESSROOM_WEB_DIRECTORY=str(project / "file" / "site"))

    assert (said.returncode, "Nothing can be written to" in said.stdout) == (1, True)


def test_check_of_nothing_is_no_success(press, project):
    (project / "content" / "articles" / "garden.md").unlink()

    assert press("check").returncode == 1


@pytest.mark.parametrize(
    ("named", "why"),
    [("nowhere", "There is no"), ("content/articles/nowhere.md", "can't be read"), (".", "There is no")],
)
def test_an_article_that_is_not_there_is_said_in_a_sentence(press, named, why):
    said = press("render", named)

    assert said.returncode == 1
    assert why in said.stdout
    assert "Traceback" not in said.stderr


def test_import_reads_standard_input_and_never_overwrites_by_itself(press, project):
    text = b"Evenings on the lawn\n\nWe sat outside until the light was gone, and then a little longer.\n"
    first, second, third = (
        press("import", "-", given=text),
        press("import", "-", given=text),
        press("import", "-", "--force", given=text),
    )

    assert [first.returncode, second.returncode, third.returncode] == [0, 1, 0]
    assert "--force" in second.stdout
    assert (project / "content" / "articles" / "evenings-on-the-lawn.md").is_file()


@pytest.mark.parametrize("source", ["http://127.0.0.1:1/", "file:///etc/passwd", "http://[::1]/x", "ftp://a.example/"])
def test_import_fetches_nothing_from_inside(press, source):
    said = press("import", source)

    assert said.returncode == 1
    assert "Traceback" not in said.stderr


def test_status_of_a_new_project_says_that_nothing_was_sent(press):
    said = press("status")

    assert (said.returncode, said.stdout.strip()) == (0, "Nothing has been sent yet.")


@pytest.fixture
def held(project):
    """A delivery to X whose answer was lost."""
    ledger = Ledger(f"sqlite:///{project}/.pressroom/ledger.db")
    delivery = Delivery(campaign="garden", article="garden", account="x")
    ledger.plan(delivery)
    ledger.settle(delivery, ledger.claim(delivery, "d" * 64), "held", "perhaps sent")
    yield delivery, ledger
    ledger.close()


def test_what_is_held_is_said_and_ends_with_1(press, held):
    said = press("status")

    assert said.returncode == 1
    assert "perhaps sent" in said.stdout


def test_a_person_says_that_a_held_post_is_there(press, held):
    delivery, ledger = held
    said = press("resolve", "garden", "x", "--sent", "https://x.com/i/status/7")
    record = ledger.plan(delivery)

    assert said.returncode == 0
    assert (record.state, record.receipt.url) == ("sent", "https://x.com/i/status/7")


def test_a_person_says_that_a_held_post_is_not_there(press, held):
    delivery, ledger = held
    said = press("resolve", "garden", "x", "--not-sent")

    assert (said.returncode, ledger.plan(delivery).state) == (0, "planned")


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["--sent", "https://x.com/1", "--not-sent"], 2)])
def test_a_resolution_needs_one_answer(press, held, arguments, code):
    assert press("resolve", "garden", "x", *arguments).returncode == code


def test_nothing_is_resolved_that_is_not_open(press, held):
    said = press("resolve", "garden", "bluesky", "--not-sent")

    assert said.returncode == 1
    assert "Open: x." in said.stdout


def test_channels_lists_what_each_can_do(press):
    listed = {channel["name"]: channel for channel in json.loads(press("channels", "--json").stdout)["channels"]}

    assert set(listed) == set(known())
    assert (listed["x"]["text"], listed["bluesky"]["bytes"], listed["bluesky"]["repeat_safe"]) == (280, 3000, True)


def test_doctor_names_the_variables_that_an_account_needs(press):
    said = press("doctor")

    assert said.returncode == 0
    assert "PRESSROOM_MASTODON_TOKEN" in said.stdout


def test_doctor_finds_a_ledger_that_cannot_be_used(press, project):
    (project / ".pressroom").write_text("a file where a folder must be")
    said = press("doctor")

    assert said.returncode == 1
    assert "ledger" in said.stdout


def test_new_makes_a_project_that_checks_and_renders(press, project):
    made = press("new", "fresh")
    checked = press("check", "--root", "fresh")
    planned = press("campaign", "plan", "first-steps", "--root", "fresh")

    assert (made.returncode, checked.returncode, planned.returncode) == (0, 0, 0), planned.stdout
    assert "1 articles: 0 to mend, 0 to look at." in checked.stdout
    assert press("new", "fresh").returncode == 1


def test_a_new_project_can_be_deployed_without_any_code_in_it(press, project):
    press("new", "fresh")
    deployments = yaml.safe_load((project / "fresh" / "prefect.yaml").read_text())["deployments"]
    articles = {one["parameters"]["order"]["article"] for one in deployments if "parameters" in one}

    assert {one["entrypoint"].partition(".")[0] for one in deployments} == {"flows"}
    assert not any("/" in one["entrypoint"] for one in deployments)
    assert all((project / "fresh" / "content" / "articles" / f"{article}.md").exists() for article in articles)


def test_a_broken_brand_is_refused_with_its_line(press, project):
    (project / "content" / "brand.yaml").write_text("name: Garden\ncolours: {ink: blue}\n")
    said = press("render", "garden")

    assert said.returncode == 1
    assert "content/brand.yaml:2" in said.stdout


def test_a_draft_can_be_looked_at_but_not_published(press, project):
    path = project / "content" / "articles" / "garden.md"
    path.write_text(path.read_text().replace("tags:", "draft: true\ntags:"))
    published = press("publish", "garden")

    assert published.returncode == 1
    assert "content/articles/garden.md:6" in published.stdout
    assert not (project / "outbox").exists()
    assert press("check", "garden").returncode == 0


def test_a_prefect_server_that_is_down_is_said_and_nothing_is_sent(press, project):
    said = press("publish", "garden", PREFECT_API_URL="http://127.0.0.1:9/api", PREFECT_HOME=str(project / "prefect"))

    assert said.returncode == 1
    assert "does not answer" in said.stdout
    assert "Traceback" not in said.stderr
    assert not (project / "outbox").exists()


def test_a_disk_that_takes_nothing_fails_by_name(press, project):
    (project / "proofs").write_text("a file where a folder must be")
    said = press("render", "garden")

    assert said.returncode == 1
    assert "can be written" in said.stdout
    assert "Traceback" not in said.stderr


def test_no_colour_where_there_is_no_terminal(press):
    assert "\x1b[" not in press("check").stdout + press("channels").stdout


def test_there_is_completion_for_the_shell(press):
    assert "completion" in press("--help").stdout
