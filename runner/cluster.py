"""Which cluster a stack is deployed to, and whether it can be reached: known before anything is written.

Resolves the three ways in which a stack file names a kubeconfig. The kubeconfig itself is read by `runner/kubernetes/`.
"""

from __future__ import annotations

import dataclasses
import os
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
    cluster: settings.Cluster,
    *,
    stack: str,
    root: pathlib.Path,
    stack_outputs: StackOutputs,
) -> Cluster:
    """The cluster that a stack's settings name. Raises UsageError where another stack has no such output.

    A cluster that the stack itself creates is only known where it is rehearsed; see `managed`.
    """
    if isinstance(cluster, settings.LocalCluster):
        name = control_plane_name(cluster, stack=stack)
        return Cluster(kubeconfig=str(locations.control_plane_kubeconfig(name)))
    if not isinstance(cluster, settings.ExistingCluster):
        raise managed(stack)
    source = cluster.kubeconfig
    match source:
        case settings.KubeconfigFile():
            return Cluster(kubeconfig=_path(source.path, root=root), context=source.context)
        case settings.KubeconfigValue():
            return Cluster(kubeconfig=_text(source.value.get_secret_value(), stack=stack), context=source.context)
        case settings.KubeconfigOutput():
            kubeconfig = await _output(source, stack=stack, root=root, stack_outputs=stack_outputs)
            return Cluster(kubeconfig=kubeconfig, context=source.context)


def managed(stack: str) -> errors.PaasportError:
    """What to tell where a stack's cluster is asked for that its own program creates at a vendor."""
    return errors.UsageError.of(
        f"the cluster of {stack} is made and known by the official engine, and no rehearsal of it is kept here",
        why="the embedded engine only simulates clouds",
        next=f"./paasport rehearse {stack} --keep, or ask the official engine with --engine pulumi",
    )


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


def _is_text(kubeconfig: str) -> bool:
    """Whether it is a kubeconfig's text. What has one line would be taken for a path, and be shown in messages."""
    return "\n" in kubeconfig.strip() or kubeconfig.lstrip().startswith("{")


def _text(given: str, *, stack: str) -> str:
    if _is_text(given):
        return given
    raise errors.UsageError.of(
        f"the decrypted kubeconfig.value of {stack} is not the text of a kubeconfig",
        why="without it there is no cluster to talk to",
        next=f"pulumi config set --stack {stack} --secret --path {settings.CLUSTER_KEY}.kubeconfig.value < KUBECONFIG",
    )


async def _output(
    source: settings.KubeconfigOutput, *, stack: str, root: pathlib.Path, stack_outputs: StackOutputs
) -> str:
    """The text of a kubeconfig, or the path of one that exists; anything else may be a secret and is not repeated."""
    outputs = values.revealed(dict(await stack_outputs(source.stack)))
    value = outputs.get(source.output)
    kubeconfig = _text_or_path(value, root=root) if isinstance(value, str) else ""
    if kubeconfig:
        return kubeconfig
    raise errors.UsageError.of(
        f"the stack {source.stack} has no output {source.output!r} with a kubeconfig",
        why=f"{stack} is deployed to the cluster that this output describes, by its text or as the path of a file",
        next=f"./paasport outputs {source.stack}; then correct kubeconfig.output of {stack}",
    )


def _text_or_path(given: str, *, root: pathlib.Path) -> str:
    """Empty where it is neither a kubeconfig's text nor the path of a file."""
    if _is_text(given):
        return given
    # Unlike pathlib's, these take any text: one that is too long, or that names the home of nobody.
    path = root / os.path.expanduser(given.strip())  # noqa: PTH111
    return str(path) if os.path.isfile(path) else ""  # noqa: PTH113
