"""A mirror of operators' releases: a folder with every pinned file and a list of images, for sites without internet.

Only verified bytes get into it: from the mirror in use, the cache, a Go module or the file's URL. A second call finds
all in its place and asks nobody. The lock file describes its own format.
"""

from __future__ import annotations

import dataclasses
import hashlib
import http.client
import pathlib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import yaml

from local import releases
from local.toolchain import progress
from stacks import errors

IMAGES: Final = "images.txt"
"""One image a line, sorted: what a registry of such a site must hold."""
_TIMEOUT: Final = 30.0
"""Seconds without a byte before a download is given up."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class File:
    """What became of one file."""

    manifest: releases.Manifest
    source: str = ""
    """Where it was had from; empty where the mirror had it already or where it is missing."""
    problem: errors.Problem | None = None
    """Why it is missing."""


class _Missing(Exception):
    """A source does not have the file."""


def fill(
    lock: pathlib.Path, folder: pathlib.Path, *, operators: Collection[str] | None, report: progress.Report
) -> list[File]:
    """Put every file of these operators, or of all, into the folder.

    What can't be had is in the answer, and so are wrong bytes, wherever they come from. Raises ReleaseError where the
    lock file is unusable or the folder cannot be written.
    """
    wanted = [item for item in releases.pinned(lock) if operators is None or item.operator in operators]
    sources = _Sources(lock=lock, report=report)
    return [_filled(manifest, folder=folder, sources=sources) for manifest in wanted]


def images(
    lock: pathlib.Path,
    services_lock: pathlib.Path,
    *,
    operators: Collection[str] | None = None,
    services: Collection[str] | None = None,
) -> list[str]:
    """The images that these operators and services run, or all: sorted, each once.

    `services_lock` has a list of images for each service. Raises ReleaseError where a lock file is unusable.
    """
    found = [*operator_images(lock, operators=operators), *_of(_service_images(services_lock), services)]
    return sorted(set(found))


def operator_images(lock: pathlib.Path, *, operators: Collection[str] | None) -> list[str]:
    """The images that these operators of a lock file run, or all. Raises ReleaseError where it is unusable."""
    return _of(releases.images(lock), operators)


def write_images(folder: pathlib.Path, found: Iterable[str], *, keep: bool) -> list[str]:
    """Write the list beside the releases; what is in it already stays there with `keep`. The list as it is then.

    Raises ReleaseError where it cannot be written.
    """
    target = folder / IMAGES
    before = target.read_text(encoding="utf-8").split() if keep and target.is_file() else []
    listed = sorted({*found, *before})
    content = "".join(f"{image}\n" for image in listed).encode()
    if not target.is_file() or target.read_bytes() != content:
        releases.store(content, target=target)
    return listed


def _of(known: Mapping[str, Sequence[str]], names: Collection[str] | None) -> list[str]:
    return [image for name, own in known.items() if names is None or name in names for image in own]


def _service_images(lock: pathlib.Path) -> Mapping[str, Sequence[str]]:
    try:
        found: Mapping[str, Any] = yaml.safe_load(lock.read_text(encoding="utf-8"))
        return {service: [str(image) for image in own] for service, own in found.items()}
    except (OSError, yaml.YAMLError, AttributeError, TypeError) as problem:
        raise errors.ReleaseError.of(
            f"{lock.name} cannot be used: {' '.join(str(problem).split())}",
            why="it lists the images that services run",
            next=f"git checkout -- {lock}",
        ) from problem


def _filled(manifest: releases.Manifest, *, folder: pathlib.Path, sources: _Sources) -> File:
    target = folder / manifest.place
    if target.is_file() and _is_pinned(target.read_bytes(), manifest):
        return File(manifest=manifest)
    try:
        content, source = sources.find(manifest, target=target)
    except errors.PaasportError as error:
        return File(manifest=manifest, problem=error.problems[0])
    releases.store(content, target=target)
    return File(manifest=manifest, source=source)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Sources:
    """Where files are had from, and what has been found out about that."""

    lock: pathlib.Path
    report: progress.Report
    absent: dict[str, str] = dataclasses.field(default_factory=dict)
    """Modules and hosts that gave nothing, and why: nobody waits for one of them twice."""

    def find(self, manifest: releases.Manifest, *, target: pathlib.Path) -> tuple[bytes, str]:
        """The verified bytes and where they were. Raises ReleaseError for wrong ones, and where no place has any.

        `target` is no source: where the mirror in use is the one that is filled, wrong bytes in it are replaced.
        """
        own = (manifest.mirrored, manifest.beside, manifest.cached)
        places = [path for path in own if path and not _same(path, target)]
        for path in places:
            if path.is_file():
                return self._verified(path.read_bytes(), manifest, place=str(path)), str(path)
        looked = [f"not at {path}" for path in places]
        for look in (self._in_module, self._at_url):
            try:
                return look(manifest)
            except _Missing as reason:
                looked.append(str(reason))
        raise errors.ReleaseError.of(
            f"{manifest.file} of {manifest.operator} {manifest.version} is nowhere: {'; '.join(looked)}",
            why=f"without it {manifest.operator} cannot be installed where there is no internet",
            next=f"connect to the internet and try again, or put it there by hand, as {manifest.place}",
        )

    def _in_module(self, manifest: releases.Manifest) -> tuple[bytes, str]:
        if not manifest.module:
            raise _Missing("in no Go module")
        named = f"{manifest.module}@{manifest.module_version}"
        if named not in self.absent:
            try:
                return releases.from_module(manifest, lock=self.lock, report=self.report), named
            except errors.ToolchainError as error:
                self.absent[named] = error.problems[0].what
        raise _Missing(self.absent[named])

    def _at_url(self, manifest: releases.Manifest) -> tuple[bytes, str]:
        if not manifest.url:
            raise _Missing("at no URL")
        host = urllib.parse.urlsplit(manifest.url).netloc
        if host in self.absent:
            raise _Missing(f"{manifest.url}: {self.absent[host]}")
        step = progress.Step(f"fetching {manifest.place}", report=self.report)
        try:
            with urllib.request.urlopen(manifest.url, timeout=_TIMEOUT) as response:  # noqa: S310 - the lock file's URL
                content: bytes = response.read()
        except urllib.error.HTTPError as error:
            raise _Missing(f"{manifest.url}: {error}") from None
        except (OSError, http.client.HTTPException) as error:
            self.absent[host] = str(getattr(error, "reason", None) or error)
            raise _Missing(f"{manifest.url}: {self.absent[host]}") from None
        step.done("fetched")
        return self._verified(content, manifest, place=manifest.url), manifest.url

    def _verified(self, content: bytes, manifest: releases.Manifest, *, place: str) -> bytes:
        if not _is_pinned(content, manifest):
            raise errors.ReleaseError.of(
                f"{place} is not the pinned {manifest.file} of {manifest.operator} {manifest.version}: "
                f"expected sha256 {manifest.sha256}, got {hashlib.sha256(content).hexdigest()}",
                why="what is in it would be installed with the rights of an operator",
                next="delete it, or find out why it changed, before you pin another hash",
            )
        return content


def _same(path: pathlib.Path, other: pathlib.Path) -> bool:
    return path.resolve() == other.resolve()


def _is_pinned(content: bytes, manifest: releases.Manifest) -> bool:
    return hashlib.sha256(content).hexdigest() == manifest.sha256
