"""Whether services fit the nodes of a managed cluster, as far as these are known."""

import decimal

import pytest

from stacks import nodes, shapes

from . import samples


def told(cluster, **service):
    return samples.told(cluster, services={"metrics": {"service": "prometheus", **service}})


def test_a_request_must_fit_what_a_node_has_left_for_pods():
    assert told(samples.EKS, size="large") == [
        (
            "`paasport:services.metrics` asks for 16Gi of memory, and a node has 13.3Gi\n"
            "  no node could ever hold its pod, which would stay Pending\n"
            "  next: ask for less, or give a pool a larger `shape`: a node's own system keeps a part of it"
        ),
        (
            "`paasport:services.metrics` asks for 4 of cpu, and a node has 3.92\n"
            "  no node could ever hold its pod, which would stay Pending\n"
            "  next: ask for less, or give a pool a larger `shape`: a node's own system keeps a part of it"
        ),
    ]


@pytest.mark.parametrize("vendor", samples.VENDORS)
def test_the_largest_node_counts(vendor):
    large = samples.GENERAL | {"shape": {"cpu": 8, "memory": "32Gi"}}
    assert told(samples.pools(samples.VENDORS[vendor], large=large), size="large") == []


@pytest.mark.parametrize("kind", [{"spot": True}, {"arch": "arm64"}, {"taints": [{"key": "gpu"}]}])
def test_nodes_that_keep_ordinary_pods_away_do_not_count(kind):
    large = samples.GENERAL | {"shape": {"cpu": 8, "memory": "32Gi"}} | kind
    assert len(told(samples.pools(samples.EKS, large=large), size="large")) == 2


@pytest.mark.parametrize(
    "cluster",
    [
        pytest.param(samples.having(samples.GKE, compute="auto"), id="made by the vendor"),
        pytest.param(
            samples.pools(samples.EKS, general={"instanceTypes": ["z9.xlarge"], "min": 1, "max": 4}),
            id="unknown machine",
        ),
    ],
)
def test_nothing_is_assumed_of_nodes_that_are_not_known(cluster):
    assert told(cluster, size="large", availability="zonal") == []


def test_a_zonal_service_needs_two_zones_with_ordinary_nodes():
    cluster = samples.pools(samples.GKE, general=samples.GENERAL | {"zones": [2]})
    assert told(cluster, availability="zonal") == [
        (
            "`paasport:services.metrics.availability` is `zonal`, but the cluster has 4 nodes in 1 zone\n"
            "  servers of a zonal service are in different zones, so some of them could never be scheduled\n"
            "  next: set `availability: single`, or give the cluster two zones and two nodes or more"
        )
    ]
    assert told(samples.GKE, availability="zonal") == []


@pytest.mark.parametrize(
    ("machine", "cpu", "memory"),
    [
        # 2 CPUs less 60 and 10 thousandths; 8 GiB less a quarter of 4, a fifth of 4, and 100 MiB.
        ("m7i.large", "1.93", 8 * 2**30 - (1 + decimal.Decimal("0.8")) * 2**30 - 100 * 2**20),
        # 8 CPUs less 80 thousandths for the first four and a quarter of a hundredth of the others.
        ("m7i.2xlarge", "7.91", (32 - 1 - decimal.Decimal("0.8") * 2 - decimal.Decimal("0.96")) * 2**30 - 100 * 2**20),
    ],
)
def test_a_nodes_own_system_keeps_a_part(machine, cpu, memory):
    found = shapes.machine("eks", machine)
    assert nodes.allocatable(cpu=found.cpu, memory=found.memory) == (decimal.Decimal(cpu), memory)
