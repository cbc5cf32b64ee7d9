"""A stack on a cluster that somebody else has made, seen from its kubeconfig."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
from collections.abc import Iterator

import pytest

from local import control_plane as control_planes
from runner import cli
from stacks import settings

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def empty_cluster() -> Iterator[control_planes.ControlPlane]:
    """A cluster of its own: on the one that tests share, some leave definitions that the stack would bring."""
    name = f"pytest-existing-{os.getpid()}"
    try:
        yield control_planes.start(name, nodes=settings.LocalNodes(), report=print)
    finally:
        control_planes.delete(name)


# Its operator is had as a Go module: on a cluster that is real nothing stands in for a release.
@pytest.mark.usefixtures("only_metrics")
def test_it_can_be_previewed(
    empty_cluster: control_planes.ControlPlane,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / ".kube").mkdir()
    shutil.copy(empty_cluster.kubeconfig, tmp_path / ".kube" / "config")

    # For the command alone: where the control plane has its data is to be found again at its end.
    with monkeypatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME") or str(pathlib.Path.home() / ".cache"))
        patched.setenv("HOME", str(tmp_path))
        patched.setenv("XDG_DATA_HOME", str(tmp_path))
        assert cli.main(["preview", "existing-dev"], root=ROOT) == 0

    told = capsys.readouterr().out
    assert re.search(r"^\d+ to create in", told, re.MULTILINE)
    assert "kubernetes:policy/v1:PodDisruptionBudget" in told
