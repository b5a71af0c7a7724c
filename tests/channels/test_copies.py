"""What sites keep on which an article is published again: one copy, with a link to the original."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from importlib import import_module

import httpx
import pytest
from pydantic import SecretStr

from channels.errors import Duplicate, Misconfigured, Rejected, Unavailable, Uncertain, Unsupported
from channels.registry import channel_class
from content.crosspost import CrossPost
from content.fitting import Limits
from tests.channels.fakes.server import Answer, Trouble
from tests.channels.samples import article, project

SIGN = "*First published at [Clinic](https://clinic.example.org/sleep/?utm_content=sleep.devto).*\n"


@pytest.fixture(params=["devto", "hashnode"])
def site(request):
    with import_module(f"tests.channels.fakes.{request.param}").Platform() as fake:
        yield fake
        assert fake.faults == []


only = pytest.mark.parametrize


@pytest.fixture
def channel(site):
    """An account there."""
    with closing(account(site)) as made:
        yield made


def account(site, **changed):
    settings = site.settings().model_copy(update=changed)
    return channel_class(site.name)(site.name, settings, httpx.Client(timeout=20, trust_env=False))


def post(words="Most people sleep less.\n", **more):
    told = {
        "slug": "sleep", "title": "Sleep (well) & rest", "description": "The first night.",
        "markdown": f"{words}\n{SIGN}", "original": "https://clinic.example.org/sleep/", "language": "en",
        "published": date(2026, 11, 2), "tags": ("Sleep", "Mental Health"),
        "cover": "https://clinic.example.org/sleep/bed.png", **more,
    }  # fmt: skip
    return CrossPost(**told)


def test_an_article_is_one_copy_that_names_its_original(site, channel):
    receipt = channel.publish(post(), "key")

    [copy] = site.copies()
    assert (copy["title"], copy["original"]) == ("Sleep (well) & rest", "https://clinic.example.org/sleep/")
    assert copy["markdown"] == post().markdown
    assert copy["tags"] in (["sleep", "mentalhealth"], ["sleep", "mental-health"])
    assert receipt.url.startswith("http")


def test_the_same_again_sends_nothing(site, channel):
    first = channel.publish(post(), "key")
    sent = len(site.created())
    second = channel.publish(post(), "key")

    assert (len(site.created()), second.remote_ids) == (sent, first.remote_ids)


def test_an_update_changes_it_in_place(site, channel):
    sent = channel.publish(post(), "key")
    updated = channel.update(sent, post("It passes.\n", title="Sleep"))

    [copy] = site.copies()
    assert (copy["title"], copy["markdown"].startswith("It passes.")) == ("Sleep", True)
    assert updated.remote_ids == sent.remote_ids


def test_our_earlier_version_is_brought_up_to_date(site, channel):
    first = channel.publish(post(), "key")
    second = channel.publish(post("It passes.\n"), "key")

    assert second.remote_ids == first.remote_ids
    assert [copy["markdown"][:10] for copy in site.copies()] == ["It passes."]


def test_a_copy_that_somebody_made_by_hand_stays_as_it_is(site, channel):
    site.plant("sleep", "https://clinic.example.org/sleep/", "My own words.")

    with pytest.raises(Rejected, match="pressroom receipt sleep"):
        channel.publish(post(), "key")
    assert [copy["markdown"] for copy in site.copies()] == ["My own words."]
    assert channel.find(post(), "key") is None


def test_finding_tells_these_words_from_others(site, channel):
    assert channel.find(post(), "key") is None
    sent = channel.publish(post(), "key")

    assert channel.find(post(), "key").remote_ids == sent.remote_ids
    assert channel.find(post("It passes.\n"), "key") is None
    assert channel.find(post(slug="other", original="https://clinic.example.org/other/"), "key") is None


def test_what_arrived_though_the_answer_was_lost_is_found_and_not_sent_again(site, channel):
    site.troubles.append(Trouble(stored=True, hangs_up=True))
    with pytest.raises(Uncertain):
        channel.publish(post(), "key")

    assert channel.find(post(), "key") is not None
    channel.publish(post(), "key")
    assert len(site.copies()) == 1


@only(
    ("status", "headers", "error"),
    [(429, {"Retry-After": "7"}, Unavailable), (503, {"Retry-After": "7"}, Unavailable), (502, {}, Uncertain)],
)
def test_troubles_are_told_apart_and_nothing_secret_is_repeated(site, channel, status, headers, error):
    site.troubles.append(Trouble(answer=site.refusal(status, headers)))
    with pytest.raises(error) as raised:
        channel.publish(post(), "key")

    assert not any(secret in str(raised.value) for secret in site.secrets)
    assert site.copies() == []


def test_an_answer_of_another_kind_leaves_it_open(site, channel):
    site.troubles.append(Trouble(stored=True, answer=Answer(json={"ok": "perhaps"})))

    with pytest.raises(Uncertain):
        channel.publish(post(), "key")


@only("what", ["publish", "update"])
def test_wrong_credentials_are_said_without_repeating_them(site, channel, what):
    sent = channel.publish(post(), "key")
    name = "key" if site.name == "devto" else "token"
    with closing(account(site, **{name: SecretStr("wrong horse")})) as wrong:
        act = {
            "publish": lambda: wrong.publish(post("It passes.\n"), "key"),
            "update": lambda: wrong.update(sent, post("x")),
        }
        with pytest.raises(Misconfigured) as raised:
            act[what]()
        assert [finding.severity for finding in wrong.doctor()] == ["block"]

    assert "wrong horse" not in str(raised.value)
    assert [copy["markdown"] for copy in site.copies()] == [post().markdown]


def test_the_doctor_asks_and_the_files_to_look_at_hold_no_secret(site, channel):
    files = dict(channel.parcel(post(), "key").files)

    assert channel.doctor() == []
    assert files["article.md"] == post().markdown.encode()
    assert not any(secret.encode() in data for data in files.values() for secret in site.secrets)


def test_without_an_account_nothing_is_sent(site):
    with closing(channel_class(site.name)()) as channel:
        assert [finding.rule for finding in channel.doctor()] == ["account.missing"]
        with pytest.raises(Misconfigured):
            channel.publish(post(), "key")


def test_its_network_reads_the_page_so_that_must_be_live_first(channel, tmp_path):
    rendition = channel.render(article(), project(tmp_path))

    assert isinstance(rendition, CrossPost)
    assert channel.can.fetches_card
    assert rendition == CrossPost.of(article(), project(tmp_path), channel.account, Limits())


@only("site", ["devto"], indirect=True)
class TestDev:
    def test_retracting_makes_it_a_draft_and_twice_is_no_error(self, site, channel):
        sent = channel.publish(post(), "key")
        channel.retract(sent)
        channel.retract(sent)

        assert site.copies() == []

    def test_what_was_retracted_comes_back_as_the_same_article(self, site, channel):
        sent = channel.publish(post(), "key")
        channel.retract(sent)

        assert channel.find(post(), "key") is None
        assert channel.publish(post(), "key").remote_ids == sent.remote_ids
        assert len(site.copies()) == 1

    def test_an_address_that_another_author_has_taken_is_a_duplicate(self, site, channel):
        site.troubles.append(Trouble(answer=site.refusal(422, {}, "Canonical url has already been taken.")))

        with pytest.raises(Duplicate):
            channel.publish(post(), "key")

    def test_it_is_found_below_more_than_a_page_of_others(self, site, channel):
        sent = channel.publish(post(), "key")
        for number in range(100):
            site.plant(f"s{number}", f"https://clinic.example.org/{number}/", "words")

        assert channel.find(post(), "key").remote_ids == sent.remote_ids

    def test_more_articles_than_can_be_looked_through_prove_nothing(self, site, channel):
        for number in range(2000):
            site.plant(f"s{number}", f"https://clinic.example.org/{number}/", "words")

        with pytest.raises(Unsupported, match="more than 2000"):
            channel.find(post(), "key")

    def test_liquid_in_the_text_is_no_instruction_and_code_stays_code(self, site, channel):
        words = "---\n\nWrite {{ name }} or {% embed x %}, `{{ code }}`.\n\n```\n{% raw %}\n```\n\nAnd {{ more }}.\n"
        channel.publish(post(words), "key")

        [copy] = site.copies()
        assert "&#123;{ name }} or &#123;% embed x %}, `{{ code }}`" in copy["markdown"]
        assert "```\n{% raw %}\n```\n\nAnd &#123;{ more }}" in copy["markdown"]
        assert channel.find(post(words), "key") is not None

    def test_tags_are_letters_and_figures_and_those_without_a_place_are_named(self, site, channel):
        many = post(tags=("Sleep", "sleep!", "Mental Health", "COVID-19", "日本", "Fifth one"))
        channel.publish(many, "key")

        assert site.copies()[0]["tags"] == ["sleep", "mentalhealth", "covid19", "日本"]
        assert "fifthone" in channel.check(many)[0].why

    def test_a_title_that_would_be_refused_is_said_before(self, channel):
        assert [finding.rule for finding in channel.check(post(title="T" * 129))] == ["devto.long"]
        assert channel.check(post(title="T" * 128)) == []


@only("site", ["hashnode"], indirect=True)
class TestHashnode:
    def test_a_publication_without_the_plan_says_so(self, site, channel):
        site.plan = False

        with pytest.raises(Misconfigured):
            channel.publish(post(), "key")
        assert [finding.severity for finding in channel.doctor()] == ["block"]

    def test_an_unknown_publication_is_said(self, site):
        other, said = account(site, publication="other.hashnode.dev"), r"no publication other\.hashnode\.dev"
        with closing(other), pytest.raises(Misconfigured, match=said):
            other.publish(post(), "key")

    def test_a_publication_may_be_named_by_its_id(self, site):
        with closing(account(site, publication="64f0c1a2b3d4e5f601234567")) as channel:
            channel.publish(post(), "key")

        assert len(site.copies()) == 1

    def test_an_error_in_an_answer_of_success_is_an_error(self, site, channel):
        site.troubles.append(Trouble(answer=site.refusal(200, {}, "BAD_USER_INPUT")))
        with pytest.raises(Rejected):
            channel.publish(post(), "key")
        site.troubles.append(Trouble(answer=site.refusal(200, {}), stored=True))
        with pytest.raises(Uncertain) as raised:
            channel.publish(post(), "key")

        assert site.secrets[0] not in str(raised.value)
        assert channel.find(post(), "key") is not None

    def test_what_can_not_be_taken_back_is_said(self, channel):
        with pytest.raises(Unsupported):
            channel.retract(channel.publish(post(), "key"))

    def test_a_text_that_would_be_refused_is_said_before(self, channel):
        assert [finding.rule for finding in channel.check(post("word " * 20_000))] == ["hashnode.long"]
        assert "t15" in channel.check(post(tags=tuple(f"t{number}" for number in range(16))))[0].why
