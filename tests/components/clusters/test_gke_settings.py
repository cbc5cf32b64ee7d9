"""No setting of a GKE cluster is without effect: a change of each changes what is registered, save for those listed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest

from stacks import managed, resolution

from . import gke_program as gke

BASE = {
    "access": {"api": "allowlist", "cidrs": ("203.0.113.0/24",)},
    "backups": managed.Backups(retention_days=35),
    "encryption": "customer-key",
}
THREE = ("europe-west3-a", "europe-west3-b", "europe-west3-c")

CHANGES = {
    "name": {"name": "other"},
    "region": {"region": "europe-west4"},
    "minor": {"minor": "1.36"},
    "upgrades": {"upgrades": "channel"},
    "window": {"window": managed.Window(days=("monday",), start="03:00", hours=12)},
    "freezes": {"freezes": (managed.Freeze(name="f", start=dt.date(2026, 12, 1), end=dt.date(2026, 12, 2)),)},
    "compute": {"compute": "auto"},
    "pools": {"pools": (gke.SYSTEM, gke.pool("general"), gke.pool("more"))},
    "encryption": {"encryption": "provider"},
    "zone_redundant_storage": {"zone_redundant_storage": True},
    "backups": {"backups": managed.Backups(retention_days=36)},
    "protection": {"protection": "guarded"},
    "tags": {"tags": {"cost-center": "5678"}},
    "network.cidr": {"network": {"cidr": "10.21.0.0/20"}},
    "network.pods": {"network": {"pods": "10.245.0.0/16"}},
    "network.services": {"network": {"services": "172.21.0.0/16"}},
    "network.zones": {"network": {"zones": THREE}},
    "network.flow_logs": {"network": {"flow_logs": True}},
    "access.api": {"access": {"api": "identity", "cidrs": ()}},
    "access.cidrs": {"access": {"api": "allowlist", "cidrs": ("198.51.100.0/24",)}},
    "access.deployer": {"access": {**BASE["access"], "deployer": "user:ada@acme.example"}},
    "access.admins": {"access": {**BASE["access"], "admins": (gke.ADMIN,)}},
    "access.viewers": {"access": {**BASE["access"], "viewers": (gke.VIEWER,)}},
    "audit.retention_days": {"audit": {"retention_days": 31}},
    "audit.categories": {"audit": {"categories": "full"}},
    "drain.volumes": {"drain": {"volumes": False}},
    "drain.disruption_budgets": {"drain": {"disruption_budgets": "respect"}},
    "drain.minutes": {"drain": {"minutes": 5}},
    "options.project": {"options": gke.options(project="acme-other")},
    "options.project_number": {"options": gke.options(project_number="100000000010")},
    "options.release_channel": {"options": gke.options(release_channel="stable")},
    "options.node_image": {"options": gke.options(node_image="ubuntu")},
    "options.pods_per_node": {"options": gke.options(pods_per_node=110)},
    "options.security_group": {"options": gke.options(security_group=gke.GROUP)},
    "options.binary_authorization": {"options": gke.options(binary_authorization=True)},
    "options.network": {"options": gke.options(network=managed.GkeNetwork(network="shared", subnetwork="nodes"))},
}
"""One other value of each setting."""

WITHOUT_EFFECT = {
    "vendor": "it chose this module",
    "tier": "what it decides is resolved already; its name is among the tags",
    "ingress": "is put on the cluster by the layer above, alike on every vendor",
    "network.egress": "Cloud NAT is regional: there is no gateway that a zone could have or lack",
}
POOL_CHANGES = {
    "name": {"name": "other"},
    "role": {"role": "system"},
    "arch": {"arch": "arm64", "instance_types": ("c4a-standard-4",)},
    "instance_types": {"instance_types": ("n4-standard-8",)},
    "min": {"min": 2},
    "max": {"max": 5},
    "spot": {"spot": True},
    "disk": {"disk": 101},
    "labels": {"labels": {"a": "b"}},
    "taints": {"taints": (managed.Taint(key="a"),)},
    "zones": {"zones": ("europe-west3-b",)},
}
POOL_WITHOUT_EFFECT = {"role": "says itself by labels and taints, which are resolved already"}


def settings_by_name():
    """The names of all settings, those of parts after the part's name."""
    for field in dataclasses.fields(resolution.Managed):
        part = {
            "network": resolution.Network,
            "access": resolution.Access,
            "audit": resolution.Audit,
            "drain": resolution.Drain,
        }.get(field.name)
        if field.name == "options":
            yield from (f"options.{name}" for name in managed.GkeOptions.model_fields)
        elif part:
            yield from (f"{field.name}.{inner.name}" for inner in dataclasses.fields(part))
        else:
            yield field.name


def registered(**given):
    """All that is registered, as one text: kind, name, inputs and what is done about deleting it."""
    found = gke.deploy(**{**BASE, **given}).registrations
    return json.dumps(sorted((item.type, item.name, item.protect, item.inputs) for item in found), sort_keys=True)


@pytest.fixture(scope="module")
def base():
    return registered()


def test_every_setting_has_a_change_or_a_reason_here():
    assert set(settings_by_name()) == CHANGES.keys() | WITHOUT_EFFECT.keys()
    assert not CHANGES.keys() & WITHOUT_EFFECT.keys()


def test_every_setting_of_a_pool_has_a_change_here():
    assert {field.name for field in dataclasses.fields(resolution.Pool)} == POOL_CHANGES.keys()


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_has_an_effect(base, name):
    assert registered(**CHANGES[name]) != base


@pytest.mark.parametrize("name", sorted(POOL_CHANGES.keys() - POOL_WITHOUT_EFFECT.keys()))
def test_a_setting_of_a_pool_has_an_effect(base, name):
    given = {"name": "general", **POOL_CHANGES[name]}
    changed = gke.pool(given.pop("name"), **given)
    assert registered(pools=(gke.SYSTEM, changed)) != base


@pytest.mark.parametrize(
    "change",
    [
        {"tier": "prod"},
        {"ingress": managed.Ingress()},
        {"network": {"egress": "per-zone"}},
        {"pools": (gke.SYSTEM, gke.pool("general", role="system"))},
    ],
    ids=["tier", "ingress", "network.egress", "pool.role"],
)
def test_what_is_listed_as_without_effect_has_none(base, change):
    assert registered(**change) == base


def test_the_same_settings_register_the_same(base):
    assert registered() == base
