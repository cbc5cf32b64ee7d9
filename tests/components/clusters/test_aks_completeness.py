"""No setting is without effect: changing any of them changes what is registered."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest

from stacks import managed, resolution
from tests.components.clusters import aks_program as azure

EXISTING = managed.AksNetwork(
    virtual_network="/subscriptions/s/resourceGroups/g/providers/n/v",
    node_subnet="/subscriptions/s/resourceGroups/g/providers/n/v/subnets/nodes",
    api_subnet="/subscriptions/s/resourceGroups/g/providers/n/v/subnets/api",
)

OTHER = {
    "name": "other",
    "region": "northeurope",
    "minor": "1.34",
    "upgrades": "channel",
    "window.days": ("monday",),
    "window.start": "03:00",
    "window.hours": 8,
    "freezes": (managed.Freeze(name="now", start=dt.date(2026, 1, 1), end=dt.date(2026, 1, 2)),),
    "network.cidr": "10.40.0.0/20",
    "network.pods": "10.200.0.0/16",
    "network.services": "172.21.0.0/16",
    "network.zones": ("3",),
    "network.egress": "per-zone",
    "network.flow_logs": True,
    "access.api": "private",
    "access.cidrs": ("198.51.100.0/24",),
    "access.deployer": azure.GROUP,
    "access.admins": (azure.ADMIN,),
    "access.viewers": (azure.VIEWER,),
    "compute": "auto",
    "pools": (azure.SYSTEM,),
    "encryption": "customer-key",
    "audit.retention_days": 90,
    "audit.categories": "full",
    "zone_redundant_storage": True,
    "ingress": managed.Ingress(scheme="public"),
    "backups": managed.Backups(retention_days=7),
    "drain.volumes": False,
    "drain.disruption_budgets": "respect",
    "drain.minutes": 7,
    "protection": "guarded",
    "tags": {"owner": "somebody"},
    "options.subscription": azure.GROUP,
    "options.tenant": azure.GROUP,
    "options.sku": "premium",
    "options.login": "msi",
    "options.admin_groups": (azure.GROUP,),
    "options.defender": True,
    "options.network": EXISTING,
}
"""Another value for every setting."""

OTHER_POOL = {
    "name": "other",
    "role": "system",
    "arch": "arm64",
    "instance_types": ("Standard_D8ds_v5",),
    "min": 2,
    "max": 7,
    "spot": True,
    "disk": 64,
    "labels": {"a": "b"},
    "taints": (managed.Taint(key="a"),),
    "zones": ("3",),
}

WITHOUT_EFFECT = {
    "vendor": "it is what chose this component",
    "tier": "`resolution` has decided everything by it already",
}
"""Settings that AKS has no use for, and why."""

PARTS = {
    "window": managed.Window,
    "network": resolution.Network,
    "access": resolution.Access,
    "audit": resolution.Audit,
    "drain": resolution.Drain,
    "options": managed.AksOptions,
}


def fields(type_):
    names = (
        [field.name for field in dataclasses.fields(type_)]
        if dataclasses.is_dataclass(type_)
        else list(type_.model_fields)
    )
    return set(names)


def registered(wanted):
    """All that a deployment says, with what Pulumi does and does not delete."""
    deployed = azure.deploy_settings(wanted)
    return sorted(
        (item.type, item.name, json.dumps(item.raw, sort_keys=True), item.protect, item.retained)
        for item in deployed.registrations
    )


def changed(settings, path, value):
    head, _, rest = path.partition(".")
    if not rest:
        return dataclasses.replace(settings, **{head: value})
    part = getattr(settings, head)
    other = (
        dataclasses.replace(part, **{rest: value})
        if dataclasses.is_dataclass(part)
        else part.model_copy(update={rest: value})
    )
    return dataclasses.replace(settings, **{head: other})


@pytest.fixture(scope="module")
def before():
    return registered(azure.settings())


def test_every_setting_is_tried_or_has_a_reason():
    known = fields(resolution.Managed)
    nested = {f"{part}.{name}" for part, type_ in PARTS.items() for name in fields(type_)}
    assert (known - PARTS.keys()) | nested == OTHER.keys() | WITHOUT_EFFECT.keys()
    assert fields(resolution.Pool) == OTHER_POOL.keys()


@pytest.mark.parametrize("path", OTHER)
def test_a_setting_has_an_effect(path, before):
    assert registered(changed(azure.settings(), path, OTHER[path])) != before


@pytest.mark.parametrize("field", OTHER_POOL)
def test_a_pool_s_setting_has_an_effect(field, before):
    other = dataclasses.replace(azure.pool("general"), **{field: OTHER_POOL[field]})
    assert registered(azure.settings(pools=(azure.SYSTEM, other))) != before


@pytest.mark.parametrize("field", ["min", "max", "labels", "taints"])
def test_the_system_pool_s_settings_reach_it_after_its_creation(field):
    """The cluster ignores its list of pools once it is there, so the step must carry the change."""

    def step(pool):
        deployed = azure.deploy(pools=(pool,))
        return deployed.only(azure.DEPLOYMENT).inputs

    other = dataclasses.replace(azure.SYSTEM, **{field: {**OTHER_POOL, "min": 3}[field]})
    assert step(other) != step(azure.SYSTEM)


def touched(before, after):
    """Types of the resources whose inputs differ, or that are in one of the two only."""
    return {type_ for type_, *_ in set(before) ^ set(after)}


def test_a_minor_changes_the_cluster_and_its_pools_and_nothing_else(before):
    after = registered(azure.settings(minor="1.36"))
    assert touched(before, after) == {azure.MANAGED_CLUSTER, azure.DEPLOYMENT, azure.AGENT_POOL}


def test_locks_come_and_go_without_a_change_of_anything_they_protect():
    def inputs(protection):
        deployed = azure.deploy(**{**azure.SAFE, "protection": protection})
        return sorted((item.type, item.name, json.dumps(item.raw, sort_keys=True)) for item in deployed.registrations)

    assert touched(inputs("guarded"), inputs("locked")) == {azure.LOCK, azure.DEPLOYMENT}


def test_another_pool_leaves_the_others_alone(before):
    after = registered(azure.settings(pools=(azure.SYSTEM, azure.pool("general"), azure.pool("more"))))
    assert {name for _, name, *_ in set(before) ^ set(after)} == {"test-more"}
