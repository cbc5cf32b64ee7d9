"""Stacks whose cluster a vendor of the cloud makes, as the embedded engine runs them: against a simulated vendor."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import shutil
from typing import Any, Final

from local.simulated import account as accounts
from local.simulated import clusters
from runner import cluster, request
from runner.engine import nowhere
from runner.rehearsals import places
from stacks import errors, files, managed, plugins, resolution, versions

VENDORS: Final = {"aks": "Azure", "eks": "AWS", "gke": "Google Cloud"}
"""Whom a vendor of a stack file means, in the words of a message."""


def is_cloud(stack: files.StackFile) -> bool:
    """Whether the stack creates its cluster at a vendor of the cloud."""
    return isinstance(stack.settings.cluster, managed.ManagedCluster)


def is_unrehearsed(stack: files.StackFile) -> bool:
    """Whether a stack of the cloud is known here by its program alone."""
    return is_cloud(stack) and places.kept(stack.stack) is None


def notice(stack: files.StackFile, *, operation: request.Operation) -> str:
    """What stands above anything that only looks as if a cloud was there."""
    told = f"{VENDORS[stack.settings.cluster.vendor]} is simulated on this machine and not asked for anything"
    if operation is not request.Operation.PREVIEW:
        return f"{told}; this is the kept rehearsal of {stack.stack}"
    compared = "its kept rehearsal" if places.kept(stack.stack) else "nothing: all is shown as new"
    return f"{told}; {stack.stack} is compared with {compared}"


def version_step(root: pathlib.Path, name: str, *, live: str) -> tuple[errors.Problem, ...]:
    """What is wrong with bringing a stack's cluster from its live version of Kubernetes to that of the stack file.

    Nothing where it has none yet, or where the stack creates no cluster.
    """
    wanted = _wanted(root, name) if versions.is_version(live) else None
    if wanted is None or _is_moved_by_aks(wanted):
        return ()
    # On EKS no channel lets the stack file fall behind: its minor is asked for as it stands, a lower one refused.
    upgrades = "pinned" if wanted.vendor == "eks" else wanted.upgrades
    problem = versions.step(live, wanted.minor, upgrades=upgrades, subject=f"the cluster {wanted.name}")
    return (problem,) if problem else ()


def version_warning(root: pathlib.Path, name: str, *, live: str) -> str:
    """What to tell of a stack's minor that its cluster will not get; empty where it gets it, or has none yet."""
    wanted = _wanted(root, name) if versions.is_version(live) else None
    if wanted is None or not _is_moved_by_aks(wanted):
        return ""
    problem = versions.unheeded(live, wanted.minor, subject=f"the cluster {wanted.name}")
    return problem.render() if problem else ""


def unequipped(root: pathlib.Path, name: str) -> tuple[errors.Problem, ...]:
    """What a stack's cluster is reached by and this machine does not have; nothing where it creates no cluster."""
    place = _managed(root, name)
    return plugins.problems(place, name=place.name or name, find=shutil.which) if place else ()


def _wanted(root: pathlib.Path, name: str) -> resolution.Managed[Any] | None:
    place = _managed(root, name)
    return resolution.resolve(place, stack=name) if place else None


def _is_moved_by_aks(wanted: resolution.Managed[Any]) -> bool:
    return wanted.vendor == "aks" and wanted.upgrades == "channel"


def _managed(root: pathlib.Path, name: str) -> managed.EksCluster | managed.GkeCluster | managed.AksCluster | None:
    """The cluster that a stack creates; None where it creates none."""
    try:
        place = files.inspect(root, name).cluster
    except errors.StackFileError:
        # The official engine reads what this one cannot; then the vendor has to refuse by itself.
        return None
    return place if isinstance(place, managed.ManagedCluster) else None


def completed(asked: request.Request) -> request.Request:
    """The request completed with a simulated vendor: the kept rehearsal of the stack, else an empty account.

    Raises UsageError where something else than a preview is asked of a stack without a kept rehearsal, and where its
    cluster could not get from its version of Kubernetes to that of the stack file.
    """
    place = places.kept(asked.stack)
    if place is None:
        if asked.operation is not request.Operation.PREVIEW:
            raise cluster.managed(asked.stack)
        account = accounts.Account(stack=asked.stack)
        return dataclasses.replace(asked, inventory=nowhere.Nowhere(), account=account, stand_ins=True)
    record = place.record
    account = accounts.Account(stack=asked.stack, path=place.account)
    live = next((each.version for each in clusters.found(account.resources())), "")
    if asked.operation is request.Operation.PREVIEW and (refused := version_step(asked.root, asked.stack, live=live)):
        raise errors.UsageError(*refused)
    resolve = functools.partial(
        clusters.resolve,
        resources=account.resources(),
        deployer=record.deployer if record else "",
        kubeconfig=place.kubeconfig.read_text(encoding="utf-8"),
    )
    return dataclasses.replace(
        asked,
        kubeconfig=str(place.kubeconfig),
        account=account,
        resolve_kubeconfig=resolve,
        stand_ins=True,
        warning=version_warning(asked.root, asked.stack, live=live),
    )
