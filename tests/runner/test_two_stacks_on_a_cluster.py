"""Two stacks and two instances of each service side by side: the real program, the real engine, a real API server."""

from __future__ import annotations

import json
import pathlib
import shutil
from typing import Any

import pytest
import yaml

from local import control_plane as control_planes
from runner import cli
from tests import conftest

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLATFORM = {
    "docs": {"service": "mongodb", "monitoredBy": "eyes"},
    "eyes": {"service": "prometheus"},
    "ears": {"service": "prometheus"},
    "stock": {"service": "postgresql", "monitoredBy": "eyes"},
    "sales": {"service": "postgresql", "monitoredBy": "ears"},
    "orders": {"service": "rabbitmq", "monitoredBy": "eyes"},
    "mails": {"service": "rabbitmq", "monitoredBy": "ears"},
}
SHOP = {"shop": {"service": "mongodb", "protection": "off"}, "sight": {"service": "prometheus"}}
HAS = {"operators": ["cert-manager", "mongodb-kubernetes", "prometheus-operator"], "storageClasses": True}
GUEST = {
    "vendor": "existing",
    "name": "guest",
    "kubeconfig": {"stack": "platform"},
    "storage": {"provisioner": "paasport.dev/simulated"},
}
HOUSEMATE = {"vendor": "local", "name": "platform"}
"""The same cluster, of a vendor where something may stand in for a release that cannot be had."""


class Project:
    """The project's own program with stack files of this test."""

    def __init__(self, root: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys
        self._services: dict[str, dict[str, Any]] = {}
        for name in ("__main__.py", "Pulumi.yaml", "components"):
            (root / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "stacks", root / "stacks", ignore=shutil.ignore_patterns("Pulumi.*", "__pycache__"))

    def write(self, stack: str, cluster: dict[str, Any], services: dict[str, Any]) -> None:
        config = {"paasport:cluster": cluster, "paasport:services": services}
        self._services[stack] = services
        (self.root / "stacks" / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}))

    def call(self, command: str, stack: str) -> tuple[int, dict[str, Any]]:
        flags = ["--yes"] if command in ("up", "destroy") else []
        if command == "destroy":
            flags += [word for name in self._services[stack] for word in ("--yes-lose-data", name)]
        code = cli.main([command, stack, "--json", *flags], root=self.root)
        return code, json.loads(self._capsys.readouterr().out)


@pytest.fixture
def project(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    root = tmp_path / "project"
    root.mkdir()
    yield Project(root, capsys)
    for name in control_planes.names():
        control_planes.delete(name)


def kubectl(*arguments):
    return conftest.kubectl_for(control_planes.status("platform").kubeconfig)(*arguments).split()


def operations(document):
    return {item["op"] for item in document["resources"]}


def reasons(document):
    """Why resources failed, those left out that were skipped for another's sake."""
    messages = [item["message"] for item in document["diagnostics"] if item["severity"] == "error"]
    return [text for text in messages if not text.startswith("skipped: ")]


def test_one_stack_owns_what_is_there_once_and_another_relies_on_it(project):
    project.write("platform", {"vendor": "local"}, PLATFORM)
    project.write("shop", GUEST | {"has": HAS}, SHOP)

    code, made = project.call("up", "platform")
    assert (code, reasons(made)) == (0, [])
    assert set(PLATFORM) <= set(kubectl("get", "namespaces", "-o", "jsonpath={.items[*].metadata.name}"))
    assert sorted(kubectl("get", "prometheus", "-A", "-o", "jsonpath={.items[*].metadata.name}")) == ["ears", "eyes"]

    # Both services find the operators of the other stack, and their owner's objects stay as they are.
    code, made = project.call("up", "shop")
    assert (code, reasons(made), operations(made)) == (0, [], {"create"})
    for stack in ("shop", "platform"):
        code, again = project.call("up", stack)
        assert (code, operations(again)) == (0, {"same"})

    # Told once for each thing, by its owner's name, and before anything is made.
    project.write("clash", HOUSEMATE, {"shop": SHOP["shop"], "eyes": {"service": "prometheus"}})
    code, refused = project.call("up", "clash")
    told = sorted(reasons(refused))
    assert code == 1
    assert [line.partition("\n")[0].partition(":")[0] for line in told] == [
        "`eyes` of the stack clash cannot be made",
        "`shop` of the stack clash cannot be made",
        "cert-manager is on this cluster already, installed by the stack platform",
        "mongodb-kubernetes is on this cluster already, installed by the stack platform",
        "prometheus-operator is on this cluster already, installed by the stack platform",
        (
            "the storage classes paasport-ssd, paasport-ssd-retain, paasport-ssd-retain-xfs are on this cluster already, "
            "made by the stack platform"
        ),
    ]
    assert "the namespace eyes is that of `eyes` of the stack platform" in told[0]
    assert "the namespace shop is that of `shop` of the stack shop" in told[1]
    assert project.call("destroy", "clash")[0] == 0

    # What the cluster has not is told before anything is planned.
    operators = [*HAS["operators"], "etcd-operator"]
    project.write("wrong", GUEST | {"has": HAS | {"operators": operators}}, {"locks": {"service": "etcd"}})
    code, refused = project.call("preview", "wrong")
    assert code == 2
    assert [line.partition(":")[0] for line in reasons(refused)] == ["etcd-operator is not on the cluster"]

    # The owner keeps what the other needs, and is still whole.
    code, refused = project.call("destroy", "platform")
    assert code == 1
    for needed in (*HAS["operators"], "the storage classes"):
        assert any(f"others on this cluster still need {needed}" in text for text in reasons(refused)), needed
    assert all("of the stack shop" in text for text in reasons(refused))
    assert "rabbitmq" not in "".join(reasons(refused))
    code, again = project.call("up", "platform")
    assert (code, operations(again)) == (0, {"same"})

    assert project.call("destroy", "shop")[0] == 0
    code, gone = project.call("destroy", "platform")
    assert (code, reasons(gone)) == (0, [])
    assert kubectl("get", "customresourcedefinitions,storageclasses", "-o", "name") == []
    left = set(kubectl("get", "namespaces", "-o", "jsonpath={.items[*].metadata.name}"))
    assert left <= {"default", "kube-node-lease", "kube-public", "kube-system", "paasport-system"}
