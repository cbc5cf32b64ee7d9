"""Identities around a GKE cluster: that of its nodes, which may next to nothing, and those of its pods."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Final, Literal

import pulumi

from components import contracts, registration
from components.clusters import naming
from components.clusters.gke import project

_NODE_ROLES: Final = ("roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader")
"""Write logs and metrics, and pull images; never the project's default identity, which may edit everything."""

_LONGEST_ACCOUNT: Final = 30
_BUCKET_ROLES: Final = {
    # The second one lets a backup tool see that the bucket is there, which the first does not.
    "read": ("roles/storage.objectViewer", "roles/storage.legacyBucketReader"),
    "write": ("roles/storage.objectUser", "roles/storage.legacyBucketReader"),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Nodes:
    """What nodes are to the rest of the cloud."""

    email: pulumi.Output[str]
    grants: tuple[pulumi.Resource, ...]
    """Must exist before the first node, which would come up without logs or without images."""


def nodes(wanted: project.Wanted, *, opts: pulumi.ResourceOptions, depends_on: tuple[pulumi.Resource, ...]) -> Nodes:
    """Register the nodes' service account with its roles, and let the deployer put it on nodes."""
    account = registration.resource(
        "gcp:serviceaccount/account:Account",
        f"{wanted.name}-nodes",
        node_account(wanted),
        outputs=("email", "name"),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=depends_on)),
    )
    email = account.output("email")
    roles = tuple(
        registration.resource(
            "gcp:projects/iAMMember:IAMMember",
            f"{wanted.name}-nodes-{role.rpartition('.')[2]}",
            {
                "project": wanted.options.project,
                "role": role,
                "member": pulumi.Output.concat("serviceAccount:", email),
            },
            opts=opts,
        )
        for role in _NODE_ROLES
    )
    usable = registration.resource(
        "gcp:serviceaccount/iAMMember:IAMMember",
        f"{wanted.name}-nodes-user",
        {
            "serviceAccountId": account.output("name"),
            "role": "roles/iam.serviceAccountUser",
            "member": wanted.access.deployer,
        },
        opts=opts,
    )
    return Nodes(email=email, grants=(*roles, usable))


def node_account(wanted: project.Wanted) -> dict[str, Any]:
    """The account. Its id has at most 30 characters, a cluster's name 31, so a part of it is a hash."""
    short = wanted.name[: _LONGEST_ACCOUNT - len("-nodes-abcd")].rstrip("-")
    return {
        "project": wanted.options.project,
        "accountId": naming.replaceable(
            f"{short}-nodes", {"cluster": wanted.name, "region": wanted.region}, separator="-"
        ),
        "displayName": f"Nodes of {wanted.name}",
        "description": f"Nodes of the GKE cluster {wanted.name} in {wanted.region}",
    }


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorkloadIdentity:
    """Permissions for pods by the name of their ServiceAccount: no key, no annotation, no account of Google's between.

    All clusters of a project share one pool of names, so that the same namespace and ServiceAccount in two clusters are
    the same principal.
    """

    wanted: project.Wanted
    opts: pulumi.ResourceOptions
    supported: Literal[True] = True

    def bind(self, namespace: str, service_account: str, *, grants: Sequence[contracts.Grant]) -> contracts.Binding:
        """Give the ServiceAccount these grants, on their buckets only."""
        member = principal(self.wanted, namespace=namespace, service_account=service_account)
        members = tuple(
            registration.resource(
                "gcp:storage/bucketIAMMember:BucketIAMMember",
                f"{self.wanted.name}-{namespace}-{service_account}-{number}-{role.rpartition('.')[2]}",
                {"bucket": grant.bucket, "role": role, "member": member},
                opts=self.opts,
            )
            for number, grant in enumerate(grants)
            for role in _BUCKET_ROLES[grant.access]
        )
        return contracts.Binding(depends_on=members)


def pool(wanted: project.Wanted) -> str:
    """The name of the project's pool of workload identities."""
    return f"{wanted.options.project}.svc.id.goog"


def principal(wanted: project.Wanted, *, namespace: str, service_account: str) -> str:
    """How IAM names a Kubernetes ServiceAccount."""
    return (
        f"principal://iam.googleapis.com/projects/{wanted.options.project_number}/locations/global"
        f"/workloadIdentityPools/{pool(wanted)}/subject/ns/{namespace}/sa/{service_account}"
    )
