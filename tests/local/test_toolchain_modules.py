from __future__ import annotations

import json
import pathlib

import pytest

from local.toolchain import modules
from stacks import errors
from tests.local import fake_go

OPERATOR = "github.com/prometheus-operator/prometheus-operator"
PINS = pathlib.Path(__file__).parents[2] / "local" / "toolchain"


@pytest.fixture
def go(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> fake_go.Go:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", fake_go.path_with(tmp_path / "bin"))
    return fake_go.install(tmp_path / "bin")


def answers(go: fake_go.Go, **answer: str) -> None:
    go.says("go: a warning", *json.dumps(answer, indent="\t").splitlines())


def test_file_of_a_module_is_the_one_that_go_downloaded(go: fake_go.Go, tmp_path: pathlib.Path):
    (tmp_path / "module").mkdir()
    (tmp_path / "module" / "bundle.yaml").write_text("kind: List")
    answers(go, Dir=str(tmp_path / "module"))
    assert modules.file("example.test/m", "v1.0.0", "bundle.yaml", report=print).read_text() == "kind: List"
    assert go.calls()[0]["arguments"] == ["mod", "download", "-json", "example.test/m@v1.0.0"]


def test_module_that_a_go_sum_lists_is_verified_by_it(go: fake_go.Go, tmp_path: pathlib.Path):
    (tmp_path / "bundle.yaml").touch()
    answers(go, Dir=str(tmp_path))
    modules.file(OPERATOR, "v0.85.0", "bundle.yaml", report=print)
    assert go.calls()[0]["cwd"] == str(PINS / "prometheus-operator")


def test_other_module_is_fetched_outside_of_any_go_mod(go: fake_go.Go, tmp_path: pathlib.Path):
    (tmp_path / "bundle.yaml").touch()
    answers(go, Dir=str(tmp_path))
    modules.file(OPERATOR, "v0.1.0", "bundle.yaml", report=print)
    assert not pathlib.Path(str(go.calls()[0]["cwd"])).is_relative_to(PINS)


def test_refusal_of_the_proxy_is_told(go: fake_go.Go):
    answers(go, Error="example.test/m@v1.0.0: reading https://proxy.example/m: 404 Not Found")
    go.fails_at("example.test/m")
    with pytest.raises(
        errors.ToolchainError, match=r"the Go proxy does not have example\.test/m@v1\.0\.0, needed for fetching"
    ):
        modules.file("example.test/m", "v1.0.0", "bundle.yaml", report=print)


def test_failure_without_an_answer_is_told_in_gos_words(go: fake_go.Go):
    go.says("go: errors parsing go.mod")
    go.fails_at("example.test/m")
    with pytest.raises(errors.ToolchainError, match=r"go: errors parsing go\.mod"):
        modules.file("example.test/m", "v1.0.0", "bundle.yaml", report=print)


def test_missing_file_is_told(go: fake_go.Go, tmp_path: pathlib.Path):
    answers(go, Dir=str(tmp_path))
    with pytest.raises(errors.ToolchainError, match=r"example\.test/m@v1\.0\.0 has no file absent\.yaml"):
        modules.file("example.test/m", "v1.0.0", "absent.yaml", report=print)
