"""The tables of sizes in `docs/services/`: `python -m stacks.service_tables` writes them there.

Made from what stack files are judged by, so that they cannot say anything else. A test fails where one is stale.
"""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Final

from stacks import overview
from stacks.services import catalogue, instance

FOLDER: Final = overview.ROOT / "docs" / "services"
BEGIN: Final = "<!-- sizes:begin (python -m stacks.service_tables) -->"
END: Final = "<!-- sizes:end -->"


def page(service: str) -> pathlib.Path:
    """The document about a service of the catalogue."""
    return FOLDER / f"{service}.md"


def tables(model: type[instance.Instance]) -> str:
    """What one server of each size gets and how many servers each availability means, in Markdown."""
    resources = [field.name for field in dataclasses.fields(next(iter(model.SIZES.values())))]
    sizes = [[f"`{name}`", *(getattr(server, each) for each in resources)] for name, server in model.SIZES.items()]
    servers = [[f"`{name}`", str(count)] for name, count in model.SERVERS.items()]
    return "\n".join((_table(["size", *resources], sizes), _table(["availability", "servers"], servers)))


def current(service: str) -> str:
    """A service's document with its tables as they are now. Raises ValueError where the marks are missing."""
    text = page(service).read_text(encoding="utf-8")
    return overview.replaced(text, content=tables(catalogue.SERVICES[service]), begin=BEGIN, end=END)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---" for _ in head], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    for name in catalogue.SERVICES:
        page(name).write_text(current(name), encoding="utf-8")
