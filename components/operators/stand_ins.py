"""What takes the place of a release that can't be had, where nothing real depends on it: for rehearsals offline. Pure.

Definitions that accept every field, and a Deployment of the operator's image that asks for nothing and may do nothing:
enough for all that is built on an operator to be applied and waited for, and too little to prove anything about it.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Final

import yaml

from components import contracts, isolation
from components.operators import workloads

PERMITTED: Final = "PAASPORT_STAND_INS"
"""Environment variable: number of the process that permits stand-ins to the program that it has started.

The embedded engine sets it for the local vendor, for rehearsals and for what is planned of a simulated cloud. A value
from anywhere else is not the number of the program's parent, and permits nothing: a real cluster never gets a stand-in.
"""

MARK: Final = "paasport.dev/stand-in"
"""Annotation on everything that stands in."""


def permitted() -> bool:
    """Whether whoever started this program lets a stand-in take the place of a release."""
    return os.environ.get(PERMITTED, "") == str(os.getppid())


def definitions(operator: contracts.Operator, *, beside: Collection[str] = ()) -> str:
    """CustomResourceDefinitions of the operator's kinds, but for those of these names, as YAML."""
    kinds = [kind for kind in operator.kinds if kind.crd not in beside]
    return yaml.safe_dump_all([_definition(kind) for kind in kinds], explicit_start=True) if kinds else ""


def objects(operator: contracts.Operator, *, image: str) -> tuple[contracts.Manifest, ...]:
    """A Deployment in the operator's namespace, under its name, and what others find it by."""
    found_by = tuple(
        {**manifest, "metadata": {**manifest["metadata"], "annotations": {MARK: "true"}}}
        for manifest in operator.found_by
    )
    return (_workload(operator, image=image), *found_by)


def _workload(operator: contracts.Operator, *, image: str) -> contracts.Manifest:
    labels = {"app.kubernetes.io/name": operator.name, isolation.PART_OF: "paasport"}
    metadata = {"name": operator.name, "namespace": operator.home, "labels": labels, "annotations": {MARK: "true"}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app.kubernetes.io/name": operator.name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"automountServiceAccountToken": False, "containers": [{"name": "operator", "image": image}]},
            },
        },
    }
    workloads.restrict(deployment)
    workloads.limit(deployment, requests={"cpu": "10m", "memory": "32Mi"}, memory="64Mi")
    return deployment


def _definition(kind: contracts.Kind) -> contracts.Manifest:
    plural = kind.crd.partition(".")[0]
    # https://github.com/kubernetes/enhancements/pull/1111: without it the API server refuses the group.
    protected = kind.group.endswith((".k8s.io", ".kubernetes.io"))
    unapproved = {"api-approved.kubernetes.io": "unapproved, stands in for a release"} if protected else {}
    names = {"kind": kind.kind, "listKind": f"{kind.kind}List", "plural": plural, "singular": kind.kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd, "annotations": {MARK: "true", **unapproved}},
        "spec": {
            "group": kind.group,
            "names": names | ({"shortNames": list(kind.short_names)} if kind.short_names else {}),
            "scope": kind.scope,
            "versions": [
                {
                    "name": kind.api_version.partition("/")[2],
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    "subresources": {"status": {}},
                }
            ],
        },
    }
