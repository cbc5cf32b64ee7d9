"""Operators' releases, laid out inside the project.

A release is never committed. What is written into the project is CRDs and the rest apart, so that the CRDs are
registered by a relative path and never parsed by the program.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterable
from typing import Final

from components import contracts
from components.operators import bundles, sources, stand_ins
from stacks import errors

FOLDER: Final = pathlib.Path(".paasport", "releases")
"""Where releases are laid out, relative to the project, which is the program's working directory."""

_LAYOUT: Final = "2"
"""Part of the stamp: raise it when the files are to be written differently."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Release:
    """A release that lies in the project, ready to be registered."""

    crds: pathlib.PurePosixPath
    """Relative to the project."""
    objects: tuple[contracts.Manifest, ...]
    """Everything but the CRDs."""
    invented: tuple[contracts.Manifest, ...] = ()
    """What runs where the release's own workload can't be had; it is applied as it is."""
    stand_in: str = ""
    """What is not the release's own, for people; empty for a release as it was published."""


def obtain(operator: contracts.Operator) -> Release:
    """The operator's pinned release, or what stands in for it where that is permitted.

    Raises ReleaseError where it can't be had or is not what was pinned.
    """
    files = sources.pinned(operator)
    folder = FOLDER / f"{operator.name}-{operator.version}"
    crds, rest, stamp = folder / "crds.yaml", folder / "operator.yaml", folder / "stamp"
    wanted = " ".join([_LAYOUT, *(source.sha256 for source in files)])
    if not _reads(stamp, wanted):
        texts, missing = _gathered(files, operator=operator)
        if missing and not stand_ins.permitted():
            raise errors.ReleaseError(*(problem for error in missing.values() for problem in error.problems))
        if missing:
            return _stood_in(texts, operator=operator, missing=missing)
        parts = [bundles.split(text) for text in texts]
        sources.write(crds, _definitions((part[0] for part in parts), operator=operator).encode())
        sources.write(rest, "".join(part[1] for part in parts).encode())
        # Last, so that an interrupted run is not taken for a finished one.
        sources.write(stamp, wanted.encode())
    return Release(
        crds=pathlib.PurePosixPath(crds.as_posix()), objects=tuple(bundles.objects(rest.read_text(encoding="utf-8")))
    )


def _gathered(
    files: Iterable[sources.Source], *, operator: contracts.Operator
) -> tuple[list[str], dict[str, sources.Unobtainable]]:
    """The files that can be had, as text, and what is wrong with the others by their names."""
    texts: list[str] = []
    missing: dict[str, sources.Unobtainable] = {}
    for source in files:
        try:
            texts.append(sources.fetch(source, operator=operator).decode())
        except sources.Unobtainable as error:
            missing[source.file] = error
    return texts, missing


def _stood_in(texts: Iterable[str], *, operator: contracts.Operator, missing: Iterable[str]) -> Release:
    """The release as far as it can be had, laid out in a folder of its own, and stand-ins for the rest."""
    parts = [bundles.split(text) for text in texts]
    objects = [item for part in parts for item in bundles.objects(part[1])]
    runs = any(item["kind"] == "Deployment" for item in objects)
    real = bundles.definitions(_definitions((part[0] for part in parts), operator=operator))
    crds = FOLDER / f"{operator.name}-{operator.version}-stand-in" / "crds.yaml"
    sources.write(crds, (bundles.joined(real.values()) + stand_ins.definitions(operator, beside=real)).encode())
    invented = [] if {kind.crd for kind in operator.kinds} <= real.keys() else ["definitions that accept every field"]
    if not runs:
        invented.append("a Deployment that does nothing")
    return Release(
        crds=pathlib.PurePosixPath(crds.as_posix()),
        objects=tuple(objects) if runs else (),
        invented=() if runs else stand_ins.objects(operator, image=sources.images(operator)[0]),
        stand_in=(
            f"{operator.name} {operator.version} has {' and '.join(invented)}, because {', '.join(missing)} "
            "can't be had; `./paasport mirror DIR` says what to do"
        ),
    )


def _definitions(texts: Iterable[str], *, operator: contracts.Operator) -> str:
    """Those that the catalogue entry names, or all, each once: as the first file of the release has it."""
    found: dict[str, str] = {}
    for text in texts:
        found = bundles.definitions(text) | found
    return bundles.joined(found[name] for name in operator.crds or found if name in found)


def _reads(path: pathlib.Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
