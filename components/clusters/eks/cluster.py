"""A cluster on Amazon EKS, from its network to what the layers above are told about it."""

from __future__ import annotations

import dataclasses
from typing import Final

import pulumi

from components import contracts, registration
from components.clusters import completion
from components.clusters.eks import (
    access,
    account,
    addons,
    automode,
    autoscaler,
    backups,
    control_plane,
    encryption,
    firewall,
    identity,
    network,
    offers,
    pools,
    roles,
)
from stacks import managed, resolution

VENDOR: Final = "eks"

Wanted = resolution.Managed[managed.EksOptions]


class Cluster(pulumi.ComponentResource):
    """A cluster on Amazon EKS."""

    facts: contracts.ClusterFacts

    def __init__(
        self, name: str, args: contracts.ClusterArgs[Wanted], *, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("paasport:clusters:Eks", name, None, opts)
        wanted = args.options
        target = account.of(wanted, parent=self)
        key = encryption.create(target, wanted)
        surroundings = _surroundings(target, wanted, key=key)
        nodes = pools.role(target, wanted)
        created = control_plane.create(target, wanted, surroundings, depends_on=_first(wanted, surroundings, nodes))
        grants = access.create(target, wanted.access, cluster=created)
        work = _workers(target, wanted, surroundings, cluster=created, role=nodes)
        store = backups.create(target, wanted, key=key)
        facts = completion.facts(
            self,
            args,
            completion.Created(
                vendor=VENDOR,
                scope=target.place.scope,
                resource=created,
                kubeconfig=_kubeconfig(target, created),
                version=created.output("version"),
                issuer=created.output("identities").apply(offers.issuer),
                login=offers.login(target.place),
                kubectl=f"kubectl --context {wanted.name}",
                network=surroundings.network.facts,
                storage=offers.facts(wanted),
                storage_classes=offers.storage_classes(wanted),
                snapshot_class=offers.snapshot_class(wanted),
                load_balancer=offers.load_balancer(wanted),
                identity=identity.PodIdentity(target=target, cluster=created, key=key, agent=work.agent),
                backups=store,
                # The deployer's is the one that everything on the cluster needs.
                grants=grants[:1],
                controllers=[created, *surroundings.network.egress, *work.all],
            ),
        )
        if wanted.compute == "auto":
            self.facts = automode.install(target, facts)
        else:
            self.facts = autoscaler.install(target, wanted, facts, depends_on=work.scaling)
        self.register_outputs({"vendor": VENDOR, "name": args.name})


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Workers:
    """What makes pods run."""

    all: tuple[registration.Resource, ...]
    agent: tuple[registration.Resource, ...] = ()
    """What hands roles to pods; none in Auto Mode, which has it built in."""
    scaling: tuple[registration.Resource, ...] = ()
    """What lets the autoscaler do its work; none in Auto Mode, which needs none."""


def _surroundings(target: account.Account, wanted: Wanted, *, key: encryption.Key | None) -> control_plane.Surroundings:
    net = network.create(target, wanted, key=key)
    groups = firewall.create(target, wanted, vpc=net.vpc)
    return control_plane.Surroundings(network=net, groups=groups, key=key)


def _first(
    wanted: Wanted, surroundings: control_plane.Surroundings, nodes: roles.Role
) -> tuple[registration.Resource, ...]:
    """What the control plane itself starts nodes with, where it does."""
    return (*nodes.permissions, *surroundings.network.egress) if wanted.compute == "auto" else ()


def _workers(
    target: account.Account,
    wanted: Wanted,
    surroundings: control_plane.Surroundings,
    *,
    cluster: registration.Resource,
    role: roles.Role,
) -> _Workers:
    """Add-ons before nodes, nodes, add-ons on nodes: all of it real dependencies, which waiting a while is not."""
    if surroundings.groups.nodes is None:
        return _Workers(all=addons.create(target, wanted, addons.in_any_case(), cluster=cluster))
    agent = addons.create(target, wanted, addons.first(), cluster=cluster)
    before = addons.create(target, wanted, addons.before_nodes(), cluster=cluster, depends_on=agent)
    foundation = pools.Foundation(
        cluster=cluster,
        role=role,
        group=surroundings.groups.nodes,
        network=surroundings.network,
        key=surroundings.key,
    )
    needed = [*surroundings.network.egress, *surroundings.groups.rules, *before]
    groups = pools.create(target, wanted, foundation, depends_on=needed)
    after = addons.create(target, wanted, addons.after_nodes(wanted.tags), cluster=cluster, depends_on=groups)
    scaling = autoscaler.permissions(target, cluster=cluster, agent=agent)
    return _Workers(all=(*agent, *before, *groups, *after), agent=agent, scaling=(scaling,))


def _kubeconfig(target: account.Account, cluster: registration.Resource) -> pulumi.Output[str]:
    found = pulumi.Output.all(cluster.output("endpoint"), cluster.output("certificateAuthority"))
    return found.apply(
        lambda values: offers.kubeconfig(target.place, server=values[0], authority=offers.authority(values[1]))
    )
