"""The storage classes that every cluster has under the same names, whatever its disks are made by. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import pulumi

from components import contracts

FACTS: Final = contracts.StorageFacts(default_class="paasport-ssd", retain_class="paasport-ssd-retain")

_IS_DEFAULT: Final = {"storageclass.kubernetes.io/is-default-class": "true"}


def classes(
    provisioner: str, *, parameters: Mapping[str, pulumi.Input[str]] | None = None, is_default: bool
) -> list[contracts.Manifest]:
    """Both classes. `is_default` makes the first one the cluster's default, for claims that name no class."""
    return [
        _storage_class(
            FACTS.default_class,
            provisioner=provisioner,
            parameters=parameters or {},
            reclaim="Delete",
            annotations=_IS_DEFAULT if is_default else {},
        ),
        _storage_class(
            FACTS.retain_class, provisioner=provisioner, parameters=parameters or {}, reclaim="Retain", annotations={}
        ),
    ]


def _storage_class(
    name: str,
    *,
    provisioner: str,
    parameters: Mapping[str, pulumi.Input[str]],
    reclaim: Literal["Delete", "Retain"],
    annotations: Mapping[str, str],
) -> contracts.Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/part-of": "paasport"},
            **({"annotations": dict(annotations)} if annotations else {}),
        },
        "provisioner": provisioner,
        **({"parameters": dict(parameters)} if parameters else {}),
        "reclaimPolicy": reclaim,
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
