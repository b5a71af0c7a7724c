"""Makes a Prefect server know the press: its pool, and what can be run. `python -m flows.deploying ROOT`."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import Flow, get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema
from prefect.workers.process import ProcessWorker

from flows.engine import until_it_answers
from flows.settings import Settings
from flows.slots import make_limits

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

POOL = "press"
WARM = (sys.executable, "-m", "flows.warm")  # starts a flow run: out of a process that has everything loaded


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A flow that can be run from Prefect's pages. prefect.yaml holds the same for teams.

    None has a concurrency limit: where Prefect can't renew its lease, it ends the run in the middle of what it sends.
    """

    entrypoint: str  # a module's: a project made by `pressroom new` holds no code
    name: str
    description: str


OFFERS = (
    Offer(
        entrypoint="flows.publish.publish",
        name="by-hand",
        description="Publish one article now. Fill in the form; 'outbox' sends nothing.",
    ),
    Offer(
        entrypoint="flows.campaign.campaign_step",
        name="press",
        description="One step of a campaign, at its time. Campaigns make these runs by themselves.",
    ),
    Offer(
        entrypoint="flows.campaign.campaign",
        name="by-hand",
        description="Start, pause or cancel a campaign. Fill in the form.",
    ),
    Offer(
        entrypoint="flows.mail_share.mail_share",
        name="press",
        description="One share of a long mailing. A run that sends to a list makes these by itself.",
    ),
)


async def register(root: Path) -> None:
    """Make the pool, the deployments and the accounts' limits, or bring them up to date.

    What a person has changed of a deployment stays.
    """
    limits = Settings.of(root).at_once
    async with get_client() as client:
        await _make_pool(client)
        await make_limits(client, limits)
        for offer in OFFERS:
            await _deploy(client, offer, root)


async def _make_pool(client: PrefectClient) -> None:
    template = ProcessWorker.get_default_base_job_template()
    try:
        await client.read_work_pool(POOL)
    except ObjectNotFound:
        try:
            await client.create_work_pool(
                WorkPoolCreate(name=POOL, type=ProcessWorker.type, base_job_template=template)
            )
        except ObjectAlreadyExists:  # a worker came first
            return


async def _deploy(client: PrefectClient, offer: Offer, root: Path) -> None:
    """Made whole where there is none; else only what belongs to the program is brought up to date, not the rest."""
    flow: Flow[..., Any] = load_flow_from_entrypoint(offer.entrypoint)
    ours = _ours(offer, flow, root)
    try:
        found = await client.read_deployment_by_name(f"{flow.name}/{offer.name}")
    except ObjectNotFound:
        await client.create_deployment(
            flow_id=await client.create_flow(flow),
            name=offer.name,
            work_pool_name=POOL,
            description=offer.description,
            tags=["pressroom"],
            enforce_parameter_schema=True,
            **ours,
        )
        return
    ours["job_variables"] |= {name: value for name, value in found.job_variables.items() if name != "command"}
    if any(getattr(found, name) != value for name, value in ours.items()):  # a change unmakes the runs it has ahead
        await client.update_deployment(found.id, DeploymentUpdate.model_validate(ours))


def _ours(offer: Offer, flow: Flow[..., Any], root: Path) -> dict[str, Any]:
    """What belongs to the program: where a flow is, where it works, what its form asks, how a run of it begins."""
    return {
        "entrypoint": offer.entrypoint,
        "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": str(root.resolve())}}],
        "parameter_openapi_schema": parameter_schema(flow).model_dump(),
        "job_variables": {"command": shlex.join(WARM)},
    }


async def main(root: Path) -> None:
    """Register as soon as the server is there; what takes seconds to load is loaded until then."""
    for offer in OFFERS:
        load_flow_from_entrypoint(offer.entrypoint)
    await until_it_answers(os.environ["PREFECT_API_URL"])
    await register(root)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
