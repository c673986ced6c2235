"""A real server in processes of its own, for peers that speak HTTP from outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.demo.server import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The sandbox, from `motcua sandbox`, in a home of its own."""
    running = Server(Path(".motcua/peers"))
    running.wipe()
    running.start()
    yield running
    running.stop()
