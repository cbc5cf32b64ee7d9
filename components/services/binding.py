"""The Secret by which an application is connected to a service: that of the Service Binding specification. Pure.

https://servicebinding.io/spec/core/1.1.0/#provisioned-service: any application framework that knows the specification
mounts it and finds one file for each key.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pulumi

from components import contracts, isolation


def name(instance: str) -> str:
    """Of the Secret, in the instance's namespace."""
    return f"{instance}-binding"


def secret(instance: str, connection: Mapping[str, pulumi.Input[str]]) -> contracts.Manifest:
    """The Secret. `connection` has at least `type`, which is also part of the Secret's own type."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name(instance), "namespace": instance, "labels": {isolation.PART_OF: "paasport"}},
        "type": f"servicebinding.io/{connection['type']}",
        # Not as `stringData`: an engine masks what is in a Secret wherever it would show it, and words such as the
        # service's own name, which are no secrets, have to stay readable.
        "data": {key: encoded(value) for key, value in {"provider": "paasport", **connection}.items()},
    }


def encoded(value: pulumi.Input[str]) -> pulumi.Input[str]:
    """For a Secret's `data`. Text of its own stays text; what only the engine knows stays as secret as it is."""
    return value.apply(_base64) if isinstance(value, pulumi.Output) else _base64(str(value))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
