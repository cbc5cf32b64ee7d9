"""A project that is set up, one that is not, and `paasport` as a module."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import pathlib
import shutil
import subprocess
import types

import pytest

from . import projects


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    """A project that is set up; tests leave it so."""
    project = projects.Project(tmp_path_factory.mktemp("ready"))
    assert project.call().returncode == 0
    return project


@pytest.fixture(scope="session")
def quick_venv(ready: projects.Project, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder whose module `venv` copies an environment that has nothing but pip."""
    folder = tmp_path_factory.mktemp("quick")
    (folder / "venv.py").write_text(projects.VENV)
    template = shutil.copytree(ready.root / ".venv", folder / "template", symlinks=True)
    (template / "paasport.stamp").unlink()
    subprocess.run([template / "bin" / "python", "-m", "pip", "uninstall", "-q", "-y", "tiny", "uv"], check=True)
    return folder


@pytest.fixture
def project(tmp_path: pathlib.Path, quick_venv: pathlib.Path) -> projects.Project:
    project = projects.Project(tmp_path)
    project.environment["PYTHONPATH"] = str(quick_venv)
    return project


@pytest.fixture(scope="session")
def paasport() -> types.ModuleType:
    """The executable as a module, for its pure functions."""
    loader = importlib.machinery.SourceFileLoader("paasport", str(projects.PAASPORT))
    spec = importlib.util.spec_from_loader("paasport", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
