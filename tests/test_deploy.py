"""The files in deploy/: they know the settings, the commands, the deployments and the versions of this very program."""

import ast
import json
import os
import re
import tomllib

import pytest
import yaml

from tests.composed import FILE, OURS, asked, commands, compose
from tests.corpus import ROOT

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
GIVEN = dict.fromkeys(asked(), "secret")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def services():
    return compose(GIVEN)["services"]


@pytest.fixture(scope="module")
def known():
    """Every environment variable that Prefect, its extension for Redis, and Pressroom read."""
    from prefect.settings.legacy import _get_settings_fields  # noqa: PLC0415 - Prefect takes seconds
    from prefect.settings.models.root import Settings as Prefect  # noqa: PLC0415
    from prefect_redis.cleanup_queue import RedisWorkerCleanupQueueSettings  # noqa: PLC0415
    from prefect_redis.client import RedisMessagingSettings  # noqa: PLC0415

    from flows.settings import PREFIX, Settings  # noqa: PLC0415

    redis = (RedisMessagingSettings, RedisWorkerCleanupQueueSettings)
    names = {f"{model.model_config['env_prefix']}{field}".upper() for model in redis for field in model.model_fields}
    own = {PREFIX + field.upper() for field in Settings.model_fields}
    return {*_get_settings_fields(Prefect), *names, *own, "DO_NOT_TRACK"}


def manifests():
    files = [KUBERNETES / name for name in ("pressroom.yaml", "workers.yaml")]
    return [one for file in files for one in yaml.safe_load_all(file.read_text())]


def pods():
    """Each pod's only container, by the name of what runs it."""
    found = [one for one in manifests() if one["kind"] in {"Deployment", "Job"}]
    return {one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0] for one in found}


def test_what_the_containers_are_told_are_settings_that_there_are(services, known):
    ours = [service for service in services.values() if service["image"].startswith(OURS)]
    told = {name for service in ours for name in service["environment"]}

    assert len(told) > 20
    assert told <= known


def test_what_the_charts_and_pods_are_told_are_settings_that_there_are(known):
    charts = [yaml.safe_load(path.read_text()) for path in KUBERNETES.glob("values-*.yaml")]
    told = {one["name"] for chart in charts for one in chart.get("global", {}).get("prefect", {}).get("env", ())}
    told |= {one["name"] for chart in charts for one in chart.get("worker", {}).get("extraEnvVars", ())}
    told |= {one["name"] for pod in pods().values() for one in pod["env"]}
    template = json.loads((KUBERNETES / "base-job-template.json").read_text())
    told |= {*template["variables"]["properties"]["env"]["default"]}

    assert told <= known


@pytest.mark.parametrize(("service", "command"), list(commands(compose(GIVEN)["services"])))
def test_what_the_containers_run_is_understood(service, command):
    program, *words = command
    understood(program, words)


@pytest.mark.parametrize("name", list(pods()))
def test_what_the_pods_run_is_understood(name):
    program, *words = pods()[name]["command"]
    understood(program, words)


def understood(program: str, words: list[str]) -> None:
    """Raises where a command line has an option or a command that there is not."""
    from prefect.cli._app import _app  # noqa: PLC0415 - Prefect takes seconds

    from desk.cli import app  # noqa: PLC0415

    meant = [word for word in words if word != "--no-prompt"]  # of the session, not of a command
    {"prefect": _app, "pressroom": app}[program].parse_args(meant, exit_on_error=False, print_error=False)


def test_the_python_that_a_container_is_asked_how_it_is_compiles(services):
    checks = [service["healthcheck"]["test"] for service in services.values() if "healthcheck" in service]
    scripts = [check[-1] for check in checks if "python" in check]

    assert len(scripts) == 2
    assert all(ast.parse(script) for script in scripts)


def test_every_variable_that_is_asked_for_is_in_the_example():
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    empty = {line.removesuffix("=") for line in lines if line.endswith("=")}
    usual = {line[2:].partition("=")[0] for line in lines if line.startswith("# PRESSROOM_") and "=" in line}

    assert empty == asked()
    assert usual == set(re.findall(r"\$\{(\w+):-", FILE.read_text()))


def test_no_secret_stands_in_the_files():
    environments = [
        service.get("environment", {}) for service in compose(dict.fromkeys(asked(), ""))["services"].values()
    ]
    secret = [
        (name, value) for one in environments for name, value in one.items() if re.search("PASSWORD|SECRET|AUTH", name)
    ]
    kinds = {one["kind"] for one in manifests()}

    assert secret
    assert not any(value for _, value in secret)
    assert "Secret" not in kinds


def test_only_this_machine_reaches_the_ports_unless_somebody_says_otherwise(services):
    published = [port for service in services.values() for port in service.get("ports", ())]

    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_all_servers_are_told_the_same(services):
    from_blocks = {"PREFECT_SERVER_REGISTER_BLOCKS_ON_START"}  # one of them registers them
    told = [services[name]["environment"] for name in ("migrate", "api", "services")]

    assert all({**one, **dict.fromkeys(from_blocks)} == {**told[0], **dict.fromkeys(from_blocks)} for one in told)


def test_what_is_mounted_is_there(services):
    mounts = [mount for service in services.values() for mount in service.get("volumes", ())]
    files = {mount.partition(":")[0] for mount in mounts if mount.startswith(".")}

    assert files
    assert all((DEPLOY / file).exists() for file in files)
    assert os.access(DEPLOY / "databases.sh", os.X_OK)


def test_versions_agree():
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
    server, worker = (yaml.safe_load((KUBERNETES / f"values-{name}.yaml").read_text()) for name in ("server", "worker"))
    tags = server["global"]["prefect"]["image"]["prefectTag"], worker["worker"]["image"]["prefectTag"]
    template = json.loads((KUBERNETES / "base-job-template.json").read_text())
    images = {service["image"] for service in compose(GIVEN)["services"].values() if service["image"].startswith(OURS)}
    images |= {pod["image"] for pod in pods().values()} | {template["variables"]["properties"]["image"]["default"]}
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text())

    assert deployments["prefect-version"] == pinned["prefect"]
    assert {tag.partition("-")[0] for tag in tags} == {pinned["prefect"]}
    assert images == {OURS + PROJECT["version"]}


def test_one_pool_is_meant_everywhere():
    from flows.deploying import POOL  # noqa: PLC0415 - Prefect takes seconds

    pools = {one["work_pool"]["name"] for one in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]}
    worker = yaml.safe_load((KUBERNETES / "values-worker.yaml").read_text())["worker"]["config"]["workPool"]

    assert pools == {worker} == {POOL}


def test_what_triggers_a_campaign_is_a_request_that_its_flow_takes():
    from flows.orders import Request  # noqa: PLC0415

    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    triggers = [trigger for one in deployments for trigger in one.get("triggers", ())]
    requests = [Request.model_validate(trigger["parameters"]["request"]) for trigger in triggers]

    assert [request.wanted for request in requests] == ["start"]


def test_no_way_in_which_a_run_ends_is_taken_for_a_zombie():
    from prefect.automations import Automation  # noqa: PLC0415 - Prefect takes seconds
    from prefect.client.schemas.objects import TERMINAL_STATES  # noqa: PLC0415

    from flows.staging import WORDS  # noqa: PLC0415

    [told] = yaml.safe_load((DEPLOY / "zombies.yaml").read_text())["automations"]
    found = Automation.model_validate(told)
    ends = {*(state.value for state in TERMINAL_STATES), *WORDS, "superseded"}

    assert {f"prefect.flow-run.{end.capitalize()}" for end in ends} <= set(found.trigger.expect)
