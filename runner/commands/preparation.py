"""From a stack file to what the engine needs: the cluster running, the releases at hand, the request filled in.

Everything that can refuse a call does so here, before the engine begins and before anything is written.
"""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from local import control_plane, releases
from local.operators import declared, names
from runner import cluster, operations, request
from runner.commands import clouds, project
from runner.engine import model
from runner.tenancy import presence
from stacks import errors, files, operators, settings
from stacks.catalogues import model as catalogues

Report = Callable[[str], None]
"""Takes one line about what is being done."""

CREATING: Final = frozenset({request.Operation.UP, request.Operation.PREVIEW})
"""Operations that make a local control plane where there is none; the others would find nothing in it."""
RELEASES: Final = pathlib.PurePath("components/operators/releases.lock.yaml")
IMAGES: Final = pathlib.PurePath("components/services/images.lock.yaml")
"""What services run."""


def prepare(root: pathlib.Path, stack: files.StackFile, *, operation: request.Operation, report: Report) -> bool:
    """Make the cluster and the operators' releases ready. False where nothing can ever have been deployed.

    Raises what starting a control plane raises, and ReleaseError.
    """
    place = stack.settings.cluster
    if isinstance(place, settings.LocalCluster):
        name = cluster.control_plane_name(place, stack=stack.stack)
        if operation not in CREATING and control_plane.status(name).condition is control_plane.Condition.ABSENT:
            return False
        control_plane.start(name, nodes=place.nodes, report=report)
        notice = played(name, stack)
        if operation is request.Operation.UP and notice:
            report(notice)
    if clouds.is_cloud(stack):
        report(clouds.notice(stack, operation=operation))
    if operation is not request.Operation.DESTROY:
        fill_cache(root, stack, report=report)
    return True


def played(control_plane: str, stack: files.StackFile) -> str:
    """Have a stack's operators played on a control plane, and say which are; empty where none is."""
    plays = stack.settings.catalogue.plays
    declared.write(control_plane, plays)
    return names.notice(operators.needed(stack.settings), rehearsed={play.operator for play in plays})


def fill_cache(root: pathlib.Path, stack: files.StackFile, *, report: Report) -> None:
    """Put what Go modules contain of the releases that a stack installs where its program looks for them."""
    for lock in (root / RELEASES, *locks(stack.settings.catalogue)):
        releases.fill_cache(lock, report=report, operators=operators.needed(stack.settings))


def locks(catalogue: catalogues.Catalogue) -> list[pathlib.Path]:
    """The lock files of a stack's own catalogues, as far as these bring operators."""
    return sorted({operator.lock for operator in catalogue.operators.values()})


async def requested(
    root: pathlib.Path,
    stack: files.StackFile,
    *,
    operation: request.Operation,
    targets: tuple[str, ...] = (),
    replace: tuple[str, ...] = (),
    lose_data: tuple[str, ...] = (),
    parallel: int = request.Request.parallel,
) -> request.Request:
    """What the engine is asked.

    Raises ClusterUnreachable, or UsageError where the kubeconfig cannot be used, or where something is to be made and
    the cluster has not what the stack says that it has.
    """
    asked = await _requested(root, stack, operation=operation, asking=(stack.stack,))
    if operation in CREATING and not clouds.is_cloud(stack):
        place = cluster.Cluster(kubeconfig=asked.kubeconfig, context=asked.context)
        await presence.require(place, stack.settings, stack=stack.stack)
    return dataclasses.replace(asked, targets=targets, replace=replace, lose_data=lose_data, parallel=parallel)


def outputs(root: pathlib.Path, stack: files.StackFile, *, report: Report) -> Mapping[str, Any]:
    """The outputs that the last `up` left; secrets as `values.Secret`. Raises EngineError where there was none."""

    async def read() -> Mapping[str, Any]:
        return await operations.outputs(await requested(root, stack, operation=request.Operation.DRIFT))

    if not prepare(root, stack, operation=request.Operation.DRIFT, report=report):
        raise not_deployed(stack.stack)
    return asyncio.run(read())


def entries(root: pathlib.Path, stack: files.StackFile, *, report: Report) -> tuple[model.Entry, ...]:
    """What the stack has created and still has, in program order; empty where it was never deployed."""

    async def read() -> tuple[model.Entry, ...]:
        return await operations.entries(await requested(root, stack, operation=request.Operation.DESTROY))

    # Not in the event loop: only outside of it does Ctrl-C end a build of the control plane at once.
    if not prepare(root, stack, operation=request.Operation.DESTROY, report=report):
        return ()
    return asyncio.run(read())


def planned(root: pathlib.Path, stack: files.StackFile, *, report: Report) -> request.Result:
    """What an `up` of a stack would make, from its program alone."""

    async def work() -> request.Result:
        asked = await requested(root, stack, operation=request.Operation.PREVIEW)
        return await operations.run(asked, lambda _: None)

    prepare(root, stack, operation=request.Operation.PREVIEW, report=report)
    return asyncio.run(work())


def not_deployed(stack: str) -> errors.PaasportError:
    """What to tell where a stack is asked for what it has and it has nothing."""
    why = "nothing is known of it before"
    return errors.EngineError.of(f"stack {stack} has not been deployed", why=why, next=f"./paasport up {stack}")


async def _requested(
    root: pathlib.Path,
    stack: files.StackFile,
    *,
    operation: request.Operation,
    asking: tuple[str, ...],
) -> request.Request:
    """`asking` are the stacks whose outputs wait for this one's, the outermost first."""

    async def stack_outputs(name: str) -> Mapping[str, Any]:
        return await _outputs_of(root, name, asking=asking)

    asked = request.Request(
        operation=operation,
        root=root,
        project=settings.PROJECT,
        stack=stack.stack,
        config=stack.program_config(),
        secret_keys=stack.secret_keys,
        stack_outputs=stack_outputs,
    )
    if clouds.is_cloud(stack):
        return clouds.completed(asked)
    place = await cluster.of(stack.settings.cluster, stack=stack.stack, root=root, stack_outputs=stack_outputs)
    await cluster.version(place)
    local = isinstance(stack.settings.cluster, settings.LocalCluster)
    return dataclasses.replace(asked, kubeconfig=place.kubeconfig, context=place.context, stand_ins=local)


async def _outputs_of(root: pathlib.Path, reference: str, *, asking: tuple[str, ...]) -> Mapping[str, Any]:
    """The outputs of another stack, named as Pulumi names it: `stack` or `organization/project/stack`."""
    qualifier, _, name = reference.rpartition("/")
    owner = qualifier.rpartition("/")[2] or settings.PROJECT
    if owner != settings.PROJECT:
        raise errors.UsageError.of(
            f"the stack {reference} belongs to the project {owner}",
            why="the embedded engine finds the outputs of this project's stacks only, because they lie in clusters",
            next="refer to a stack of this project, or use --engine pulumi",
        )
    if name in asking:
        raise errors.UsageError.of(
            f"the stacks wait for each other's outputs: {' -> '.join((*asking, name))}",
            why="none of them can be deployed first",
            next=f"./paasport check {name}; then let one of them name its cluster without the other",
        )
    other = await _requested(root, project.read(root, name), operation=request.Operation.DRIFT, asking=(*asking, name))
    return await operations.outputs(other)
