"""Which stack an object of a shared cluster belongs to: told by its label, and the inventory that the label means."""

from __future__ import annotations

from runner.engine import applyset
from runner.kubernetes import client, rejections


async def stack(api: client.Client, label: str) -> str:
    """Name of the stack whose objects carry this value of the label; the value itself where nobody knows it.

    An inventory from before stacks wrote their names down is named itself, which contains the stack's name.
    """
    try:
        found = await api.list(
            "v1",
            "Secret",
            namespace=applyset.NAMESPACE,
            label_selector=f"{applyset.ID_LABEL}={label}",
            metadata_only=True,
        )
    except rejections.ApiRejected:
        # Who may not read inventories is told at least that there is an owner.
        return label
    for item in found:
        return applyset.stack_of(item["metadata"])
    return label
