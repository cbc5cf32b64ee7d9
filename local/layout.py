"""Where a local control plane keeps its things, all below one folder of its own. Computes paths and touches no disk.

The folder's place is agreed in `stacks.locations`; what lies inside is known only here.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re
from typing import Final

from stacks import errors, forms, locations

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

COMPONENTS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller")
"""The processes of a control plane by the names that kwokctl gives them, in the order of their start."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """The paths of the control plane `name`. Made by `of`, which checks the name."""

    name: str

    @property
    def folder(self) -> pathlib.Path:
        """Everything below; only the user may enter it, because it holds keys."""
        return locations.control_planes_folder() / self.name

    @property
    def kubeconfig(self) -> pathlib.Path:
        """For users and clients; there from the first start until it is deleted."""
        return locations.control_plane_kubeconfig(self.name)

    @property
    def lock(self) -> pathlib.Path:
        """Held by whoever starts, stops or deletes."""
        return self.folder / "lock"

    @property
    def supervisor_lock(self) -> pathlib.Path:
        """Held by the supervisor while it lives; contains its process id."""
        return self.folder / "supervisor.pid"

    @property
    def supervisor_log(self) -> pathlib.Path:
        """What the supervisor did and why."""
        return self.folder / "supervisor.log"

    @property
    def spec(self) -> pathlib.Path:
        """What is wanted: written by `start`, read by the supervisor."""
        return self.folder / "spec.json"

    @property
    def state(self) -> pathlib.Path:
        """What is: written by the supervisor, read by everybody."""
        return self.folder / "state.json"

    @property
    def rehearsals(self) -> pathlib.Path:
        """How operators from outside this project are played: written before a run, read by the supervisor."""
        return self.folder / "rehearsals"

    @property
    def binaries(self) -> pathlib.Path:
        """A link to the toolchain's folder. Everything is run through it, so that one switch changes all versions."""
        return self.folder / "binaries"

    @property
    def kwok(self) -> pathlib.Path:
        """What kwokctl knows as KWOK_WORKDIR."""
        return self.folder / "kwok"

    @property
    def kwokctl_configuration(self) -> pathlib.Path:
        """The KwokctlConfiguration that the cluster is created from."""
        return self.folder / "kwokctl.yaml"

    @property
    def cluster(self) -> pathlib.Path:
        """What kwokctl lays out: arguments (kwok.yaml), certificates (pki), data (etcd), logs, programs (bin)."""
        return self.kwok / "clusters" / self.name

    @property
    def kwok_yaml(self) -> pathlib.Path:
        """The components with their arguments, as kwokctl decided them, and the simulation's stages."""
        return self.cluster / "kwok.yaml"

    @property
    def etcd_data(self) -> pathlib.Path:
        """The one folder that cannot be made again."""
        return self.cluster / "etcd"

    @property
    def unreadable_data(self) -> pathlib.Path:
        """Where data that etcd refused to read are put aside; only the last such are kept."""
        return self.folder / "etcd-unreadable"

    @property
    def beside(self) -> pathlib.Path:
        """Credentials and logs of what runs beside the cluster, one folder for each Deployment."""
        return self.folder / "beside"

    def log(self, component: str) -> pathlib.Path:
        """The log of one of `COMPONENTS`."""
        return self.cluster / "logs" / f"{component}.log"


def of(name: str) -> Layout:
    """The layout for `name`. Raises `UsageError` unless it is a DNS label of at most 50 characters."""
    longest = forms.LONGEST_CONTROL_PLANE_NAME
    if len(name) <= longest and _NAME.fullmatch(name):
        return Layout(name)
    raise errors.UsageError(
        errors.Problem(
            what=f"{name!r} cannot be the name of a control plane",
            why=f"It becomes a folder and a host name: lower case letters, digits and '-', at most {longest}.",
            next="choose a name such as local-dev",
        )
    )
