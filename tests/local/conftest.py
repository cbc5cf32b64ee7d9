"""Control planes that a test may hurt: none of them is the session's own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from local import control_plane as control_planes
from stacks import settings


@pytest.fixture(scope="module")
def victim(request: pytest.FixtureRequest) -> Iterator[control_planes.ControlPlane]:
    """A control plane for the tests of one module, which may break it as long as they leave it repairable."""
    module = request.module.__name__.rpartition("_")[2]
    name = f"pytest-{module}-{os.getpid()}"
    try:
        yield control_planes.start(name, nodes=settings.LocalNodes(), report=print)
    finally:
        control_planes.delete(name)
