"""The binaries of the local control plane, whether they are built already or have to be first."""

from __future__ import annotations

import dataclasses
import pathlib
import threading
from collections.abc import Mapping, Sequence

from local.toolchain import build, catalogue, progress

ALL = tuple(catalogue.BINARIES)
"""The names of all binaries, in building order."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Binaries:
    """Binaries that exist."""

    paths: Mapping[str, pathlib.Path]

    def path(self, name: str) -> pathlib.Path:
        """The executable file of the binary `name`.

        Raises KeyError for a name that was not asked for.
        """
        return self.paths[name]


def ensure(names: Sequence[str] = ALL, *, report: progress.Report, stop: threading.Event | None = None) -> Binaries:
    """The binaries `names`, built where they are missing, which takes about ten minutes from nothing on two cores.

    Nothing is reported and no process is started where all are there. Otherwise `report` gets a line for each step's
    start, heartbeats and end (see `progress`). At Ctrl-C and SIGTERM the build ends and KeyboardInterrupt is raised;
    from another thread `stop` does the same. The next call goes on where this one stopped.

    Raises ToolchainError where Go cannot be had or a build fails, KeyError for a name that is not in `ALL`.
    """
    wanted = [catalogue.BINARIES[name] for name in names]
    folders = {group: catalogue.build_folder(group) for group in {binary.group for binary in wanted}}
    paths = {binary.name: folders[binary.group] / binary.name for binary in wanted}
    missing = [
        binary for binary in catalogue.BINARIES.values() if binary.name in paths and not paths[binary.name].exists()
    ]
    if missing:
        build.missing(missing, report=report, stop=stop)
    return Binaries(paths=paths)
