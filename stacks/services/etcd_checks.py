"""What must hold between the settings of an etcd. Pure; one function a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from stacks import findings
from stacks.services import etcd, instance, limits

if TYPE_CHECKING:
    from stacks import nodes

_MOST: Final = limits.Most(
    count=etcd.MOST_MEMBERS,
    servers="members",
    why="every write waits for a majority, so each member more makes all of them slower",
    otherwise="give one instance to each group of clients",
)
_LEAST: Final = {
    "storage": limits.Least(
        amount=etcd.LEAST_STORAGE, why="half of it is for logs and snapshots, and a member whose volume is full stops"
    ),
}


def members_have_a_majority(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """An odd number, and not too many."""
    if isinstance(service, etcd.Etcd):
        yield from limits.have_a_majority(service, path, most=_MOST)


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
    if isinstance(service, etcd.Etcd):
        yield from limits.resources_are_enough(service, path, least=_LEAST)


def restore_is_done_by_hand(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """The operator has no way to begin with a snapshot."""
    if isinstance(service, etcd.Etcd):
        why = "etcd-operator 0.2.0 always begins with an empty database"
        yield from limits.restore_is_done_by_hand(service, path, kind="an etcd", why=why, how="restore")


CHECKS = (members_have_a_majority, version_is_run, volume_is_large_enough, restore_is_done_by_hand)
