"""What each vendor's cluster tells services, written by hand; `test_vendors.py` holds it against the real components."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from components import contracts
from components.clusters import storage


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vendor:
    """What differs between clusters, as far as services may know."""

    name: str
    storage: contracts.StorageFacts
    load_balancer: contracts.LoadBalancerFacts = dataclasses.field(default_factory=contracts.LoadBalancerFacts)
    store: Mapping[str, Any] | None = None
    """Of its object store, as plain values; None where the vendor has none."""
    account: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Annotations of a ServiceAccount that may use the store."""
    pods: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Labels of pods that may use the store."""

    def backups(self) -> contracts.BackupTarget:
        """The object store and the permission to use it. Inside of an event loop, for values that only it knows."""
        assert self.store is not None
        known = {key: value if key in _PLAIN else pulumi.Output.from_input(value) for key, value in self.store.items()}
        annotations = {key: pulumi.Output.from_input(value) for key, value in self.account.items()}
        return contracts.BackupTarget(
            store=contracts.ObjectStore(**known),
            binding=contracts.Binding(service_account_annotations=annotations, pod_labels=dict(self.pods)),
        )


_PLAIN: Final = ("protocol", "region")
_AWS: Final = "service.beta.kubernetes.io/aws-load-balancer"
_AZURE: Final = "service.beta.kubernetes.io/azure-load-balancer"
_TAGS: Final = "cost-center=shop"

EKS: Final = Vendor(
    name="eks",
    storage=storage.facts("ebs.csi.aws.com", zone_redundant=False, with_snapshots=True),
    load_balancer=contracts.LoadBalancerFacts(
        internal=contracts.Exposure(
            annotations={
                f"{_AWS}-additional-resource-tags": _TAGS,
                f"{_AWS}-internal": "true",
                f"{_AWS}-type": "nlb",
            }
        ),
        public=contracts.Exposure(
            annotations={
                f"{_AWS}-additional-resource-tags": _TAGS,
                f"{_AWS}-type": "nlb",
            }
        ),
        address="hostname",
    ),
    store={
        "protocol": "s3",
        "bucket": "backups-1a2b3c4",
        "url": "s3://backups-1a2b3c4",
        "root": "backups-1a2b3c4",
        "region": "eu-central-1",
    },
)
"""Pod Identity knows a ServiceAccount by its name, so nothing on the cluster tells of it."""
GKE: Final = Vendor(
    name="gke",
    storage=storage.facts("pd.csi.storage.gke.io", zone_redundant=True, with_snapshots=True),
    load_balancer=contracts.LoadBalancerFacts(
        internal=contracts.Exposure(annotations={"networking.gke.io/load-balancer-type": "Internal"}),
        public=contracts.Exposure(annotations={"cloud.google.com/l4-rbs": "enabled"}),
        address="ip",
    ),
    store={
        "protocol": "gcs",
        "bucket": "shop-backups-5d6e7f8",
        "url": "gs://shop-backups-5d6e7f8",
        "root": "shop-backups-5d6e7f8",
    },
)
"""IAM names a ServiceAccount as it is, so nothing on the cluster tells of it."""
AKS: Final = Vendor(
    name="aks",
    storage=storage.facts("disk.csi.azure.com", zone_redundant=True, with_snapshots=True),
    load_balancer=contracts.LoadBalancerFacts(
        internal=contracts.Exposure(annotations={f"{_AZURE}-internal": "true"}),
        address="ip",
        health_path_annotation=f"{_AZURE}-health-probe-request-path",
    ),
    store={
        "protocol": "azure",
        "bucket": "shopbackups9a8b/backups",
        "url": "https://shopbackups9a8b.blob.core.windows.net/backups",
        "root": "backups",
        "account": "shopbackups9a8b",
    },
    account={"azure.workload.identity/client-id": "5f0c3c5e-7d2b-4c8e-9d59-1f4a3f3f6e21"},
    pods={"azure.workload.identity/use": "true"},
)
EXISTING: Final = Vendor(
    name="existing",
    storage=storage.facts("rook-ceph.rbd.csi.ceph.com", zone_redundant=None, with_snapshots=False),
    load_balancer=contracts.LoadBalancerFacts(
        internal=contracts.Exposure(annotations={"metallb.io/address-pool": "office"}, load_balancer_class="metallb"),
        public=contracts.Exposure(annotations={"metallb.io/address-pool": "office"}, load_balancer_class="metallb"),
    ),
)
LOCAL: Final = Vendor(
    name="local", storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False)
)

VENDORS: Final = (EKS, GKE, AKS, EXISTING, LOCAL)
WITH_STORE: Final = tuple(vendor for vendor in VENDORS if vendor.store is not None)
