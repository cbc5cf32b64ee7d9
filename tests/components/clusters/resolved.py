"""Settings of managed clusters for tests, resolved already, and what was registered for them: the same at all vendors."""

from __future__ import annotations

import dataclasses
from typing import Any

from components import contracts
from stacks import managed, resolution
from tests.components import conftest as programs

_PARTS = ("network", "access", "audit", "drain")
"""Parts of which a test gives only what differs."""


def pool(name: str, **given: Any) -> resolution.Pool:
    """A pool of up to four nodes; its machines and zones are given."""
    wanted: dict[str, Any] = {
        "role": "user",
        "arch": "amd64",
        "min": 1,
        "max": 4,
        "spot": False,
        "disk": 100,
        "labels": {"paasport.dev/pool": name},
        "taints": (),
    }
    return resolution.Pool(name=name, **{**wanted, **given})


def system_pool(**given: Any) -> resolution.Pool:
    """The pool that every cluster has; its machines and zones are given."""
    taints = (managed.Taint(key="CriticalAddonsOnly", value="true"),)
    return pool("system", role="system", min=2, max=3, taints=taints, **given)


def settings(own: dict[str, Any], given: dict[str, Any]) -> resolution.Managed[Any]:
    """A plain cluster, `own` being what its vendor needs. What is given replaces parts of it."""
    wanted: dict[str, Any] = {
        "name": "test",
        "tier": "dev",
        "minor": "1.35",
        "upgrades": "pinned",
        "window": managed.Window(days=("saturday", "sunday"), start="02:00", hours=6),
        "freezes": (),
        "compute": "pools",
        "encryption": "provider",
        "audit": resolution.Audit(retention_days=30, categories="standard"),
        "zone_redundant_storage": False,
        "ingress": None,
        "backups": None,
        "drain": resolution.Drain(volumes=True, disruption_budgets="delete", minutes=20),
        "protection": "off",
        "tags": {"cost-center": "1234"},
        **own,
    }
    replaced = {part: dataclasses.replace(wanted[part], **given[part]) for part in _PARTS if part in given}
    return resolution.Managed(**{**wanted, **given, **replaced})


def network(cidr: str, *, zones: tuple[str, ...]) -> resolution.Network:
    """Addresses that do not overlap, and one way out."""
    return resolution.Network(
        cidr=cidr, pods="10.244.0.0/16", services="172.20.0.0/16", zones=zones, egress="single", flow_logs=False
    )


class Deployed(programs.Program):
    """A deployed cluster: what was registered, and its facts with the values that they have then."""

    facts: contracts.ClusterFacts
    kubeconfig: str
    version: str

    def of(self, type_: str) -> list[programs.Registration]:
        """All registrations of this type."""
        return [item for item in self.registrations if item.type == type_]

    def only(self, type_: str) -> programs.Registration:
        """The one registration of this type."""
        (found,) = self.of(type_)
        return found

    def named(self, type_: str, name: str) -> programs.Registration:
        """The one of this type and name, without the cluster's name before it."""
        return self.one(type_, f"test-{name}")

    def waits_for(self, later: programs.Registration, earlier: programs.Registration) -> bool:
        """Whether one waits for the other, directly or through others."""
        by_urn = {item.urn: item for item in self.registrations}
        seen: set[str] = set()
        pending = [later.urn]
        while pending:
            item = by_urn.get(pending.pop())
            new = set(item.dependencies) - seen if item else set()
            seen |= new
            pending += new
        return earlier.urn in seen
