"""How pods get permissions in Azure: an identity for each ServiceAccount, which trusts the cluster's tokens."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final, Literal

import pulumi

from components import contracts, registration
from components.clusters.aks import identities, roles, scope

_AUDIENCE: Final = "api://AzureADTokenExchange"
_CLIENT: Final = "azure.workload.identity/client-id"
_USES: Final = {"azure.workload.identity/use": "true"}
"""A label of pods, not of ServiceAccounts: only pods that have it get a token."""
_ROLES: Final = {
    "read": roles.Role.STORAGE_BLOB_DATA_READER,
    "write": roles.Role.STORAGE_BLOB_DATA_CONTRIBUTOR,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class WorkloadIdentity:
    """Identities of one cluster's ServiceAccounts."""

    place: scope.Scope
    group: pulumi.Input[str]
    """Name of the cluster's resource group, for the identities."""
    kept: pulumi.Input[str]
    """Id of the one that has the backups."""
    issuer: pulumi.Output[str]
    """Who signs the tokens of ServiceAccounts."""
    supported: Literal[True] = True

    def bind(self, namespace: str, service_account: str, *, grants: Sequence[contracts.Grant]) -> contracts.Binding:
        """Give the ServiceAccount an identity with these grants.

        An identity takes at most 20 trusts, written one after the other: one identity for each ServiceAccount has one.
        `Grant.bucket` is `account/container` of this cluster's backups, or the resource id of any container.
        """
        settings = self.place.settings
        # An underscore is in no name of Kubernetes, so that two accounts never come to the same.
        part = f"{namespace}_{service_account}"
        owner = identities.identity(self.place, part, group=self.group, opts=self.place.options())
        trust = registration.resource(
            "azure-native:managedidentity:FederatedIdentityCredential",
            f"{settings.name}-{part}",
            {
                "resourceGroupName": self.group,
                "resourceName": owner.output("name"),
                "federatedIdentityCredentialResourceName": "kubernetes",
                "issuer": self.issuer,
                "subject": subject(namespace, service_account),
                "audiences": [_AUDIENCE],
            },
            opts=self.place.options(),
        )
        given = [
            roles.give(
                self.place,
                f"{part}-{number}",
                role=_ROLES[grant.access],
                on=pulumi.Output.all(self.kept, grant.bucket).apply(lambda both: container(*both)),
                to=owner.output("principalId"),
                principal_type="ServicePrincipal",
            )
            for number, grant in enumerate(grants, start=1)
        ]
        return contracts.Binding(
            service_account_annotations={_CLIENT: owner.output("clientId")},
            pod_labels=_USES,
            depends_on=(trust, *given),
        )


def subject(namespace: str, service_account: str) -> str:
    """The ServiceAccount's name in its tokens."""
    return f"system:serviceaccount:{namespace}:{service_account}"


def container(group: str, bucket: str) -> str:
    """Resource id of the container that a grant is for, which lies in this group unless its id says otherwise."""
    if bucket.startswith("/"):
        return bucket
    account, _, name = bucket.partition("/")
    return f"{group}/providers/Microsoft.Storage/storageAccounts/{account}/blobServices/default/containers/{name}"
