"""The one place that composes: a cluster, the operators that its services need, and the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components import contracts, ingress
from components.clusters import catalogue as clusters
from components.operators import catalogue as operators
from components.operators import contour, definitions, install, ordering, prometheus_operator
from components.services import catalogue as services
from components.services import service
from stacks import managed, resolution, settings, shared
from stacks.services import instance, relations


class Platform(pulumi.ComponentResource):
    """All that one stack describes."""

    def __init__(self, name: str, wanted: settings.Settings, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("paasport:index:Platform", name, None, opts)
        self._wanted = wanted
        # First, because it is pure: a mistake here is told before anything is registered.
        known = operators.including(wanted.catalogue)
        self._entries = services.including(wanted.catalogue, operators=known)
        self._kinds = {(kind.api_version, kind.kind): kind for entry in known.values() for kind in entry.kinds}
        order = ordering.order(
            _needed(wanted, entries=self._entries),
            catalogue=known,
            present=shared.operators(wanted.cluster),
            homes=shared.namespaces(wanted.cluster),
        )
        if wanted.catalogue.operators:
            definitions.check(order)
        self._cluster = self._create_cluster()
        self._operators = self._install(order)
        self._open(_ingress(wanted))
        self._services: dict[str, service.Instance] = {}
        for key in relations.in_order(wanted.services):
            self._services[key] = self._run(key, wanted.services[key])
        self.register_outputs({})

    def outputs(self) -> dict[str, Any]:
        """What a stack exports: the cluster, and where each service is."""
        return {
            "cluster": self._cluster_outputs(),
            # By itself, because that is where another stack of vendor `existing` looks for it.
            "kubeconfig": self._cluster.kubeconfig,
            "services": {key: self._service_outputs(key) for key in self._wanted.services},
        }

    def _create_cluster(self) -> contracts.ClusterFacts:
        wanted = self._wanted.cluster
        name = wanted.name or pulumi.get_stack()
        options = resolution.resolve(wanted, stack=name) if isinstance(wanted, managed.ManagedCluster) else wanted
        args = contracts.ClusterArgs(name=name, options=options)
        return clusters.create(wanted.vendor, args, opts=pulumi.ResourceOptions(parent=self)).facts

    def _install(self, order: tuple[contracts.Operator, ...]) -> dict[str, install.Operator]:
        installed: dict[str, install.Operator] = {}
        for entry in order:
            args = install.OperatorArgs(
                entry=entry,
                cluster=self._cluster,
                requires=[installed[required] for required in entry.requires if required in installed],
            )
            installed[entry.name] = install.Operator(entry.name, args, opts=pulumi.ResourceOptions(parent=self))
        return installed

    def _open(self, wanted: managed.Ingress | None) -> None:
        if wanted is not None:
            args = ingress.IngressArgs(
                cluster=self._cluster,
                controller=self._operators[contour.NAME],
                scheme=contracts.Scheme(wanted.scheme),
                source_ranges=wanted.source_ranges,
            )
            ingress.Ingress(ingress.NAME, args, opts=pulumi.ResourceOptions(parent=self))

    def _run(self, name: str, options: instance.Instance) -> service.Instance:
        entry = self._entries[options.service]
        if options.PREVIEW:
            pulumi.log.warn(f"{name}: {options.service} is a preview: {options.PREVIEW}", self)
        if options.LACKS:
            pulumi.log.warn(f"{name}: {options.service} lacks what others have: {'; '.join(options.LACKS)}", self)
        args = service.InstanceArgs(
            entry=entry,
            options=options,
            cluster=self._cluster,
            # What somebody else has installed is there, and nothing of this stack has to be waited for.
            operators=[
                self._operators[required]
                for required in (
                    *_operators_of(name, self._wanted.services, self._entries),
                    *((contour.NAME,) if entry.has_routes and _ingress(self._wanted) else ()),
                )
                if required in self._operators
            ],
            entrance=_ingress(self._wanted) is not None,
            homes=shared.namespaces(self._wanted.cluster),
            monitored_by=relations.watcher(name, services=self._wanted.services),
            protect=relations.is_protected(options, cluster=self._wanted.cluster),
            kinds=self._kinds,
            uses={
                role: self._services[used]
                for role, used in relations.used(name, services=self._wanted.services).items()
            },
        )
        return service.Instance(name, args, opts=pulumi.ResourceOptions(parent=self))

    def _cluster_outputs(self) -> dict[str, Any]:
        cluster, network = self._cluster, self._cluster.network
        return {
            "vendor": cluster.vendor,
            "name": cluster.name,
            "location": cluster.location,
            "version": cluster.version,
            "login": cluster.login,
            "endpoint": cluster.endpoint,
            "issuer": cluster.issuer,
            "network": {
                "id": network.id,
                "privateSubnets": list(network.private_subnets),
                "publicSubnets": list(network.public_subnets),
                "egressAddresses": list(network.egress_addresses),
            },
        }

    def _service_outputs(self, name: str) -> dict[str, Any]:
        running, options = self._services[name], self._wanted.services[name]
        endpoint = running.endpoint
        preview = {"preview": options.PREVIEW} if options.PREVIEW else {}
        connection = {"connection": dict(running.connection)} if running.connection else {}
        return {
            "service": options.service,
            "version": running.version,
            "size": options.size,
            "availability": options.availability,
            "namespace": endpoint.namespace,
            "url": endpoint.url,
            "connect": (
                f"{self._cluster.kubectl} -n {endpoint.namespace} "
                f"port-forward service/{endpoint.service} {endpoint.port}"
            ),
            **preview,
            **connection,
        }


def _ingress(wanted: settings.Settings) -> managed.Ingress | None:
    return wanted.cluster.ingress if isinstance(wanted.cluster, managed.ManagedCluster) else None


def _operators_of(name: str, instances: Mapping[str, instance.Instance], entries: services.Services) -> tuple[str, ...]:
    """The operators whose kinds an instance's objects are of."""
    entry = entries[instances[name].service]
    own = (*entry.operators, *(entry.backup_operators if instances[name].uses_backups else ()))
    watched = relations.watcher(name, services=instances)
    return (*own, *((prometheus_operator.NAME,) if watched and prometheus_operator.NAME not in own else ()))


def _needed(wanted: settings.Settings, *, entries: services.Services) -> dict[str, tuple[str, ...]]:
    """Who asks for which operators."""
    asked = {f"service {key}": _operators_of(key, wanted.services, entries) for key in wanted.services}
    return asked | ({"the cluster's ingress": (contour.NAME,)} if _ingress(wanted) else {})
