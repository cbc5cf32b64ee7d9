"""Kubeconfig files as a provider is told about them: by a reference that is the same on every machine."""

from __future__ import annotations

import pathlib

from stacks import errors


def reference(path: pathlib.Path, *, next: str) -> str:  # noqa: A002 - the word users read
    """The path to give to a provider. `next` is what to do where there is no such file; ClusterUnreachable says it."""
    if not path.is_file():
        raise errors.ClusterUnreachable.of(
            f"there is no kubeconfig at {path}", why="without it there is no cluster to talk to", next=next
        )
    return portable(path, home=pathlib.Path.home())


def portable(path: pathlib.Path, *, home: pathlib.Path) -> str:
    """The path with `~` for the home folder, which the Kubernetes provider expands.

    A file outside of it keeps its absolute path: such a state is the same only where the file lies at the same place.
    """
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)
