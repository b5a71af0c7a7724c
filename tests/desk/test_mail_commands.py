"""The commands about mail, as people and scripts use them: against a small mail server, and lists as they come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from flows.ledger import Ledger
from flows.roll import Roll
from flows.suppressions import Suppressions
from tests.corpus import ROOT
from tests.flows.test_mailing import DELIVERY, SEAL, Desk
from tests.smtpd import Smtpd

SECRET = "a secret of at least sixteen bytes"
PROOF = "consent_at,consent_by,consent_wording"
LIST = f"""email,first_name,city,{PROOF}
ada@list.test,Ada,Kew,2026-01-01,form,v1
grace@list.test,Grace,Bath,2026-01-01,form,v1
joan@list.test,Joan,Kew,2026-01-01,form,v1
no address,Nobody,Kew,2026-01-01,form,v1
never@list.test,Never,Bath,,,
ADA@list.test,Ada again,Bath,2026-01-01,form,v1
"""


@pytest.fixture
def server():
    with Smtpd() as smtpd:
        yield smtpd


@pytest.fixture
def press(project, server):
    """Run the command line in a project with a list and a mail server; with `json`, read what it prints."""
    (project / "list.csv").write_text(LIST, encoding="utf-8")
    account = {"host": "127.0.0.1", "port": server.port, "security": "none", "audience": "list.csv"}
    account |= {"leave": "https://leave.example.org", "connections": 1}
    known = {f"PRESSROOM_NEWSLETTER_{name.upper()}": str(value) for name, value in account.items()}
    known |= {"PRESSROOM_SECRET": SECRET, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}

    def run(*arguments, cwd=project, **environment):
        command = [sys.executable, "-m", "desk", *arguments]
        env = {**os.environ, **known, **environment}
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture
def ledger(project):
    with closing(Ledger(f"sqlite:///{project}/.pressroom/ledger.db")) as opened:
        yield opened


@pytest.fixture
def desk(project, ledger, press, server):
    """The mailing of the garden article, which a test may begin without a command."""
    return Desk(project, ledger, **server.account(connections=1))


@pytest.fixture
def doubted(desk, server):
    """A mailing that is over but for Grace, who perhaps has it."""
    server.script = lambda stage, to: "take and hang up" if (stage, to) == ("dot", "grace@list.test") else ""
    assert desk.deliver().status == "held"
    server.script = lambda stage, to: ""
    return desk


def said(ended):
    """The document that a command printed."""
    assert "Traceback" not in ended.stderr, ended.stderr
    return json.loads(ended.stdout)


def test_the_list_is_judged_row_by_row_and_what_is_wrong_ends_with_1(press):
    ended = press("mail", "audience")

    assert ended.returncode == 1
    lines = [line.split("  ") for line in ended.stdout.splitlines()]
    numbers = {line[0].strip(): line[-1].strip() for line in lines if len(line) > 1}
    assert (numbers["would get it"], numbers["suppressed"], numbers["no consent"]) == ("3", "0", "1")
    assert "no valid address: rows 5" in ended.stdout
    assert "on the list before: rows 7" in ended.stdout


def test_scripts_get_the_same_of_a_part_of_the_list(press):
    told = said(press("mail", "audience", "--segment", "city=kew", "--json"))

    assert (told["readers"], told["left_out"], told["rows"]) == (
        2,
        {"no valid address": 1},
        [{"row": 5, "why": "no valid address"}],
    )


def test_a_list_without_a_fault_ends_with_0_and_says_what_it_does_not_prove(press, project):
    (project / "list.csv").write_text("email,consent_at\nada@list.test,2026-01-01\n")
    ended = press("mail", "audience")

    assert ended.returncode == 0
    assert "no consent_by and no consent_wording" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "why", "mend"),
    [
        (["audience"], {"PRESSROOM_NEWSLETTER_AUDIENCE": ""}, "No list is set up", "PRESSROOM_NEWSLETTER_AUDIENCE"),
        (["audience"], {"PRESSROOM_NEWSLETTER_AUDIENCE": "nowhere.csv"}, "nowhere.csv can't be read", ""),
        (["audience", "--segment", "city"], {}, "not 'city'", "such as city=Boston"),
        (["audience", "--segment", "town=Kew"], {}, "no column 'town'", "it has email, first_name, city"),
        (["audience", "-c", "mastodon"], {}, "'mastodon' sends to no list", ""),
        (["pause", "garden"], {}, "No mailing of 'garden' on 'newsletter' has begun", "pressroom status"),
        (["winner", "garden", "2"], {}, "No mailing of 'garden'", "pressroom status"),
        (["suppress", "ada@list.test", "nobody"], {}, "'nobody' is no address", "nobody has been suppressed"),
        (["suppress", "--file", "nowhere.csv"], {}, "can't be read", ""),
        (["suppress", "ada@list.test", "--root", "typo"], {}, "There is no folder typo", ""),
        (["suppress", "ada@list.test", "--root", "content"], {}, "content is no project", "--root"),
        (
            ["bounces", "list.csv"],
            {"PRESSROOM_PATIENCE": "abc"},
            "PRESSROOM_PATIENCE: Input should be a valid number",
            "",
        ),
        (["audience"], {"PRESSROOM_NEWSLETTER_PORT": "abc"}, "PRESSROOM_NEWSLETTER_PORT: Input should be", ""),
        (["audience", "-c", "postmark"], {}, "No list is set up", "PRESSROOM_POSTMARK_AUDIENCE"),
        (["audience"], {"PRESSROOM_LEDGER": "postgresql://u:geh@eim@127.0.0.1/x"}, "can't be reached", "as %40"),
        (
            ["audience"],
            {
                "PRESSROOM_NEWSLETTER_AUDIENCE": "postgresql://u:geh@eim@127.0.0.1:a/x",
                "PRESSROOM_NEWSLETTER_QUERY": "SELECT 1",
            },
            "",
            "as %40",
        ),
    ],
)
def test_what_can_not_be_done_is_said_with_its_mend_and_ends_with_1(press, arguments, environment, why, mend):
    ended = press("mail", *arguments, **environment)

    assert ended.returncode == 1
    assert why in " ".join(ended.stdout.split())
    assert mend in " ".join(ended.stdout.split())
    assert "Traceback" not in ended.stderr
    assert "eim" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["mail", "pause"],
        ["mail", "winner", "garden", "two"],
        ["mail", "stop", "garden"],
        ["mail", "audience", "--segment"],
        ["send-test", "garden"],
        ["resolve", "garden", "newsletter", "--sent"],
    ],
)
def test_what_is_not_understood_ends_with_2(press, arguments):
    ended = press(*arguments)

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_who_is_suppressed_is_on_no_list_until_they_are_allowed_again(press, ledger):
    suppressed = said(press("mail", "suppress", "Ada@LIST.test", "gone@list.test", "--json"))
    meant = said(press("mail", "audience", "--json"))
    allowed = press("mail", "allow", "ada@list.test")
    again = press("mail", "allow", "ada@list.test")

    assert (suppressed["suppressed"], suppressed["counts"]) == (2, {"by hand": 2})
    assert (meant["readers"], meant["suppressed"]) == (2, 1)
    assert (allowed.returncode, again.returncode) == (0, 1)
    assert Suppressions(ledger.engine).among([SEAL.hash("ada@list.test"), SEAL.hash("gone@list.test")]) == {
        SEAL.hash("gone@list.test")
    }


@pytest.mark.parametrize(
    "content",
    ["ada@list.test\ngrace@list.test\n", "\ufeffName;Email Address\nAda;ada@list.test\nGrace;grace@list.test\n"],
    ids=["a line each", "a table"],
)
def test_suppressions_of_another_service_come_from_a_file(press, project, content):
    (project / "old.csv").write_text(content, encoding="utf-8")
    first = said(press("mail", "suppress", "--file", "old.csv", "--json"))
    second = said(press("mail", "suppress", "--file", "old.csv", "--json"))

    assert (first["suppressed"], second["suppressed"], second["before"]) == (2, 0, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("ada@list.test\n\nnobody\n", "old.csv:3: block: There is no address"),
        ("name,email\nAda,ada@list.test\nBob\n", "old.csv:3: block: There is no address"),
        ("E-Mail-Adresse\nada@list.test\n", "It has no column email; it has e_mail_adresse"),
        (
            'email,name\nada@list.test,"Ada\nbob@list.test,Bob\n',
            "line 3: unexpected end of data; is a quote left open?",
        ),
        ('email,name\nada@list.test,"Ada\nbob@list.test,Bob"\n', "line 3: a cell holds other rows of the list"),
        ("email\nada@list.test\n".encode("utf-16"), "it is not UTF-8; save it again"),
    ],
)
def test_of_a_file_with_a_fault_nobody_is_suppressed(press, project, ledger, content, said):
    (project / "old.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    ended = press("mail", "suppress", "--file", "old.csv")

    assert ended.returncode == 1
    assert said in ended.stdout
    assert Suppressions(ledger.engine).counts() == {}


def test_a_proof_goes_to_oneself_and_counts_as_nothing_sent(press, server, ledger):
    ended = press("send-test", "garden", "--to", "me@example.org", "--to", "you@example.org")
    message = server.message("me@example.org")

    assert ended.returncode == 0, ended.stdout
    assert server.had() == {"me@example.org": 1, "you@example.org": 1}
    assert message["Subject"] == "[Test] Reading in the garden"
    assert "Take a chair outside" in message.get_body(("plain",)).get_content()
    assert ledger.records() == []


def test_a_key_counts_from_the_project_wherever_the_command_is_given(press, project, server, tmp_path):
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (project / "keys").mkdir()
    (project / "keys" / "dkim.pem").write_bytes(made.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    keyed = {"PRESSROOM_NEWSLETTER_DKIM_KEY": "keys/dkim.pem", "PRESSROOM_NEWSLETTER_DKIM_SELECTOR": "press"}
    ended = press("send-test", "garden", "--to", "me@example.org", "--root", str(project), cwd=tmp_path, **keyed)

    assert ended.returncode == 0, ended.stdout
    assert server.message("me@example.org")["DKIM-Signature"].startswith("v=1; a=rsa-sha256")


def test_a_refused_proof_is_said_without_the_servers_words(press, server):
    server.script = lambda stage, to: "550 5.1.1 no such user <me@example.org>" if stage == "rcpt" else ""
    ended = press("send-test", "garden", "--to", "me@example.org")

    assert ended.returncode == 1
    assert "refused me@example.org: 550 5.1.1." in ended.stdout
    assert "no such user" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "why"),
    [
        (["garden", "--to", "me"], {}, "'me' is no address"),
        (["nowhere", "--to", "me@example.org"], {}, "There is no article"),
        (["garden", "--to", "me@example.org", "-c", "mastodon"], {}, "sends no mail"),
        (["garden", "--to", "me@example.org"], {"PRESSROOM_NEWSLETTER_HOST": ""}, "no mail server is set up"),
        (["garden", "--to", "me@example.org"], {"PRESSROOM_NEWSLETTER_PORT": "1"}, "no connection"),
        (["garden", "--to", "me@example.org"], {"PRESSROOM_NEWSLETTER_DKIM_KEY": "no.pem"}, "key can't be read"),
    ],
)
def test_a_proof_that_can_not_go_is_refused(press, server, arguments, environment, why):
    ended = press("send-test", *arguments, **environment)

    assert ended.returncode == 1
    assert why in ended.stdout
    assert server.taken == []


def test_status_names_who_is_in_doubt_and_ends_with_1(press, doubted):
    every, one = press("status"), press("status", "garden")
    told = said(press("status", "garden", "--json"))

    assert (every.returncode, one.returncode) == (1, 1)
    assert "2 of 3 sent, 1 in doubt" in every.stdout
    assert "grace@list.test" not in every.stdout
    assert "in doubt: grace@list.test" in one.stdout
    assert "pressroom resolve" in one.stdout
    assert told["deliveries"][0]["in_doubt"] == ["grace@list.test"]


def test_who_is_in_doubt_and_on_the_list_no_more_is_named_by_what_stands_for_them(press, doubted, project):
    (project / "list.csv").unlink()
    told = said(press("status", "garden", "--json"))

    assert told["deliveries"][0]["in_doubt"] == [f"(no longer on the list: {SEAL.hash('grace@list.test').hex()})"]


def test_a_doubt_that_was_sent_ends_the_mailing(press, doubted, ledger, server):
    ended = press("resolve", "garden", "newsletter", "--sent", "mail.log")

    assert ended.returncode == 0
    assert ledger.record(DELIVERY.key).state == "sent"
    assert press("status", "garden").returncode == 0
    assert doubted.deliver().status == "already"
    assert server.had()["grace@list.test"] == 1


def test_a_doubt_that_was_not_sent_is_sent_by_the_next_run_and_nobody_else_is(press, doubted, server):
    server.taken.clear()
    ended = press("resolve", "garden", "newsletter", "--not-sent")
    outcome = doubted.deliver()

    assert ended.returncode == 0
    assert (outcome.status, outcome.detail) == ("sent", "3 of 3 sent")
    assert server.had() == {"grace@list.test": 1}


def test_a_mailing_is_paused_resumed_and_cancelled_for_good(press, desk, server, ledger):
    server.script = lambda stage, to: "450 4.2.0 later" if stage == "rcpt" and to != "ada@list.test" else ""
    desk.deliver(defer=600)
    wanted = []
    for command in ("pause", "resume", "cancel"):
        assert press("mail", command, "garden").returncode == 0
        with closing(Roll(ledger.engine)) as roll:
            wanted.append(roll.find(DELIVERY.key).wanted)
    refused = press("mail", "resume", "garden")

    assert wanted == ["pause", "go", "cancel"]
    assert (refused.returncode, "cancelled for good" in refused.stdout) == (1, True)
    assert "cancelled" in press("status", "garden").stdout


def test_of_several_campaigns_none_is_cancelled_by_guessing(press, desk, ledger, server):
    server.script = lambda stage, to: "450 4.2.0 later" if stage == "rcpt" and to != "ada@list.test" else ""
    for campaign in ("spring", "autumn"):
        postman = desk.postman(defer=600)
        postman.delivery = replace(DELIVERY, campaign=campaign)
        postman.deliver()
    guessed = press("mail", "cancel", "garden")
    named = press("mail", "cancel", "garden", "--campaign", "spring")

    assert guessed.returncode == 1
    assert "several campaigns: " in guessed.stdout
    assert "--campaign" in guessed.stdout
    assert named.returncode == 0
    with closing(Roll(ledger.engine)) as roll:
        wanted = {r.delivery.campaign: roll.find(r.delivery.key).wanted for r in ledger.records(article="garden")}
    assert wanted == {"spring": "cancel", "autumn": "go"}


def test_a_mailing_that_is_over_can_not_be_paused(press, desk):
    desk.deliver()
    ended = press("mail", "pause", "garden")

    assert ended.returncode == 1
    assert "is over: 3 of 3 sent" in ended.stdout


def test_the_subject_for_the_rest_is_chosen_by_hand(press, desk, server):
    test = "channels: {newsletter: {subject: One, test: {subjects: [Two], share: 30}}}"
    desk.article(**{"date: 2026-11-16": f"date: 2026-11-16\n{test}"})
    desk.readers(60)
    desk.deliver()
    before = len(server.taken)
    none, chosen = press("mail", "winner", "garden", "3"), press("mail", "winner", "garden", "2")
    twice = press("mail", "winner", "garden", "1")
    outcome = desk.deliver()

    assert (none.returncode, chosen.returncode, twice.returncode) == (1, 0, 1)
    assert "There are 2, counted from 1." in none.stdout
    assert "“Two”" in chosen.stdout
    assert (outcome.status, outcome.detail) == ("sent", "60 of 60 sent")
    assert {server.message(to)["Subject"] for _, to, _ in server.taken[before:]} == {"Two"}


@pytest.mark.judged
def test_a_part_of_the_list_gets_it_for_real(press, server, project):
    publish = ["publish", "garden", "--live", "-c", "newsletter", "--segment", "city=Kew", "--json"]
    [outcome] = said(press(*publish, PREFECT_HOME=str(project / "prefect")))["outcomes"]
    told = press("status", "garden")
    token = SEAL.token(SEAL.hash("ada@list.test"), "unsubscribe")

    assert (outcome["status"], outcome["detail"]) == ("sent", "2 of 2 sent")
    assert server.had() == {"ada@list.test": 1, "joan@list.test": 1}
    assert server.message("ada@list.test")["List-Unsubscribe"] == f"<https://leave.example.org/u/{token}>"
    assert (told.returncode, "2 of 2 sent" in told.stdout) == (0, True)


def test_a_segment_that_is_spelled_wrongly_is_refused_before_anything_begins(press, server, project):
    ended = press("publish", "garden", "--live", "-c", "newsletter", "--segment", "Kew")

    assert ended.returncode == 1
    assert "city=Boston" in ended.stdout
    assert server.taken == []
    assert not (project / ".pressroom" / "ledger.db").exists()
