"""Binaries are built where they are missing: with a fake Go, so that every moment of a build can be chosen."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from local.toolchain import binaries, build, catalogue
from stacks import errors
from tests.local import fake_go

PROJECT = pathlib.Path(__file__).parents[2]

ENSURE = """
import sys
from local.toolchain import binaries
try:
    binaries.ensure(sys.argv[1:], report=lambda line: print(line, flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def go(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> fake_go.Go:
    """A fake Go on the PATH, and a cache folder that is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", fake_go.path_with(tmp_path / "bin"))
    return fake_go.install(tmp_path / "bin")


def ensured(*names: str) -> list[str]:
    lines: list[str] = []
    binaries.ensure(names, report=lines.append)
    return lines


def start(*names: str) -> subprocess.Popen[str]:
    """`ensure` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", ENSURE, *names], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


class TestBuilding:
    def test_missing_binaries_are_built_in_the_order_of_the_catalogue(self, go: fake_go.Go):
        ensured("kwok", "kube-apiserver", "etcd")
        assert go.built() == ["kube-apiserver", "v3", "kwok"]

    def test_each_is_told_with_its_number_and_time(self, go: fake_go.Go):
        go.says("go: downloading k8s.io/api v0.36.3", "k8s.io/api/core/v1")
        lines = [re.sub(r"[0-9.]+ s$", "N s", line) for line in ensured("kwok", "kubectl")]
        assert lines == [
            "building kubectl (1 of 2) ...",
            "building kubectl (1 of 2) ... built in N s",
            "building kwok (2 of 2) ...",
            "building kwok (2 of 2) ... built in N s",
        ]

    def test_path_is_the_executable_file(self, go: fake_go.Go):
        path = binaries.ensure(["etcd"], report=print).path("etcd")
        assert path.read_text() == "built from go.etcd.io/etcd/server/v3"
        assert os.access(path, os.X_OK)

    def test_path_of_a_binary_that_was_not_asked_for_is_an_error(self, go: fake_go.Go):
        with pytest.raises(KeyError):
            binaries.ensure(["etcd"], report=print).path("kubectl")

    def test_runs_where_go_mod_is_with_a_pinned_environment(self, go: fake_go.Go, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("GOFLAGS", "-mod=vendor")
        monkeypatch.setenv("GOOS", "plan9")
        ensured("prometheus-operator")
        call = go.calls()[0]
        assert call["cwd"] == str(PROJECT / "local" / "toolchain" / "prometheus-operator")
        assert call["environment"]["GOFLAGS"] == "-mod=readonly -modcacherw"
        assert call["environment"]["GOOS"] == "linux"
        assert call["environment"]["CGO_ENABLED"] == "0"

    def test_only_what_is_missing_is_built(self, go: fake_go.Go):
        ensured("etcd")
        ensured("etcd", "kwok")
        assert go.built() == ["v3", "kwok"]

    def test_change_of_the_operators_go_mod_does_not_rebuild_kubernetes(
        self, go: fake_go.Go, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
    ):
        for group in catalogue.GROUPS:
            shutil.copytree(group.folder, tmp_path / "pins" / group.name)
        monkeypatch.setattr(catalogue, "FOLDER", tmp_path / "pins")
        ensured("etcd", "prometheus-operator")
        with (tmp_path / "pins" / "prometheus-operator" / "go.sum").open("a") as go_sum:
            go_sum.write("\n")
        ensured("etcd", "prometheus-operator")
        assert go.built() == ["v3", "operator", "operator"]


class TestWhatIsBuilt:
    def test_is_found_without_a_word_and_without_a_process(self, go: fake_go.Go, monkeypatch: pytest.MonkeyPatch):
        ensured("etcd")
        monkeypatch.setattr(subprocess, "Popen", None)
        assert ensured("etcd") == []

    def test_is_found_in_under_5_milliseconds(self, go: fake_go.Go):
        ensured()
        binaries.ensure(report=print)
        assert min(seconds_of_ensure() for _ in range(10)) < 0.005


def seconds_of_ensure() -> float:
    started = time.process_time()
    binaries.ensure(report=print)
    return time.process_time() - started


class TestFailure:
    def test_names_the_binary_and_keeps_what_was_built_before(self, go: fake_go.Go):
        go.fails_at("kubectl")
        with pytest.raises(errors.ToolchainError, match="building kubectl failed"):
            ensured("kube-scheduler", "kubectl", "kwok")
        go.works_again()
        assert ensured("kube-scheduler", "kubectl", "kwok")[0] == "building kubectl (1 of 2) ..."

    def test_no_space_left_is_told_with_the_folder(self, go: fake_go.Go, tmp_path: pathlib.Path):
        go.says("write /tmp/b001/_pkg_.a: no space left on device")
        go.fails_at("kubectl")
        with pytest.raises(errors.ToolchainError) as raised:
            ensured("kubectl")
        assert f"GB free in {tmp_path}/cache/paasport/go" in str(raised.value)

    def test_cache_that_cannot_be_made_is_told(self, go: fake_go.Go, tmp_path: pathlib.Path):
        (tmp_path / "cache").write_text("a file where the folder should be")
        with pytest.raises(errors.ToolchainError, match="the toolchain's folder cannot be used: Not a directory"):
            ensured("kubectl")

    def test_half_a_binary_is_not_taken_for_one(self, go: fake_go.Go):
        partial = build.located(catalogue.BINARIES["etcd"]).with_name("etcd.partial")
        partial.parent.mkdir(parents=True)
        partial.write_text("half of it")
        ensured("etcd")
        assert build.located(catalogue.BINARIES["etcd"]).read_text() == "built from go.etcd.io/etcd/server/v3"
        assert not partial.exists()


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_signal_ends_go_and_the_next_call_goes_on(self, go: fake_go.Go, number: signal.Signals):
        go.pauses_at("kwok")
        process = start("etcd", "kwok")
        wait_until(lambda: len(go.calls()) == 2)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 130
        assert output.splitlines()[-1] == "stopped; what is compiled is kept, and the next call goes on there"
        assert not pathlib.Path("/proc", str(go.calls()[1]["pid"])).exists()
        go.goes_on()
        assert ensured("etcd", "kwok")[0] == "building kwok (1 of 1) ..."

    def test_event_stops_a_call_in_a_thread(self, go: fake_go.Go):
        go.pauses_at("kwok")
        stop, raised = threading.Event(), []

        def call() -> None:
            try:
                binaries.ensure(["kwok"], report=print, stop=stop)
            except KeyboardInterrupt:
                raised.append(True)

        thread = threading.Thread(target=call)
        thread.start()
        wait_until(lambda: len(go.calls()) == 1)
        stop.set()
        thread.join(timeout=30)
        assert raised == [True]

    def test_go_that_outlived_a_kill_is_waited_for(self, go: fake_go.Go):
        go.pauses_at("kwok")
        killed = start("kwok")
        wait_until(lambda: len(go.calls()) == 1)
        killed.kill()
        killed.communicate()
        following = start("kwok")
        assert following.stdout is not None
        first = following.stdout.readline()
        assert first == f"waiting for another call ... process {killed.pid} is building kwok\n"
        go.goes_on()
        following.communicate(timeout=60)
        assert following.returncode == 0

    def test_two_calls_at_once_build_each_binary_once(self, go: fake_go.Go):
        go.pauses_at("kwok")
        first = start("etcd", "kwok")
        wait_until(lambda: len(go.calls()) == 2)
        second = start("etcd", "kwok")
        assert second.stdout is not None
        waiting = second.stdout.readline()
        go.goes_on()
        first.communicate(timeout=60)
        rest, _ = second.communicate(timeout=60)
        assert (first.returncode, second.returncode) == (0, 0)
        assert waiting == f"waiting for another call ... process {first.pid} is building kwok\n"
        assert rest == ""
        assert go.built() == ["v3", "kwok"]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([], ""),
        (["go: downloading k8s.io/api v0.36.3"], "downloading k8s.io/api v0.36.3"),
        (["go: downloading k8s.io/api v0.36.3", "k8s.io/api/core/v1", "internal/abi"], "2 packages compiled"),
    ],
)
def test_heartbeat_tells_what_go_is_at(lines: list[str], text: str):
    assert build.doing(lines) == text
