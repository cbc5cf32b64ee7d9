"""Whole programs with any services in any order, on a cluster that has all that services may ask a vendor for."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import pulumi
import pulumi_kubernetes
import yaml

from components import contracts, platform, registration
from runner.engine import model
from stacks import settings
from stacks.services import instance
from tests.components import conftest as programs
from tests.components.operators import published

from . import vendors

GRANT: Final = "test:index:Grant"
DEFINITION: Final = "CustomResourceDefinition"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """Grants are resources, as on every cloud."""

    supported: Literal[True] = True

    def bind(self, namespace: str, service_account: str, *, grants: Sequence[contracts.Grant]) -> contracts.Binding:
        """One resource for each grant."""
        made = [
            pulumi.CustomResource(GRANT, f"{namespace}-{service_account}-{number}", {"access": grant.access})
            for number, grant in enumerate(grants)
        ]
        return contracts.Binding(depends_on=tuple(made))


class Cluster(pulumi.ComponentResource):
    """A cluster with an object store, registered by nobody's SDK."""

    facts: contracts.ClusterFacts

    def __init__(self, vendor: str, args: contracts.ClusterArgs[Any], *, opts: pulumi.ResourceOptions) -> None:
        super().__init__("paasport:clusters:Test", args.name, None, opts)
        kubernetes = pulumi_kubernetes.Provider(
            args.name, kubeconfig="k", cluster_identifier="test", opts=pulumi.ResourceOptions(parent=self)
        )
        self.facts = contracts.ClusterFacts(
            vendor=vendor,
            name=args.name,
            kubeconfig=pulumi.Output.from_input("k"),
            kubectl="kubectl",
            endpoint=pulumi.Output.from_input(None),
            provider=kubernetes,
            storage=vendors.EKS.storage,
            load_balancer=vendors.EKS.load_balancer,
            identity=Identity(),
            backups=vendors.EKS.backups().store,
            ready=(kubernetes,),
        )


def program(services: Mapping[str, instance.Instance]) -> Any:
    """What `run` takes; needs `clusters.create` to make a Cluster of this module."""
    wanted = settings.Settings(cluster=settings.LocalCluster(vendor="local"), services=dict(services))
    return lambda: platform.Platform("paasport", wanted).outputs()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Item:
    """One object of Kubernetes, whoever registers it."""

    manifest: contracts.Manifest
    by: programs.Registration
    position: int
    """Among those of the same registration."""

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return str(self.manifest["apiVersion"]).rpartition("/")[0]

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def namespace(self) -> str:
        """Empty where it is in none."""
        return str(self.manifest["metadata"].get("namespace", ""))

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])


def items(found: programs.Program, *, folder: pathlib.Path) -> list[Item]:
    """All objects, those of files in `folder` too."""
    return [
        Item(manifest=manifest, by=item, position=position)
        for item in found.registrations
        for position, manifest in enumerate(_manifests(item, folder))
    ]


def _manifests(item: programs.Registration, folder: pathlib.Path) -> list[contracts.Manifest]:
    if item.type == registration.GROUP:
        return list(item.inputs["objs"])
    if item.type == registration.FILE:
        documents = yaml.load_all((folder / item.inputs["file"]).read_text(), published.Loader)
        return [document for document in documents if document]
    is_object = item.type.startswith("kubernetes:") and item.custom
    return [item.inputs] if is_object else []


def entries(found: programs.Program, objects: Sequence[Item]) -> list[model.Entry]:
    """What the embedded engine remembers of it: a group's objects lie below the group."""
    return [*map(_entry, found.registrations), *_below_groups(objects)]


def _below_groups(objects: Sequence[Item]) -> Iterator[model.Entry]:
    for item in objects:
        if not item.by.custom:
            yield model.Entry(
                urn=urn_of(item),
                type=registration.token(item.manifest),
                id="/".join(filter(None, (item.namespace, item.name))),
                custom=True,
                parent=item.by.urn,
                provider=item.by.provider,
            )


def urn_of(item: Item) -> str:
    """Of the entry of this object."""
    if item.by.custom:
        return item.by.urn
    name = ":".join(filter(None, (item.by.name, item.namespace, item.name)))
    return f"urn:pulumi:local-dev::paasport::{registration.token(item.manifest)}::{name}"


def _entry(item: programs.Registration) -> model.Entry:
    metadata = item.inputs.get("metadata", {}) if item.type.startswith("kubernetes:") else {}
    place = "/".join(filter(None, (metadata.get("namespace", ""), metadata.get("name", ""))))
    return model.Entry(
        urn=item.urn,
        type=item.type,
        id=place or f"{item.name}-id",
        custom=item.custom,
        parent=item.parent,
        provider=item.provider,
        dependencies=tuple(sorted(item.dependencies)),
    )
