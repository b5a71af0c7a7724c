"""What the warm process does once, so that no flow run has to: imports, first uses, models that are built late."""

from __future__ import annotations

import gc
import mimetypes
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel

# What a run of ours imports. The names with an underscore are Prefect's and AnyIO's own, and may go: a name that
# is not there is passed over, and the run pays for it.
MODULES = (
    "prefect.engine",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.artifacts",
    "prefect.bundles",
    "prefect.concurrency.asyncio",
    "prefect.concurrency.sync",
    "prefect.deployments.steps.pull",
    "prefect.deployments.steps.utility",
    "prefect.events",
    "prefect.runner",
    "prefect.utilities.visualization",
    "prefect._internal.integrations",
    "prefect._internal.installation",
    "prefect._internal.observers",
    "prefect._internal.states",
    "prefect.locking._filelock",
    "anyio._backends._asyncio",
    "anyio.streams.tls",
    "encodings.idna",
    "packaging.requirements",
    "packaging.tags",
    "stringprep",
    "flows.publish",
    "flows.campaign",
)
BRAND = "name: Rehearsal\nsite: https://site.invalid\npostal_address: A, B\nemail: {from_address: a@site.invalid}\n"
ARTICLE = """---
title: A rehearsal
description: Nobody reads this.
date: 2026-01-01
authors: [A B]
tags: [rehearsal]
takeaways: [One thing.]
---

Nobody *reads* [this](https://site.invalid/a), says **A**.

## And more

- one
- two

> A word.
"""


def rehearse(modules: Iterable[str] = MODULES) -> None:
    """Import, and do for the first time what needs no network. No thread is left behind."""
    for module in modules:
        with suppress(ImportError):
            import_module(module)
    if "flows.publish" in sys.modules:
        _press()
        _complete(BaseModel)
    gc.collect()
    gc.freeze()  # a forked process would copy whatever its collector looks at


def _press() -> None:
    """Render an article for every channel, and open a ledger, in a folder that is thrown away."""
    from channels.registry import SHIPPED  # noqa: PLC0415 - the modules are the caller's choice
    from flows.ledger import Ledger  # noqa: PLC0415
    from flows.orders import Order  # noqa: PLC0415
    from flows.plan import plan  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "content" / "articles").mkdir(parents=True)
        (root / "content" / "brand.yaml").write_text(BRAND, encoding="utf-8")
        (root / "content" / "articles" / "rehearsal.md").write_text(ARTICLE, encoding="utf-8")
        plan(Order(article="rehearsal", channels=list(SHIPPED), root=folder))
        Ledger(f"sqlite:///{root / 'ledger.db'}").close()
    mimetypes.init()  # which the first picture of a run would do


def _complete(model: type[BaseModel]) -> None:
    """Pydantic builds Prefect's models at their first use: 0.03 s a run."""
    for each in model.__subclasses__():
        _complete(each)
        if not each.__pydantic_complete__:
            each.model_rebuild(raise_errors=False)
