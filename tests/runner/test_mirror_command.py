"""`./paasport mirror`: what it tells, in words and as JSON, and how it ends."""

from __future__ import annotations

import hashlib
import json
import pathlib
import shutil

import jsonschema
import pytest

from local import mirrors
from runner import cli

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/cli.schema.json").read_text(encoding="utf-8"))
CONTENT = b"kind: List\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The stack files with two small releases, of which the cache has one, and no internet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PAASPORT_MIRROR", raising=False)

    def refused(*_args, **_kwargs):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(mirrors.urllib.request, "urlopen", refused)
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    digest = hashlib.sha256(CONTENT).hexdigest()
    lock = tmp_path / "components/operators/releases.lock.yaml"
    images = tmp_path / "components/services/images.lock.yaml"
    for path in (lock, images):
        path.parent.mkdir(parents=True)
    release = "{{version: 1.0.0, images: [example.test/{0}:1.0.0], manifests: {{a.yaml: {{url: https://x.invalid, sha256: {1}}}}}}}"
    lock.write_text(
        f"prometheus-operator: {release.format('operator', digest)}\ncontour: {release.format('contour', 'f' * 64)}\n"
    )
    images.write_text("prometheus: [example.test/prometheus:3.5.0]\n")
    cached = tmp_path / "cache/paasport/releases" / f"{digest}.yaml"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(CONTENT)
    return tmp_path


def test_what_is_missing_is_told_at_the_end_with_what_to_do(project, capsys):
    assert cli.main(["mirror", str(project / "mirror")], root=project) == 1
    added, missing, *_, last = capsys.readouterr().out.splitlines()
    assert added.startswith("added    prometheus-operator/1.0.0/a.yaml  from ")
    assert "a.yaml of contour 1.0.0 is nowhere" in missing
    assert last == f"{project / 'mirror'}: 1 of 2 files, 3 images in images.txt"


def test_a_stacks_own_releases_are_enough_for_it(project, capsys):
    folder = project / "mirror"
    assert cli.main(["mirror", str(folder), "--stack", "local-dev"], root=project) == 0
    assert (folder / "prometheus-operator/1.0.0/a.yaml").read_bytes() == CONTENT
    assert (folder / "images.txt").read_text() == "example.test/operator:1.0.0\nexample.test/prometheus:3.5.0\n"
    assert capsys.readouterr().out.splitlines()[-1] == f"{folder}: 1 of 1 files, 2 images in images.txt"


def test_the_second_call_adds_nothing(project, capsys):
    cli.main(["mirror", str(project / "mirror"), "--stack", "local-dev"], root=project)
    capsys.readouterr()
    assert cli.main(["mirror", str(project / "mirror"), "--stack", "local-dev"], root=project) == 0
    assert capsys.readouterr().out == f"{project / 'mirror'}: 1 of 1 files, 2 images in images.txt\n"


def test_as_json(project, capsys):
    assert cli.main(["mirror", str(project / "mirror"), "--json"], root=project) == 1
    found = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator({"$ref": "#/$defs/mirror", "$defs": SCHEMA["$defs"]}).validate(found)
    assert [(item["operator"], item["state"]) for item in found["files"]] == [
        ("prometheus-operator", "added"),
        ("contour", "missing"),
    ]
    (diagnostic,) = found["diagnostics"]
    assert "contour/1.0.0/a.yaml" in diagnostic["next"]


def test_a_stack_that_is_not_there_is_named_before_anything_is_written(project, capsys):
    assert cli.main(["mirror", str(project / "mirror"), "--stack", "nowhere"], root=project) == 2
    assert "nowhere" in capsys.readouterr().err
    assert not (project / "mirror").exists()
