"""What a vendor does by itself where a stack follows its channel: it moves the cluster before the stack does."""

from __future__ import annotations

from local.simulated import account as accounts
from local.simulated import clusters
from runner.rehearsals import variants


async def move(account: accounts.Account, *, step: variants.Upgrade) -> list[str]:
    """Move the clusters whose program leaves the version to the channel; what was done, in sentences.

    That is AKS alone: on GKE the stack's minor is the least that the control plane may have, and EKS has no channel.
    """
    moved = []
    for cluster in clusters.found(account.resources()):
        if cluster.vendor == "aks":
            resource = cluster.resource
            await account.update(resource.token, resource.id, {**resource.inputs, "kubernetesVersion": step.new})
            moved.append(f"the vendor's channel has moved {cluster.name} to {step.new} by itself")
    return moved
