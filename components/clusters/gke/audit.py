"""What the control plane of a GKE cluster logs, and a place of the cluster's own where that is kept."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import registration
from components.clusters.gke import project

_STANDARD: Final = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER")
_FULL: Final = (*_STANDARD, "SCHEDULER", "CONTROLLER_MANAGER")

_STANDARD_METRICS: Final = ("SYSTEM_COMPONENTS",)
_FULL_METRICS: Final = (*_STANDARD_METRICS, "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER")


def logging(wanted: project.Wanted) -> dict[str, Any]:
    """Which logs are written. Audit logs of writes always are; Google does not let them be switched off."""
    return {"enableComponents": list(_FULL if wanted.audit.categories == "full" else _STANDARD)}


def monitoring(wanted: project.Wanted) -> dict[str, Any]:
    """Which metrics are written. Pods' own are for a Prometheus of this project; Google's is paid for by the sample."""
    return {
        "enableComponents": list(_FULL_METRICS if wanted.audit.categories == "full" else _STANDARD_METRICS),
        "managedPrometheus": {"enabled": False},
    }


def keep(
    wanted: project.Wanted, *, opts: pulumi.ResourceOptions, depends_on: tuple[pulumi.Resource, ...]
) -> pulumi.Resource:
    """Register the bucket that keeps the control plane's logs, and the sink that fills it.

    The bucket stays when the stack is destroyed: what was done to the cluster is asked for when it is gone, too. A
    deleted one would also block its name for seven days, and with it the next `up`; one that stayed is taken up again.
    """
    bucket = registration.resource(
        "gcp:logging/projectBucketConfig:ProjectBucketConfig",
        f"{wanted.name}-audit",
        log_bucket(wanted),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True, depends_on=depends_on)),
    )
    return registration.resource(
        "gcp:logging/projectSink:ProjectSink",
        f"{wanted.name}-audit",
        sink(wanted),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[bucket])),
    )


def log_bucket(wanted: project.Wanted) -> dict[str, Any]:
    """A log bucket in the cluster's region. Not locked: that can never be undone, and makes a project undeletable."""
    return {
        "project": wanted.options.project,
        "location": wanted.region,
        "bucketId": _bucket_id(wanted),
        "description": f"Control plane and audit logs of the GKE cluster {wanted.name}",
        "retentionDays": wanted.audit.retention_days,
        "enableAnalytics": False,
    }


def sink(wanted: project.Wanted) -> dict[str, Any]:
    """What goes into the bucket: what the API server, its audit and GKE itself say about this one cluster."""
    return {
        "project": wanted.options.project,
        "name": f"{wanted.name}-{wanted.region}-audit",
        "description": f"Control plane and audit logs of the GKE cluster {wanted.name}",
        "destination": (
            f"logging.googleapis.com/projects/{wanted.options.project}/locations/{wanted.region}"
            f"/buckets/{_bucket_id(wanted)}"
        ),
        "filter": (
            'resource.type=("k8s_cluster" OR "k8s_control_plane_component" OR "gke_cluster")'
            f' AND resource.labels.cluster_name="{wanted.name}" AND resource.labels.location="{wanted.region}"'
        ),
        "uniqueWriterIdentity": True,
    }


def _bucket_id(wanted: project.Wanted) -> str:
    return f"{wanted.name}-audit"
