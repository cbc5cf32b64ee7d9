"""Services that a maker's YAML declares, built like the built-in ones: from settings to manifests. Pure.

What every instance gets is the same: a restricted namespace of its own that denies by default, openings for clients,
what is declared and nobody else, one server away at a time, its data on the class that keeps them, passwords that are
generated, a binding. What only the maker knows comes from the declaration (`stacks/catalogues/declarations.py`).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components import contracts, isolation
from components.operators import declared as declared_operators
from components.services import (
    backups,
    certificates,
    clients,
    declared_parts,
    declared_values,
    declared_workloads,
    monitoring,
    placement,
    readiness,
)
from stacks import errors
from stacks.catalogues import declarations, guarding, model, modelling

Filled = declared_values.Filled


def service(found: model.Service, *, operators: Mapping[str, contracts.Operator]) -> contracts.Service[Any]:
    """The entry of a service from outside this project."""
    if found.declaration is None:
        entry: contracts.Service[Any] = found.entry
        guarded = guarding.guarded(entry.build, doing="be built", folder=found.folder, gives=contracts.ServiceObjects)
        return dataclasses.replace(entry, build=guarded)
    operator = operators[found.operators[0]] if found.operators else None
    return contracts.Service(
        name=found.name,
        type=modelling.type_name(found.name),
        operators=found.operators,
        build=functools.partial(build, found.declaration, operator=operator),
        passwords=found.declaration.passwords,
        backup_account=backups.ACCOUNT,
        settings=found.model,
    )


def build(
    declared: declarations.Service, args: declared_values.Args, *, operator: contracts.Operator | None
) -> contracts.ServiceObjects:
    """All objects of one instance, in the namespace of its name. `operator` is the one that makes it, if any does."""
    filled = Filled(declared, args)
    home = args.home(operator) if operator else ""
    return contracts.ServiceObjects(
        shared=(*_own(filled, home=home), *_objects(filled, taken=_own(filled, home=home))),
        secrets=(
            *(filled.secret(f"{args.name}-{name}", filled.texts(texts)) for name, texts in declared.secrets.items()),
            *declared_workloads.secrets(filled),
            *declared_parts.secrets(filled),
        ),
        custom_resources=_custom_resource(filled),
        witnesses=(*declared_workloads.deployment(filled), *declared_parts.probe(filled)),
        connection=_connection(filled),
        endpoint=contracts.Endpoint(
            namespace=args.name,
            service=filled.service,
            port=declared.endpoint.port,
            scheme=declared.endpoint.scheme,
        ),
        version=declared.version,
    )


def _own(filled: Filled, *, home: str) -> list[contracts.Manifest]:
    """What is shared of an instance, its maker's own objects left out."""
    return [
        isolation.namespace(filled.name, labels=monitoring.labels(filled.args.monitored_by)),
        isolation.default_deny(filled.name),
        _network_policy(filled, home=home),
        *_certificates(filled),
        *_disruption_budget(filled),
        *declared_workloads.service(filled),
        *declared_parts.watched(filled),
        *declared_parts.backed_up(filled),
        *declared_parts.exposed(filled),
    ]


def _custom_resource(filled: Filled) -> tuple[contracts.Manifest, ...]:
    resource = filled.declared.resource
    if resource is None:
        return ()
    kind, spec = declared_operators.kind(resource, filled.declared), filled.render(resource.spec)
    metadata = filled.metadata(filled.name)
    annotations = {
        **filled.texts(resource.annotations),
        **readiness.awaited(kind, spec=spec, timeout_seconds=resource.timeout_seconds),
    }
    manifest = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            **metadata,
            "labels": {**filled.texts(resource.labels), **metadata["labels"]},
            "annotations": annotations,
        },
        "spec": spec,
    }
    return (manifest,)


def _network_policy(filled: Filled, *, home: str) -> contracts.Manifest:
    network, port = filled.declared.network, filled.declared.endpoint.port
    own = {"podSelector": {"matchLabels": filled.pods}}
    between = [{"protocol": "TCP", "port": each} for each in network.between]
    operator = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": home}}}
    called = [{"protocol": "TCP", "port": each} for each in network.from_operator]
    return isolation.network_policy(
        filled.declared.service,
        namespace=filled.name,
        pods=filled.pods,
        ingress=[
            clients.ingress(filled.name, ports=[port]),
            *([{"from": [own], "ports": between}] if between else []),
            *([{"from": [operator], "ports": called}] if called and home else []),
            *declared_parts.ingress(filled),
        ],
        egress=[
            isolation.DNS,
            *([{"to": [own], "ports": between}] if between else []),
            *([isolation.to(*network.egress)] if network.egress else []),
            *([isolation.API_SERVER] if network.api_server else []),
        ],
    )


def _certificates(filled: Filled) -> list[contracts.Manifest]:
    wanted = filled.declared.tls
    if wanted is None:
        return []
    names = [filled.host, f"{filled.host}.cluster.local", "localhost", *filled.render(list(wanted.names))]
    return [
        *certificates.authority(filled.name),
        certificates.server(filled.tls_secret, instance=filled.name, dns_names=names),
    ]


def _disruption_budget(filled: Filled) -> list[contracts.Manifest]:
    if filled.args.options.servers == 1:
        return []
    return [placement.disruption_budget(filled.name, namespace=filled.name, pods=filled.pods, labels=filled.labels)]


def _objects(filled: Filled, *, taken: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The maker's own. Raises PaasportError for one that is made here already, or twice."""
    found: list[contracts.Manifest] = []
    for item in filled.declared.objects:
        rendered = filled.render(item)
        metadata = {**rendered["metadata"], "namespace": filled.name}
        metadata["labels"] = {**metadata.get("labels", {}), **filled.labels}
        made = {**rendered, "metadata": metadata}
        if _identity(made) in {_identity(each) for each in (*taken, *found)}:
            raise errors.PaasportError.of(
                f"{filled.name}: `objects` has the {made['kind']} {metadata['name']}, which is there already",
                why="one of the two would take the place of the other",
                next=f"give it another name in the declaration of {filled.declared.service}",
            )
        found.append(made)
    return found


def _identity(manifest: contracts.Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def _connection(filled: Filled) -> dict[str, pulumi.Input[str]]:
    return {
        "type": filled.declared.service,
        "host": filled.host,
        "port": str(filled.declared.endpoint.port),
        **filled.texts(filled.declared.connection),
    }
