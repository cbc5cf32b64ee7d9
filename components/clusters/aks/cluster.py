"""A cluster on Azure Kubernetes Service with all it needs: in what order it is made, and what it tells others."""

from __future__ import annotations

import pulumi

from components import contracts, registration
from components.clusters import completion
from components.clusters.aks import (
    access,
    audit,
    backups,
    credentials,
    encryption,
    flow_logs,
    groups,
    identities,
    locks,
    maintenance,
    managed_cluster,
    names,
    network,
    pools,
    scope,
    storage,
    workload_identity,
)


class Cluster(pulumi.ComponentResource):
    """A cluster that Azure manages."""

    facts: contracts.ClusterFacts

    def __init__(
        self, name: str, args: contracts.ClusterArgs[scope.Settings], *, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("paasport:clusters:Aks", name, None, opts)
        settings = args.options
        self._place = place = scope.Scope(parent=self, provider=self._azure(settings), settings=settings)
        self._groups = own = groups.groups(place)
        group, kept = own.cluster.output("name"), own.kept.output("name")
        grants = access.grants(place, group=own.cluster.id)

        net = network.network(place, group=group)
        who = identities.identities(place, own=own, net=net)
        keys = encryption.encryption(place, kept=own.kept, control_plane=who.control_plane, private=net.api is not None)
        logs = audit.workspace(place, group=kept)
        flows = flow_logs.flow_logs(place, group=group, net=net, store=logs.id)

        around = managed_cluster.Around(group=group, net=net, who=who, keys=keys, logs=logs.id)
        before = [*net.ready, *who.ready, *(keys.ready if keys else ())]
        cluster = managed_cluster.register(place, around, after=before)
        controllers = self._nodes(cluster, net=net)
        windows = maintenance.windows(place, group=group, cluster=cluster.output("name"))
        audited = [audit.log(place, cluster=cluster.id, store=logs.id, after=cluster)]
        if keys is not None:
            audited.append(audit.vault_log(place, vault=keys.vault.id, store=logs.id))
        store, stored = backups.backups(place, backups.Around(kept=own.kept, net=net, keys=keys))

        locks.locks(
            place,
            self._lockable(cluster, net=net, keys=keys, stored=stored),
            after=[*controllers, *windows, *audited, *grants, *stored, *flows],
        )
        issuer = cluster.output("oidcIssuerProfile")["issuerURL"]
        self.facts = completion.facts(
            self,
            args,
            completion.Created(
                vendor="aks",
                scope=names.scope_of(settings),
                resource=cluster,
                kubeconfig=credentials.kubeconfig(place, group=group, cluster=cluster),
                version=cluster.output("currentKubernetesVersion"),
                issuer=issuer,
                login=credentials.login(settings),
                kubectl=f"kubectl --context {settings.name}",
                network=net.facts,
                storage=storage.facts(settings),
                snapshot_class=storage.snapshot_class(),
                storage_classes=storage.classes(
                    settings, group=own.volumes.output("name"), disk_encryption=keys.disks.id if keys else None
                ),
                load_balancer=storage.LOAD_BALANCER,
                identity=workload_identity.WorkloadIdentity(
                    place=place,
                    group=group,
                    kept=own.kept.id,
                    issuer=issuer,
                ),
                backups=store,
                grants=grants,
                controllers=[*controllers, *net.ready],
            ),
        )
        self.register_outputs({})

    def _azure(self, settings: scope.Settings) -> pulumi.ProviderResource:
        return registration.provider(
            "azure-native",
            f"{settings.name}-azure",
            {"subscriptionId": settings.options.subscription, "tenantId": settings.options.tenant},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _nodes(self, cluster: registration.Resource, *, net: network.Network) -> list[pulumi.Resource]:
        """The step that brings the system pool to the cluster's version, and then the other pools.

        One after the other, so that an upgrade never drains two at once (terraform-azurerm-aks#559).
        """
        first, *others = self._place.settings.pools
        where = {
            "subnet": net.nodes,
            "group": self._groups.cluster.output("name"),
            "cluster": cluster.output("name"),
        }
        made = [pools.follow(self._place, first, **where, after=[cluster])]
        for pool in others:
            made.append(pools.user(self._place, pool, **where, after=made[-1:]))
        return made

    def _lockable(
        self,
        cluster: registration.Resource,
        *,
        net: network.Network,
        keys: encryption.Encryption | None,
        stored: tuple[pulumi.Resource, ...],
    ) -> dict[str, pulumi.Input[str]]:
        """What gets a lock of Azure's: the cluster, its network, the key and the backups."""
        found: dict[str, pulumi.Input[str]] = {"cluster": cluster.id}
        if net.own is not None:
            found["network"] = net.own.id
        if keys is not None:
            found["vault"] = keys.vault.id
        if stored and isinstance(stored[0], pulumi.CustomResource):
            found["backups"] = stored[0].id
        return found
