"""Operators' releases: had from where they can be had, verified, and laid out inside the project.

A release is never committed. It is looked for in a mirror, the cache, Go's module caches, and last at its URL; the
first place that has it must have the pinned bytes. What is written into the project is CRDs and the rest apart, so that
the CRDs are registered by a relative path and never parsed by the program.
"""

from __future__ import annotations

import dataclasses
import hashlib
import http.client
import os
import pathlib
import re
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import yaml

from components import contracts
from components.operators import bundles
from stacks import errors, locations

LOCK_FILE: Final = pathlib.Path(__file__).with_name("releases.lock.yaml")

FOLDER: Final = pathlib.Path(".paasport", "releases")
"""Where releases are laid out, relative to the project, which is the program's working directory."""

MIRROR: Final = "PAASPORT_MIRROR"
"""Environment variable: a folder with `<operator>/<version>/<file>`, for machines without access to release sites."""

_LAYOUT: Final = "2"
"""Part of the stamp: raise it when the files are to be written differently."""
_TIMEOUT: Final = 30.0
"""Seconds without a byte before a download is given up."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """One file of a release, as it was published."""

    file: str
    url: str
    sha256: str
    go_module: str = ""
    """Path of a Go module that contains the file; empty where there is none."""
    go_version: str = ""
    go_file: str = ""
    """Path of the file inside the module."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Release:
    """A release that lies in the project, ready to be registered."""

    crds: pathlib.PurePosixPath
    """Relative to the project."""
    objects: tuple[contracts.Manifest, ...]
    """Everything but the CRDs."""


def obtain(operator: contracts.Operator) -> Release:
    """The operator's pinned release. Raises ReleaseError where it can't be had or is not what was pinned."""
    sources = pinned(operator)
    folder = FOLDER / f"{operator.name}-{operator.version}"
    crds, rest, stamp = folder / "crds.yaml", folder / "operator.yaml", folder / "stamp"
    wanted = " ".join([_LAYOUT, *(source.sha256 for source in sources)])
    if not _reads(stamp, wanted):
        parts = [bundles.split(fetch(source, operator=operator).decode()) for source in sources]
        _write(crds, _definitions((part[0] for part in parts), operator=operator).encode())
        _write(rest, "".join(part[1] for part in parts).encode())
        # Last, so that an interrupted run is not taken for a finished one.
        _write(stamp, wanted.encode())
    return Release(
        crds=pathlib.PurePosixPath(crds.as_posix()), objects=tuple(bundles.objects(rest.read_text(encoding="utf-8")))
    )


def _definitions(texts: Iterable[str], *, operator: contracts.Operator) -> str:
    """Those that the catalogue entry names, each once: as the first file of the release has it."""
    found: dict[str, str] = {}
    for text in texts:
        found = bundles.definitions(text) | found
    return bundles.joined(found[name] for name in operator.crds if name in found)


def pinned(operator: contracts.Operator) -> tuple[Source, ...]:
    """What the lock file says about the operator. Raises ReleaseError where it pins nothing or another version."""
    lock: Mapping[str, Any] = yaml.safe_load(LOCK_FILE.read_text(encoding="utf-8"))
    entry = lock.get(operator.name)
    if entry is None or entry["version"] != operator.version:
        raise errors.ReleaseError.of(
            f"{LOCK_FILE.name} does not pin {operator.name} {operator.version}",
            why="an operator is installed from a release with a known hash only",
            next=f"add its files with url and sha256 to components/operators/{LOCK_FILE.name}",
        )
    return tuple(_source(file, fields) for file, fields in entry["manifests"].items())


def fetch(source: Source, *, operator: contracts.Operator) -> bytes:
    """The verified bytes of a release's file. A download is kept in the cache."""
    cached = locations.cache_folder() / "releases" / f"{source.sha256}.yaml"
    for path in (*_mirrored(source, operator=operator), cached, *_in_go_modules(source)):
        if path.is_file():
            return _verified(path.read_bytes(), source=source, place=str(path), next=f"delete {path} and try again")
    content = _verified(
        _download(source, operator=operator),
        source=source,
        place=source.url,
        next="find out why the published file changed before you pin another hash",
    )
    _write(cached, content)
    return content


def _source(file: str, fields: Mapping[str, Any]) -> Source:
    module = fields.get("go_module", {})
    return Source(
        file=file,
        url=fields["url"],
        sha256=fields["sha256"],
        go_module=module.get("path", ""),
        go_version=module.get("version", ""),
        go_file=module.get("file", ""),
    )


def _mirrored(source: Source, *, operator: contracts.Operator) -> Iterator[pathlib.Path]:
    mirror = os.environ.get(MIRROR, "")
    if mirror:
        yield pathlib.Path(mirror).expanduser() / operator.name / operator.version / source.file


def _in_go_modules(source: Source) -> Iterator[pathlib.Path]:
    if not source.go_module:
        return
    caches = [locations.cache_folder() / "go" / "modules"]
    if os.environ.get("GOMODCACHE", ""):
        caches.append(pathlib.Path(os.environ["GOMODCACHE"]))
    # Go writes an upper-case letter of a module's path as `!` and the lower-case one.
    escaped = re.sub(r"[A-Z]", lambda match: f"!{match[0].lower()}", source.go_module)
    for cache in caches:
        yield cache / f"{escaped}@{source.go_version}" / source.go_file


def _download(source: Source, *, operator: contracts.Operator) -> bytes:
    try:
        with urllib.request.urlopen(source.url, timeout=_TIMEOUT) as response:  # noqa: S310 - the lock file's URL
            content: bytes = response.read()
            return content
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise errors.ReleaseError.of(
            f"{source.file} of {operator.name} {operator.version} is not on this machine, "
            f"and {source.url} can't be read: {reason}",
            why=f"without it {operator.name} can't be installed",
            next=(
                f"connect to the internet, or set {MIRROR} to a folder that holds "
                f"{operator.name}/{operator.version}/{source.file}"
            ),
        ) from None


def _verified(content: bytes, *, source: Source, place: str, next: str) -> bytes:  # noqa: A002 - the word users read
    got = hashlib.sha256(content).hexdigest()
    if got != source.sha256:
        raise errors.ReleaseError.of(
            f"{place} is not the pinned {source.file}: expected sha256 {source.sha256}, got {got}",
            why="what is in it would be installed with the rights of an operator",
            next=next,
        )
    return content


def _reads(path: pathlib.Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _write(path: pathlib.Path, content: bytes) -> None:
    """Write so that another process, or a later run after this one was killed, sees all of it or nothing."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise errors.ReleaseError.of(
            f"{path} can't be written: {error.strerror}",
            why="operators are installed from the files there",
            next=f"make room, or make {path.parent} writable, and try again",
        ) from None
