"""Whether what a maker's Python offers is what it takes. This layer knows contracts by their shape only. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stacks import findings
from stacks.catalogues import declarations
from stacks.services import instance

_SERVICE: Final = {"name": str, "type": str, "operators": tuple, "backup_operators": tuple, "passwords": tuple}
_OPERATOR: Final = ("name", "version", "crds", "kinds", "manifests", "requires", "home", "guest", "lock")


def of_service(entry: Any) -> Iterator[findings.Finding]:
    """What keeps a module's `SERVICE` from being one."""
    if not all(isinstance(getattr(entry, key, None), kind) for key, kind in _SERVICE.items()):
        yield findings.Finding(
            path=(),
            what="it has no `SERVICE` that is a contracts.Service",
            why="a file of a catalogue offers one service",
            next="write `SERVICE = contracts.Service(...)`: docs/add-a-service.md; helpers begin with `_`",
        )
        return
    settings = getattr(entry, "settings", None)
    if not (isinstance(settings, type) and issubclass(settings, instance.Instance)):
        yield findings.Finding(
            path=(),
            what=f"`SERVICE.settings` of {entry.name} is no class of settings",
            why="stack files are judged by it",
            next="write a class that inherits from instance.Instance or instance.Database, and name it as `settings`",
        )
        return
    missing = [key for key in ("SIZES", "SERVERS") if not isinstance(getattr(settings, key, None), Mapping)]
    if missing:
        yield findings.Finding(
            path=(),
            what=f"{settings.__name__} has no {' and no '.join(missing)}",
            why="they say what one server of each size gets, and how many there are",
            next="add them as class variables, as the services in stacks/services/ do",
        )


def of_rehearsals(offered: Any) -> Iterator[findings.Finding]:
    """What keeps a module's `REHEARSALS` from being such."""
    try:
        plays = dict(offered)
        for played in plays.values():
            declarations.Rehearsal.model_validate(played)
    except (TypeError, ValueError):
        yield findings.Finding(
            path=(),
            what="`REHEARSALS` must map kinds to what is played for them",
            why="where no container runs, nothing else makes a resource ready",
            next='write `REHEARSALS = {"Shop": {"after": 1, "status": {...}}}`',
        )


def of_images(offered: Any) -> Iterator[findings.Finding]:
    """What keeps a module's `IMAGES` from being such."""
    if not isinstance(offered, tuple | list) or not all(isinstance(image, str) for image in offered):
        yield findings.Finding(
            path=(),
            what="`IMAGES` must be a tuple of texts",
            why="a site without internet brings what it lists",
            next='write `IMAGES = ("registry.acme.example/shop:2.1.0",)`',
        )


def of_operators(offered: Any) -> Iterator[findings.Finding]:
    """What keeps a module's `OPERATORS` from being such."""
    for operator in offered if isinstance(offered, tuple | list) else (offered,):
        if not all(hasattr(operator, key) for key in _OPERATOR):
            yield findings.Finding(
                path=(),
                what="`OPERATORS` has something that is no contracts.Operator",
                why="each is installed as such",
                next="write `OPERATORS = (contracts.Operator(...),)`",
            )
