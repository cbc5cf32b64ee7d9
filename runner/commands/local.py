"""`./paasport local`: the control planes of this machine, whatever runs on them.

Shows what `local.control_plane` does and finds; decides nothing itself.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from stacks import errors

if TYPE_CHECKING:
    from local import control_plane as control_planes
    from stacks import settings

DEFAULT_NAME: Final = "local-dev"
_MEGABYTE: Final = 1_000_000
_SEPARATOR: Final = "--"
_GIVEN: Final = f"{__name__}.given"

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _on_chosen(function: _Function) -> _Function:
    """The argument and the option that say which control planes are meant."""
    everything = click.option("--all", "everything", is_flag=True, help="Every control plane of this user.")
    return click.argument("name", required=False)(everything(function))


@click.group()
def local() -> None:
    """Start, stop and use the Kubernetes control planes of this machine.

    NAME is the name of a control plane, which is that of its stack; local-dev where it is left out.
    """


@local.command()
@_on_chosen
@click.pass_obj
def start(root: pathlib.Path, name: str | None, *, everything: bool) -> None:
    """Start a control plane, or repair it; its data are kept."""
    from local import control_plane as control_planes  # noqa: PLC0415 - `--help` need not wait for it

    for each in _chosen(name, everything=everything):
        started = control_planes.start(each, nodes=_nodes(root, each), report=_report)
        click.echo(f"control plane {each} runs\n  kubeconfig: {started.kubeconfig}")


@local.command()
@_on_chosen
def stop(name: str | None, *, everything: bool) -> None:
    """Stop a control plane; its data are kept."""
    from local import control_plane as control_planes  # noqa: PLC0415 - likewise

    for each in _chosen(name, everything=everything):
        stopped = control_planes.stop(each)
        click.echo(f"control plane {each} {'is stopped; its data are kept' if stopped else 'does not run'}")


@local.command()
@_on_chosen
def delete(name: str | None, *, everything: bool) -> None:
    """Stop a control plane and remove everything that belongs to it."""
    from local import control_plane as control_planes  # noqa: PLC0415 - likewise

    for each in _chosen(name, everything=everything):
        click.echo(f"control plane {each} {'is deleted' if control_planes.delete(each) else 'does not exist'}")


@local.command()
@_on_chosen
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def status(name: str | None, *, everything: bool, as_json: bool) -> None:
    """Show what runs, with process ids and memory."""
    from local import control_plane as control_planes  # noqa: PLC0415 - likewise

    found = [control_planes.status(each) for each in _chosen(name, everything=everything)]
    if as_json:
        click.echo(json.dumps({"controlPlanes": [document(each) for each in found]}, indent=2))
    else:
        click.echo("\n\n".join(text(each) for each in found))


class _Kubectl(click.Command):
    """A command whose arguments after `--` are another program's, to be left alone."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the other program's arguments away from click, which would drop the separator."""
        own, found, given = _split(args)
        ctx.meta[_GIVEN] = given
        if not found and len(own) > 1:
            line = " ".join([ctx.command_path, _SEPARATOR, *own])
            why = "what stands before it is the name of a control plane"
            raise errors.UsageError.of("kubectl's own arguments come after --", why=why, next=line)
        return super().parse_args(ctx, own)


@local.command(cls=_Kubectl, options_metavar="", epilog="Example: ./paasport local kubectl -- get nodes")
@click.argument("name", default=DEFAULT_NAME, metavar="[NAME] -- ARGS...")
@click.pass_context
def kubectl(context: click.Context, name: str) -> None:
    """Run kubectl on a control plane; its exit code is this command's."""
    from local import layout as layouts  # noqa: PLC0415 - likewise
    from local import locks  # noqa: PLC0415 - likewise
    from local.toolchain import binaries  # noqa: PLC0415 - likewise

    place = layouts.of(name)
    if not locks.held(place.supervisor_lock):
        raise errors.UsageError.of(
            f"the control plane {name} does not run",
            why="kubectl has nothing to talk to",
            next=f"./paasport local start {name}",
        )
    program = str(binaries.ensure(["kubectl"], report=_report).path("kubectl"))
    # Replaces this process: signals, terminal and exit code are kubectl's own.
    environment = {**os.environ, "KUBECONFIG": str(place.kubeconfig)}
    os.execve(program, ["kubectl", *context.meta[_GIVEN]], environment)  # noqa: S606 - no shell is wanted


def document(status: control_planes.Status) -> dict[str, Any]:
    """A status as `--json` shows it."""
    return {
        "name": status.name,
        "state": str(status.condition),
        "message": status.message,
        "version": status.version,
        "address": status.address,
        "kubeconfig": status.kubeconfig,
        "nodesReady": status.nodes_ready,
        "memoryBytes": status.memory,
        "processes": [
            {"name": process.name, "pid": process.pid, "memoryBytes": process.memory} for process in status.processes
        ],
        "beside": [each.model_dump() for each in status.beside],
    }


def text(status: control_planes.Status) -> str:
    """A status as a person reads it."""
    head = f"{status.name}: {status.condition}"
    if status.version:
        head += f", Kubernetes {status.version} at {status.address}, {status.nodes_ready} nodes ready"
    lines = [head, *(f"  {line}" for line in status.message.splitlines())]
    if status.kubeconfig:
        lines.append(f"  kubeconfig: {status.kubeconfig}")
    lines += [
        f"  {process.name:<24} pid {process.pid:<8} {process.memory // _MEGABYTE:>5} MB" for process in status.processes
    ]
    if status.processes:
        lines.append(f"  {'together':<36} {status.memory // _MEGABYTE:>6} MB")
    for each in status.beside:
        place = f"pid {each.pid}" if each.pid else "does not run"
        told = [f"for {each.namespace}/{each.deployment}", place]
        told += [f"restarted {each.restarts} times"] if each.restarts else []
        lines.append(f"  beside the cluster: {each.program} {', '.join(told)}")
        lines += [f"    {each.problem}"] if each.problem else []
    return "\n".join(lines)


def _split(arguments: list[str]) -> tuple[list[str], bool, list[str]]:
    """What stands before `--`, whether there is one, and what stands after."""
    if _SEPARATOR not in arguments:
        return arguments, False, []
    place = arguments.index(_SEPARATOR)
    return arguments[:place], True, arguments[place + 1 :]


def _chosen(name: str | None, *, everything: bool) -> Iterable[str]:
    if everything and name:
        what = f"both {name} and --all were given"
        raise errors.UsageError.of(what, why="one control plane or all of them is meant", next="leave one of them out")
    if not everything:
        return [name or DEFAULT_NAME]
    found = _names()
    if not found:
        _report("there is no control plane on this machine")
    return found


def _names() -> list[str]:
    from local import control_plane as control_planes  # noqa: PLC0415 - likewise

    return control_planes.names()


def _nodes(root: pathlib.Path, name: str) -> settings.LocalNodes:
    """The nodes of the stack of that name; where there is no such stack, those it has, or the default."""
    from local import control_plane as control_planes  # noqa: PLC0415 - likewise
    from runner.commands import project  # noqa: PLC0415 - likewise
    from stacks import files, settings  # noqa: PLC0415 - likewise

    if name not in files.names(root):
        return control_planes.nodes(name) or settings.LocalNodes()
    cluster = project.read(root, name).settings.cluster
    if isinstance(cluster, settings.LocalCluster):
        return cluster.nodes
    raise errors.UsageError.of(
        f"the stack {name} does not run on this machine: its vendor is {cluster.vendor}",
        why="a control plane of that name would be taken for the stack's cluster",
        next="choose another name",
    )


def _report(line: str) -> None:
    """Progress goes to stderr, so that stdout stays what was asked for."""
    click.echo(line, err=True)
