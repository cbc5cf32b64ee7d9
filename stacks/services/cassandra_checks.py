"""What must hold between the settings of a Cassandra. Pure; one function a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from stacks import findings, quantities, unknown
from stacks.services import cassandra, instance, limits

if TYPE_CHECKING:
    from stacks import nodes, settings

_LEAST: Final = {
    "cpu": limits.Least(
        amount=cassandra.LEAST_CPU, why="with less a node starts so slowly that it is taken for one that does not"
    ),
    "memory": limits.Least(
        amount=cassandra.LEAST_MEMORY, why="half of it is the heap, and Cassandra needs a gigabyte of that for itself"
    ),
    "storage": limits.Least(
        amount=cassandra.LEAST_STORAGE, why="compaction writes what it joins once more before it deletes it"
    ),
}


def racks_are_alike(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """As many nodes in each zone."""
    if not isinstance(service, cassandra.Cassandra) or service.overrides.replicas is None:
        return
    count, place = service.overrides.replicas, (*path, "overrides", "replicas")
    if service.availability == "zonal" and count > cassandra.RACKS and count % cassandra.RACKS:
        more = -(-count // cassandra.RACKS) * cassandra.RACKS
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {count}, which is no multiple of {cassandra.RACKS}, the zones",
            why="every zone has a copy of all data, so the nodes of the smallest one would have most of the load",
            next=f"write {more - cassandra.RACKS} or {more}",
        )


def version_can_be_had(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """One of a series that gets fixes, without known holes, that there is an image of."""
    if not isinstance(service, cassandra.Cassandra) or service.overrides.version is None:
        return
    version, place = unknown.known(service.overrides.version), (*path, "overrides", "version")
    series, _, patch = version.rpartition(".")
    what = f"`{findings.spelled(place)}` is {version}"
    if series not in cassandra.PATCHES:
        yield findings.Finding(
            path=place,
            what=f"{what}; Cassandra {' and '.join(cassandra.PATCHES)} can be had",
            why="older series are built and configured otherwise, and the operator 1.32.5 is older than newer ones",
            next=f"leave `version` out for {cassandra.VERSION}",
        )
        return
    first, last = cassandra.PATCHES[series]
    if not first <= int(patch) <= last:
        yield findings.Finding(
            path=place,
            what=f"{what}; of {series} there are {series}.{first} to {series}.{last}",
            why="older ones let users give themselves rights (CVE-2025-23015), and of newer ones there is no image "
            "with the management API that the operator needs",
            next=f"write {series}.{last}, or leave `version` out for {cassandra.VERSION}",
        )


def resources_are_enough(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """For a node that does nothing yet."""
    if isinstance(service, cassandra.Cassandra):
        yield from limits.resources_are_enough(service, path, least=_LEAST)


def every_node_has_a_host(
    service: instance.Instance, hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """The operator never puts two nodes of a cluster on one host."""
    if not isinstance(service, cassandra.Cassandra) or hosts is None or service.overrides.replicas is None:
        return
    count, place = service.overrides.replicas, (*path, "overrides", "replicas")
    if count > hosts.count:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {count}, and the cluster has {hosts.count} nodes at most",
            why="the operator never puts two of them on one node, where they would fail together",
            next=f"write {hosts.count} or less, or give the cluster more nodes",
        )


def pods_fit_a_node(
    service: instance.Instance, hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Cassandra together with the containers beside it. Cassandra alone is judged elsewhere."""
    if not isinstance(service, cassandra.Cassandra) or hosts is None:
        return
    others = [cassandra.LOGGER, *([cassandra.MEDUSA] if service.backups is not None else [])]
    resources: tuple[Literal["cpu", "memory"], ...] = ("cpu", "memory")
    for resource in resources:
        asked, held = quantities.value(service.asked(resource)), getattr(hosts, resource)
        beside = sum((quantities.value(other[resource]) for other in others), start=quantities.value("0"))
        if asked <= held < asked + beside:
            more = " and ".join(other[resource] for other in others)
            yield findings.Finding(
                path=path,
                what=(
                    f"`{findings.spelled(path)}` asks for {service.asked(resource)} of {resource}, the containers "
                    f"beside it for {more} more, and together no node holds them"
                ),
                why="the pod would stay Pending",
                next=(
                    f"write less into `overrides.{resource}`, or "
                    f"{hosts.remedy.format(resource=resource, asked=service.asked(resource))}"
                ),
            )


def restore_is_done_by_hand(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """What restores is an order to a cluster that runs, and not a way for a new one to begin."""
    if isinstance(service, cassandra.Cassandra):
        why = "the operator restores into a cluster that runs, which it stops for that: it would do so at every run"
        yield from limits.restore_is_done_by_hand(service, path, kind="a Cassandra", why=why, how="restore")


CHECKS = (
    racks_are_alike,
    version_can_be_had,
    resources_are_enough,
    every_node_has_a_host,
    pods_fit_a_node,
    restore_is_done_by_hand,
)


def backups_need_no_stored_key(
    service: instance.Instance, cluster: settings.Cluster | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """What backs up must be able to use the object store by its pod's identity alone."""
    if not isinstance(service, cassandra.Cassandra) or service.backups is None or cluster is None:
        return
    if cluster.vendor == "aks":
        place = (*path, "backups")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` of a Cassandra cannot be had on AKS",
            why="the operator 1.32.5 tells Medusa the storage account of Azure only together with a stored key of it, "
            "and the account that is made for backups has none",
            next="leave it out, and take snapshots of the disks, or of single tables by hand",
        )
