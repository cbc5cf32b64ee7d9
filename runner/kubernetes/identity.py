"""Who a stack is in a cluster: what marks its objects as its own."""

from __future__ import annotations

import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True, kw_only=True)
class StackIdentity:
    """The marks that one stack leaves on its objects, and where its program lies."""

    field_manager: str
    """Constant per stack, so that a second machine applies as the same manager."""
    label_key: str
    label_value: str
    """Together the label that every object of the stack carries; another value means another stack's object."""
    hash_key: bytes = dataclasses.field(repr=False)
    """Keys the hashes of inputs, so that they cannot be used to guess a secret."""
    project_root: pathlib.Path
    """Folder of the Pulumi project, to which `ConfigFile` paths are relative."""
