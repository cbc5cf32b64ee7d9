"""The programs from which the kubeconfig of a managed cluster gets its tokens: exec plugins, and what those call.

They must be on the PATH of whoever runs `up` or `destroy` for real. Whether they are there, the caller looks up.

Sources: https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html,
https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl and cmd/gke-gcloud-auth-plugin/cred.go
of kubernetes/cloud-provider-gcp (it calls gcloud), https://azure.github.io/kubelogin/concepts/login-modes/azurecli.html.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from stacks import errors, managed


@dataclasses.dataclass(frozen=True, kw_only=True)
class Program:
    """One program."""

    command: str
    """The name that it is started by."""
    install: str
    """How its publisher says to get it, as a kubeconfig's `installHint` and as the next step of a message."""


AWS: Final = Program(
    command="aws",
    install="install the AWS CLI, version 2: "
    "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html",
)
GKE: Final = Program(
    command="gke-gcloud-auth-plugin",
    install="install gke-gcloud-auth-plugin: `gcloud components install gke-gcloud-auth-plugin`, "
    "or the package google-cloud-cli-gke-gcloud-auth-plugin",
)
GCLOUD: Final = Program(
    command="gcloud", install="install the Google Cloud CLI: https://cloud.google.com/sdk/docs/install"
)
KUBELOGIN: Final = Program(
    command="kubelogin",
    install="install kubelogin: `az aks install-cli`, or see https://azure.github.io/kubelogin/install.html",
)
AZ: Final = Program(
    command="az", install="install the Azure CLI: https://learn.microsoft.com/cli/azure/install-azure-cli"
)


def needed(cluster: managed.ManagedCluster) -> tuple[Program, ...]:
    """What must be there, the exec plugin first."""
    match cluster:
        case managed.EksCluster():
            return (AWS,)
        case managed.GkeCluster():
            return (GKE, GCLOUD)
        case managed.AksCluster():
            return (KUBELOGIN, AZ) if cluster.aks.login == "azurecli" else (KUBELOGIN,)
    raise TypeError(type(cluster).__name__)


def missing(cluster: managed.ManagedCluster, *, find: Callable[[str], str | None]) -> tuple[Program, ...]:
    """Those of them that `find` does not find; it takes a name and gives a path or nothing, as `shutil.which` does."""
    return tuple(program for program in needed(cluster) if not find(program.command))


def problems(
    cluster: managed.ManagedCluster, *, name: str, find: Callable[[str], str | None]
) -> tuple[errors.Problem, ...]:
    """One for each program that is missing. `name` is the cluster's."""
    return tuple(
        errors.Problem(
            what=f"{program.command} is not on the PATH",
            why=f"the kubeconfig of {name} gets its tokens from it, so nothing on it could be made or deleted; "
            "that would show only after the quarter of an hour that the vendor takes for the cluster itself",
            next=f"{program.install}; then run this command again",
        )
        for program in missing(cluster, find=find)
    )
