"""The local control plane as a cluster."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

from components import contracts
from components.clusters import catalogue, kubeconfigs
from stacks import settings


@pytest.fixture
def program(run, control_plane_file):
    args = contracts.ClusterArgs(name="local-dev", options=settings.LocalCluster(vendor="local"))
    return run(lambda: catalogue.create("local", args, opts=None).facts.kubeconfig)


def test_its_provider_has_a_constant_identifier_and_no_secret(program):
    assert program.one("pulumi:providers:kubernetes", "local-dev").inputs == {
        "kubeconfig": "~/.local/share/paasport/control-planes/local-dev/kubeconfig.yaml",
        "clusterIdentifier": "local:local-dev",
        "enableServerSideApply": "true",
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
    }


def test_its_storage_classes(program):
    assert program.one("kubernetes:yaml/v2:ConfigGroup", "local-dev-storage").inputs["objs"] == [
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": "paasport-ssd",
                "labels": {"app.kubernetes.io/part-of": "paasport"},
                "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
            "provisioner": "paasport.dev/simulated",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
            "allowVolumeExpansion": True,
        },
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "paasport-ssd-retain", "labels": {"app.kubernetes.io/part-of": "paasport"}},
            "provisioner": "paasport.dev/simulated",
            "reclaimPolicy": "Retain",
            "volumeBindingMode": "WaitForFirstConsumer",
            "allowVolumeExpansion": True,
        },
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": "paasport-ssd-retain-xfs", "labels": {"app.kubernetes.io/part-of": "paasport"}},
            "provisioner": "paasport.dev/simulated",
            "parameters": {"csi.storage.k8s.io/fstype": "xfs"},
            "reclaimPolicy": "Retain",
            "volumeBindingMode": "WaitForFirstConsumer",
            "allowVolumeExpansion": True,
        },
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/home/me/.kube/config", "~/.kube/config", id="below home"),
        pytest.param("/home/meadow/config", "/home/meadow/config", id="a folder that only begins like home"),
        pytest.param("/srv/config", "/srv/config", id="elsewhere"),
    ],
)
def test_a_path_is_written_so_that_other_machines_understand_it(path, expected):
    assert kubeconfigs.portable(pathlib.Path(path), home=pathlib.Path("/home/me")) == expected


@pytest.mark.parametrize(
    ("text", "context"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("text", "", id="no mapping"),
        pytest.param("[a", "", id="no YAML"),
        pytest.param("{clusters: [], contexts: []}", "", id="no current context"),
        pytest.param(
            "{clusters: [{name: c, cluster: {server: s}}], contexts: [{name: a, context: {cluster: c}}]}",
            "b",
            id="another context",
        ),
    ],
)
def test_a_kubeconfig_that_names_no_server_has_no_endpoint(text, context):
    assert kubeconfigs.endpoint(text, context=context) is None


def test_importing_the_platform_loads_no_vendor():
    """What is imported is paid for in every run."""
    code = "import json, sys; from components import platform; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = json.loads(ran.stdout)
    assert "components.platform" in loaded
    vendors = ("components.clusters.local", "components.clusters.existing", "pulumi_aws", "pulumi_gcp", "pulumi_azure")
    assert [name for name in loaded if name.startswith(vendors)] == []
