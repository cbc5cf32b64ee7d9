"""What `./paasport` says where it cannot set itself up."""

from __future__ import annotations

import importlib.util
import pathlib
import shutil
import sys
import types

import pytest

from . import projects


class TestLinkInPlaceOfTheEnvironment:
    def test_what_it_leads_to_is_kept(self, project: projects.Project, tmp_path: pathlib.Path):
        elsewhere = tmp_path / "another-environment"
        elsewhere.mkdir()
        (elsewhere / "kept").touch()
        (project.root / ".venv").symlink_to(elsewhere)
        finished = project.call("up", "local-dev")
        assert finished.returncode == 1
        assert finished.stderr.splitlines() == [
            f"error: {project.root}/.venv is a symbolic link, to {elsewhere}",
            "  the set-up would delete and change what lies there",
            f"  next: rm {project.root}/.venv, then {project.root}/paasport up local-dev",
        ]
        assert [path.name for path in elsewhere.iterdir()] == ["kept"]

    def test_one_to_a_complete_environment_is_refused_too(
        self, ready: projects.Project, project: projects.Project, tmp_path: pathlib.Path
    ):
        elsewhere = shutil.copytree(ready.root / ".venv", tmp_path / "another-environment", symlinks=True)
        _, _, requirements = (elsewhere / "paasport.stamp").read_text().split("\n", 2)
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        (elsewhere / "paasport.stamp").write_text(f"{version}\n{project.root}\n{requirements}")
        (project.root / ".venv").symlink_to(elsewhere)
        assert "is a symbolic link" in project.call().stderr

    def test_one_that_leads_nowhere_is_refused_too(self, project: projects.Project, tmp_path: pathlib.Path):
        (project.root / ".venv").symlink_to(tmp_path / "gone")
        assert "is a symbolic link" in project.call().stderr
        assert not (tmp_path / "gone").exists()


class TestMachineThatLacksSomething:
    def test_project_that_cannot_be_written_is_told(self, project: projects.Project):
        (project.root / ".paasport").write_text("a file where the folder should be")
        finished = project.call()
        assert finished.returncode == 1
        assert finished.stderr.startswith(f"error: the set-up cannot use {project.root}/.paasport: File exists\n")
        assert f"next: make that possible, then {project.root}/paasport" in finished.stderr

    def test_python_without_ensurepip_names_the_package(
        self, paasport: types.ModuleType, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())
        monkeypatch.setattr(paasport.sys, "version_info", (3, 11, 2))
        monkeypatch.setattr(paasport.sys, "argv", ["./paasport", "doctor"])
        with pytest.raises(paasport.SetUpError) as raised:
            paasport.make_venv(lock=-1)
        assert "it has no ensurepip" in str(raised.value)
        assert "next: apt-get install python3.11-venv, then ./paasport doctor" in str(raised.value)

    def test_python_too_old_names_a_newer_one(
        self, paasport: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
    ):
        (tmp_path / "python3.12").touch(mode=0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(paasport.sys, "version_info", (3, 9, 2))
        monkeypatch.setattr(paasport.sys, "version", "3.9.2 (main)")
        monkeypatch.setattr(paasport.sys, "argv", ["./paasport", "up"])
        with pytest.raises(SystemExit) as raised:
            paasport.refuse_old_python()
        assert raised.value.code == (
            "error: Python 3.11 or newer is needed, and python3 is 3.9.2\n  next: python3.12 ./paasport up"
        )

    def test_installers_repetitions_are_told_once(self, paasport: types.ModuleType):
        said = "WARNING: Retrying (total=1)\nWARNING: Retrying (total=0)\n\nERROR: No matching distribution\n"
        assert paasport.last_lines(said) == "WARNING: Retrying (total=0)\n  ERROR: No matching distribution"

    @pytest.mark.parametrize(
        ("said", "way_out"),
        [
            pytest.param("OSError: [Errno 28] No space left on device", "make room, about 1.5 GB", id="no-space"),
            pytest.param(
                "  tcp connect error: Connection refused (os error 111)", "check the network", id="unreachable"
            ),
            pytest.param("ERROR: No matching distribution found for tiny==9", "correct ", id="unsatisfiable"),
            pytest.param("something else", "./paasport up", id="unknown"),
        ],
    )
    def test_way_out_fits_what_the_installer_said(
        self, paasport: types.ModuleType, monkeypatch: pytest.MonkeyPatch, said: str, way_out: str
    ):
        monkeypatch.setattr(paasport.sys, "argv", ["./paasport", "up"])
        assert paasport.way_out(said).startswith(way_out)
        assert paasport.way_out(said).endswith("./paasport up")
