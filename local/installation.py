"""What a control plane needs on disk before its processes run: links to programs, kwokctl's layout, free ports."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
from collections.abc import Mapping
from typing import Any, Final

import yaml

from local import kwokctl, ports, processes, records
from local import layout as layouts
from stacks import errors, locations

CREATE_SECONDS: Final = 120.0
"""kwokctl takes 0.7 s for its layout on an idle machine; it gives up by itself after 100."""

_LISTENERS: Final = {
    "etcdPort": "etcd",
    "etcdPeerPort": "etcd",
    "kubeApiserverPort": "kube-apiserver",
    "kubeControllerManagerPort": "kube-controller-manager",
    "kubeSchedulerPort": "kube-scheduler",
    "kwokControllerPort": "kwok-controller",
}
"""Option of a port -> the component that listens on it."""


def link_programs(layout: layouts.Layout, binaries: Mapping[str, pathlib.Path]) -> None:
    """Point the control plane's links at these binaries."""
    layout.binaries.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, file in binaries.items():
        link = layout.binaries / name
        if not (link.is_symlink() and link.readlink() == file):
            new = link.with_name(f".{name}.{os.getpid()}")
            new.unlink(missing_ok=True)
            new.symlink_to(file)
            new.replace(link)


def document(layout: layouts.Layout) -> Mapping[str, Any] | None:
    """What kwokctl laid out, or None where that was never finished."""
    try:
        return kwokctl.laid_out(layout.kwok_yaml.read_text())
    except (OSError, ValueError):
        return None


async def lay_out(layout: layouts.Layout) -> Mapping[str, Any]:
    """Make the control plane from nothing and start it once; what a former attempt left is thrown away.

    Raises `ControlPlaneError` with kwokctl's own words.
    """
    processes.end(processes.below(layout.kwok), seconds=5)
    shutil.rmtree(layout.kwok, ignore_errors=True)
    chosen = ports.free(len(kwokctl.PORTS), avoid=_ports_of_others(layout))
    records.replace(layout.kwokctl_configuration, yaml.safe_dump(kwokctl.configuration(layout, ports=chosen)))
    log = layout.folder / "kwokctl.log"
    log.unlink(missing_ok=True)
    command = kwokctl.create_command(layout)
    environment = kwokctl.environment(layout)
    try:
        code = await processes.run(command, environment=environment, log=log, seconds=CREATE_SECONDS)
    except (TimeoutError, OSError) as error:
        code = -1
        failure = f"it did not end within {CREATE_SECONDS:.0f} s" if isinstance(error, TimeoutError) else str(error)
    else:
        failure = f"it ended with code {code}"
    if code:
        raise errors.ControlPlaneError.of(
            f"kwokctl could not create the control plane {layout.name}: {failure}",
            why=processes.last_lines(log),
            next=f"./paasport local delete {layout.name}, then start it again",
        )
    for key in (layout.cluster / "pki").iterdir():
        key.chmod(0o600)
    return kwokctl.laid_out(layout.kwok_yaml.read_text())


def write_kubeconfig(layout: layouts.Layout, *, port: int) -> None:
    """Write the kubeconfig for users, which also marks the control plane as set up."""
    records.replace(layout.kubeconfig, _kubeconfig(layout, port=port))


def is_kubeconfig_intact(layout: layouts.Layout, *, port: int) -> bool:
    """Whether the kubeconfig is what `write_kubeconfig` wrote."""
    try:
        return layout.kubeconfig.read_bytes() == _kubeconfig(layout, port=port).encode()
    except OSError:
        return False


def _kubeconfig(layout: layouts.Layout, *, port: int) -> str:
    return yaml.safe_dump(kwokctl.kubeconfig(layout, port=port), sort_keys=False)


def taken(document: Mapping[str, Any], *, running: frozenset[str]) -> dict[int, str]:
    """Port -> component, for ports that a stranger took from a component that does not run."""
    assigned = kwokctl.ports(document)
    idle = {port: _LISTENERS[option] for option, port in assigned.items() if _LISTENERS[option] not in running}
    return {port: component for port, component in idle.items() if not ports.is_free(port)}


def move(layout: layouts.Layout, changes: Mapping[int, int]) -> Mapping[str, Any]:
    """Change ports in everything that kwokctl laid out; the components must not run. What is laid out then."""
    for file in (layout.kwok_yaml, layout.cluster / "kubeconfig.yaml", layout.kwokctl_configuration):
        records.replace(file, ports.moved(file.read_text(), changes))
    return kwokctl.laid_out(layout.kwok_yaml.read_text())


def new_ports(layout: layouts.Layout, old: Mapping[int, str]) -> dict[int, int]:
    """A free port for each of the old ones."""
    return dict(zip(old, ports.free(len(old), avoid=_ports_of_others(layout)), strict=True))


def _ports_of_others(layout: layouts.Layout) -> set[int]:
    """Ports that other control planes of this user have, even while they are stopped."""
    found: set[int] = set()
    for other in locations.control_planes_folder().glob("*/kwokctl.yaml"):
        if other != layout.kwokctl_configuration:
            # One that is just being made or deleted is of no interest.
            with contextlib.suppress(OSError, yaml.YAMLError, AttributeError):
                options = yaml.safe_load(other.read_text())["options"]
                found |= {int(options[option]) for option in kwokctl.PORTS}
    return found
