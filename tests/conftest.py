"""What tests share: the real control plane, built and started where it is missing, and ways to talk to it."""

from __future__ import annotations

import contextlib
import os
import pathlib
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest

from local import control_plane as control_planes
from local.toolchain import binaries
from stacks import settings

Kubectl = Callable[..., str]

# The first example of a test pays for imports, and other work shares the machine: time is no sign of a defect here.
hypothesis.settings.register_profile("paasport", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("paasport")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what every stack registers anew")
    parser.addoption("--accept-replacement", action="store_true", help="even where that replaces or deletes something")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build the toolchain before the first test, so that its ten minutes do not count against one test's timeout."""
    if session.config.option.collectonly or not any(item.get_closest_marker("cluster") for item in session.items):
        return
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    binaries.ensure(report=terminal.write_line if terminal else lambda _line: None)


@pytest.fixture(scope="session")
def control_plane() -> Iterator[control_planes.ControlPlane]:
    """A control plane of this test session alone; gone afterwards, also when tests fail."""
    _delete_abandoned()
    name = f"pytest-{os.getpid()}"
    try:
        yield control_planes.start(name, nodes=settings.LocalNodes(), report=print)
    finally:
        control_planes.delete(name)


@pytest.fixture
def kubectl(control_plane: control_planes.ControlPlane) -> Kubectl:
    """Run kubectl on the control plane: `kubectl("get", "nodes")` returns its output and fails the test when it fails."""
    return kubectl_for(control_plane.kubeconfig)


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """A namespace of this test alone; deleted afterwards, without waiting for it."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def kubectl_for(kubeconfig: pathlib.Path) -> Kubectl:
    """The helper behind the fixture `kubectl`, for control planes that a test makes itself."""
    program = binaries.ensure(["kubectl"], report=print).path("kubectl")

    def run(*arguments: str, stdin: str = "") -> str:
        command = [str(program), "--kubeconfig", str(kubeconfig), *arguments]
        finished = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, check=False)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    return run


def until(question: Callable[[], Any], *, seconds: float = 60) -> Any:
    """The first answer that is true; fails the test when there is none within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.1)
    pytest.fail(f"still {question()!r} after {seconds} s")


def _delete_abandoned() -> None:
    """Remove what sessions left that were killed."""
    for name in control_planes.names():
        pid = name.rpartition("-")[2]
        if name.startswith("pytest-") and pid.isdigit() and not pathlib.Path("/proc", pid).exists():
            # Another session may be doing the same.
            with contextlib.suppress(FileNotFoundError):
                control_planes.delete(name)
