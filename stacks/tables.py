"""The data files that lie beside this module, regions, machines and versions: each is read once, when asked for."""

from __future__ import annotations

import functools
import pathlib
from typing import Any, Final

import yaml

FOLDER: Final = pathlib.Path(__file__).parent

# Ten times as fast; PyYAML has it unless it was built without libyaml.
LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.cache
def read(name: str) -> Any:
    """The data of `<name>.yaml`. Whoever gets it must not change it."""
    return yaml.load((FOLDER / f"{name}.yaml").read_bytes(), Loader=LOADER)  # noqa: S506 - it is a safe loader
