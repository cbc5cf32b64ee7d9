"""When somebody is told about a RabbitMQ. Pure.

After the operator's own rules (observability/prometheus/rules at tag v2.22.3), for one instance. Metrics are those of
RabbitMQ's own exporter, `/metrics`, which aggregates over queues.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.services import monitoring


def alerts(instance: str, *, nodes: int, quorum: int) -> Sequence[monitoring.Alert]:
    """Of a single node nobody can be missing."""
    own = f'job="{instance}/{instance}"'
    up = f"(sum(up{{{own}}}) or vector(0))"
    several = [_node_down(instance, up, nodes=nodes), _node_alone(instance, own)] if nodes > 1 else []
    return [
        monitoring.Alert(
            name="RabbitmqQuorumLost",
            expression=f"{up} < {quorum}",
            minutes=3,
            severity="critical",
            summary=f"Too few nodes of {instance} answer: queues take and give no messages.",
        ),
        *several,
        _blocked(instance, "Memory", expression=f"rabbitmq_alarms_memory_used_watermark{{{own}}} > 0"),
        _blocked(instance, "Disk", expression=f"rabbitmq_alarms_free_disk_space_watermark{{{own}}} > 0"),
        monitoring.Alert(
            name="RabbitmqDiskAlmostFull",
            expression=(
                f"rabbitmq_disk_space_available_bytes{{{own}}} "
                f"< 1.5 * rabbitmq_disk_space_available_limit_bytes{{{own}}}"
            ),
            minutes=10,
            severity="warning",
            summary=f"A disk of {instance} is almost as full as it may be; then all publishers are stopped.",
        ),
    ]


def _node_down(instance: str, up: str, *, nodes: int) -> monitoring.Alert:
    return monitoring.Alert(
        name="RabbitmqNodeDown",
        expression=f"{up} < {nodes}",
        minutes=15,
        severity="warning",
        summary=f"A node of {instance} does not answer; one more failure may stop its queues.",
    )


def _node_alone(instance: str, own: str) -> monitoring.Alert:
    return monitoring.Alert(
        name="RabbitmqNodesApart",
        expression=f"max(rabbitmq_unreachable_cluster_peers_count{{{own}}}) > 0",
        minutes=10,
        severity="warning",
        summary=f"Nodes of {instance} do not reach each other; the smaller part of them stops.",
    )


def _blocked(instance: str, resource: str, *, expression: str) -> monitoring.Alert:
    return monitoring.Alert(
        name=f"Rabbitmq{resource}Alarm",
        expression=expression,
        minutes=2,
        severity="critical",
        summary=f"A node of {instance} is short of {resource.lower()}: all publishers are stopped.",
    )
