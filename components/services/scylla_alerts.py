"""When somebody is told about a ScyllaDB. Pure.

After the operator's own rules (assets/monitoring/prometheus/v1/rules at tag v1.21.1), for one instance. A node's own
metrics know no size of its volume: what tables take is compared with what is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components.services import monitoring
from stacks import quantities
from stacks.services import scylla as settings

_NORMAL: Final = 3
"""`scylla_node_operation_mode` of a node that has joined and serves."""
_FULL: Final = 70
"""Percent. Upstream warns when 35 % are free: compaction needs room for a second copy of what it works on."""


def alerts(instance: str, *, options: settings.Scylla) -> Sequence[monitoring.Alert]:
    """Of a single node nobody can be missing."""
    own = f'job="{instance}/{instance}"'
    up = f"(sum(up{{{own}}}) or vector(0))"
    needed = max(options.servers - 1, 1)
    full = int(quantities.value(options.asked("storage")) * _FULL / 100)
    several = [_node_down(instance, up, nodes=options.servers)] if options.servers > 1 else []
    return [
        monitoring.Alert(
            name="ScyllaNodesDown",
            expression=f"{up} < {needed}",
            minutes=3,
            severity="critical",
            summary=f"Too many nodes of {instance} do not answer: a part of the data has no majority of its copies.",
        ),
        *several,
        monitoring.Alert(
            name="ScyllaNodeNotNormal",
            expression=f"scylla_node_operation_mode{{{own}}} != {_NORMAL}",
            minutes=60,
            severity="warning",
            summary=f"A node of {instance} has neither joined nor left for an hour.",
        ),
        monitoring.Alert(
            name="ScyllaDiskAlmostFull",
            expression=f"sum by (pod) (scylla_column_family_total_disk_space{{{own}}}) > {full}",
            minutes=15,
            severity="critical",
            summary=f"A disk of {instance} will soon have no room for compaction; a node whose disk is full stops.",
        ),
        monitoring.Alert(
            name="ScyllaDiskErrors",
            expression=f"sum by (pod) (rate(scylla_reactor_aio_errors{{{own}}}[5m])) > 0",
            minutes=5,
            severity="critical",
            summary=f"A disk of {instance} answers with errors.",
        ),
        monitoring.Alert(
            name="ScyllaOverloaded",
            expression=(
                f"sum by (pod) (rate(scylla_transport_requests_shed{{{own}}}[5m])) / "
                f"sum by (pod) (rate(scylla_transport_requests_served{{{own}}}[5m])) > 0.01"
            ),
            minutes=5,
            severity="warning",
            summary=f"A node of {instance} turns one of a hundred requests away.",
        ),
    ]


def _node_down(instance: str, up: str, *, nodes: int) -> monitoring.Alert:
    return monitoring.Alert(
        name="ScyllaNodeDown",
        expression=f"{up} < {nodes}",
        minutes=15,
        severity="warning",
        summary=f"A node of {instance} does not answer; one more failure may stop a part of its data.",
    )
