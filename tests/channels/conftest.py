"""A fake platform and an account on it, for every network."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest

from channels.network import Network
from channels.registry import channel_class
from tests.channels.fakes.server import Fake
from tests.channels.samples import hasty


@pytest.fixture
def platform(request: pytest.FixtureRequest) -> Iterator[Fake]:
    """The fake of the network that the test names: its parameter, else its file's own name."""
    name = getattr(request, "param", request.path.stem.removeprefix("test_"))
    with import_module(f"tests.channels.fakes.{name}").Platform() as fake:
        fake.name = name
        yield fake


@pytest.fixture
def channel(platform: Fake) -> Iterator[Network]:
    """The account on that platform."""
    with hasty() as http:
        yield channel_class(platform.name)(platform.name, settings=platform.settings(), http=http)
