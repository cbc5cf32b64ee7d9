"""Where a stack's catalogues lie: what `paasport:catalogue` may say, and which folders it may mean."""

from __future__ import annotations

import importlib.util
import pathlib
import re
from typing import Final

KEY: Final = "catalogue"
PACKAGE: Final = "package:"
"""What the name of an installed Python package is written after."""
FORM: Final = r"^(package:[A-Za-z_][A-Za-z0-9_]*|[^,:]+)(, ?(package:[A-Za-z_][A-Za-z0-9_]*|[^,:]+))*$"
LOCK_FILE: Final = "releases.lock.yaml"
"""The file in a catalogue that pins the releases of its operators, in the format of this project's own."""
SERVICES: Final = "services"
"""The folder in a catalogue that has its services."""


class Refused(ValueError):
    """A place cannot be used: what is wrong, why, and what to do."""

    def __init__(self, what: str, *, why: str, next: str) -> None:  # noqa: A002 - the word users read
        super().__init__(what)
        self.what, self.why, self.next = what, why, next


def written(text: str) -> list[str]:
    """The places that the key names, each once. Raises Refused where it has another form."""
    if not text:
        return []
    if not re.fullmatch(FORM, text):
        raise Refused(
            f"`{text[:60]}` names no catalogue",
            why="a catalogue is a folder, as a path from the project, or an installed Python package",
            next="write for example `../acme`, `package:acme_services`, or both with a comma between them",
        )
    return list(dict.fromkeys(part.strip() for part in text.split(",")))


def folder(place: str, *, root: pathlib.Path) -> pathlib.Path:
    """The folder of one place. Raises Refused where there is none that may be used."""
    found = _of_package(place.removeprefix(PACKAGE)) if place.startswith(PACKAGE) else _beside(place, root=root)
    services = found / SERVICES
    if not services.is_dir():
        missing = f"has no folder `{SERVICES}`" if found.is_dir() else "is not there"
        raise Refused(
            f"the catalogue {place} {missing}",
            why="its services are looked for in the folder `services` in it",
            next=f"make the folder, with one file for each service: docs/add-a-service.md; looked for was {services}",
        )
    return found


def _beside(place: str, *, root: pathlib.Path) -> pathlib.Path:
    """Inside of the project or of the folder that it is in: a stack file must not reach for the rest of a machine."""
    found = (root / place).resolve()
    if pathlib.PurePath(place).is_absolute() or not found.is_relative_to(root.resolve().parent):
        raise Refused(
            f"the catalogue {place} is neither inside nor beside the project",
            why="its Python runs with your rights, and so may only be what lies in plain sight",
            next="put the folder beside the project and write its relative path, such as `../acme`",
        )
    return found


def _of_package(name: str) -> pathlib.Path:
    """The folder of an installed package, of which nothing is run to find it."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise Refused(
            f"there is no installed Python package {name}",
            why="the catalogue is looked for in its folder",
            next=f"install it into the project's environment: .venv/bin/python -m pip install {name}",
        )
    return pathlib.Path(next(iter(found.submodule_search_locations))).resolve()
