import typing

import pytest

from local import control_plane as control_planes
from local.toolchain import binaries
from stacks import errors, settings


class Usage(typing.NamedTuple):
    total: int
    used: int
    free: int


def test_too_little_space_is_told_before_anything_is_started(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(binaries, "ensure", lambda **_: binaries.Binaries(paths={}))
    monkeypatch.setattr(control_planes.shutil, "disk_usage", lambda _path: Usage(10**9, 10**9, 12_000_000))
    with pytest.raises(errors.ControlPlaneError) as refused:
        control_planes.start("local-dev", nodes=settings.LocalNodes(), report=print)
    (problem,) = refused.value.problems
    assert problem.what.startswith("no space left for the control plane local-dev: 12 MB are free in ")
    assert "XDG_DATA_HOME" in problem.next
    assert control_planes.names() == []
