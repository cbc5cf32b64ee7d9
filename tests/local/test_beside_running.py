import json
import os
import pathlib
import signal

import pytest
import yaml

from local import control_plane as control_planes
from local.toolchain import catalogue, modules
from tests import conftest

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

RELEASE = ("github.com/prometheus-operator/prometheus-operator", "v0.85.0", "bundle.yaml")
PROMETHEUS = """
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: one, namespace: %s}
spec: {replicas: 1, version: v3.5.0, serviceAccountName: default}
"""


@pytest.fixture(scope="module")
def release(control_plane):
    """The operator's own release: its CRDs applied, its other objects returned."""
    path = modules.file(*RELEASE, report=print)
    items = [item for item in yaml.load_all(path.read_text(), Loader=_Loader) if item]
    crds = [item for item in items if item["kind"] == "CustomResourceDefinition"]
    kubectl = conftest.kubectl_for(control_plane.kubeconfig)
    kubectl("apply", "--server-side", "-f", "-", stdin=yaml.dump_all(crds, Dumper=yaml.CSafeDumper))
    kubectl("wait", "--for=condition=Established", "crd/prometheuses.monitoring.coreos.com", "--timeout=60s")
    return [item for item in items if item not in crds]


class _Loader(yaml.CSafeLoader):
    """A loader that takes a bare `=` for text, as the CRDs have it."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: node.value)


@pytest.fixture
def operator(release, control_plane, kubectl, namespace):
    """The operator in a namespace of its own, running beside the cluster."""
    for item in release:
        if "namespace" in item["metadata"]:
            item["metadata"]["namespace"] = namespace
        for subject in item.get("subjects", ()):
            subject["namespace"] = namespace
    text = yaml.safe_dump_all(release)
    kubectl("apply", "--server-side", "-f", "-", stdin=text)
    conftest.until(lambda: running(control_plane, namespace))
    yield namespace
    kubectl("delete", "-f", "-", stdin=text)
    conftest.until(lambda: not besides(control_plane, namespace))


def besides(control_plane, namespace):
    found = control_planes.status(control_plane.name).beside
    return [each for each in found if each.namespace == namespace]


def running(control_plane, namespace):
    return [
        each for each in besides(control_plane, namespace) if each.pid and pathlib.Path(f"/proc/{each.pid}").exists()
    ]


def conditions(kubectl, namespace):
    text = kubectl("-n", namespace, "get", "prometheus", "one", "-o", "jsonpath={.status.conditions}") or "[]"
    return {item["type"]: item for item in json.loads(text)}


def reconciled(kubectl, namespace, status):
    found = conditions(kubectl, namespace).get("Reconciled", {})
    return found if found.get("status") == status else None


def test_the_real_operator_reconciles_under_its_own_permissions(operator, control_plane, kubectl):
    kubectl("apply", "--server-side", "-f", "-", stdin=PROMETHEUS % operator)
    kubectl("-n", operator, "wait", "--for=condition=Available", "prometheus/one", "--timeout=60s")
    assert reconciled(kubectl, operator, "True")
    role = json.loads(kubectl("get", "clusterrole", "prometheus-operator", "-o", "json"))
    for rule in role["rules"]:
        if "statefulsets" in rule["resources"]:
            rule["verbs"] = ["get", "list", "watch"]
    kubectl("replace", "-f", "-", stdin=json.dumps(role))
    kubectl("-n", operator, "patch", "prometheus", "one", "--type=merge", "-p", '{"spec":{"replicas":2}}')
    found = conftest.until(lambda: reconciled(kubectl, operator, "False"))
    assert "forbidden" in found["message"]


def test_its_credentials_are_a_token_of_its_account_that_only_the_user_may_read(operator, control_plane, kubectl):
    folder = control_plane.folder / "beside" / f"{operator}.prometheus-operator"
    assert {(folder / name).stat().st_mode & 0o777 for name in ("token", "kubeconfig.yaml", "log")} == {0o600}
    assert (folder / "token").read_text() not in (folder / "kubeconfig.yaml").read_text()
    own = conftest.kubectl_for(folder / "kubeconfig.yaml")
    user = own("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
    assert user == f"system:serviceaccount:{operator}:prometheus-operator"
    (process,) = running(control_plane, operator)
    environment = pathlib.Path(f"/proc/{process.pid}/environ").read_text().split("\0")
    names = {line.partition("=")[0] for line in environment if line}
    assert names == {"GOGC", "HOME", "KUBECONFIG", "PATH"}


def test_it_is_started_again_when_it_dies(operator, control_plane):
    (before,) = running(control_plane, operator)
    os.kill(before.pid, signal.SIGKILL)
    after = conftest.until(lambda: [each for each in running(control_plane, operator) if each.pid != before.pid])
    assert after[0].restarts == 1


def test_it_follows_its_deployment(operator, control_plane, kubectl):
    (before,) = running(control_plane, operator)
    patch = '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--log-level=debug"}]'
    kubectl("-n", operator, "patch", "deployment", "prometheus-operator", "--type=json", "-p", patch)
    (after,) = conftest.until(lambda: [each for each in running(control_plane, operator) if each.pid != before.pid])
    assert "--log-level=debug" in pathlib.Path(f"/proc/{after.pid}/cmdline").read_text().split("\0")
    kubectl("-n", operator, "scale", "deployment", "prometheus-operator", "--replicas=0")
    conftest.until(lambda: not besides(control_plane, operator))
    assert not pathlib.Path(f"/proc/{after.pid}").exists()


def test_the_tag_that_runs_is_the_one_that_the_toolchain_builds():
    group = catalogue.BINARIES["prometheus-operator"].group
    assert catalogue.version(group.versioned_by, go_mod=(group.folder / "go.mod").read_text()) == "v0.85.0"
