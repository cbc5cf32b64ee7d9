"""Translates between the engine's values and Pulumi's protobuf structures with their signatures.

The signatures are constants of Pulumi's protocol (sdk/go/common/resource/sig.go and plugin/rpc.go of pulumi/pulumi).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

from runner.engine import values
from stacks import errors

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a secret
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_FILES: Final = {
    "c44067f5952c0a294b673a41bacd8c17": "an asset",
    "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
}
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWNS: Final = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""One for each type that the value will have."""
_EXACT: Final = 2**53
"""Up to here a protobuf number, which is a double, tells whole numbers apart."""


def decoded(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The values of a message. Raises `Unsupported` for assets and archives, which travel as paths of files."""
    return {key: _decoded(value) for key, value in struct.fields.items()}


def _decoded(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return values.UNKNOWN if value.string_value in UNKNOWNS else value.string_value
        case "struct_value":
            fields = value.struct_value.fields
            return _signed(fields) if SIGNATURE in fields else {key: _decoded(item) for key, item in fields.items()}
        case "list_value":
            return [_decoded(item) for item in value.list_value.values]
        case "number_value":
            return _number(value.number_value)
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _number(number: float) -> int | float:
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number


def _signed(fields: Mapping[str, struct_pb2.Value]) -> Any:
    match fields[SIGNATURE].string_value:
        case signature if signature == SECRET:
            return values.Secret(_decoded(fields["value"])) if "value" in fields else None
        case signature if signature == OUTPUT:
            known = _decoded(fields["value"]) if "value" in fields else values.UNKNOWN
            return values.Secret(known) if "secret" in fields and fields["secret"].bool_value else known
        case signature if signature == RESOURCE:
            # A provider wants the id; only components, which have none, are meant by their URN.
            identity = _decoded(fields["id" if "id" in fields else "urn"])
            return values.UNKNOWN if identity == "" else identity
        case signature:
            raise errors.Unsupported.of(
                f"the embedded engine cannot carry {_FILES.get(signature, 'a value of an unknown kind')}",
                why="no resource that it manages takes one",
                next="pass the content as a string, or run the stack with --engine pulumi",
            )


def encoded(content: Mapping[str, Any]) -> struct_pb2.Struct:
    """The message for values; secrets keep their signature, unknown ones become Pulumi's marker."""
    struct = struct_pb2.Struct()
    for key, value in content.items():
        _encode(value, struct.fields[key])
    return struct


def _encode(value: Any, target: struct_pb2.Value) -> None:
    if isinstance(value, dict):
        # Marks it as a structure also where it has no fields.
        target.struct_value.SetInParent()
        for key, item in value.items():
            _encode(item, target.struct_value.fields[key])
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for item in value:
            _encode(item, target.list_value.values.add())
    elif isinstance(value, values.Secret):
        target.struct_value.fields[SIGNATURE].string_value = SECRET
        _encode(value.value, target.struct_value.fields["value"])
    else:
        _encode_scalar(value, target)


def _encode_scalar(value: Any, target: struct_pb2.Value) -> None:
    match value:
        case None:
            target.null_value = struct_pb2.NULL_VALUE
        case str():
            target.string_value = value
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case values.Unknown():
            target.string_value = UNKNOWN
        case _:
            raise TypeError(f"{type(value).__name__} is no value of Pulumi's protocol")
