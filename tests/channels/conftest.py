"""A fake platform and an account on it, for every network."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import httpx
import pytest

from channels.network import Network
from channels.registry import channel_class
from tests.channels.fakes.server import Fake
from tests.channels.samples import http_client


@pytest.fixture
def platform(request: pytest.FixtureRequest) -> Iterator[Fake]:
    """The fake of the network that the test names: its parameter, else its file's own name."""
    name = getattr(request, "param", request.path.stem.removeprefix("test_"))
    with import_module(f"tests.channels.fakes.{name}").Platform() as fake:
        fake.name = name
        yield fake


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    """The client that the account uses."""
    with http_client() as client:
        yield client


@pytest.fixture
def channel(platform: Fake, http: httpx.Client) -> Network:
    """The account on that platform."""
    return channel_class(platform.name)(platform.name, settings=platform.settings(), http=http)
