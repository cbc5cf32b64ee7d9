"""What the layers promise each other: cluster facts upwards, catalogue entries sideways.

Types only: no resource is created here and no vendor's SDK is imported. A layer above a cluster asks these facts what
the cluster can do and never which vendor it came from.
"""

from components.contracts.clusters import (
    SOURCE_RANGES,
    Binding,
    ClusterArgs,
    ClusterFacts,
    Exposure,
    Grant,
    LoadBalancerFacts,
    NetworkFacts,
    NoWorkloadIdentity,
    ObjectStore,
    Scheme,
    StorageFacts,
    WorkloadIdentity,
)
from components.contracts.operators import Failure, Kind, Operator
from components.contracts.services import BackupTarget, Endpoint, KeyPair, Service, ServiceArgs, ServiceObjects, Used
from components.contracts.terms import Class, Manifest, Options

__all__ = [
    "SOURCE_RANGES",
    "BackupTarget",
    "Binding",
    "Class",
    "ClusterArgs",
    "ClusterFacts",
    "Endpoint",
    "Exposure",
    "Failure",
    "Grant",
    "KeyPair",
    "Kind",
    "LoadBalancerFacts",
    "Manifest",
    "NetworkFacts",
    "NoWorkloadIdentity",
    "ObjectStore",
    "Operator",
    "Options",
    "Scheme",
    "Service",
    "ServiceArgs",
    "ServiceObjects",
    "StorageFacts",
    "Used",
    "WorkloadIdentity",
]
