"""Operators' release manifests that lie inside Go modules, put where the components look for them.

The lock file, which describes its own format, pins each manifest by URL and sha256. A manifest that is in no mirror and
not in the cache yet, and that a Go module contains, is taken from there: that works where the project's own website is
out of reach. What a mirror, the cache or the URL gives is read by the components themselves.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import yaml

from local.toolchain import modules, progress
from stacks import errors, locations

_Taken = TypeVar("_Taken")

MIRROR = "PAASPORT_MIRROR"
"""Environment variable: a folder with `<operator>/<version>/<file>`, which goes before everything else."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """One file of a release."""

    operator: str
    version: str
    file: str
    url: str
    sha256: str
    beside: pathlib.Path | None = None
    """Where it lies in a catalogue from outside this project, instead of at a URL."""
    module: str = ""
    """A Go module that contains the file; empty where there is none."""
    module_version: str = ""
    """As Go writes it, with its leading `v`."""
    module_path: str = ""
    """Where the file lies inside the module."""

    @property
    def cached(self) -> pathlib.Path:
        """Where it is kept on this machine."""
        return locations.cache_folder() / "releases" / f"{self.sha256}.yaml"

    @property
    def mirrored(self) -> pathlib.Path | None:
        """Where it is in the user's mirror, if there is a mirror."""
        mirror = os.environ.get(MIRROR, "")
        return pathlib.Path(mirror).expanduser() / self.place if mirror else None

    @property
    def place(self) -> pathlib.PurePath:
        """Where it is inside a mirror."""
        return pathlib.PurePath(self.operator, self.version, self.file)


def fill_cache(lock: pathlib.Path, *, report: progress.Report, operators: Collection[str]) -> None:
    """Put every manifest of these operators that a Go module contains into the cache, unless it can be had already.

    Starts no process where there is nothing to do. A module that cannot be had is told and left: the program looks at
    the manifest's URL next, and it alone knows whether anything may stand in for it.

    Raises ReleaseError where the lock file is unusable or a manifest is not the pinned one.
    """
    absent: set[str] = set()
    for manifest in contained(lock):
        if manifest.operator not in operators or manifest.module in absent:
            continue
        if not manifest.cached.exists() and not (manifest.mirrored and manifest.mirrored.exists()):
            try:
                content = from_module(manifest, lock=lock, report=report)
            except errors.ToolchainError as error:
                absent.add(manifest.module)
                report(f"no release of {manifest.operator} from its Go module: {error.problems[0].what}")
                continue
            store(content, target=manifest.cached)


def from_module(manifest: Manifest, *, lock: pathlib.Path, report: progress.Report) -> bytes:
    """The verified bytes of a manifest from its Go module.

    Raises ToolchainError where the module cannot be had, ReleaseError where it has other bytes than the pinned.
    """
    source = modules.file(manifest.module, manifest.module_version, manifest.module_path, report=report)
    return _verified(source.read_bytes(), manifest=manifest, lock=lock)


def contained(lock: pathlib.Path) -> list[Manifest]:
    """The manifests of the lock file that a Go module contains. Raises ReleaseError where the file is unusable."""
    return [manifest for manifest in pinned(lock) if manifest.module]


def pinned(lock: pathlib.Path) -> list[Manifest]:
    """All manifests of the lock file. Raises ReleaseError where it is unusable."""
    return _read(lock, lambda operator, release: _manifests(operator, release, folder=lock.parent))


def images(lock: pathlib.Path) -> dict[str, tuple[str, ...]]:
    """The images that each operator runs. Raises ReleaseError where the lock file is unusable."""
    return dict(_read(lock, lambda operator, release: [(operator, tuple(release["images"]))]))


def _read(lock: pathlib.Path, taken: Callable[[str, Mapping[str, Any]], Iterable[_Taken]]) -> list[_Taken]:
    """What is `taken` of each operator's entry."""
    try:
        entries = yaml.safe_load(lock.read_text(encoding="utf-8")).items()
        return [item for operator, release in entries for item in taken(operator, release)]
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError) as problem:
        raise errors.ReleaseError.of(
            f"{lock.name} cannot be used: {_reason(problem)}",
            why="it pins the operators' releases, and none is installed unpinned",
            next=f"git checkout -- {lock}",
        ) from problem


def _manifests(operator: str, release: Mapping[str, Any], *, folder: pathlib.Path) -> Iterator[Manifest]:
    for file, pins in release["manifests"].items():
        module, beside = pins.get("go_module"), pins.get("file")
        yield Manifest(
            operator=operator,
            version=str(release["version"]),
            file=file,
            url="" if beside else pins["url"],
            beside=folder / beside if beside else None,
            sha256=pins["sha256"],
            module=module["path"] if module else "",
            module_version=module["version"] if module else "",
            module_path=module["file"] if module else "",
        )


def _reason(problem: Exception) -> str:
    if isinstance(problem, KeyError):
        return f"the key {problem} is missing"
    return " ".join(str(problem).split())


def _verified(content: bytes, *, manifest: Manifest, lock: pathlib.Path) -> bytes:
    got = hashlib.sha256(content).hexdigest()
    if got != manifest.sha256:
        raise errors.ReleaseError.of(
            f"{manifest.file} of {manifest.operator} {manifest.version} is not the pinned one: "
            f"expected sha256 {manifest.sha256}, got {got}",
            why=f"{manifest.module}@{manifest.module_version} contains another file than the release that was pinned",
            next=f"correct sha256 or go_module in {lock}",
        )
    return content


def store(content: bytes, *, target: pathlib.Path) -> None:
    """Write so that a reader, or a call after this one was killed, sees all of it or nothing."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        partial.write_bytes(content)
        partial.replace(target)
    except OSError as problem:
        raise errors.ReleaseError.of(
            f"{target} cannot be written: {problem.strerror}",
            why="operators' releases are kept there",
            next="make room there, or set XDG_CACHE_HOME to another folder, then run the same command again",
        ) from problem
