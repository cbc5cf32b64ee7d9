"""What can be built: the binaries, the Go module that pins each, and the content hash under which it is cached.

Plain data and pure functions besides reading go.mod and go.sum, so that asking for what is built already starts no
process.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
import re
import sys

from stacks import locations

FOLDER = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Group:
    """Binaries that share one go.mod; a change in it rebuilds these and no others."""

    name: str
    """Also the folder of go.mod and go.sum beside this module."""
    versioned_by: str
    """The Go module in go.mod whose version is stamped into the group's binaries."""
    stamps: tuple[tuple[str, str], ...]
    """Go variable and value for the linker's `-X`, with {version} (v1.36.3), {number} (1.36.3), {major} and {minor}."""

    @property
    def folder(self) -> pathlib.Path:
        """Where go.mod and go.sum lie; Go runs there."""
        return FOLDER / self.name


@dataclasses.dataclass(frozen=True, kw_only=True)
class Binary:
    """One program that `go build` makes."""

    name: str
    package: str
    group: Group


_KUBERNETES = Group(
    name="kubernetes",
    versioned_by="k8s.io/kubernetes",
    # Clients parse the version that an API server reports, and refuse the placeholders of an unstamped build.
    stamps=(
        ("k8s.io/component-base/version.gitVersion", "{version}"),
        ("k8s.io/component-base/version.gitMajor", "{major}"),
        ("k8s.io/component-base/version.gitMinor", "{minor}"),
        ("k8s.io/component-base/version.gitCommit", "unknown"),
        ("k8s.io/component-base/version.gitTreeState", "clean"),
        ("k8s.io/component-base/version.buildDate", "1970-01-01T00:00:00Z"),
    ),
)
_PROMETHEUS_OPERATOR = Group(
    name="prometheus-operator",
    versioned_by="github.com/prometheus-operator/prometheus-operator",
    # The operator derives the image of its config reloader from the version it was stamped with.
    stamps=(("github.com/prometheus/common/version.Version", "{number}"),),
)

GROUPS = (_KUBERNETES, _PROMETHEUS_OPERATOR)

BINARIES = {
    binary.name: binary
    for binary in (
        # In building order: what shares most packages with the others comes first, so that progress is honest.
        Binary(name="kube-apiserver", package="k8s.io/kubernetes/cmd/kube-apiserver", group=_KUBERNETES),
        Binary(
            name="kube-controller-manager", package="k8s.io/kubernetes/cmd/kube-controller-manager", group=_KUBERNETES
        ),
        Binary(name="kube-scheduler", package="k8s.io/kubernetes/cmd/kube-scheduler", group=_KUBERNETES),
        Binary(name="kubectl", package="k8s.io/kubernetes/cmd/kubectl", group=_KUBERNETES),
        Binary(name="etcd", package="go.etcd.io/etcd/server/v3", group=_KUBERNETES),
        Binary(name="kwok", package="sigs.k8s.io/kwok/cmd/kwok", group=_KUBERNETES),
        Binary(name="kwokctl", package="sigs.k8s.io/kwok/cmd/kwokctl", group=_KUBERNETES),
        Binary(
            name="prometheus-operator",
            package="github.com/prometheus-operator/prometheus-operator/cmd/operator",
            group=_PROMETHEUS_OPERATOR,
        ),
    )
}


def version(module: str, *, go_mod: str) -> str:
    """The version of `module` that a go.mod requires, with its leading `v`.

    Raises LookupError where the go.mod does not require it.
    """
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", go_mod, re.MULTILINE)
    if not found:
        raise LookupError(module)
    return found[1]


def build_flags(group: Group, *, go_mod: str) -> tuple[str, ...]:
    """The flags of `go build` for the group's binaries: no debugger's symbols, no path of this machine, versions."""
    stamped = version(group.versioned_by, go_mod=go_mod)
    number = stamped.removeprefix("v")
    major, minor, *_ = number.split(".")
    stamps = (
        f"-X {variable}={value.format(version=stamped, number=number, major=major, minor=minor)}"
        for variable, value in group.stamps
    )
    return ("-trimpath", "-ldflags", " ".join(["-s -w", *stamps]))


def content_hash(*, go_mod: bytes, go_sum: bytes, flags: tuple[str, ...], platform: str) -> str:
    """Sixteen hexadecimal digits that change whenever a group's binaries could.

    Go's own version is not in it: asking for it costs a process in every call, and what go.mod demands of it is in
    go.mod.
    """
    digest = hashlib.sha256()
    for part in (go_mod, go_sum, "\0".join(flags).encode(), platform.encode()):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:16]


def build_folder(group: Group) -> pathlib.Path:
    """Where the group's binaries are once they are built, as the go.mod and go.sum of this moment have it."""
    go_mod = (group.folder / "go.mod").read_bytes()
    digest = content_hash(
        go_mod=go_mod,
        go_sum=(group.folder / "go.sum").read_bytes(),
        flags=build_flags(group, go_mod=go_mod.decode()),
        platform=f"{sys.platform}-{os.uname().machine}",
    )
    return locations.cache_folder() / "toolchain" / f"{group.name}-{digest}"
