"""Where this machine keeps what is not in the project: agreed here between `local/`, `runner/` and `components/`.

Computes paths and creates nothing. Follows the XDG base directory specification, so that HOME alone moves everything.
"""

from __future__ import annotations

import os
import pathlib


def cache_folder() -> pathlib.Path:
    """What can be made again: binaries by content hash, Go's modules and build cache, operators' releases."""
    return _base("XDG_CACHE_HOME", ".cache") / "paasport"


def control_planes_folder() -> pathlib.Path:
    """One folder for each local control plane: its data, its logs, its kubeconfig."""
    return _base("XDG_DATA_HOME", ".local/share") / "paasport" / "control-planes"


def control_plane_kubeconfig(name: str) -> pathlib.Path:
    """The kubeconfig of the local control plane `name`; the file exists once it has been started."""
    return control_planes_folder() / name / "kubeconfig.yaml"


def _base(variable: str, below_home: str) -> pathlib.Path:
    given = os.environ.get(variable, "")
    return pathlib.Path(given) if pathlib.Path(given).is_absolute() else pathlib.Path.home() / below_home
