"""The vendor `gke`: a regional cluster with private nodes on Google Kubernetes Engine, and all that it stands on."""

from __future__ import annotations

from typing import Final

import pulumi

from components import contracts, registration
from components.clusters import completion
from components.clusters.gke import (
    access,
    audit,
    backups,
    control_plane,
    encryption,
    identity,
    network,
    pools,
    project,
    storage,
)
from stacks import managed, resolution

VENDOR: Final = "gke"

LOAD_BALANCER: Final = contracts.LoadBalancerFacts(
    internal=contracts.Exposure(annotations={"networking.gke.io/load-balancer-type": "Internal"}),
    public=contracts.Exposure(annotations={"cloud.google.com/l4-rbs": "enabled"}),
    address="ip",
)
"""Passthrough load balancers by GKE's own controller; the public one with a backend service, the newer kind."""


class Cluster(pulumi.ComponentResource):
    """A cluster on Google Kubernetes Engine."""

    facts: contracts.ClusterFacts

    def __init__(
        self,
        name: str,
        args: contracts.ClusterArgs[resolution.Managed[managed.GkeOptions]],
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("paasport:clusters:Gke", name, None, opts)
        wanted = args.options
        gcp = registration.provider(
            "gcp", f"{wanted.name}-gcp", project.provider(wanted), opts=pulumi.ResourceOptions(parent=self)
        )
        child = pulumi.ResourceOptions(parent=self, provider=gcp)
        enabled = project.enable(wanted, opts=child)
        where = network.create(wanted, opts=child, depends_on=enabled)
        nodes = identity.nodes(wanted, opts=child, depends_on=enabled)
        key = encryption.create(wanted, opts=child, depends_on=enabled)
        logs = audit.keep(wanted, opts=child, depends_on=enabled)
        store = backups.create(wanted, key=key, opts=child, depends_on=enabled)
        grants = access.grant(wanted, opts=child, depends_on=enabled)
        cluster = registration.resource(
            "gcp:container/cluster:Cluster",
            wanted.name,
            control_plane.properties(wanted, where=where, nodes=nodes, key=key),
            outputs=("endpoint", "masterVersion"),
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    protect=project.is_protected(wanted),
                    ignore_changes=list(control_plane.IGNORED),
                    depends_on=[*enabled, *where.egress, *nodes.grants, *(key.grants if key else ()), logs],
                ),
            ),
        )
        made = pools.create(wanted, cluster=cluster, nodes=nodes, key=key, opts=child)
        self.facts = completion.facts(
            self,
            args,
            completion.Created(
                vendor=VENDOR,
                scope=f"{wanted.options.project}/{wanted.region}",
                resource=cluster,
                kubeconfig=access.kubeconfig(wanted, cluster),
                version=cluster.output("masterVersion"),
                issuer=access.issuer(wanted, cluster),
                login=access.login(wanted),
                kubectl=access.kubectl(wanted),
                network=where.facts,
                storage=storage.facts(wanted),
                storage_classes=storage.classes(wanted, key=key.name if key else None),
                snapshot_class=storage.snapshot_class(wanted),
                load_balancer=LOAD_BALANCER,
                identity=identity.WorkloadIdentity(wanted=wanted, opts=child),
                backups=store,
                grants=grants,
                controllers=(*made, *where.egress, *_webhooks(wanted, cluster, where=where, nodes=nodes, opts=child)),
            ),
        )
        self.register_outputs({"vendor": VENDOR, "name": args.name})


def _webhooks(
    wanted: project.Wanted,
    cluster: registration.Resource,
    *,
    where: network.Network,
    nodes: identity.Nodes,
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Resource, ...]:
    """The way from a private control plane to webhooks; in a network that exists it is for its owner to open."""
    if wanted.access.api != "private" or not where.is_own:
        return ()
    address = cluster.output("privateClusterConfig").apply(lambda found: found["privateEndpoint"])
    rule = registration.resource(
        "gcp:compute/firewall:Firewall",
        f"{wanted.name}-webhooks",
        network.webhooks(wanted, network=where.network, control_plane=address, nodes=nodes.email),
        opts=opts,
    )
    return (rule,)
