"""What each kind's status says once its operator can't go on, as the operators write it, ends a wait with its words."""

from __future__ import annotations

import pathlib
import re

import pytest

from components.operators import catalogue
from components.services import readiness
from runner.kubernetes import histories

KINDS = {
    kind.kind if kind.api_version != "postgresql.cnpg.io/v1" else f"postgresql {kind.kind}": kind
    for entry in catalogue.OPERATORS.values()
    for kind in entry.kinds
}
PAGE = (pathlib.Path(__file__).parents[2] / "docs" / "embedded-engine.md").read_text()


def condition(name, status="False", **more):
    return {"conditions": [{"type": name, "status": status, **more}]}


ROWS = [
    # MongoDB, mongodb-community-operator/controllers/replica_set_controller.go
    ("MongoDBCommunity", {"phase": "Failed", "message": "no password"}, ".status.phase is Failed (no password)", 20),
    # CloudNativePG, api/v1/cluster_types.go
    (
        "postgresql Cluster",
        {"phase": "Cluster is unrecoverable and needs manual intervention", "phaseReason": "no claims"},
        ".status.phase is Cluster is unrecoverable and needs manual intervention (no claims)",
        0,
    ),
    (
        "postgresql Cluster",
        {"phase": "Invalid cluster definition", "phaseReason": "spec.instances"},
        ".status.phase is Invalid cluster definition (spec.instances)",
        0,
    ),
    ("postgresql Cluster", {"phase": "Waiting for user action"}, ".status.phase is Waiting for user action", 0),
    (
        "postgresql Cluster",
        {"phase": "Cluster has incomplete or invalid image catalog", "phaseReason": "no image for 18"},
        ".status.phase is Cluster has incomplete or invalid image catalog (no image for 18)",
        30,
    ),
    ("postgresql Backup", {"phase": "failed", "error": "no bucket"}, ".status.phase is failed (no bucket)", 0),
    ("postgresql Database", {"applied": False, "message": "no role"}, ".status.applied is false (no role)", 60),
    (
        "RabbitmqCluster",
        condition("ReconcileSuccess", reason="TLSError", message="no secret"),
        "condition ReconcileSuccess is False (TLSError: no secret)",
        30,
    ),
    (
        "Prometheus",
        {
            "conditions": [
                {"type": "Available", "status": "True", "observedGeneration": 2},
                {"type": "Reconciled", "status": "False", "reason": "ReconciliationFailed", "observedGeneration": 2},
            ]
        },
        "condition Reconciled is False (ReconciliationFailed)",
        15,
    ),
    (
        "ScyllaCluster",
        condition("Degraded", "True", reason="Error", message="no quorum"),
        "condition Degraded is True (Error: no quorum)",
        60,
    ),
    # k8ssandra-operator, controllers/k8ssandra/k8ssandracluster_controller.go; the generation is that of its last success
    ("K8ssandraCluster", {"error": "no CRD", "observedGeneration": 1}, ".status.error is there (no CRD)", 60),
    (
        "K8ssandraCluster",
        {"error": "None", "datacenters": {"dc1": {"cassandra": condition("Valid", message="volumes never shrink")}}},
        '.status.datacenters.dc1.cassandra.conditions[?(@.type=="Valid")].status is False (volumes never shrink)',
        20,
    ),
    (
        "CassandraDatacenter",
        {**condition("Valid", reason="pvcResizeFailed", message="no"), "observedGeneration": 1},
        "condition Valid is False (pvcResizeFailed: no)",
        20,
    ),
    # cert-manager, pkg/controller/certificates/issuing/issuing_controller.go
    (
        "Certificate",
        condition("Issuing", reason="Failed", message="denied"),
        "condition Issuing is False (Failed: denied)",
        0,
    ),
    (
        "Issuer",
        condition("Ready", reason="ErrGetKeyPair", message="no secret"),
        "condition Ready is False (ErrGetKeyPair: no secret)",
        30,
    ),
    ("GatewayClass", condition("Accepted", reason="Invalid"), "condition Accepted is False (Invalid)", 30),
    ("Gateway", condition("Accepted", reason="Invalid"), "condition Accepted is False (Invalid)", 30),
]


def described(kind, status):
    spec = {path.rpartition(".")[2]: 3 for _, path in kind.ready_counts}
    metadata = {"name": "one", "namespace": "one", "generation": 2, "annotations": readiness.awaited(kind, spec=spec)}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "status": status}


@pytest.mark.parametrize(("name", "status", "words", "patience"), ROWS, ids=[f"{row[0]}: {row[2]}" for row in ROWS])
def test_a_failed_status_ends_a_wait_once_it_has_lasted(name, status, words, patience):
    item = described(KINDS[name], status)
    history = histories.History(item, changed=False)
    first = history.judged(item, at=0)
    assert first.failed == (patience == 0)
    if patience:
        assert not history.judged(item, at=patience - 1).failed
    last = history.judged(item, at=patience)
    assert (last.failed, last.reason) == (True, words)


def test_a_certificate_that_has_just_been_issued_has_not_failed():
    """The condition is about to be removed: issuing_controller.go."""
    item = described(KINDS["Certificate"], condition("Issuing", reason="Issued", message="successfully issued"))
    assert not histories.History(item, changed=False).judged(item, at=9999).failed


def test_every_awaited_kind_says_how_it_fails_or_is_known_to_say_nothing():
    silent = {name for name, kind in KINDS.items() if kind.ready_when and not (kind.failures or kind.failed_when)}
    assert silent == {"CertificateRequest"}


def lasting():
    """How long a failure of each kind must last, by the page: rows without a kind belong to the one above."""
    found, kinds = {}, []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 4:
            kinds = re.split(r", | and ", cells[0].removesuffix(" and its kin")) if cells[0] else kinds
            for kind in kinds:
                found.setdefault(kind, set()).add(cells[3])
    return found


# No service waits for a Backup, a Database or a task, and all kinds of ScyllaDB are alike.
UNTOLD = (
    "postgresql Backup",
    "postgresql Database",
    "CassandraTask",
    "ScyllaDBDatacenter",
    "NodeConfig",
    "ScyllaDBMonitoring",
)


@pytest.mark.parametrize(
    "name", [name for name, kind in KINDS.items() if kind.failures and kind.ready_when and name not in UNTOLD]
)
def test_the_page_says_how_long_a_failure_must_last(name):
    told = lasting()["Cluster (PostgreSQL)" if name == "postgresql Cluster" else name]
    assert told == {f"{each.patience} s" if each.patience else "at once" for each in KINDS[name].failures}
