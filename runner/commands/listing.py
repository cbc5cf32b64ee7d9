"""`./paasport stacks`: what there is, at a glance. A stack file with problems is listed too, and said to have them."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from stacks import errors

ENVIRONMENTS: Final = ("dev", "staging", "prod")
HEADINGS: Final = ("STACK", "VENDOR", "ENVIRONMENT", "SERVICES", "CONTROL PLANE")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Listed:
    """One stack of the list."""

    name: str
    vendor: str = ""
    services: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Which service of the catalogue each name is."""
    control_plane: tuple[str, str] | None = None
    """Name and state of the local control plane; None for every other vendor."""
    problems: tuple[errors.Problem, ...] = ()

    @property
    def environment(self) -> str:
        """The last part of the stack's name, where that is one of the environments."""
        last = self.name.rpartition("-")[2]
        return last if last in ENVIRONMENTS else ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def stacks(root: pathlib.Path, *, as_json: bool) -> int:
    """List the stacks with their vendors, environments, services and control planes."""
    from runner import document as documents  # noqa: PLC0415 - `--help` need not wait for it
    from stacks import files  # noqa: PLC0415 - likewise

    listed = [look(root, name) for name in files.names(root)]
    if as_json:
        click.echo(documents.render(document(listed)))
    else:
        click.echo("\n".join(table(listed)))
    return 0


def look(root: pathlib.Path, name: str) -> Listed:
    """What can be said of a stack without asking anybody for a passphrase."""
    from local import control_plane  # noqa: PLC0415 - `--help` need not wait for it
    from runner import cluster  # noqa: PLC0415 - likewise
    from stacks import errors, files, settings  # noqa: PLC0415 - likewise

    try:
        stack = files.read(root, name, passphrase=lambda: None)
    except errors.StackFileError as error:
        return Listed(name=name, problems=error.problems)
    place = stack.settings.cluster
    state = None
    if isinstance(place, settings.LocalCluster):
        plane = cluster.control_plane_name(place, stack=name)
        state = (plane, control_plane.status(plane).condition.value)
    return Listed(
        name=name,
        vendor=place.vendor,
        services={key: service.service for key, service in stack.settings.services.items()},
        control_plane=state,
    )


def table(listed: Sequence[Listed]) -> list[str]:
    """The stacks as aligned columns, as wide as they need to be."""
    rows = [HEADINGS, *(_cells(item) for item in listed)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def document(listed: Sequence[Listed]) -> dict[str, Any]:
    """The stacks as plain JSON values."""
    from runner import document as documents  # noqa: PLC0415 - `--help` need not wait for it

    return {
        "stacks": [
            {
                "name": item.name,
                "vendor": item.vendor,
                "environment": item.environment,
                "services": dict(item.services),
                "controlPlane": dict(zip(("name", "state"), item.control_plane, strict=True))
                if item.control_plane
                else None,
            }
            for item in listed
        ],
        "diagnostics": documents.failure(problem for item in listed for problem in item.problems)["diagnostics"],
    }


def _cells(item: Listed) -> tuple[str, ...]:
    if item.problems:
        return (item.name, "-", item.environment or "-", f"cannot be read: ./paasport check {item.name}", "-")
    services = ", ".join(f"{name} ({service})" for name, service in item.services.items())
    plane = " ".join(item.control_plane) if item.control_plane else ""
    return (item.name, item.vendor, item.environment or "-", services or "-", plane or "-")
