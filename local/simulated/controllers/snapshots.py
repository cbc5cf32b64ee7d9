"""The kinds of volume snapshots, which come to a cluster with the vendor's snapshot controller. Pure.

Of the three kinds only the class is played: it is all that a stack makes, and nothing here has bytes to copy.
"""

from __future__ import annotations

from typing import Any, Final

from local.simulated import values

NAME: Final = "volumesnapshotclasses.snapshot.storage.k8s.io"

CRD: Final[dict[str, Any]] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {
        "name": NAME,
        # The API server wants it for groups of Kubernetes' own domain.
        "annotations": {
            "api-approved.kubernetes.io": "https://github.com/kubernetes-csi/external-snapshotter/pull/814"
        },
    },
    "spec": {
        "group": "snapshot.storage.k8s.io",
        "scope": "Cluster",
        "names": {
            "kind": "VolumeSnapshotClass",
            "listKind": "VolumeSnapshotClassList",
            "plural": "volumesnapshotclasses",
            "singular": "volumesnapshotclass",
            "shortNames": ["vsclass", "vsclasses"],
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "required": ["deletionPolicy", "driver"],
                        "properties": {
                            "deletionPolicy": {"type": "string", "enum": ["Delete", "Retain"]},
                            "driver": {"type": "string"},
                            "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
                        },
                    }
                },
            }
        ],
    },
}
"""As kubernetes-csi/external-snapshotter has it (client/config/crd), without its descriptions and columns."""


def brings(resource: values.Resource) -> bool:
    """Whether this gives a cluster the controller: an add-on on EKS, elsewhere one of the cluster's settings."""
    match resource.token:
        case "aws:eks/addon:Addon":
            return bool(resource.value("addonName") == "snapshot-controller")
        case "gcp:container/cluster:Cluster":
            return resource.value("addonsConfig.gcePersistentDiskCsiDriverConfig.enabled") is True
        case "azure-native:containerservice:ManagedCluster":
            return resource.value("storageProfile.snapshotController.enabled") is True
    return False
