"""The web channel keeps one contract wherever a site stands."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from contextlib import ExitStack, closing

import pytest
from lxml import html as parser
from PIL import Image

from channels.errors import ChannelError, Misconfigured, Rejected, Unavailable, Uncertain
from channels.places import place as places
from channels.places.access import WebSettings
from channels.web import Web
from content.article import Article
from content.context import Context
from content.fitting import Limits
from content.manifest import FILE, Manifest
from content.page import Page
from tests.channels.sites import cutting, ground
from tests.ports import free

JUDGED = [pytest.mark.judged, pytest.mark.xdist_group("places")]
KINDS = ["folder", "webdav", "git", "memory", pytest.param("sftp", marks=JUDGED), pytest.param("s3", marks=JUDGED)]
TEXT = """---
title: {title}
slug: {slug}
date: 2026-11-20
description: About {title}.
authors: [Ada Byron]
tags: [{tags}]
{more}---

Words of {title}.

![A lamp](lamp.png)
"""


@pytest.fixture(scope="session")
def servers():
    """Servers that are started once."""
    with ExitStack() as stack:
        yield {}, stack


@pytest.fixture(params=KINDS)
def site(request, project, tmp_path, servers):
    """A place with nothing in it."""
    if request.param == "git" and shutil.which("git") is None:
        pytest.skip("there is no git here")
    folder = tmp_path / "served"
    folder.mkdir()
    with ground(request.param, project, folder, *servers) as found:
        yield found
        found.close()


@pytest.fixture
def page(project):
    """Make a page of an article."""
    Image.new("RGB", (320, 200), "#88aacc").save(project / "content" / "articles" / "lamp.png")

    def make(title="Sleep", slug="sleep", tags="rest", more=""):
        path = project / "content" / "articles" / f"{slug}.md"
        path.write_text(TEXT.format(title=title, slug=slug, tags=tags, more=more), encoding="utf-8")
        return Page.of(Article.load(path, path.name), Context.open(project), "web", Limits())

    return make


def put(site, page, settings=None):
    with closing(site.channel(settings)) as channel:
        return channel.publish(page, "key")


def test_a_page_comes_with_its_pictures_and_the_lists_that_name_it(site, page):
    receipt = put(site, page())

    files = site.files()
    assert files["sleep/index.html"] == page().html.encode()
    assert all(files[f"sleep/{asset.path}"] == asset.data for asset in page().assets)
    assert {"index.html", "topics/rest/index.html", "atom.xml", "sitemap.xml", "robots.txt"} <= set(files)
    assert (b"sleep/" in files["index.html"], receipt.url) == (True, "https://garden.example.org/sleep/")
    assert not any("lock" in path or "partial" in path for path in files)


def test_the_same_page_again_writes_nothing(site, page):
    put(site, page())
    before = site.stamps()

    put(site, page())

    assert site.stamps() == before


def test_a_second_page_joins_the_first_and_is_written_with_what_names_it_alone(site, page):
    put(site, page())
    before = site.stamps()
    put(site, page("Walks", "walks", tags="air"))

    after = site.stamps()
    assert {path for path in before if after[path] != before[path]} <= {
        FILE, "index.html", "404.html", "atom.xml", "rss.xml", "feed.json", "sitemap.xml", "search.json",
        "topics/index.html", "authors/ada-byron/index.html", "authors/index.html",
    }  # fmt: skip
    index = parser.fromstring(site.files()["index.html"])
    assert [link.text for link in index.iterfind(".//ol//h2/a")] == ["Sleep", "Walks"]


def test_an_update_replaces_the_page_and_leaves_its_pictures_alone(site, page):
    receipt = put(site, page())
    before = site.stamps()
    channel = site.channel()

    updated = channel.update(receipt, page("Better sleep"))

    assert b"Better sleep" in site.files()["sleep/index.html"]
    assert b"Better sleep" in site.files()["index.html"]
    assert (updated.remote_ids, updated.digest) == (("sleep/index.html",), page("Better sleep").digest)
    lamps = [path for path in before if "lamp" in path]
    assert lamps
    assert all(site.stamps()[path] == before[path] for path in lamps)


def test_finding_tells_what_stands_there_from_what_does_not(site, page):
    channel = site.channel()
    assert channel.find(page(), "key") is None
    channel.publish(page(), "key")

    assert channel.find(page(), "key").digest == page().digest
    assert channel.find(page("Other words"), "key") is None


def test_what_is_taken_back_leaves_every_list_and_taking_back_twice_is_no_error(site, page):
    receipt = put(site, page())
    put(site, page("Walks", "walks", tags="air"))
    channel = site.channel()

    channel.retract(receipt)
    channel.retract(receipt)

    files = site.files()
    assert "sleep/index.html" not in files
    assert "topics/rest/index.html" not in files
    assert all(b"sleep/" not in files[path] for path in ("index.html", "atom.xml", "sitemap.xml", "search.json"))
    assert "walks/index.html" in files


def test_a_changed_slug_leaves_a_way_from_the_old_address(site, page):
    put(site, page())
    put(site, page("Sleep", "better-sleep", more="formerly: [sleep]\n"))

    files = site.files()
    old = parser.fromstring(files["sleep/index.html"])
    assert old.find(".//meta[@http-equiv]").get("content") == "0; url=../better-sleep/"
    assert old.find(".//link[@rel='canonical']").get("href") == "https://garden.example.org/better-sleep/"
    assert b'href="./sleep/"' not in files["index.html"]
    assert "better-sleep/index.html" in files


def test_files_of_others_stay_as_they_are(site, page):
    site.plant("index.html", b"<title>Our own front page</title>")
    site.plant("about/index.html", b"<title>About us</title>")

    put(site, page())
    put(site, page("Walks", "walks"))

    files = site.files()
    assert files["index.html"] == b"<title>Our own front page</title>"
    assert files["about/index.html"] == b"<title>About us</title>"
    assert "sleep/index.html" in files
    assert [found.rule for found in site.channel().doctor()] == ["site.home"]


def test_a_strangers_page_is_not_replaced(site, page):
    site.plant("sleep/index.html", b"<title>Ours</title>")

    with pytest.raises(Rejected, match=r"sleep/index\.html at the site is a page that Pressroom did not write"):
        put(site, page())

    assert site.files()["sleep/index.html"] == b"<title>Ours</title>"


def test_a_page_that_somebody_changed_by_hand_is_put_back(site, page):
    put(site, page())
    site.plant("sleep/index.html", b"<title>Edited</title>")

    put(site, page())

    assert site.files()["sleep/index.html"] == page().html.encode()


def test_two_publishers_at_once_lose_neither_page(site, page):
    pages = [page(f"Part {number}", f"part-{number}") for number in range(3)]
    errors = []

    def publish(one):
        for _ in range(5):  # as a run does
            try:
                put(site, one)
            except Unavailable:
                time.sleep(0.2)
            except ChannelError as error:
                errors.append(error)
            else:
                break

    threads = [threading.Thread(target=publish, args=(one,)) for one in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    files = site.files()
    assert errors == []
    assert all(
        f"part-{number}/index.html" in files and f"part-{number}/".encode() in files["index.html"]
        for number in range(3)
    )
    assert set(Manifest.read(files[FILE]).entries) == {"part-0", "part-1", "part-2"}


def test_wrong_credentials_are_named_and_nothing_is_written(site, page):
    if site.tampered is None:
        assert site.channel().doctor() == []
        return
    with pytest.raises(Misconfigured) as refused:
        put(site, page(), site.tampered)

    assert site.files() == {}
    assert "wrong horse" not in str(refused.value)
    assert [found.rule for found in site.channel(site.tampered).doctor()] == ["account.refused"]


@pytest.mark.parametrize("site", ["webdav", *KINDS[4:]], indirect=True)
@pytest.mark.parametrize("after", [20_000, 60_000])
def test_what_a_cut_connection_left_is_finished_by_the_next_attempt(site, page, project, after):
    Image.effect_noise((900, 700), 90).save(project / "content" / "articles" / "lamp.png")
    with cutting(site.port, after) as port, pytest.raises((Unavailable, Uncertain)):
        put(site, page(), site.through(port))
    assert site.channel().find(page(), "key") is None

    put(site, page())

    files = site.files()
    assert files["sleep/index.html"] == page().html.encode()
    assert all(files[f"sleep/{asset.path}"] == asset.data for asset in page().assets)
    assert b"sleep/" in files["index.html"]


def test_a_place_that_can_be_written_to_passes_its_examination_and_keeps_nothing_of_it(site):
    assert site.channel().doctor() == []
    assert set(site.files()) <= {".nojekyll"}


def test_no_empty_folders_stay_behind(project, page):
    channel = Web("web", WebSettings(directory="www", project=project))
    channel.retract(channel.publish(page(), "key"))

    left = [path.name for path in (project / "www").rglob("*") if path.is_dir()]
    assert left == ["sleep"]  # its pictures stay


def test_a_dead_publishers_lock_is_taken_over(project, page, monkeypatch):
    monkeypatch.setattr(places, "SETTLES", 0.01)
    folder = project / "www"
    folder.mkdir()
    (folder / places.LOCK).write_text('{"by": "elsewhere:1:x", "until": 1}')

    Web("web", WebSettings(directory="www", project=project)).publish(page(), "key")

    assert not (folder / places.LOCK).exists()
    assert (folder / "sleep" / "index.html").exists()


def test_a_publisher_on_another_machine_of_this_name_is_not_taken_for_dead(project, page, monkeypatch):
    monkeypatch.setattr(places, "PATIENCE", 0.3)
    folder = project / "www"
    folder.mkdir()
    lock = {"by": f"{socket.gethostname()}/0a1b2c3d:999999999:x", "until": time.time() + 60}
    (folder / places.LOCK).write_text(json.dumps(lock))

    with pytest.raises(Unavailable, match="another publisher is at work"):
        Web("web", WebSettings(directory="www", project=project)).publish(page(), "key")


def test_a_living_publishers_lock_is_waited_for_and_then_said(project, page, monkeypatch):
    monkeypatch.setattr(places, "PATIENCE", 0.3)
    folder = project / "www"
    folder.mkdir()
    (folder / places.LOCK).write_text('{"by": "anna:1:x", "until": 99999999999}')

    with pytest.raises(Unavailable, match=r"another publisher is at work \(anna:1:x"):
        Web("web", WebSettings(directory="www", project=project)).publish(page(), "key")


def test_what_broke_off_in_the_middle_is_finished_by_the_next_attempt(project, page, monkeypatch):
    folder = project / "www"
    settings = WebSettings(directory="www", project=project)
    folder.mkdir()
    (folder / "atom.xml").mkdir()  # nothing can be written there
    with pytest.raises(ChannelError):
        Web("web", settings).publish(page(), "key")
    assert Web("web", settings).find(page(), "key") is None
    (folder / "atom.xml").rmdir()

    Web("web", settings).publish(page(), "key")

    assert b"sleep/" in (folder / "index.html").read_bytes()
    assert (folder / "atom.xml").is_file()


def test_a_place_that_does_not_answer_is_unavailable(project, page):
    settings = WebSettings(directory=f"dav://127.0.0.1:{free()}/site", project=project)

    with pytest.raises(Unavailable, match="no connection"):
        Web("web", settings).publish(page(), "key")


def test_a_manifest_that_is_none_stops_before_anything_is_written(project, page):
    folder = project / "www"
    folder.mkdir()
    (folder / FILE).write_text("{}")

    with pytest.raises(Misconfigured, match=r"pressroom-site\.json at the site can't be read"):
        Web("web", WebSettings(directory="www", project=project)).publish(page(), "key")

    assert [path.name for path in folder.iterdir()] == [FILE]


def test_each_publication_to_a_branch_is_one_commit(project, page, tmp_path, servers):
    with ground("git", project, tmp_path, *servers) as site:
        put(site, page())
        put(site, page("Walks", "walks"))
        put(site, page("Walks", "walks"))

        assert site.commits() == ["Publish Walks", "Publish Sleep"]


@pytest.mark.judged
@pytest.mark.xdist_group("places")
def test_a_bucket_is_told_kinds_and_how_long_files_stay_fresh(project, page, tmp_path, servers):
    with ground("s3", project, tmp_path, *servers) as site:
        put(site, page())
        lamp = next(path for path in site.files() if "lamp" in path)

        assert site.headers("sleep/index.html") == ("text/html; charset=utf-8", "public, max-age=0, must-revalidate")
        assert "immutable" in site.headers(lamp)[1]
