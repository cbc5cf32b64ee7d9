"""A stack's settings as a rehearsal needs them: the minor before and after an upgrade, protection taken off. Pure.

Every variant is judged as a stack file is, so that nothing is rehearsed which a user could not write.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

from stacks import files, managed, resolution, settings, shared, versions
from stacks.services import relations


@dataclasses.dataclass(frozen=True, kw_only=True)
class Upgrade:
    """One step of a minor."""

    old: str
    new: str


def variant(stack: files.StackFile, changes: Mapping[str, Any]) -> files.StackFile:
    """The stack with these keys of its cluster changed: `{"kubernetes.minor": "1.36"}`; None takes a key away.

    Raises StackFileError where a stack file could not say so.
    """
    cluster = copy.deepcopy(dict(stack.config[settings.CLUSTER_KEY]))
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = cluster
        for key in parents:
            place = place.setdefault(key, {})
        place.pop(last, None)
        if value is not None:
            place[last] = value
    config = {**stack.config, settings.CLUSTER_KEY: cluster}
    parsed = settings.parse(config, file=stack.path.name, catalogue=stack.settings.catalogue)
    return dataclasses.replace(stack, config=config, settings=parsed)


def alone(stack: files.StackFile) -> files.StackFile:
    """The stack on a cluster where nobody else is, as a rehearsal's is: it brings everything itself."""
    cluster = stack.settings.cluster
    if isinstance(cluster, shared.SharedCluster) and cluster.has != shared.Contents():
        return variant(stack, {"has": None})
    return stack


def handed_out(stack: files.StackFile, *, control_plane: str, kubeconfig: str) -> files.StackFile:
    """The stack with the rehearsal's control plane as its cluster, where its settings name one; else as it is."""
    match stack.settings.cluster:
        case settings.LocalCluster():
            return variant(stack, {"name": control_plane})
        case settings.ExistingCluster():
            return variant(stack, {"kubeconfig": {"path": kubeconfig}})
        case _:
            return stack


def wanted(stack: files.StackFile) -> resolution.Managed[Any] | None:
    """What the cluster comes to where a vendor makes it; None for other clusters."""
    cluster = stack.settings.cluster
    return resolution.resolve(cluster, stack=stack.stack) if isinstance(cluster, managed.ManagedCluster) else None


def upgrade(cluster: resolution.Managed[Any]) -> Upgrade | None:
    """From the stack's minor to its successor, or to the stack's minor where that is the newest.

    None where only one minor is known.
    """
    known = sorted(versions.known(cluster.vendor), key=versions.number)
    place = known.index(cluster.minor)
    pair = known[place : place + 2] if place + 1 < len(known) else known[place - 1 :]
    return Upgrade(old=pair[0], new=pair[1]) if len(pair) == 2 else None  # noqa: PLR2004 - old and new


def unprotected(stack: files.StackFile) -> files.StackFile | None:
    """The stack as its user writes it before destroying it; None where neither cluster nor services are protected."""
    place, services = stack.settings.cluster, stack.settings.services
    held = [name for name, service in services.items() if relations.is_protected(service, cluster=place)]
    cluster = wanted(stack)
    guarded = cluster is not None and cluster.protection != "off"
    if not guarded and not held:
        return None
    changed = variant(stack, {"protection": "off", "retiring": True} if guarded else {})
    given = copy.deepcopy(dict(changed.config.get(settings.SERVICES_KEY) or {}))
    for name in held:
        given[name]["protection"] = "off"
    config = {**changed.config, settings.SERVICES_KEY: given}
    parsed = settings.parse(config, file=stack.path.name, catalogue=stack.settings.catalogue)
    return dataclasses.replace(changed, config=config, settings=parsed)
