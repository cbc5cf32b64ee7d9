"""What must hold between the settings of a RabbitMQ. Pure; one function a rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from stacks import findings, quantities, unknown
from stacks.services import instance, limits, rabbitmq

if TYPE_CHECKING:
    from stacks import nodes

TAKEN: Final = "backup"
"""The operator tells its pods by nothing but the instance's name, and the pods that back up have this one."""
_MOST: Final = limits.Most(
    count=rabbitmq.MOST_NODES,
    servers="nodes",
    why="the operator 2.22.3 is tested with 1, 3 and 5, and more make every change of a queue slower",
    otherwise="give one instance to each group of clients",
)
_LEAST: Final = {
    "memory": limits.Least(
        amount=rabbitmq.LEAST_MEMORY,
        why="publishers are stopped when half of it is used, and a node uses hundreds of megabytes for itself",
    ),
}


def nodes_have_a_majority(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """An odd number, and not too many."""
    if isinstance(service, rabbitmq.Rabbitmq):
        yield from limits.have_a_majority(service, path, most=_MOST)


def version_can_be_had(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """One of a series that gets fixes and that the operator knows."""
    if not isinstance(service, rabbitmq.Rabbitmq) or service.overrides.version is None:
        return
    version, place = unknown.known(service.overrides.version), (*path, "overrides", "version")
    if version.rpartition(".")[0] not in rabbitmq.SERIES:
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {version}; RabbitMQ {' and '.join(rabbitmq.SERIES)} can be had",
            why="older series get no fixes any more, and the operator 2.22.3 is older than newer ones",
            next=f"leave `version` out for {rabbitmq.VERSION}",
        )


def memory_is_enough(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """For Erlang, the management plugin and some messages."""
    if isinstance(service, rabbitmq.Rabbitmq):
        yield from limits.resources_are_enough(service, path, least=_LEAST)


def volume_is_larger_than_what_stays_free(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """Room for messages besides what a node must be able to write when its memory is full."""
    if not isinstance(service, rabbitmq.Rabbitmq):
        return
    memory, storage = service.asked("memory"), service.asked("storage")
    if quantities.value(storage) <= 2 * quantities.value(memory):
        place = (*path, "overrides", "storage" if service.overrides.storage else "memory")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(path)}` has {storage} of storage for {memory} of memory",
            why="as much as the memory stays free, and publishers are stopped when less is: little would be left",
            next="ask for more than twice as much storage as memory",
        )


def name_is_free(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """None that other pods of the namespace have."""
    if isinstance(service, rabbitmq.Rabbitmq) and path[-1] == TAKEN:
        yield findings.Finding(
            path=path,
            what=f"a RabbitMQ cannot be called `{TAKEN}`",
            why="its Service would send clients to the pods that back it up",
            next="write another name",
        )


def protocols_are_named_once(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """The operator's list of plugins would otherwise name one twice."""
    if not isinstance(service, rabbitmq.Rabbitmq):
        return
    seen: list[str] = []
    for number, protocol in enumerate(service.protocols):
        place = (*path, "protocols", number)
        if unknown.known(protocol) in seen:
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` names {protocol} again",
                why="each protocol is either spoken or not",
                next="remove it",
            )
        seen.append(protocol)


def restore_is_done_by_hand(
    service: instance.Instance, _hosts: nodes.Nodes | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """What is loaded at a node's start would be loaded at every start."""
    if isinstance(service, rabbitmq.Rabbitmq):
        why = "definitions that a node loads at its start undo at every later start what has changed since"
        how = "import the definitions"
        yield from limits.restore_is_done_by_hand(service, path, kind="a RabbitMQ", why=why, how=how)


CHECKS = (
    nodes_have_a_majority,
    version_can_be_had,
    memory_is_enough,
    volume_is_larger_than_what_stays_free,
    name_is_free,
    protocols_are_named_once,
    restore_is_done_by_hand,
)
