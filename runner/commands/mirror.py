"""`./paasport mirror`: operators' releases in a folder, and the images that run, for sites without internet."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from local import mirrors
    from stacks.catalogues import model


@click.command()
@click.option("--stack", "stack", help="Only what this stack installs; without it everything of the catalogue.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=pathlib.Path, file_okay=False))
@click.pass_obj
def mirror(root: pathlib.Path, *, folder: pathlib.Path, stack: str | None, as_json: bool) -> int:
    """Fill DIR with operators' releases, each verified, and list in DIR/images.txt which images run.

    With PAASPORT_MIRROR=DIR they are installed from there. A second call fetches only what is missing. Exit code 1
    where something can't be had now.
    """
    from local import mirrors  # noqa: PLC0415 - `--help` need not wait for them
    from runner import document as documents  # noqa: PLC0415 - likewise
    from runner.commands import preparation  # noqa: PLC0415 - likewise
    from stacks import files, operators  # noqa: PLC0415 - likewise

    settings = files.inspect(root, stack) if stack else None
    installed = operators.needed(settings) if settings else None
    services = {service.service for service in settings.services.values()} if settings else None
    catalogues = [settings.catalogue] if settings else outside(root)
    lock = root / preparation.RELEASES
    locks = sorted({lock for catalogue in catalogues for lock in preparation.locks(catalogue)})
    found = [
        file
        for each in (lock, *locks)
        for file in mirrors.fill(each, folder, operators=installed, report=lambda line: click.echo(line, err=True))
    ]
    run = mirrors.images(lock, root / preparation.IMAGES, operators=installed, services=services)
    run += [image for each in locks for image in mirrors.operator_images(each, operators=installed)]
    run += own_images(catalogues, services=services)
    # The folder may hold other stacks' releases too, whose images it must go on to name.
    images = mirrors.write_images(folder, run, keep=bool(stack))
    if as_json:
        click.echo(documents.render(document(folder, found, images)))
    else:
        click.echo("\n".join(lines(folder, found, images)))
    return int(any(file.problem for file in found))


def outside(root: pathlib.Path) -> list[model.Catalogue]:
    """The catalogues of all stacks whose files can be read; `check` tells about the others."""
    from stacks import errors, files  # noqa: PLC0415 - `--help` need not wait for them

    found = []
    for name in files.names(root):
        with contextlib.suppress(errors.StackFileError):
            found.append(files.inspect(root, name).catalogue)
    return found


def own_images(catalogues: Iterable[model.Catalogue], *, services: Collection[str] | None) -> list[str]:
    """What services of catalogues run besides what their operators' releases name."""
    return [
        image
        for catalogue in catalogues
        for name, service in catalogue.services.items()
        if services is None or name in services
        for image in service.images
    ]


def lines(folder: pathlib.Path, found: Sequence[mirrors.File], images: Sequence[str]) -> list[str]:
    """What is told at the end: what was added, how much is there, and what is missing, with what to do about it."""
    added = [f"added    {file.manifest.place}  from {file.source}" for file in found if file.source]
    missing = [file.problem.render() for file in found if file.problem]
    there = len(found) - len(missing)
    return [*added, *missing, f"{folder}: {there} of {len(found)} files, {len(images)} images in images.txt"]


def document(folder: pathlib.Path, found: Sequence[mirrors.File], images: Sequence[str]) -> dict[str, Any]:
    """The same for programs."""
    from runner import document as documents  # noqa: PLC0415 - `--help` need not wait for it

    return {
        "folder": str(folder),
        "files": [
            {
                "operator": file.manifest.operator,
                "version": file.manifest.version,
                "file": file.manifest.file,
                "sha256": file.manifest.sha256,
                "state": "missing" if file.problem else "added" if file.source else "present",
                "source": file.source,
            }
            for file in found
        ],
        "images": list(images),
        "diagnostics": [documents.problem(file.problem) for file in found if file.problem],
    }
