"""Bluesky's own server, and its own judge of records."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import count

import pytest
from pydantic import SecretStr

from channels.bluesky import Bluesky, BlueskySettings
from channels.errors import Misconfigured
from content.post import Card
from content.styled import Mark
from flows.deliver import Courier
from flows.ledger import Ledger
from flows.records import Delivery
from tests import pds
from tests.channels.samples import LINK, http_client, picture, post
from tests.corpus import ROOT
from tests.tools import pds_script

pytestmark = [pytest.mark.judged, pytest.mark.xdist_group("pds")]
VALID = """
import { AppBskyFeedPost, jsonToLex } from '@atproto/api'
console.log(JSON.stringify(given.map((record) => {
  const { success, error } = AppBskyFeedPost.validateRecord(jsonToLex(record))
  return success ? '' : String(error)
})))
"""
NAMES = (f"clinic{number}" for number in count(1))
CARD = Card(url=LINK, title="Sleep", description="What the first night is like.", image=picture())
THREAD = replace(post("One 👩‍⚕️ and #Sleep", "Two", "Three"), card=CARD)


@pytest.fixture(scope="module")
def server():
    with pds.serving() as address:
        yield address


@pytest.fixture
def account(server):
    return pds.account(server, next(NAMES))


def settings(account, server="", password=pds.PASSWORD):
    return BlueskySettings(server=server or account.server, handle=account.handle, password=SecretStr(password))


@pytest.fixture
def channel(account):
    with http_client() as http:
        yield Bluesky("bluesky", settings(account), http)


def texts(account):
    return [record["value"]["text"].split("\n")[0] for record in account.records()]


def test_facets_card_and_thumbnail_arrive_and_the_lexicon_accepts_them(channel, account, server):
    friend = pds.account(server, next(NAMES))
    marks = (Mark(kind="link", start=0, end=9, url="https://example.org/a?b=1"),)
    words = f"Read this 👩‍👩‍👧‍👦 标题 @{friend.handle} @nobody.test #Sleep"
    receipt = channel.publish(replace(post(words, marks=marks), card=CARD), "key")

    [record] = account.records()
    value, text = record["value"], record["value"]["text"].encode()
    covered = {
        text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in value["facets"]
    }
    assert covered["Read this"]["uri"] == "https://example.org/a?b=1"
    assert covered[f"@{friend.handle}"]["did"] == friend.did
    assert covered["#Sleep"]["tag"] == "Sleep"
    assert covered[LINK]["uri"] == LINK
    assert len(covered) == 4
    assert account.blob(value["embed"]["external"]["thumb"]["ref"]["$link"]) == picture().data
    assert receipt.remote_ids == (f"{record['uri']} {record['cid']}",)
    assert pds_script(VALID, [value]) == [""]


def test_a_picture_arrives_with_its_alternative_text(channel, account):
    channel.publish(post(images=(picture("image/png"), picture())), "key")

    [record] = account.records()
    shown = record["value"]["embed"]["images"]
    assert [image["alt"] for image in shown] == [picture().alt] * 2
    assert account.blob(shown[0]["image"]["ref"]["$link"]) == picture("image/png").data
    assert pds_script(VALID, [record["value"]]) == [""]


def test_a_thread_is_posted_corrected_and_taken_back(channel, account):
    receipt = channel.publish(THREAD, "key")
    assert texts(account) == ["One 👩‍⚕️ and #Sleep", "Two", "Three"]
    assert pds_script(VALID, [record["value"] for record in account.records()]) == [""] * 3

    corrected = replace(
        THREAD, parts=(*THREAD.parts[:1], replace(THREAD.parts[1], text="Two, mended"), THREAD.parts[2])
    )
    updated = channel.update(receipt, corrected)
    first, second, third = account.records()
    assert texts(account)[1] == "Two, mended"
    assert third["value"]["reply"]["parent"] == {"uri": second["uri"], "cid": second["cid"]}
    assert third["value"]["reply"]["root"] == {"uri": first["uri"], "cid": first["cid"]}
    assert channel.find(corrected, "key").remote_ids == updated.remote_ids

    channel.retract(updated)
    channel.retract(updated)
    assert account.records() == []
    assert channel.find(corrected, "key") is None


def test_one_key_makes_one_record_however_often(channel, account):
    receipts = {channel.publish(THREAD, "key").remote_ids for _ in range(3)}

    assert len(receipts) == 1
    assert len(account.records()) == 3


def test_a_wrong_password_and_a_garbled_session_are_misconfigured(account):
    with http_client() as http:
        wrong = Bluesky("bluesky", settings(account, password="wrong-secret"), http)
        with pytest.raises(Misconfigured) as raised:
            wrong.publish(post(), "key")

    assert "wrong-secret" not in str(raised.value)
    assert account.records() == []


PUBLISH = """
import sys
from channels.bluesky import Bluesky, BlueskySettings
from flows.deliver import Courier
from flows.ledger import Ledger
from flows.records import Delivery
from tests.channels.test_bluesky_judged import DELIVERY, THREAD

url, server, handle, password = sys.argv[1:]
channel = Bluesky("bluesky", BlueskySettings(server=server, handle=handle, password=password))
sys.stdin.readline()
Courier(channel, THREAD, DELIVERY, Ledger(url)).deliver()
"""
DELIVERY = Delivery(campaign="sleep", article="sleep", account="bluesky")


@pytest.mark.parametrize("deadly", [1, 2, 3])
def test_a_process_killed_between_the_answer_and_the_receipt_leaves_one_thread(account, channel, tmp_path, deadly):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with pds.relay(account.server, deadly) as (address, victims):
        command = [sys.executable, "-c", PUBLISH, url, address, account.handle, pds.PASSWORD]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
        victims.append(process.pid)
        process.communicate(b"\n", timeout=60)
    assert (process.returncode, len(account.records())) == (-9, deadly)

    ledger = Ledger(url)
    left = ledger.plan(DELIVERY).state
    outcome = Courier(channel, THREAD, DELIVERY, ledger).deliver()

    assert (left, outcome.status) == ("unknown", "sent")
    assert texts(account) == ["One 👩‍⚕️ and #Sleep", "Two", "Three"]
    assert ledger.plan(DELIVERY).receipt.remote_ids == channel.find(THREAD, DELIVERY.key).remote_ids
    ledger.close()
