"""What a stack says that its cluster has, looked for before anything is planned: one problem for each thing missing.

Without this every object of a missing kind would fail by itself, after half a minute of waiting for what may be coming.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence

from runner import cluster
from runner.tenancy import collisions
from stacks import errors, operators, settings, shared


async def require(place: cluster.Cluster, wanted: settings.Settings, *, stack: str) -> None:
    """Raise UsageError where what the stack relies on is not there, or is served in other versions only."""
    from runner.kubernetes import client  # noqa: PLC0415 - as in `runner.cluster`

    apis = operators.apis(wanted.catalogue)
    relied_on = sorted(operators.relied_on(wanted) & apis.keys())
    classes = shared.STORAGE_CLASSES if _has_classes(wanted) else ()
    if not relied_on and not classes:
        return
    groups = sorted({group_of(api) for name in relied_on for api in apis[name]})
    api = await client.Client.connect(place.kubeconfig, context=place.context)
    try:
        versions = dict(zip(groups, await asyncio.gather(*(api.versions(group) for group in groups)), strict=True))
        found = await api.list("storage.k8s.io/v1", "StorageClass", metadata_only=True) if classes else []
    finally:
        await api.close()
    there = {item["metadata"]["name"] for item in found}
    problems = [
        *(problem for name in relied_on for problem in of_operator(name, apis[name], versions, stack=stack)),
        *of_classes([name for name in classes if name not in there], stack=stack),
    ]
    if problems:
        raise errors.UsageError(*problems)


def of_operator(
    name: str, apis: Sequence[str], versions: Mapping[str, Sequence[str]], *, stack: str
) -> Iterator[errors.Problem]:
    """What is wrong with an operator of these APIs where these versions of groups are served. Pure.

    One problem at most.
    """
    wanted = [(group_of(api), api.rpartition("/")[2]) for api in apis]
    absent = list(dict.fromkeys(group for group, _ in wanted if not versions[group]))
    others = [(group, version) for group, version in wanted if version not in versions[group]]
    file = collisions.file_of(stack)
    if absent:
        yield errors.Problem(
            what=f"{name} is not on the cluster: its API server serves nothing of {' and '.join(absent)}",
            why=f"paasport:cluster.has.operators in {file} says that it is, so this stack does not install it, "
            "and nothing that needs it could be made",
            next=f"let its owner install it, or take `{name}` out of paasport:cluster.has.operators",
        )
    elif others:
        served = "; ".join(f"{group} in {' and '.join(versions[group])}, not in {version}" for group, version in others)
        yield errors.Problem(
            what=f"the {name} on the cluster does not fit: its API server serves {served}",
            why=f"services are written for {' and '.join(apis)}, and the API server would refuse their objects",
            next=f"let its owner upgrade it to a release that serves {' and '.join(version for _, version in others)}",
        )


def of_classes(missing: Iterable[str], *, stack: str) -> Iterator[errors.Problem]:
    """What is wrong where these storage classes are missing: one problem at most. Pure."""
    names = list(missing)
    if names:
        yield errors.Problem(
            what=f"the cluster has no storage class{'es' if len(names) > 1 else ''} {', '.join(names)}",
            why=f"paasport:cluster.has.storageClasses in {collisions.file_of(stack)} says that it has, so this stack "
            "does not make them, and no volume of a service could be made",
            next="let their owner make them, or take `storageClasses` out of paasport:cluster.has",
        )


def group_of(api: str) -> str:
    """The group of `group/version`."""
    return api.partition("/")[0]


def _has_classes(wanted: settings.Settings) -> bool:
    return isinstance(wanted.cluster, shared.SharedCluster) and wanted.cluster.has.storage_classes
