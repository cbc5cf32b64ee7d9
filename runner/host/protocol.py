"""Pulumi's gRPC messages and stubs, from the installed `pulumi` package but without running it.

Importing `pulumi` the ordinary way executes the whole SDK: 0.7 s and 24 MB in every command of the embedded engine,
which uses none of it. The generated modules need nothing but their siblings, so they are loaded below placeholder
packages that are taken away again; a later `import pulumi` in the same process finds nothing changed.
"""

from __future__ import annotations

import importlib
import importlib.util
import pathlib
import sys
import types
from typing import TYPE_CHECKING, Any, Final

MESSAGE_LIMIT: Final = 400 * 1024 * 1024
"""Bytes; what the Pulumi CLI and SDKs allow in both directions."""
CHANNEL_OPTIONS: Final = [
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    # Proxies of the environment must not see what goes from one local process to another.
    ("grpc.enable_http_proxy", 0),
]

_PACKAGES: Final = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")
_MODULES: Final = (
    "callback_pb2",
    "callback_pb2_grpc",
    "engine_pb2",
    "engine_pb2_grpc",
    "provider_pb2",
    "provider_pb2_grpc",
    "resource_pb2",
    "resource_pb2_grpc",
)


def _loaded() -> list[Any]:
    if "pulumi" in sys.modules:
        return [importlib.import_module(f"pulumi.runtime.proto.{name}") for name in _MODULES]
    folder = _folder()
    for package in _PACKAGES:
        placeholder = types.ModuleType(package)
        placeholder.__path__ = [str(folder.joinpath(*package.split(".")[1:]))]
        sys.modules[package] = placeholder
    try:
        return [importlib.import_module(f"pulumi.runtime.proto.{name}") for name in _MODULES]
    finally:
        for name in [name for name in sys.modules if name == "pulumi" or name.startswith("pulumi.")]:
            del sys.modules[name]


def _folder() -> pathlib.Path:
    found = importlib.util.find_spec("pulumi")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the pulumi package is not installed", name="pulumi")
    return pathlib.Path(found.origin).parent


if TYPE_CHECKING:
    from pulumi.runtime.proto import (
        callback_pb2,
        callback_pb2_grpc,
        engine_pb2,
        engine_pb2_grpc,
        provider_pb2,
        provider_pb2_grpc,
        resource_pb2,
        resource_pb2_grpc,
    )
else:
    (
        callback_pb2,
        callback_pb2_grpc,
        engine_pb2,
        engine_pb2_grpc,
        provider_pb2,
        provider_pb2_grpc,
        resource_pb2,
        resource_pb2_grpc,
    ) = _loaded()

__all__ = [
    "CHANNEL_OPTIONS",
    "MESSAGE_LIMIT",
    "callback_pb2",
    "callback_pb2_grpc",
    "engine_pb2",
    "engine_pb2_grpc",
    "provider_pb2",
    "provider_pb2_grpc",
    "resource_pb2",
    "resource_pb2_grpc",
]
