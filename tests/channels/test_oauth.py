"""Tokens that renew themselves: spent once, kept before they are used, and not lost to a passing trouble."""

import json
import os
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from channels.errors import Misconfigured, Unavailable
from channels.registry import channel_class
from channels.tokens import Tokens
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.samples import http_client, post

ROOT = Path(__file__).resolve().parents[2]
PATHS = ("/2/oauth2/token", "/oauth/v2/accessToken")
BOTH = pytest.mark.parametrize("platform", ["x", "linkedin"], indirect=True)
X = pytest.mark.parametrize("platform", ["x"], indirect=True)
LINKEDIN = pytest.mark.parametrize("platform", ["linkedin"], indirect=True)
# a process of its own that asks the doctor, once it is told to
EXAMINE = """
import json, resource, sys
from channels.registry import channel_class
given = json.loads(sys.stdin.readline())
resource.setrlimit(resource.RLIMIT_FSIZE, (given["most"], given["most"]))
adapter = channel_class(given["name"])
channel = adapter(given["name"], adapter.settings_model(**given["settings"]))
print("ready", flush=True)
sys.stdin.readline()
print(json.dumps([finding.why for finding in channel.doctor()]), flush=True)
"""


@pytest.fixture
def folder(tmp_path):
    """Where the tokens are kept."""
    return tmp_path / ".pressroom" / "tokens"


@pytest.fixture
def account(platform, folder, http):
    """An account on that platform which renews its token; made anew it has nothing in memory."""

    def made(**settings):
        return channel_class(platform.name)(platform.name, platform.renewing(folder, **settings), http)

    return made


def asked(platform) -> int:
    """How often a token was asked for."""
    return len([request for request in platform.received if request.path in PATHS])


def kept(platform, folder) -> dict:
    """What stands in the file."""
    return json.loads((folder / f"{platform.name}.json").read_text())


def age(platform, folder, **changes) -> None:
    """Change what stands in the file."""
    file = folder / f"{platform.name}.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def revoke(platform) -> None:
    """No token opens the account any more."""
    platform.authority.good.clear()


@BOTH
def test_a_token_that_is_refused_is_renewed_and_the_post_goes_out(platform, folder, account):
    revoke(platform)

    account().publish(post(), "key")

    assert len(platform.texts()) == asked(platform) == 1
    assert kept(platform, folder)["access_token"] in platform.authority.good
    assert platform.faults == []


@BOTH
def test_a_renewed_token_counts_more_than_the_one_it_grew_from(platform, account):
    revoke(platform)
    account().doctor()
    before = len(platform.received)

    assert account().doctor() == []
    assert (len(platform.received) - before, asked(platform)) == (1, 1)


@BOTH
def test_a_new_token_in_the_settings_counts_more_than_an_older_file(platform, account):
    revoke(platform)
    account().doctor()
    platform.authority.good = {"a-newer-token"}

    assert account(token="a-newer-token").doctor() == []
    assert asked(platform) == 1


@X
def test_a_file_without_tokens_in_the_settings_is_enough(platform, account):
    revoke(platform)
    account().doctor()

    bare = account(token="", refresh="")

    assert bare.configured
    assert bare.doctor() == []


@BOTH
def test_a_token_that_has_run_out_is_renewed_before_it_is_used(platform, folder, account):
    revoke(platform)
    account().doctor()
    age(platform, folder, expires_at=time.time() - 1)
    before = len(platform.received)

    assert account().doctor() == []
    assert platform.received[before].path in PATHS
    assert len(platform.received) == before + 2


@X
def test_a_refresh_token_alone_gets_the_first_token(platform, account):
    fresh = account(token="")

    assert fresh.configured
    assert fresh.doctor() == []


@X
def test_each_renewal_spends_the_refresh_token_before_it(platform, folder, account):
    for number in range(3):
        revoke(platform)
        assert account().doctor() == []
        assert platform.authority.refresh == {kept(platform, folder)["refresh_token"]}
        assert asked(platform) == number + 1


@LINKEDIN
def test_a_refresh_token_that_stays_is_kept(platform, folder, account):
    revoke(platform)
    account().doctor()

    assert kept(platform, folder)["refresh_token"] == "linkedin-refresh-0"


@LINKEDIN
def test_a_refresh_token_that_an_answer_does_not_repeat_is_kept(platform, folder, account):
    platform.authority.refreshes = False
    revoke(platform)
    account().doctor()

    assert kept(platform, folder)["refresh_token"] == "linkedin-refresh-0"


TROUBLES = {
    "no answer": Trouble(hangs_up=True),
    "no answer in time": Trouble(seconds=30),
    "broken": Trouble(answer=Answer(status=500)),
    "overloaded": Trouble(answer=Answer(status=429)),
    "some proxy's page": Trouble(answer=Answer(json="<html>")),
    "nothing in it": Trouble(answer=Answer(json={"token_type": "bearer"})),
}


@BOTH
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_a_passing_trouble_loses_no_token(platform, folder, account, http, trouble):
    revoke(platform)
    platform.upload_troubles.append(trouble)
    http.timeout = 0.5 if trouble.seconds else http.timeout

    with pytest.raises(Unavailable):
        account().publish(post(), "key")

    http.timeout = 20
    assert list(folder.glob("*.json")) == []
    account().publish(post(), "key")
    assert len(platform.texts()) == 1


@BOTH
def test_no_connection_is_no_dead_token(platform, folder, account):
    revoke(platform)
    account().doctor()
    age(platform, folder, expires_at=time.time() - 1)
    before = kept(platform, folder)
    settings = platform.renewing(folder).model_copy(update={"api": "http://127.0.0.1:9", "site": "http://127.0.0.1:9"})

    with http_client() as http, pytest.raises(Unavailable, match="no connection"):
        channel_class(platform.name)(platform.name, settings, http).publish(post(), "key")

    assert kept(platform, folder) == before


@X
def test_a_refresh_token_that_another_process_got_is_hidden_too(platform, folder, account):
    one = account()
    assert one.doctor() == []
    revoke(platform)
    assert account().doctor() == []
    newer = kept(platform, folder)["refresh_token"]
    age(platform, folder, expires_at=time.time() - 60)
    revoke(platform)
    platform.authority.refresh.clear()

    with pytest.raises(Misconfigured) as raised:
        one.publish(post(), "key")

    assert newer not in f"{raised.value!r}{raised.value}"
    assert asked(platform) == 2


@BOTH
def test_a_dead_refresh_token_wants_a_person_and_shows_no_secret(platform, folder, account):
    revoke(platform)
    platform.authority.refresh.clear()

    with pytest.raises(Misconfigured, match=f"pressroom connect {platform.name}") as raised:
        account().publish(post(), "key")

    assert not [secret for secret in platform.secrets if secret in f"{raised.value!r}{raised.value}"]
    assert (asked(platform), list(folder.glob("*.json")), platform.texts()) == (1, [], [])


@BOTH
def test_a_wrong_app_is_no_dead_token(platform, account):
    revoke(platform)
    channel = account()
    channel._settings = channel._settings.model_copy(update={"client_secret": SecretStr("a-wrong-secret")})

    with pytest.raises(Misconfigured, match="401") as raised:
        channel.publish(post(), "key")

    assert "connect again" not in str(raised.value)
    assert "a-wrong-secret" not in str(raised.value)


@BOTH
def test_an_app_that_keeps_no_secret_only_names_itself(platform, folder, http):
    revoke(platform)
    platform.authority.public = True
    settings = platform.renewing(folder).model_copy(update={"client_secret": SecretStr("")})

    assert channel_class(platform.name)(platform.name, settings, http).doctor() == []


@BOTH
def test_an_account_without_an_app_is_refused_as_ever(platform, channel):
    revoke(platform)

    with pytest.raises(Misconfigured, match=r"^\w+: 401 "):
        channel.publish(post(), "key")
    assert asked(platform) == 0


@X
def test_without_a_refresh_token_a_person_must_connect_again(platform, account):
    revoke(platform)

    with pytest.raises(Misconfigured, match="connect again: pressroom connect x"):
        account(refresh="").publish(post(), "key")


@BOTH
def test_what_another_refusal_says_spends_no_token(platform, account):
    platform.troubles.append(Trouble(answer=platform.refusal(403, {})))

    with pytest.raises(Misconfigured, match="403"):
        account().publish(post(), "key")
    assert asked(platform) == 0


@X
def test_the_files_are_their_owners_alone(platform, folder, account):
    revoke(platform)
    folder.mkdir(parents=True, mode=0o755)
    before = os.umask(0)
    try:
        account().doctor()
    finally:
        os.umask(before)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {"tokens": 0o700, "x.json": 0o600, "x.lock": 0o600}


@X
def test_two_accounts_have_files_of_their_own(platform, folder, http):
    revoke(platform)
    adapter = channel_class("x")
    platform.authority.refresh |= {"another"}
    adapter("x", platform.renewing(folder), http).doctor()
    adapter("x:clinic-2", platform.renewing(folder, token="other", refresh="another"), http).doctor()

    assert {file.name for file in folder.glob("*.json")} == {"x.json", "x_clinic_2.json"}
    assert adapter("x", platform.renewing(folder), http).doctor() == []


@X
@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"access_token": "a"}', b'{"grown_from": "", "other": 1}'])
def test_a_file_that_can_not_be_read_is_named_and_not_written_over(platform, folder, account, broken):
    folder.mkdir(parents=True)
    (folder / "x.json").write_bytes(broken)

    with pytest.raises(Misconfigured, match=r"x\.json can't be read .*pressroom connect x"):
        account().publish(post(), "key")
    [finding] = account().doctor()

    assert finding.severity == "block"
    assert (folder / "x.json").read_bytes() == broken


def test_tokens_do_not_show_themselves():
    assert "secret" not in repr(Tokens(access_token="a-secret", refresh_token="a-secret"))


@BOTH
def test_the_doctor_tells_which_rights_lack(platform, folder, account):
    wanted = account().authority.scopes
    platform.authority.scope = " ".join(["other", *wanted[1:]])
    revoke(platform)

    [finding] = account().doctor()

    assert (finding.rule, finding.severity) == ("account.scopes", "warn")
    assert finding.why == f"The token may not {wanted[0]}."
    platform.authority.scope = ",".join(wanted)
    revoke(platform)
    assert account().doctor() == []


DAY = 24 * 60 * 60


@LINKEDIN
@pytest.mark.parametrize(
    ("left", "refresh", "refresh_left", "said"),
    [
        (30 * DAY, "", 0, False),
        (6 * DAY, "", 0, True),
        (6 * DAY, "linkedin-refresh-0", 0, False),
        (6 * DAY, "linkedin-refresh-0", 300 * DAY, False),
        (30 * DAY, "linkedin-refresh-0", 6 * DAY, True),
    ],
)
def test_the_doctor_tells_of_an_end_that_a_person_must_see_to(
    platform, folder, account, left, refresh, refresh_left, said
):
    revoke(platform)
    account().doctor()
    ends = time.time() + refresh_left if refresh_left else 0
    age(platform, folder, expires_at=time.time() + left, refresh_token=refresh, refresh_expires_at=ends)

    found = account().doctor()

    assert [(finding.rule, finding.mend) for finding in found] == (
        [("account.expiry", "Connect again: pressroom connect linkedin")] if said else []
    )


@BOTH
@pytest.mark.parametrize(
    ("refresh", "what"), [("", "The token ends on 2030-01-01"), ("r", "What renews the token ends on 2031-01-01")]
)
def test_what_ends_of_a_token_is_what_a_person_must_see_to(platform, folder, account, refresh, what):
    revoke(platform)
    account().doctor()
    ends = {"expires_at": stamp(2030), "refresh_expires_at": stamp(2031)}
    age(platform, folder, refresh_token=refresh, **ends)
    before = len(platform.received)

    lapses = [lapse for lapse in account().ends() if lapse.rule == "account.expiry"]

    assert [(lapse.said().startswith(what), lapse.severity) for lapse in lapses] == [(True, "block")]
    assert lapses[0].mend == f"Connect again: pressroom connect {platform.name}"
    assert len(platform.received) == before


@X
def test_a_token_that_is_renewed_for_ever_does_not_end(platform, account):
    revoke(platform)
    account().doctor()

    assert account().ends() == []


@X
def test_tokens_that_can_not_be_read_tell_of_no_end(folder, account):
    folder.mkdir(parents=True)
    (folder / "x.json").write_text("{")

    assert account().ends() == []


def stamp(year: int) -> float:
    """The beginning of a year, as tokens have it."""
    return datetime(year, 1, 1, tzinfo=UTC).timestamp()


# with processes of their own


@pytest.fixture
def process(platform, folder):
    """Starts processes that use the account; `most` bytes is what a file of theirs may hold."""
    started = []

    def start(most: int = 10_000_000) -> subprocess.Popen[str]:
        settings = platform.renewing(folder).model_dump()
        plain = {name: v.get_secret_value() if isinstance(v, SecretStr) else str(v) for name, v in settings.items()}
        pipe = subprocess.PIPE
        one = subprocess.Popen([sys.executable, "-c", EXAMINE], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        started.append(one)
        one.stdin.write(json.dumps({"name": platform.name, "settings": plain, "most": most}) + "\n")
        one.stdin.flush()
        assert one.stdout.readline() == "ready\n"
        return one

    yield start
    for one in started:
        one.kill()
        one.communicate()


def go(process) -> None:
    """Let a process ask the doctor."""
    process.stdin.write("go\n")
    process.stdin.flush()


def said(process) -> list[str]:
    """What the doctor has told it."""
    return json.loads(process.stdout.readline())


@BOTH
def test_two_processes_at_once_spend_a_refresh_token_once(platform, folder, process):
    revoke(platform)
    platform.upload_troubles.append(Trouble(stored=True, seconds=0.5))
    both = [process(), process()]

    for one in both:
        go(one)

    assert [said(one) for one in both] == [[], []]
    assert asked(platform) == 1


@X
def test_a_process_killed_before_its_answer_leaves_a_whole_file_and_no_lock(platform, folder, account, process):
    revoke(platform)
    account().doctor()
    before = kept(platform, folder)
    revoke(platform)
    platform.upload_troubles.append(Trouble(stored=True, seconds=30))
    one = process()
    go(one)
    while asked(platform) < 2:
        time.sleep(0.01)

    one.kill()
    one.wait()

    # the token is spent, and nobody has the new one: that is said, at once, and what was there is as it was
    assert kept(platform, folder) == before
    with pytest.raises(Misconfigured, match="connect again"):
        account().publish(post(), "key")
    assert kept(platform, folder) == before


@LINKEDIN
def test_a_process_killed_before_its_answer_costs_nothing_where_refresh_tokens_stay(platform, account, process):
    revoke(platform)
    platform.upload_troubles.append(Trouble(stored=True, seconds=30))
    one = process()
    go(one)
    while asked(platform) < 1:
        time.sleep(0.01)

    one.kill()
    one.wait()

    assert account().doctor() == []


@BOTH
def test_a_disk_that_takes_nothing_spends_no_token(platform, folder, account, process):
    revoke(platform)
    one = process(most=1000)
    go(one)

    [why] = said(one)

    assert "the disk took nothing" in why
    assert asked(platform) == 0
    assert account().doctor() == []


@BOTH
def test_tokens_that_can_not_be_written_any_more_serve_this_run_and_it_is_said(platform, folder, account, caplog):
    revoke(platform)
    account().doctor()
    before, right = kept(platform, folder), platform.authority.token

    def token(request):
        # the disk fails between the question and the answer
        (folder / f".{platform.name}.json.partial").unlink()
        return right(request)

    channel = account()
    for number, answering in enumerate([token, right]):
        revoke(platform)
        platform.authority.token = answering
        channel.publish(post(f"Part {number}"), "key")

    assert len(platform.texts()) == 2
    assert "can't be written" in caplog.text
    assert not [secret for secret in platform.secrets if secret in caplog.text]
    assert kept(platform, folder) != before


# the first tokens


@BOTH
def test_an_agreement_names_app_rights_and_the_way_back(platform, account):
    agreement = account().agreement("http://127.0.0.1:8766/callback")

    with http_client() as http:
        sent_back = http.get(agreement.address).headers["Location"]
    assert sent_back.startswith("http://127.0.0.1:8766/callback?code=")
    assert agreement.state in sent_back
    assert platform.faults == []


@BOTH
def test_a_code_becomes_tokens_that_are_kept(platform, folder, account):
    channel = account(token="", refresh="")
    agreement = channel.agreement("http://127.0.0.1:8766/callback")
    with http_client() as http:
        code = http.get(agreement.address).next_request.url.params["code"]

    channel.take(agreement, code)
    assert list(folder.glob("*.json")) == []
    channel.keep()

    assert account(token="", refresh="").doctor() == []
    assert kept(platform, folder)["scope"] == " ".join(channel.authority.scopes)


@BOTH
def test_a_code_is_good_once_and_is_not_shown(platform, account):
    channel = account()
    agreement = channel.agreement("http://127.0.0.1:8766/callback")
    with http_client() as http:
        code = http.get(agreement.address).next_request.url.params["code"]
    channel.take(agreement, code)

    with pytest.raises(Misconfigured, match="connect again") as raised:
        channel.take(agreement, code)
    assert code not in str(raised.value)


@BOTH
def test_connecting_anew_brings_back_an_account_whose_token_died(platform, account):
    revoke(platform)
    platform.authority.refresh.clear()
    assert account().doctor() != []
    channel = account()
    agreement = channel.agreement("http://127.0.0.1:8766/callback")
    with http_client() as http:
        channel.take(agreement, http.get(agreement.address).next_request.url.params["code"])
    channel.keep()

    assert account().doctor() == []
