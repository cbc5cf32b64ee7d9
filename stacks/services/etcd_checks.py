"""What must hold between the settings of an etcd. Pure; one function a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks import findings, quantities
from stacks.services import etcd, instance

if TYPE_CHECKING:
    from stacks import nodes


def members_have_a_majority(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """An odd number, and not too many."""
    if not isinstance(service, etcd.Etcd) or service.overrides.replicas is None:
        return
    members, place = service.overrides.replicas, (*path, "overrides", "replicas")
    if members % 2 == 0:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {members}, an even number of members",
            why=f"a majority of {members} is {service.quorum}, so no more may fail than with {members - 1}",
            next=f"write {min(members + 1, etcd.MOST_MEMBERS)}",
        )
    elif members > etcd.MOST_MEMBERS:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {members}; {etcd.MOST_MEMBERS} members are the most",
            why="every write waits for a majority, so each member more makes all of them slower",
            next=f"write {etcd.MOST_MEMBERS}, or give one instance to each group of clients",
        )


def version_is_run(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """One that the operator is tested with."""
    if not isinstance(service, etcd.Etcd) or service.overrides.version is None:
        return
    version, place = service.overrides.version, (*path, "overrides", "version")
    if version.rpartition(".")[0] not in etcd.MINORS:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {version}; etcd {' and '.join(etcd.MINORS)} can be had",
            why="etcd-operator 0.2.0 is tested with these, and refuses steps between others",
            next="leave `version` out for the newest that is tested",
        )


def volume_is_large_enough(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Room for logs and snapshots beside the database."""
    if not isinstance(service, etcd.Etcd) or service.overrides.storage is None:
        return
    storage, place = service.overrides.storage, (*path, "overrides", "storage")
    if quantities.value(storage) < quantities.value(etcd.LEAST_STORAGE):
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {storage}; {etcd.LEAST_STORAGE} is the least",
            why="half of it is for logs and snapshots, and a member whose volume is full stops",
            next=f"write {etcd.LEAST_STORAGE} or more; the database may fill half of it",
        )


def restore_is_done_by_hand(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """The operator has no way to begin with a snapshot."""
    if isinstance(service, etcd.Etcd) and service.restore is not None:
        place = (*path, "restore")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` cannot be had for an etcd",
            why="etcd-operator 0.2.0 always begins with an empty database",
            next="leave it out, and restore by hand: docs/services/etcd.md has the steps",
        )


CHECKS = (members_have_a_majority, version_is_run, volume_is_large_enough, restore_is_done_by_hand)
