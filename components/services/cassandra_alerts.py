"""When somebody is told about a Cassandra. Pure.

Metrics are those of the management API's agent, by the names that k8ssandra's own dashboards ask for (`dashboards/` of
k8ssandra-operator at tag v1.32.5). It knows no sizes of volumes: what lies on them is compared with what is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components.services import monitoring
from stacks import quantities
from stacks.services import cassandra as settings

_FULL: Final = 60
"""Percent. Compaction may need as much again as the largest table has."""
_PENDING: Final = 100
"""Compactions that wait, in one table."""


def alerts(instance: str, *, options: settings.Cassandra) -> Sequence[monitoring.Alert]:
    """For one instance. Of a single node nobody can be missing."""
    own, servers = f'job="{instance}/{instance}"', options.servers
    up = f"(sum(up{{{own}}}) or vector(0))"
    # As many as one rack has may be away: the other two have a copy of everything.
    least = servers - servers // options.racks if options.racks > 1 else servers
    return [
        monitoring.Alert(
            name="CassandraNodesMissing",
            expression=f"{up} < {least}",
            minutes=3,
            severity="critical",
            summary=f"Too few nodes of {instance} answer: some data can be neither read nor written by a majority.",
        ),
        *([_node_down(instance, up, servers=servers)] if least < servers else []),
        monitoring.Alert(
            name="CassandraDiskAlmostFull",
            expression=(
                f"sum by (pod) (org_apache_cassandra_metrics_table_live_disk_space_used{{{own}}}) "
                f"> {int(quantities.value(options.asked('storage')) * _FULL / 100)}"
            ),
            minutes=10,
            severity="critical",
            summary=f"A node of {instance} will soon have no room for compaction, and then none for writes.",
        ),
        monitoring.Alert(
            name="CassandraRequestsUnavailable",
            expression=f"sum(rate(org_apache_cassandra_metrics_client_request_unavailables_total{{{own}}}[5m])) > 0",
            minutes=5,
            severity="critical",
            summary=f"Requests to {instance} fail because too few copies of their data are there.",
        ),
        monitoring.Alert(
            name="CassandraMessagesDropped",
            expression=(
                f"sum by (pod) (rate(org_apache_cassandra_metrics_dropped_message_dropped_total{{{own}}}[5m])) > 1"
            ),
            minutes=10,
            severity="warning",
            summary=f"A node of {instance} is overloaded: it drops what it is asked, and copies differ until a repair.",
        ),
        monitoring.Alert(
            name="CassandraCompactionsBehind",
            expression=f"max by (pod) (org_apache_cassandra_metrics_table_pending_compactions{{{own}}}) > {_PENDING}",
            minutes=60,
            severity="warning",
            summary=f"A node of {instance} does not keep up with compaction: reads become slower and disks fuller.",
        ),
    ]


def _node_down(instance: str, up: str, *, servers: int) -> monitoring.Alert:
    return monitoring.Alert(
        name="CassandraNodeDown",
        expression=f"{up} < {servers}",
        minutes=15,
        severity="warning",
        summary=f"A node of {instance} does not answer; the loss of another zone may stop reads and writes.",
    )
