"""When somebody is told about a MongoDB. Pure.

The agent's metrics are those of MongoDB's own integration: serverStatus with the prefix `mongodb_` and the labels
`rs_nm` and `rs_state` (the number of the member's state), and the host's disks.
mongodb.com/docs/ops-manager/current/tutorial/prometheus-integration
"""

from __future__ import annotations

from collections.abc import Sequence

from components.services import monitoring


def alerts(instance: str, *, members: int) -> Sequence[monitoring.Alert]:
    """For one instance. Of a single member nobody can be behind."""
    own = f'job="{instance}/{instance}"'
    several = [_member_down(instance, own, members=members), _behind(instance, own)] if members > 1 else []
    return [
        monitoring.Alert(
            name="MongodbNoPrimary",
            expression=f'(count(mongodb_uptimeMillis{{{own},rs_state="1"}}) or vector(0)) < 1',
            minutes=3,
            severity="critical",
            summary=f"{instance} has no primary: it takes no writes.",
        ),
        *several,
        monitoring.Alert(
            name="MongodbDiskAlmostFull",
            expression=(
                f"hardware_disk_metrics_disk_space_free_bytes{{{own}}} / "
                f"(hardware_disk_metrics_disk_space_free_bytes{{{own}}} + "
                f"hardware_disk_metrics_disk_space_used_bytes{{{own}}}) * 100 < 15"
            ),
            minutes=10,
            severity="critical",
            summary=f"A disk of {instance} is almost full; a member whose disk is full stops.",
        ),
        monitoring.Alert(
            name="MongodbConnectionsAlmostUsedUp",
            expression=(
                f"mongodb_connections_current{{{own}}} / "
                f"(mongodb_connections_current{{{own}}} + mongodb_connections_available{{{own}}}) * 100 > 85"
            ),
            minutes=5,
            severity="warning",
            summary=f"A member of {instance} will soon take no more connections.",
        ),
        monitoring.Alert(
            name="MongodbOplogShort",
            # A young member has a short one by nature.
            expression=(
                f"(mongodb_oplog_latestOptime{{{own}}} - mongodb_oplog_earliestOptime{{{own}}} < 6 * 3600) "
                f"and on (pod) (mongodb_uptimeMillis{{{own}}} > 24 * 3600 * 1000)"
            ),
            minutes=30,
            severity="warning",
            summary=f"A member of {instance} that is away for six hours could not catch up any more.",
        ),
    ]


def _member_down(instance: str, own: str, *, members: int) -> monitoring.Alert:
    return monitoring.Alert(
        name="MongodbMemberDown",
        expression=f'(count(mongodb_uptimeMillis{{{own},rs_state=~"1|2"}}) or vector(0)) < {members}',
        minutes=10,
        severity="warning",
        summary=f"A member of {instance} is neither primary nor secondary; one more failure may stop it.",
    )


def _behind(instance: str, own: str) -> monitoring.Alert:
    return monitoring.Alert(
        name="MongodbMemberBehind",
        expression=f"max(mongodb_oplog_latestOptime{{{own}}}) - min(mongodb_oplog_latestOptime{{{own}}}) > 60",
        minutes=10,
        severity="warning",
        summary=f"A member of {instance} is more than a minute behind; if it became primary, writes could be lost.",
    )
