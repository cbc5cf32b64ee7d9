from __future__ import annotations

import json
import pathlib

import pytest

from local import releases
from stacks import errors
from tests.local import fake_go

# sha256 of "kind: List\n"
SHA256 = "bac33b4c6ac6e0a5745fec05e34589c0311e6b8da3abd1ab4b4f70205a8f1720"

LOCK = f"""
some-operator:
  version: 1.2.3
  manifests:
    bundle.yaml:
      url: https://releases.example/v1.2.3/bundle.yaml
      sha256: {SHA256}
      go_module: {{path: example.test/some-operator, version: v1.2.3, file: deploy/bundle.yaml}}
    only-at-its-url.yaml:
      url: https://releases.example/v1.2.3/only-at-its-url.yaml
      sha256: "0000"
"""


@pytest.fixture
def go(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> fake_go.Go:
    """A Go whose module some-operator has the manifest."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", fake_go.path_with(tmp_path / "bin"))
    monkeypatch.delenv("PAASPORT_MIRROR", raising=False)
    go = fake_go.install(tmp_path / "bin")
    module_has(tmp_path, "kind: List\n")
    go.says(*json.dumps({"Dir": str(tmp_path / "module")}, indent="\t").splitlines())
    return go


@pytest.fixture
def lock(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "releases.lock.yaml"
    path.write_text(LOCK)
    return path


def module_has(folder: pathlib.Path, text: str) -> None:
    manifest = folder / "module" / "deploy" / "bundle.yaml"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(text)


def cached(folder: pathlib.Path) -> pathlib.Path:
    return folder / "cache" / "paasport" / "releases" / f"{SHA256}.yaml"


def test_manifest_comes_from_the_go_module_into_the_cache(go: fake_go.Go, lock: pathlib.Path, tmp_path: pathlib.Path):
    releases.fill_cache(lock, report=print, operators={"some-operator"})
    assert cached(tmp_path).read_text() == "kind: List\n"
    assert [path.name for path in cached(tmp_path).parent.iterdir()] == [f"{SHA256}.yaml"]


def test_what_is_cached_starts_no_process_and_says_nothing(go: fake_go.Go, lock: pathlib.Path):
    releases.fill_cache(lock, report=print, operators={"some-operator"})
    lines: list[str] = []
    releases.fill_cache(lock, report=lines.append, operators={"some-operator"})
    assert lines == []
    assert len(go.calls()) == 1


def test_what_the_stack_does_not_install_is_not_fetched(go: fake_go.Go, lock: pathlib.Path):
    releases.fill_cache(lock, report=print, operators={"another-operator"})
    assert go.calls() == []


def test_mirror_goes_first(go: fake_go.Go, lock: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
    mirrored = tmp_path / "mirror" / "some-operator" / "1.2.3" / "bundle.yaml"
    mirrored.parent.mkdir(parents=True)
    mirrored.touch()
    monkeypatch.setenv("PAASPORT_MIRROR", str(tmp_path / "mirror"))
    releases.fill_cache(lock, report=print, operators={"some-operator"})
    assert go.calls() == []
    assert not cached(tmp_path).exists()


def test_other_content_than_the_pinned_is_refused(go: fake_go.Go, lock: pathlib.Path, tmp_path: pathlib.Path):
    module_has(tmp_path, "kind: Changed\n")
    with pytest.raises(errors.ReleaseError) as raised:
        releases.fill_cache(lock, report=print, operators={"some-operator"})
    assert (
        f"bundle.yaml of some-operator 1.2.3 is not the pinned one: expected sha256 {SHA256}, got 34cfc7ca43b164b0c5ec545ae7a9706da0a6ed229f70114a3d785b110e4f64c1"
        in str(raised.value)
    )
    assert not cached(tmp_path).exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("a: [", "while parsing a flow node", id="broken YAML"),
        pytest.param("", "'NoneType' object", id="empty"),
        pytest.param("some-operator: {version: 1.2.3}", "the key 'manifests' is missing", id="key missing"),
        pytest.param(
            "some-operator: {manifests: {b: {go_module: {path: p}}}}", "the key 'version' is missing", id="pin"
        ),
    ],
)
def test_unusable_lock_file_is_told(lock: pathlib.Path, text: str, reason: str):
    lock.write_text(text)
    with pytest.raises(errors.ReleaseError) as raised:
        releases.fill_cache(lock, report=print, operators={"some-operator"})
    assert str(raised.value).startswith("releases.lock.yaml cannot be used: ")
    assert reason in str(raised.value)


def test_cache_that_cannot_be_written_is_told(go: fake_go.Go, lock: pathlib.Path, tmp_path: pathlib.Path):
    (tmp_path / "cache" / "paasport").mkdir(parents=True)
    (tmp_path / "cache" / "paasport" / "releases").write_text("a file where the folder should be")
    with pytest.raises(errors.ReleaseError, match="cannot be written: File exists"):
        releases.fill_cache(lock, report=print, operators={"some-operator"})


def test_a_module_that_cannot_be_had_is_told_once_and_left_to_the_program(
    go: fake_go.Go, lock: pathlib.Path, tmp_path: pathlib.Path
):
    second = LOCK.replace("bundle.yaml", "second.yaml").partition("    only-at")[0].partition("manifests:\n")[2]
    lock.write_text(LOCK + second)
    go.says(*json.dumps({"Error": "no such host"}, indent="\t").splitlines())
    lines: list[str] = []
    releases.fill_cache(lock, report=lines.append, operators={"some-operator"})
    assert [line for line in lines if line.startswith("no release of some-operator from its Go module: ")]
    assert len(go.calls()) == 1
    assert not cached(tmp_path).exists()
