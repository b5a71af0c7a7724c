"""A project on a Prefect server that machines share: what `pressroom new` writes is all that it takes."""

from __future__ import annotations

import json

import pytest

from desk.console import Voice
from desk.projects import SAMPLE, make_project
from tests.desk.presses import opened, wait
from tests.flows.test_server import BIN, Server

QUICK = f"article: {SAMPLE}\ntimezone: UTC\nsteps:\n  - {{channel: web, at: now}}\n  - {{channel: x, at: when web is sent}}\n"


@pytest.fixture
def server(tmp_path):
    """One that knows nothing yet, and a new project beside it."""
    make_project(tmp_path / "project", Voice(as_json=False))
    (tmp_path / "project" / "content" / "campaigns" / "quick.yaml").write_text(QUICK)
    running = Server(tmp_path)
    try:
        assert running.wait(90, running.healthy), running.log("server")
        yield running
    finally:
        running.stop()


@pytest.mark.judged
@pytest.mark.timeout(400)
@pytest.mark.xdist_group("server")
def test_a_new_project_is_deployed_and_its_campaign_goes_out(server):
    project, prefect = server.home / "project", (str(BIN / "prefect"), "--no-prompt")
    pool = server.run(*prefect, "work-pool", "create", "press", "--type", "process")
    deploy = server.run(*prefect, "deploy", "--all")
    assert (pool.returncode, deploy.returncode) == (0, 0), pool.stderr + deploy.stdout + deploy.stderr

    with opened(project, "--name", "east", command="worker", PREFECT_API_URL=server.url) as beside:
        assert beside.addresses == {"server": server.url}, beside.words
        started = beside.run("campaign", "start", "quick", "--json")
        assert started.returncode == 0, started.stdout + started.stderr

        def done() -> bool:
            [told] = json.loads(beside.run("campaign", "status", "quick", "--json").stdout)["campaigns"]
            return told["state"] == "done"

        assert wait(90, done), beside.run("campaign", "status", "quick").stdout
    assert (project / "outbox" / "quick" / SAMPLE / "x" / "post.txt").is_file()
