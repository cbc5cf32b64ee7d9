"""The files of operators' releases, as `releases.lock.yaml` pins them: looked for, verified, kept.

A file is looked for in a mirror, the cache, Go's module caches, and last at its URL; the first place that has it must
have the pinned bytes.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import http.client
import os
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import yaml

from components import contracts
from stacks import errors, locations, tables

LOCK_FILE: Final = pathlib.Path(__file__).with_name("releases.lock.yaml")

MIRROR: Final = "PAASPORT_MIRROR"
"""Environment variable: a folder with `<operator>/<version>/<file>`, for machines without access to release sites."""

_TIMEOUT: Final = 30.0
"""Seconds without a byte before a download is given up."""
_BEYOND_REACH: Final[dict[str, str]] = {}
"""Hosts that did not answer this process, and why: a name that nobody resolves takes seconds, for each file again."""


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
    beside: pathlib.Path | None = None
    """Where it lies in a catalogue from outside this project, instead of at a URL."""


class Unobtainable(errors.ReleaseError):
    """No place has the file. One that has other bytes than the pinned is another error: nothing may stand in for it."""


def pinned(operator: contracts.Operator) -> tuple[Source, ...]:
    """What the lock file says about the operator. Raises ReleaseError where it pins nothing or another version."""
    folder = _lock_file(operator).parent
    return tuple(_source(file, fields, folder=folder) for file, fields in _locked(operator)["manifests"].items())


def images(operator: contracts.Operator) -> tuple[str, ...]:
    """The images that the lock file names, the operator's own first."""
    return tuple(_locked(operator)["images"])


def _locked(operator: contracts.Operator) -> Mapping[str, Any]:
    path = _lock_file(operator)
    entry: Mapping[str, Any] | None = _parsed(path.read_bytes()).get(operator.name)
    if entry is None or entry["version"] != operator.version:
        raise errors.ReleaseError.of(
            f"{path.name} does not pin {operator.name} {operator.version}",
            why="an operator is installed from a release with a known hash only",
            next=f"add its files with url and sha256 to {operator.lock or f'components/operators/{path.name}'}",
        )
    return entry


@functools.cache
def _parsed(content: bytes) -> Mapping[str, Any]:
    """Once for all operators that it pins. By content, because a catalogue's lock file may change meanwhile."""
    lock: Mapping[str, Any] = yaml.load(content, Loader=tables.LOADER)  # noqa: S506 - it is a safe loader
    return lock


def _lock_file(operator: contracts.Operator) -> pathlib.Path:
    return pathlib.Path(operator.lock) if operator.lock else LOCK_FILE


def fetch(source: Source, *, operator: contracts.Operator) -> bytes:
    """The verified bytes of a release's file. A download is kept in the cache.

    Raises Unobtainable where no place has it, ReleaseError where the first that has it has other bytes.
    """
    cached = locations.cache_folder() / "releases" / f"{source.sha256}.yaml"
    own = (source.beside,) if source.beside else ()
    places = (*_mirrored(source, operator=operator), *own, cached, *_in_go_modules(source))
    for path in places:
        if path.is_file():
            return _verified(path.read_bytes(), source=source, place=str(path), next=f"delete {path} and try again")
    content = _verified(
        _download(source, operator=operator, places=places),
        source=source,
        place=source.url,
        next="find out why the published file changed before you pin another hash",
    )
    write(cached, content)
    return content


def _source(file: str, fields: Mapping[str, Any], *, folder: pathlib.Path) -> Source:
    module, beside = fields.get("go_module") or {}, fields.get("file")
    return Source(
        file=file,
        url=fields.get("url") or "",
        beside=folder / beside if beside else None,
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


def _download(source: Source, *, operator: contracts.Operator, places: Iterable[pathlib.Path]) -> bytes:
    if not source.url:
        raise _unobtainable(source, operator=operator, places=places, reason="")
    host = urllib.parse.urlsplit(source.url).netloc
    if host in _BEYOND_REACH:
        raise _unobtainable(source, operator=operator, places=places, reason=_BEYOND_REACH[host])
    try:
        with urllib.request.urlopen(source.url, timeout=_TIMEOUT) as response:  # noqa: S310 - the lock file's URL
            content: bytes = response.read()
            return content
    except (OSError, http.client.HTTPException) as error:
        reason = str(getattr(error, "reason", None) or error)
        if not isinstance(error, urllib.error.HTTPError):
            _BEYOND_REACH[host] = reason
        raise _unobtainable(source, operator=operator, places=places, reason=reason) from None


def _unobtainable(
    source: Source, *, operator: contracts.Operator, places: Iterable[pathlib.Path], reason: str
) -> errors.PaasportError:
    return Unobtainable.of(
        f"{source.file} of {operator.name} {operator.version} is at none of {', '.join(map(str, places))}, "
        + (f"and {source.url} can't be read: {reason}" if source.url else "and its lock file names no URL"),
        why=f"without it {operator.name} can't be installed",
        next=(
            "connect to the internet; or run `./paasport mirror DIR` where there is internet, copy DIR here and "
            f"set {MIRROR} to it: it must hold {operator.name}/{operator.version}/{source.file}"
        ),
    )


def _verified(content: bytes, *, source: Source, place: str, next: str) -> bytes:  # noqa: A002 - the word users read
    got = hashlib.sha256(content).hexdigest()
    if got != source.sha256:
        raise errors.ReleaseError.of(
            f"{place} is not the pinned {source.file}: expected sha256 {source.sha256}, got {got}",
            why="what is in it would be installed with the rights of an operator",
            next=next,
        )
    return content


def write(path: pathlib.Path, content: bytes) -> None:
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
