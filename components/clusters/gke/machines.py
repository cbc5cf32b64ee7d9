"""Which disks a cluster's machines can take together, from what `stacks.shapes` knows of each.

Newer families take Hyperdisk only, older ones Persistent Disk only, and a disk of the wrong kind keeps a pod pending
without end (https://cloud.google.com/compute/docs/disks/hyperdisks#machine-type-support).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from stacks import errors, shapes

Disk = Literal["pd-balanced", "hyperdisk-balanced"]

AUTOMATIC: Final[Disk] = "pd-balanced"
"""For the nodes that GKE makes by itself, which are of family E2 unless a ComputeClass says otherwise."""


def boot_disk(machine: str) -> Disk:
    """The type of a node's own disk; where both kinds fit, the cheaper one."""
    return "hyperdisk-balanced" if shapes.disks(machine) == "hyperdisk" else "pd-balanced"


def volume(machines: Iterable[str]) -> Disk:
    """The type of volumes that every one of these machines can attach. Raises UsageError where there is none."""
    named = tuple(machines)
    newer = [machine for machine in named if shapes.disks(machine) == "hyperdisk"]
    older = [machine for machine in named if shapes.disks(machine) == "persistent"]
    if newer and older:
        raise errors.UsageError.of(
            f"{newer[0]} takes Hyperdisk only and {older[0]} Persistent Disk only",
            why="the storage class must fit every pool, or a pod waits for ever on the node that can't have its volume",
            next="use pools of machines that take the same disks, for example n4 and c4, or e2 and n2",
        )
    return "hyperdisk-balanced" if newer else "pd-balanced"
