"""Nodes of a GKE cluster: pools, and those that GKE makes by itself."""

from __future__ import annotations

import pytest

from components import registration
from components.clusters.gke import machines, pools
from stacks import errors, managed

from . import gke_program as gke


@pytest.fixture(scope="module")
def plain():
    return gke.deploy()


@pytest.fixture(scope="module")
def automatic():
    return gke.deploy(compute="auto", pools=(gke.SYSTEM,), encryption="customer-key")


def deployed(**given):
    """The inputs of a pool of its own beside the system pool."""
    return gke.deploy(pools=(gke.SYSTEM, gke.pool("extra", **given))).named(gke.POOL, "extra").inputs


def test_a_pool_has_its_limits_in_all_zones_together(plain):
    assert plain.named(gke.POOL, "general").inputs["autoscaling"] == {
        "totalMinNodeCount": 1,
        "totalMaxNodeCount": 4,
        "locationPolicy": "BALANCED",
    }


@pytest.mark.parametrize(
    ("zones", "minimum", "maximum", "expected"),
    [(3, 3, 6, 1), (3, 4, 6, 2), (3, 0, 6, 0), (3, 1, 2, 0), (2, 2, 3, 1), (1, 5, 9, 5), (3, 1, 6, 1)],
)
def test_a_pool_begins_between_its_least_and_its_most_nodes(zones, minimum, maximum, expected):
    names = tuple(f"europe-west3-{letter}" for letter in "abc"[:zones])
    assert pools.first_nodes(gke.pool("extra", zones=names, min=minimum, max=maximum)) == expected


def test_a_node_is_hardened(plain):
    general = plain.named(gke.POOL, "general").inputs
    node = general["nodeConfig"]
    assert node["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}
    assert node["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
    assert node["imageType"] == "COS_CONTAINERD"
    assert node["metadata"] == {"disable-legacy-endpoints": "true"}
    assert node["oauthScopes"] == ["https://www.googleapis.com/auth/cloud-platform"]
    assert node["serviceAccount"].startswith("test-nodes-")
    assert node["resourceLabels"] == {"cost-center": "1234"}
    assert node["labels"] == {"paasport.dev/pool": "general"}
    assert general["networkConfig"] == {"enablePrivateNodes": True}
    assert general["management"] == {"autoRepair": True, "autoUpgrade": True}
    assert general["maxPodsPerNode"] == 64


def test_an_upgrade_adds_a_node_before_it_takes_one(plain):
    settings = plain.named(gke.POOL, "general").inputs["upgradeSettings"]
    assert settings == {"strategy": "SURGE", "maxSurge": 1, "maxUnavailable": 0}


def test_an_upgrade_of_a_pool_may_take_as_long_as_its_nodes_one_by_one(monkeypatch):
    told = {}
    register = registration.resource

    def watched(token, name, properties, *, opts, **rest):
        told[token] = opts.custom_timeouts
        return register(token, name, properties, opts=opts, **rest)

    monkeypatch.setattr(registration, "resource", watched)
    deployed()
    assert told[gke.POOL].update == "6h"
    assert told[gke.POOL].delete == "3h"


def test_spot_nodes_come_from_whichever_zone_has_some():
    extra = deployed(spot=True, taints=(managed.Taint(key="paasport.dev/spot", value="true"),))
    assert extra["nodeConfig"]["spot"] is True
    assert extra["autoscaling"]["locationPolicy"] == "ANY"
    assert extra["nodeConfig"]["taints"] == [{"key": "paasport.dev/spot", "value": "true", "effect": "NO_SCHEDULE"}]


def test_arm64_nodes_have_the_taint_once():
    extra = deployed(
        arch="arm64",
        instance_types=("c4a-standard-4",),
        taints=(managed.Taint(key="kubernetes.io/arch", value="arm64"),),
    )
    assert extra["nodeConfig"]["taints"] == [{"key": "kubernetes.io/arch", "value": "arm64", "effect": "NO_SCHEDULE"}]
    assert extra["nodeConfig"]["taintConfig"] == {"architectureTaintBehavior": "NONE"}
    assert extra["nodeConfig"]["machineType"] == "c4a-standard-4"


def test_amd64_nodes_say_nothing_about_that_taint(plain):
    assert "taintConfig" not in plain.named(gke.POOL, "general").inputs["nodeConfig"]


@pytest.mark.parametrize(
    ("effect", "expected"),
    [("NoSchedule", "NO_SCHEDULE"), ("PreferNoSchedule", "PREFER_NO_SCHEDULE"), ("NoExecute", "NO_EXECUTE")],
)
def test_taints_are_spelled_as_gke_spells_them(effect, expected):
    assert pools.taint(managed.Taint(key="team", value="a", effect=effect)) == {
        "key": "team",
        "value": "a",
        "effect": expected,
    }


def test_the_system_pool_takes_all_of_gkes_own_pods(plain):
    assert plain.named(gke.POOL, "system").inputs["nodeConfig"]["taints"] == [
        {"key": "components.gke.io/gke-managed-components", "value": "true", "effect": "NO_SCHEDULE"}
    ]


@pytest.mark.parametrize(
    ("machine", "disk"),
    [
        ("n4-standard-4", "hyperdisk-balanced"),
        ("c4-standard-8", "hyperdisk-balanced"),
        ("c4a-highmem-4", "hyperdisk-balanced"),
        ("n2-standard-4", "pd-balanced"),
        ("e2-standard-4", "pd-balanced"),
        ("c3-standard-8", "pd-balanced"),
        ("t2a-standard-4", "pd-balanced"),
    ],
)
def test_a_nodes_disk_is_one_that_its_machine_takes(machine, disk):
    assert deployed(instance_types=(machine,))["nodeConfig"]["diskType"] == disk


def test_zones_and_disk_are_the_pools_own():
    extra = deployed(zones=("europe-west3-b",), disk=250)
    assert extra["nodeLocations"] == ["europe-west3-b"]
    assert extra["nodeConfig"]["diskSizeGb"] == 250


# Names


def name(**given):
    return pools.name(gke.settings(), gke.pool("extra", **given))


@pytest.mark.parametrize(
    "change",
    [{"instance_types": ("n4-standard-8",)}, {"spot": True}, {"disk": 200}],
    ids=lambda change: next(iter(change)),
)
def test_what_cannot_be_changed_makes_another_pool_beside_the_old_one(change):
    assert name(**change) != name()
    assert name(**change).startswith("extra-")


@pytest.mark.parametrize(
    "change",
    [
        {"min": 2},
        {"max": 9},
        {"labels": {"a": "b"}},
        {"taints": (managed.Taint(key="a"),)},
        {"zones": ("europe-west3-a",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_can_be_changed_keeps_the_pool(change):
    assert name(**change) == name()


def test_another_key_and_another_number_of_pods_make_other_pools():
    extra = gke.pool("extra")
    assert pools.name(gke.settings(encryption="customer-key"), extra) != name()
    assert pools.name(gke.settings(options=gke.options(pods_per_node=110)), extra) != name()


# Nodes that GKE makes by itself


def test_automatic_compute_is_a_system_pool_and_nodes_within_limits(automatic):
    assert [item.name for item in automatic.of(gke.POOL)] == ["test-system"]
    scaling = automatic.cluster["clusterAutoscaling"]
    assert scaling["enabled"] is True
    assert scaling["defaultComputeClassEnabled"] is True
    assert scaling["autoscalingProfile"] == "OPTIMIZE_UTILIZATION"
    assert scaling["autoProvisioningLocations"] == ["europe-west3-a", "europe-west3-b"]
    assert scaling["resourceLimits"] == [
        {"resourceType": "cpu", "minimum": 0, "maximum": 256},
        {"resourceType": "memory", "minimum": 0, "maximum": 1024},
    ]
    assert "enableAutopilot" not in automatic.cluster


def test_nodes_can_run_ubuntu_and_are_as_hardened():
    wanted = gke.deploy(options=gke.options(node_image="ubuntu"))
    for item in wanted.of(gke.POOL):
        assert item.inputs["nodeConfig"]["imageType"] == "UBUNTU_CONTAINERD"
        assert item.inputs["nodeConfig"]["shieldedInstanceConfig"]["enableSecureBoot"] is True
    defaults = gke.deploy(compute="auto", pools=(gke.SYSTEM,), options=gke.options(node_image="ubuntu")).cluster
    assert defaults["clusterAutoscaling"]["autoProvisioningDefaults"]["imageType"] == "UBUNTU_CONTAINERD"


def test_another_system_is_no_other_pool():
    """GKE changes it node by node; nothing else of a pool is said by its name than what it cannot change."""
    extra = gke.pool("extra")
    ubuntu = gke.settings(options=gke.options(node_image="ubuntu"))
    assert pools.name(ubuntu, extra) == pools.name(gke.settings(), extra)


def test_automatic_nodes_are_as_hardened_as_those_of_pools(automatic):
    defaults = automatic.cluster["clusterAutoscaling"]["autoProvisioningDefaults"]
    assert defaults["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}
    assert defaults["imageType"] == "COS_CONTAINERD"
    assert defaults["management"] == {"autoRepair": True, "autoUpgrade": True}
    assert defaults["serviceAccount"] == automatic.cluster["nodeConfig"]["serviceAccount"]
    assert defaults["bootDiskKmsKey"] == "projects/acme-test/CryptoKey/test-key-1a2b3c4"
    assert defaults["upgradeSettings"] == {"strategy": "SURGE", "maxSurge": 1, "maxUnavailable": 0}


def test_pools_alone_make_no_nodes_of_other_kinds(plain):
    assert plain.cluster["clusterAutoscaling"] == {
        "autoscalingProfile": "OPTIMIZE_UTILIZATION",
        "enabled": False,
        "defaultComputeClassEnabled": False,
    }


def test_gkes_first_pool_never_has_the_account_that_may_edit_the_project(plain):
    assert plain.cluster["removeDefaultNodePool"] is True
    assert plain.cluster["initialNodeCount"] == 1
    assert plain.cluster["nodeConfig"]["serviceAccount"].startswith("test-nodes-")


# Disks


@pytest.mark.parametrize(
    ("named", "disk"),
    [
        (("n4-standard-4",), "hyperdisk-balanced"),
        (("n4-standard-4", "c4a-standard-4"), "hyperdisk-balanced"),
        (("n4-standard-4", "c3-standard-4"), "hyperdisk-balanced"),
        (("e2-standard-4", "n2-standard-4"), "pd-balanced"),
        (("e2-standard-4", "c3-standard-4"), "pd-balanced"),
        (("c3-standard-4",), "pd-balanced"),
        ((), "pd-balanced"),
    ],
)
def test_a_volume_is_of_a_kind_that_every_machine_takes(named, disk):
    assert machines.volume(named) == disk


def test_machines_that_have_no_disk_in_common_are_refused():
    with pytest.raises(errors.UsageError, match="n4-standard-4 takes Hyperdisk only and e2-standard-4 Persistent Disk"):
        machines.volume(("n4-standard-4", "e2-standard-4"))
