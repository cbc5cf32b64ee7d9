"""The Secret by which an application is connected to a service: that of the Service Binding specification. Pure.

https://servicebinding.io/spec/core/1.1.0/#provisioned-service: any application framework that knows the specification
mounts it and finds one file for each key.
"""

from __future__ import annotations

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
        "stringData": {"provider": "paasport", **connection},
    }
