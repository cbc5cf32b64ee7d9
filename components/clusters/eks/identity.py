"""Permissions for pods: a role for each ServiceAccount, by EKS Pod Identity.

Not by an OIDC provider (IRSA): a pod then needs no annotation, and the role trusts this one cluster by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import pulumi

from components import contracts, registration
from components.clusters import naming
from components.clusters.eks import account, encryption, places, roles

_READ: Final = ("s3:GetObject", "s3:GetObjectVersion")
_WRITE: Final = (*_READ, "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject")
_BUCKET: Final = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
_KEY: Final = {"read": ["kms:Decrypt"], "write": ["kms:Decrypt", "kms:GenerateDataKey"]}
_LONGEST_ROLE: Final = 64
_HASH: Final = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class PodIdentity:
    """Binds ServiceAccounts of one cluster."""

    target: account.Account
    cluster: registration.Resource
    key: encryption.Key | None
    agent: tuple[registration.Resource, ...]
    """The add-on that hands roles to pods; none in Auto Mode, which has it built in."""
    supported: Literal[True] = True

    def bind(self, namespace: str, service_account: str, *, grants: Sequence[contracts.Grant]) -> contracts.Binding:
        """Register a role with these grants and bind it; pods get it when they start after that."""
        if not grants:
            return contracts.Binding()
        part = f"{namespace}-{service_account}"
        role = roles.register(
            self.target,
            part,
            name=role_name(self.target.place, namespace, service_account),
            trusted=trusted(self.target.place, namespace, service_account),
            own_policy=self._policy(grants),
        )
        association = self.target.register(
            "eks/podIdentityAssociation:PodIdentityAssociation",
            part,
            {
                "clusterName": self.cluster.output("name"),
                "namespace": namespace,
                "serviceAccount": service_account,
                "roleArn": role.arn,
            },
            opts=pulumi.ResourceOptions(depends_on=[*role.permissions, *self.agent]),
        )
        return contracts.Binding(depends_on=(association,))

    def _policy(self, grants: Sequence[contracts.Grant]) -> pulumi.Output[str]:
        buckets = pulumi.Output.all(*[grant.bucket for grant in grants])
        access = [grant.access for grant in grants]
        key = pulumi.Output.from_input(self.key.arn if self.key else None)
        place = self.target.place
        return pulumi.Output.all(buckets, key).apply(
            lambda found: policy(place, list(zip(found[0], access, strict=True)), key=found[1])
        )


def role_name(place: places.Place, namespace: str, service_account: str) -> str:
    """A readable name that fits IAM's 64 characters and belongs to this ServiceAccount alone."""
    readable = place.role_name(f"{namespace}-{service_account}")[: _LONGEST_ROLE - _HASH]
    return naming.replaceable(
        readable, {"cluster": place.cluster_arn, "account": [namespace, service_account]}, separator="-"
    )


def trusted(place: places.Place, namespace: str, service_account: str) -> str:
    """Who may take the role on: pods of this cluster's ServiceAccount, as the tags of their sessions say."""
    tags = {
        "aws:RequestTag/eks-cluster-arn": place.cluster_arn,
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    return roles.trust(roles.PODS, actions=roles.TAGGED, condition={"StringEquals": tags})


def policy(place: places.Place, buckets: Sequence[tuple[str, Literal["read", "write"]]], *, key: str | None) -> str:
    """What the role may do: reach the granted buckets, and the key that they are encrypted with."""
    statements: list[Mapping[str, Any]] = []
    for bucket, access in buckets:
        arn = f"arn:{place.partition}:s3:::{bucket}"
        objects = _WRITE if access == "write" else _READ
        statements.append({"Effect": "Allow", "Action": list(_BUCKET), "Resource": arn})
        statements.append({"Effect": "Allow", "Action": list(objects), "Resource": f"{arn}/*"})
    if key is not None:
        widest = "write" if any(access == "write" for _, access in buckets) else "read"
        through_s3 = {"StringEquals": {"kms:ViaService": place.endpoint("s3")}}
        statements.append({**encryption.use(key, actions=_KEY[widest]), "Condition": through_s3})
    return roles.document(*statements)
