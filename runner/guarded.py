"""What is never replaced, and which clusters are never deleted, unless the user names them: a closed list by type.

A replacement deletes the present one with all that is on it or in it, and one changed key of a stack file can ask for
it. Pure; the engines ask here, each with what it knows of a run.
"""

from __future__ import annotations

import enum
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from runner.engine import urn
from stacks import errors


class Kind(enum.StrEnum):
    """Why a type is in the list; the words of the message."""

    CLUSTER = "a cluster"
    POOL = "a node pool"
    FIRST_POOL = "the first pool of an AKS cluster"
    PROVIDER = "the way to a cluster"
    DATA = "what holds data"


LOSS: Final[Mapping[Kind, str]] = {
    Kind.CLUSTER: "everything that runs on the present cluster would go with it",
    Kind.POOL: "every pod on its nodes would have to move at once",
    Kind.FIRST_POOL: (
        "Azure neither moves it to other machines, disks or zones nor deletes it, and the update would stop there; "
        "docs/vendors/aks.md says how another pool is put beside it"
    ),
    Kind.PROVIDER: "everything that was made through it would be made anew, on another cluster",
    Kind.DATA: "the data in the present one would be lost",
}

GUARDED: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(
        (
            "aws:eks/cluster:Cluster",
            "azure-native:containerservice:ManagedCluster",
            "gcp:container/cluster:Cluster",
        ),
        Kind.CLUSTER,
    ),
    **dict.fromkeys(
        (
            "aws:eks/fargateProfile:FargateProfile",
            "aws:eks/nodeGroup:NodeGroup",
            "azure-native:containerservice:AgentPool",
            "gcp:container/nodePool:NodePool",
        ),
        Kind.POOL,
    ),
    # It writes that pool, and has a name made of what Azure can't change on it (components/clusters/aks/pools.py).
    "azure-native:resources:Deployment": Kind.FIRST_POOL,
    "pulumi:providers:kubernetes": Kind.PROVIDER,
    **dict.fromkeys(
        (
            "aws:backup/vault:Vault",
            "aws:dynamodb/table:Table",
            "aws:ebs/volume:Volume",
            "aws:efs/fileSystem:FileSystem",
            "aws:kms/key:Key",
            "aws:rds/cluster:Cluster",
            "aws:rds/instance:Instance",
            "aws:s3/bucket:Bucket",
            "aws:s3/bucketV2:BucketV2",
            "azure-native:compute:Disk",
            "azure-native:dataprotection:BackupVault",
            "azure-native:dbforpostgresql:Server",
            "azure-native:keyvault:Key",
            "azure-native:keyvault:Vault",
            "azure-native:recoveryservices:Vault",
            "azure-native:resources:ResourceGroup",
            "azure-native:storage:BlobContainer",
            "azure-native:storage:StorageAccount",
            "gcp:compute/disk:Disk",
            "gcp:filestore/instance:Instance",
            "gcp:gkebackup/backupPlan:BackupPlan",
            "gcp:kms/cryptoKey:CryptoKey",
            "gcp:kms/keyRing:KeyRing",
            "gcp:sql/databaseInstance:DatabaseInstance",
            "gcp:storage/bucket:Bucket",
            "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
            "kubernetes:core/v1:Namespace",
            "kubernetes:core/v1:PersistentVolume",
            "kubernetes:core/v1:PersistentVolumeClaim",
            "kubernetes:monitoring.coreos.com/v1:Prometheus",
        ),
        Kind.DATA,
    ),
}
"""Types by their tokens; those of azure-native without the API's version. With a key goes all that it encrypted."""

_API_VERSION: Final = re.compile(r"/v\d+[a-z0-9]*(?=:)")


def kind(type_token: str) -> Kind | None:
    """Why a resource of this type is guarded; None where it is not."""
    token = _API_VERSION.sub("", type_token) if type_token.startswith("azure-native:") else type_token
    return GUARDED.get(token)


def problem(
    resource: str, *, done: str, permitted: Collection[str], paths: Sequence[str] = ()
) -> errors.Problem | None:
    """What to tell where a run would do to a resource what the user has not permitted; None where nothing is amiss.

    `resource` is its URN, `done` what would be done to it ("replaced"), `permitted` what the user has named: URNs,
    patterns with `*`, or bare names. `paths` are the properties that ask for it.
    """
    parsed = urn.Urn.parse(resource)
    guarded = kind(parsed.type)
    if guarded is None or urn.matches(resource, permitted):
        return None
    because = f" because of {', '.join(paths)}" if paths else ""
    # With what is permitted already: a next command that forgot it would be refused in its turn.
    named = shlex.join(word for name in (*permitted, parsed.name) for word in ("--replace", name))
    return errors.Problem(
        what=f"{parsed.name} ({parsed.type}) is {guarded} and would be {done}{because}",
        why=LOSS[guarded],
        next=f"undo the change; where it is meant, ./paasport up {parsed.stack} {named}",
    )


def refuse(resource: str, *, done: str, permitted: Collection[str], paths: Sequence[str] = ()) -> None:
    """Raise `Refused` where there is a `problem`."""
    found = problem(resource, done=done, permitted=permitted, paths=paths)
    if found is not None:
        raise errors.Refused(found)
