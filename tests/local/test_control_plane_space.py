import typing

import pytest

from local import control_plane as control_planes
from local.toolchain import binaries
from stacks import errors, settings


@pytest.fixture
def built(monkeypatch):
    monkeypatch.setattr(binaries, "ensure", lambda **_: binaries.Binaries(paths={}))


class Usage(typing.NamedTuple):
    total: int
    used: int
    free: int


def test_too_little_space_is_told_before_anything_is_started(monkeypatch, built, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(control_planes.shutil, "disk_usage", lambda _path: Usage(10**9, 10**9, 12_000_000))
    with pytest.raises(errors.ControlPlaneError) as refused:
        control_planes.start("local-dev", nodes=settings.LocalNodes(), report=print)
    (problem,) = refused.value.problems
    assert problem.what.startswith("no space left for the control plane local-dev: 12 MB are free in ")
    assert "XDG_DATA_HOME" in problem.next
    assert control_planes.names() == []


def test_a_folder_that_cannot_be_made_is_told(monkeypatch, built, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(errors.ControlPlaneError) as refused:
        control_planes.start("local-dev", nodes=settings.LocalNodes(), report=print)
    (problem,) = refused.value.problems
    assert problem.what == (
        "the folder of the control plane local-dev cannot be used: "
        f"Not a directory: {tmp_path}/file/paasport/control-planes/local-dev"
    )


def test_a_folder_that_cannot_be_written_is_told(monkeypatch, built, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    # Not by its mode, which does not stop root.
    monkeypatch.setattr(control_planes.os, "access", lambda *_: False)
    with pytest.raises(errors.ControlPlaneError, match="cannot be used: it cannot be written"):
        control_planes.start("local-dev", nodes=settings.LocalNodes(), report=print)
