"""Which cluster a stack is deployed to, and whether it can be reached: known before anything is written.

Resolves the three ways in which a stack file names a kubeconfig. The kubeconfig itself is read by `runner/kubernetes/`.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from runner.engine import values
from stacks import errors, locations, settings

StackOutputs = Callable[[str], Awaitable[Mapping[str, Any]]]
"""The outputs of another stack, by its name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cluster:
    """The way to one API server."""

    kubeconfig: str = dataclasses.field(repr=False)
    """A path or the kubeconfig's text, which may hold keys."""
    context: str = ""
    """Empty for the kubeconfig's current context."""


def control_plane_name(cluster: settings.LocalCluster, *, stack: str) -> str:
    """The local control plane of a stack: named like it, unless its settings say otherwise."""
    return cluster.name or stack


async def of(
    cluster: settings.LocalCluster | settings.ExistingCluster,
    *,
    stack: str,
    root: pathlib.Path,
    stack_outputs: StackOutputs,
) -> Cluster:
    """The cluster that a stack's settings name. Raises UsageError where another stack has no such output."""
    if isinstance(cluster, settings.LocalCluster):
        name = control_plane_name(cluster, stack=stack)
        return Cluster(kubeconfig=str(locations.control_plane_kubeconfig(name)))
    source = cluster.kubeconfig
    match source:
        case settings.KubeconfigFile():
            return Cluster(kubeconfig=_path(source.path, root=root), context=source.context)
        case settings.KubeconfigValue():
            return Cluster(kubeconfig=_text(source.value.get_secret_value(), stack=stack), context=source.context)
        case settings.KubeconfigOutput():
            text = await _output(source, stack=stack, stack_outputs=stack_outputs)
            return Cluster(kubeconfig=text, context=source.context)


async def version(cluster: Cluster) -> str:
    """The version of the API server. Raises ClusterUnreachable, or UsageError where the kubeconfig cannot be used."""
    from runner.kubernetes import client  # noqa: PLC0415 - httpx2 takes longer to import than most commands to run

    connection = await client.Client.connect(cluster.kubeconfig, context=cluster.context)
    try:
        return await connection.version()
    finally:
        await connection.close()


def _path(given: str, *, root: pathlib.Path) -> str:
    """An absolute path stays as it is when it is joined to the project's."""
    return str(root / pathlib.Path(given).expanduser())


def _text(given: str, *, stack: str) -> str:
    """The kubeconfig that was encrypted. What has one line would be taken for a path, and its name be shown."""
    if "\n" in given.strip() or given.lstrip().startswith("{"):
        return given
    raise errors.UsageError.of(
        f"the decrypted kubeconfig.value of {stack} is not the text of a kubeconfig",
        why="without it there is no cluster to talk to",
        next=f"pulumi config set --stack {stack} --secret --path {settings.CLUSTER_KEY}.kubeconfig.value < KUBECONFIG",
    )


async def _output(source: settings.KubeconfigOutput, *, stack: str, stack_outputs: StackOutputs) -> str:
    outputs = values.revealed(dict(await stack_outputs(source.stack)))
    value = outputs.get(source.output)
    if isinstance(value, str) and value:
        return value
    raise errors.UsageError.of(
        f"the stack {source.stack} has no output {source.output!r} with a kubeconfig",
        why=f"{stack} is deployed to the cluster that this output describes",
        next=f"./paasport outputs {source.stack}; then correct kubeconfig.output of {stack}",
    )
