"""What settings come to: complete, in a fixed order, and the same whenever they are asked."""

import dataclasses
import math

import hypothesis
import pytest
from hypothesis import strategies

from stacks import managed, quantities, resolution, settings, tiers

from . import golden, samples

TIERS = ("dev", "staging", "prod")
MAY_BE_NONE = {"ingress", "backups", "network", "api_subnet"}

counts = strategies.tuples(strategies.integers(3, 9), strategies.integers(0, 9))
pool = strategies.fixed_dictionaries(
    {"counts": counts, "spot": strategies.booleans(), "arch": strategies.sampled_from(["amd64", "arm64"])},
    optional={
        "disk": strategies.sampled_from(["50Gi", "99.5Gi", "200Gi"]),
        "taints": strategies.just([{"key": "example.com/own"}]),
        "zones": strategies.lists(strategies.integers(1, 2), min_size=1, max_size=2, unique=True),
    },
)
names = strategies.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True).filter(
    lambda name: name not in ("system", "general")
)


@strategies.composite
def clusters(draw):
    """A valid cluster of any vendor, with pools in any order."""
    vendor, tier = draw(strategies.sampled_from(sorted(samples.VENDORS))), draw(strategies.sampled_from(TIERS))
    pools = {}
    for name, given in draw(strategies.dictionaries(names, pool, max_size=3)).items():
        least, more = given.pop("counts")
        pools[name] = {"shape": {"cpu": 4, "memory": "16Gi"}, "min": least, "max": least + more, **given}
    pools |= {"system": samples.SYSTEM | {"min": 3}, "general": samples.GENERAL}
    ordered = {name: pools[name] for name in draw(strategies.permutations(sorted(pools)))}
    access = {"wayIn": "vpn", "cidrs": samples.GONE} if tier == "prod" else {}
    given = samples.having(
        samples.VENDORS[vendor], tier=tier, pools=ordered, **{f"access__{key}": value for key, value in access.items()}
    )
    return settings.parse({"paasport:cluster": given}).cluster


def resolve(cluster, **changes):
    return resolution.resolve(
        settings.parse({"paasport:cluster": samples.having(cluster, **changes)}).cluster, stack="the-stack"
    )


def nothing_inside(value, name=""):
    """Names of fields that nobody has filled in."""
    if value is None:
        yield name
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from nothing_inside(getattr(value, field.name), field.name)
    elif isinstance(value, managed.Options):
        for field in type(value).model_fields:
            yield from nothing_inside(getattr(value, field), field)
    elif isinstance(value, tuple):
        for item in value:
            yield from nothing_inside(item, name)


def test_what_every_tier_comes_to_is_what_it_came_to_before():
    assert golden.PATH.read_text(encoding="utf-8") == golden.text(), "look at it, then: python -m tests.stacks.golden"


@hypothesis.given(clusters())
def test_every_field_is_filled(cluster):
    assert set(nothing_inside(resolution.resolve(cluster, stack="s"))) <= MAY_BE_NONE


@hypothesis.given(clusters())
def test_the_system_pool_comes_first_and_the_others_keep_their_order(cluster):
    pools = resolution.resolve(cluster, stack="s").pools
    assert [each.role for each in pools] == ["system", *["user"] * (len(cluster.pools) - 1)]
    assert [each.name for each in pools[1:]] == [name for name in cluster.pools if name != "system"]


@hypothesis.given(clusters())
def test_counts_stay_totals_of_all_zones(cluster):
    found = {each.name: (each.min, each.max) for each in resolution.resolve(cluster, stack="s").pools}
    assert found == {name: (given.min, given.max) for name, given in cluster.pools.items()}


@hypothesis.given(clusters())
def test_no_pool_has_a_taint_twice_and_tainted_kinds_are_tainted(cluster):
    for each in resolution.resolve(cluster, stack="s").pools:
        keys = [(taint.key, taint.effect) for taint in each.taints]
        assert len(keys) == len(set(keys))
        implied = {key for key, effect in keys if effect == "NoSchedule"} - {"example.com/own"}
        wanted = {
            "CriticalAddonsOnly": each.role == "system",
            "paasport.dev/spot": each.spot,
            "kubernetes.io/arch": each.arch == "arm64",
        }
        assert implied == {key for key, is_there in wanted.items() if is_there}


@hypothesis.given(clusters())
def test_pools_are_in_zones_of_the_cluster_and_have_disks_of_whole_gibibytes(cluster):
    resolved = resolution.resolve(cluster, stack="s")
    for each in resolved.pools:
        assert each.zones
        assert set(each.zones) <= set(resolved.network.zones)
        assert each.disk == math.ceil(quantities.value(cluster.pools[each.name].disk) / 2**30)


@hypothesis.given(clusters())
def test_the_same_settings_always_come_to_the_same(cluster):
    again = type(cluster).model_validate_json(cluster.model_dump_json(by_alias=True, exclude_none=True))
    assert resolution.resolve(cluster, stack="s") == resolution.resolve(again, stack="s")


@pytest.mark.parametrize("vendor", sorted(samples.VENDORS))
@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("network__zones", 2, lambda resolved: len(resolved.network.zones)),
        ("network__egress", "per-zone", lambda resolved: resolved.network.egress),
        ("network__flowLogs", False, lambda resolved: resolved.network.flow_logs),
        ("network__services", "172.21.0.0/20", lambda resolved: resolved.network.services),
        ("kubernetes__upgrades", "channel", lambda resolved: resolved.upgrades),
        ("encryption", "provider", lambda resolved: resolved.encryption),
        ("audit__retentionDays", 60, lambda resolved: resolved.audit.retention_days),
        ("audit__categories", "full", lambda resolved: resolved.audit.categories),
        ("storage__zoneRedundant", True, lambda resolved: resolved.zone_redundant_storage),
        ("protection", "off", lambda resolved: resolved.protection),
        ("drain__volumes", True, lambda resolved: resolved.drain.volumes),
        ("drain__minutes", 5, lambda resolved: resolved.drain.minutes),
        ("name", "another", lambda resolved: resolved.name),
    ],
)
def test_what_is_written_wins_over_the_tier(vendor, key, value, found):
    cluster = samples.VENDORS[vendor]
    assert found(resolve(cluster, **{key: value})) == value
    assert found(resolve(cluster)) != value


@pytest.mark.parametrize(
    ("cluster", "key", "value"),
    [
        (samples.EKS, "interface_endpoints", True),
        (samples.GKE, "binary_authorization", True),
        (samples.AKS, "defender", True),
        (samples.AKS, "sku", "premium"),
    ],
)
def test_what_is_written_for_one_vendor_wins_over_the_tier(cluster, key, value):
    written = {"interface_endpoints": "interfaceEndpoints", "binary_authorization": "binaryAuthorization"}.get(key, key)
    resolved = resolve(cluster, **{f"{cluster['vendor']}__{written}": value})
    assert getattr(resolved.options, key) == value
    assert getattr(resolve(cluster).options, key) != value


def test_only_the_system_pool_is_left_of_pools_where_the_vendor_makes_nodes():
    assert [each.name for each in resolve(samples.GKE, compute="auto").pools] == ["system"]


def test_a_cluster_is_named_and_tagged_like_its_stack_where_nothing_else_is_written():
    resolved = resolve(samples.EKS, tags={"owner": "platform"})
    assert resolved.name == "the-stack"
    assert resolved.tags == {
        "owner": "platform",
        "managed-by": "paasport",
        "cluster": "the-stack",
        "tier": "staging",
    }


@pytest.mark.parametrize("kind", [resolution.Pool, managed.Pool])
def test_nodes_and_control_plane_cannot_differ_in_version(kind):
    """There is one minor, and no pool has a field for another."""
    fields = kind.model_fields if kind is managed.Pool else {field.name for field in dataclasses.fields(kind)}
    assert [name for name in fields if "version" in name or "minor" in name or "kubernetes" in name] == []


def test_every_tier_is_there_and_each_asks_for_more_than_the_one_before():
    dev, staging, prod = (tiers.TIERS[name] for name in TIERS)
    assert (dev.protection, staging.protection, prod.protection) == ("off", "guarded", "locked")
    assert dev.audit_days < staging.audit_days < prod.audit_days
    assert dev.zones < staging.zones == prod.zones == 3
