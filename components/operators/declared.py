"""Operators of catalogues from outside this project, as entries like the built-in ones. Pure.

What a release leaves out is filled in from what it says itself: its own Deployments name the pods that a network policy
is for, and get what the restricted pod security standard and a limit of memory ask for.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from typing import Final

from components import contracts, isolation
from components.operators import bundles, workloads
from stacks import errors, lifecycle
from stacks.catalogues import declarations, guarding, model

_WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet")
_WEBHOOKS: Final = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_GROWTH: Final = {
    "grow": lifecycle.Growth.OPERATOR,
    "by-hand": lifecycle.Growth.AFTERWARDS,
    "never": lifecycle.Growth.NEVER,
}
_REQUESTS: Final = {"cpu": "50m", "memory": "128Mi"}
_MEMORY: Final = "512Mi"


def operator(found: model.Operator, *, services: Iterable[declarations.Service]) -> contracts.Operator:
    """The entry of an operator; `services` are those that it makes."""
    if found.declaration is None:
        entry: contracts.Operator = found.entry
        manifests = guarding.guarded(entry.manifests, doing="be installed", folder=found.folder)
        return dataclasses.replace(entry, manifests=manifests, lock=str(found.lock))
    wanted = found.declaration
    return contracts.Operator(
        name=wanted.name,
        version=wanted.version,
        namespace=wanted.namespace or "",
        crds=wanted.crds,
        kinds=tuple({one.resource.kind: kind(one.resource, one) for one in services if one.resource}.values()),
        manifests=functools.partial(manifests_of, wanted),
        requires=wanted.requires,
        conflicts=wanted.conflicts,
        lock=str(found.lock),
    )


def kind(resource: declarations.Resource, service: declarations.Service) -> contracts.Kind:
    """What must be known to wait for a resource, to change it and to delete it."""
    return contracts.Kind(
        api_version=resource.api_version,
        kind=resource.kind,
        ready_when=resource.ready,
        failures=tuple(
            contracts.Failure(when=each.when, message=each.message or "", saying=each.saying, patience=each.patience)
            for each in resource.failed
        ),
        observes_generation=resource.observes_generation,
        volumes_when_deleted=resource.volumes_when_deleted,
        ready_counts=tuple(resource.counts.items()),
        plural=resource.plural,
        finalizers=resource.finalizers,
        loses=resource.loses,
        rules=rules(resource.changes, software=service.service),
    )


def rules(changes: declarations.Changes, *, software: str) -> lifecycle.Rules:
    """Which changes of a resource its operator can make."""
    by_hand = "its operator leaves them as they are"
    return lifecycle.Rules(
        volumes=tuple(
            lifecycle.Volume(path=path, growth=_GROWTH[growth], how=by_hand) for path, growth in changes.volumes.items()
        ),
        counts=tuple(lifecycle.Count(path=path, noun=noun) for path, noun in changes.counts.items()),
        fixed=tuple(lifecycle.Fixed(path=path, why=why) for path, why in changes.fixed.items()),
        version=lifecycle.Version(path=changes.version, software=software) if changes.version else None,
    )


def manifests_of(wanted: declarations.Operator, release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The release in the operator's namespace, its pods restricted, each workload with its network policy.

    Raises ReleaseError where the release insists on another namespace.
    """
    home = wanted.namespace or wanted.name
    own = [manifest for manifest in release if manifest["kind"] != "Namespace"]
    _check_webhooks(wanted, own, home=home)
    moved = bundles.moved(own, namespace=home)
    running = [manifest for manifest in moved if manifest["kind"] in _WORKLOADS]
    for manifest in running:
        workloads.restrict(manifest, user=wanted.user)
        workloads.limit(manifest, requests=_REQUESTS, memory=_MEMORY)
    return [*moved, *(_network_policy(wanted, manifest, home=home) for manifest in running)]


def _network_policy(wanted: declarations.Operator, workload: contracts.Manifest, *, home: str) -> contracts.Manifest:
    return isolation.network_policy(
        workload["metadata"]["name"],
        namespace=home,
        pods=workload["spec"]["selector"]["matchLabels"],
        ingress=[
            *(isolation.webhook(port) for port in wanted.webhooks),
            *(isolation.scraped(port) for port in wanted.metrics),
        ],
        egress=[isolation.DNS, isolation.API_SERVER, *([isolation.to(*wanted.egress)] if wanted.egress else [])],
    )


def _check_webhooks(wanted: declarations.Operator, release: Sequence[contracts.Manifest], *, home: str) -> None:
    for manifest in release:
        for hook in manifest.get("webhooks", ()) if manifest["kind"] in _WEBHOOKS else ():
            named = hook["clientConfig"].get("service", {}).get("namespace", home)
            if named != home:
                raise errors.ReleaseError.of(
                    f"the release of {wanted.name} has webhooks in the namespace {named}, and it would live in {home}",
                    why="the API server would ask a Service that is not there, and refuse every resource",
                    next=f"write `namespace: {named}` below `operator`",
                )
