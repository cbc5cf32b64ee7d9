"""When somebody is told about a PostgreSQL. Pure.

Metrics of the operator's exporter (config/manager/default-monitoring.yaml and the collectors `cnpg_collector_…` of
cloudnative-pg 1.30.0), which knows no sizes of volumes: those are compared with what is asked for. Metrics of backups
are the plugin's, web/docs/observability.md of plugin-barman-cloud 0.14.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from components.services import monitoring
from stacks import quantities
from stacks.services import postgresql as settings

_FULL: Final = 85
"""Percent."""
_OLD_TRANSACTIONS: Final = 1_000_000_000
"""At two thousand millions PostgreSQL takes no writes; by itself it cleans up at two hundred millions."""
_BARMAN: Final = "barman_cloud_cloudnative_pg_io"


def alerts(instance: str, *, options: settings.Postgresql) -> Sequence[monitoring.Alert]:
    """For one instance. Of a single server nobody can be behind, and without backups none can fail."""
    own = f'job="{instance}/{instance}"'
    data = f"sum by (pod) (cnpg_pg_database_size_bytes{{{own}}})"
    several = [_server_down(instance, own, servers=options.servers), _behind(instance, own)]
    return [
        monitoring.Alert(
            name="PostgresqlNoPrimary",
            expression=f"(count(cnpg_pg_replication_in_recovery{{{own}}} == 0) or vector(0)) < 1",
            minutes=3,
            severity="critical",
            summary=f"{instance} has no primary: it takes no writes.",
        ),
        *(several if options.servers > 1 else []),
        _almost_full(instance, "Disk", data, options.asked("storage")),
        _almost_full(instance, "Wal", f'cnpg_collector_pg_wal{{{own},value="size"}}', options.wal),
        monitoring.Alert(
            name="PostgresqlConnectionsAlmostUsedUp",
            expression=(
                f"sum by (pod) (cnpg_backends_total{{{own}}}) / on (pod) "
                f'cnpg_pg_settings_setting{{{own},name="max_connections"}} * 100 > {_FULL}'
            ),
            minutes=5,
            severity="warning",
            summary=f"A server of {instance} will soon take no more connections.",
        ),
        monitoring.Alert(
            name="PostgresqlTransactionsRunOut",
            expression=f"max(cnpg_pg_database_xid_age{{{own}}}) > {_OLD_TRANSACTIONS}",
            minutes=60,
            severity="critical",
            summary=f"{instance} does not clean up old transactions and will one day take no writes.",
        ),
        *(_of_backups(instance, own) if options.backups else []),
    ]


def _almost_full(instance: str, what: str, bytes_: str, size: str) -> monitoring.Alert:
    return monitoring.Alert(
        name=f"Postgresql{what}AlmostFull",
        expression=f"{bytes_} > {int(quantities.value(size) * _FULL / 100)}",
        minutes=10,
        severity="critical",
        summary=f"A volume of {instance} is almost full; a server whose volume is full stops.",
    )


def _server_down(instance: str, own: str, *, servers: int) -> monitoring.Alert:
    return monitoring.Alert(
        name="PostgresqlServerDown",
        expression=f"(sum(cnpg_collector_up{{{own}}}) or vector(0)) < {servers}",
        minutes=10,
        severity="warning",
        summary=f"A server of {instance} does not run; one more failure may stop all writes.",
    )


def _behind(instance: str, own: str) -> monitoring.Alert:
    return monitoring.Alert(
        name="PostgresqlStandbyBehind",
        expression=f"max(cnpg_pg_replication_lag{{{own}}}) > 300",
        minutes=10,
        severity="warning",
        summary=f"A standby of {instance} is five minutes behind; what is read there is old.",
    )


def _of_backups(instance: str, own: str) -> list[monitoring.Alert]:
    failed, archived = (f"cnpg_pg_stat_archiver_last_{each}_time{{{own}}}" for each in ("failed", "archived"))
    bad, good = (f"max({_BARMAN}_last_{each}_backup_timestamp{{{own}}})" for each in ("failed", "available"))
    return [
        monitoring.Alert(
            name="PostgresqlWalNotArchived",
            expression=f"max({failed} - {archived}) > 1",
            minutes=15,
            severity="critical",
            summary=f"{instance} can't be restored to now, and its volume for the log fills: the store takes nothing.",
        ),
        monitoring.Alert(
            name="PostgresqlBackupFailed",
            expression=f"{bad} > {good} or {good} == 0",
            minutes=60,
            severity="warning",
            summary=f"The last backup of {instance} failed, or there is none yet.",
        ),
    ]
