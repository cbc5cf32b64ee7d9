"""What a ScyllaDB can be told, and what is refused with which reason."""

from __future__ import annotations

import pytest

from stacks import quantities
from stacks.services import placement, scylla
from tests.stacks import samples

LOCAL = {"vendor": "local"}
EXISTING = {
    "vendor": "existing",
    "name": "shared",
    "kubeconfig": {"path": "~/.kube/config"},
    "storage": {"provisioner": "ebs.csi.aws.com"},
}
LABELS = {"scylla.scylladb.com/node-type": "scylla"}
TAINTS = [{"key": "scylla-operator.scylladb.com/dedicated", "value": "scyllaclusters"}]
POOL = {"shape": {"cpu": 4, "memory": "16Gi"}, "min": 3, "max": 3, "labels": LABELS, "taints": TAINTS}


def told(cluster=LOCAL, **service):
    return samples.told(cluster, services={"db": {"service": "scylla", **service}})


def shared(**overrides):
    """Of an instance on this machine, where nodes are not its own."""
    return told(nodes="shared", overrides=overrides)


def on_eks(*, pool=POOL, cluster=samples.EKS, **service):
    return told(samples.pools(cluster, scylla=pool), **service)


def test_by_default_it_is_small_and_single_on_nodes_of_its_own():
    found = scylla.Scylla(service="scylla")
    assert (found.servers, found.racks, found.asked("memory"), found.nodes) == (1, ("a",), "4Gi", "dedicated")


def test_zonal_has_a_rack_in_each_zone():
    found = scylla.Scylla(service="scylla", availability="zonal")
    assert (found.servers, found.racks) == (3, ("a", "b", "c"))


# Sizes


@pytest.mark.parametrize("size", sorted(scylla.SIZES))
@pytest.mark.parametrize("availability", ["single", "zonal"])
def test_every_size_keeps_its_own_rules(size, availability):
    assert told(nodes="shared", size=size, availability=availability) == []


@pytest.mark.parametrize(("size", "cores"), [("small", 2), ("medium", 4), ("large", 8)])
def test_every_size_fits_the_machine_that_it_is_made_for(size, cores):
    pool = POOL | {"shape": {"cpu": cores, "memory": f"{cores * 4}Gi"}}
    assert on_eks(pool=pool, size=size, availability="zonal") == []


def test_what_the_operator_puts_beside_a_node_has_to_fit_too():
    (found,) = on_eks(overrides={"cpu": 3, "memory": "13Gi", "storage": "50Gi"})
    assert found.startswith("`paasport:services.db` asks for 13Gi of memory and 336Mi beside it, and a node has 13.3Gi")


def test_racks_have_as_many_nodes_as_each_other():
    assert told(nodes="shared", availability="zonal", overrides={"replicas": 6}) == []
    assert shared(replicas=2) == []
    assert told(nodes="shared", availability="zonal", overrides={"replicas": 4}) == [
        (
            "`paasport:services.db.overrides.replicas` is 4, which 3 racks cannot share evenly\n"
            "  each rack has a copy of all data, so a node of the smallest would have more to do than the others\n"
            "  next: write 6"
        )
    ]


@pytest.mark.parametrize("version", ["2025.1.9", "2025.3.5", "2025.4.5", "2026.1.3"])
def test_versions_that_the_operator_supports_can_be_had(version):
    assert shared(version=version) == []


@pytest.mark.parametrize("version", ["2025.2.4", "2026.2.0", "6.2.3", "2024.2.1"])
def test_other_versions_are_refused(version):
    assert shared(version=version) == [
        (
            f"`paasport:services.db.overrides.version` is {version}; "
            "ScyllaDB 2025.1, 2025.3, 2025.4 and 2026.1 can be had\n"
            "  the operator 1.21.1 supports no others, and Astarte none that is newer\n"
            "  next: leave `version` out for 2026.1.3"
        )
    ]


@pytest.mark.parametrize(("cpu", "refused"), [("2", False), ("2000m", False), ("1500m", True), ("0.5", True)])
def test_a_shard_has_a_whole_core(cpu, refused):
    (*found,) = (line for line in shared(cpu=cpu, memory="8Gi") if "whole number" in line)
    assert bool(found) is refused


@pytest.mark.parametrize(
    ("cpu", "memory", "least"), [("1", "3Gi", ""), ("1", "2.5Gi", "3Gi"), ("4", "5Gi", "6Gi"), ("4", "6Gi", "")]
)
def test_memory_is_for_every_core_and_for_the_system(cpu, memory, least):
    found = shared(cpu=cpu, memory=memory)
    expected = (
        f"`paasport:services.db` has {memory} of memory for {cpu} cores\n"
        "  ScyllaDB does not start with less than 1 GiB for each core, and leaves 2 GiB to the system\n"
        f"  next: ask for {least} or more, or for fewer cores"
    )
    assert found == ([expected] if least else [])


@pytest.mark.parametrize(("storage", "refused"), [("8Gi", True), ("9Gi", False)])
def test_the_volume_has_room_beside_the_log(storage, refused):
    assert bool(shared(storage=storage)) is refused


@pytest.mark.parametrize("key", ["backups", "restore"])
def test_backups_and_restores_are_refused_with_the_way_by_hand(key):
    value = {"backups": {}, "restore": {"instance": "db"}}[key]
    cluster = samples.EKS | {"backups": {"retentionDays": 7}}
    assert on_eks(cluster=cluster, **{key: value}) == [
        (
            f"`paasport:services.db.{key}` cannot be had for a scylla\n"
            "  only ScyllaDB Manager backs up and restores all nodes as one, and it is not part of the catalogue: "
            "docs/services/scylla.md has the steps by hand\n"
            f"  next: leave `{key}` out"
        )
    ]


# Systems


@pytest.mark.parametrize("nodes", ["dedicated", "shared"])
@pytest.mark.parametrize(
    ("cluster", "what", "why"),
    [
        (samples.AKS, "its nodes are those of AKS", "is tested with EKS, GKE and OKE"),
        (samples.GKE, "the cluster's `gke.nodeImage` is `cos`", "knows no XFS"),
        (
            samples.having(samples.EKS, eks__nodeImage="bottlerocket"),
            "the cluster's `eks.nodeImage` is `bottlerocket`",
            "sees the wrong memory under it",
        ),
        (samples.having(samples.EKS, compute="auto"), "its nodes are made by EKS Auto Mode", "they run Bottlerocket"),
    ],
    ids=["aks", "gke", "bottlerocket", "auto mode"],
)
def test_systems_that_upstream_does_not_test_or_knows_not_to_work_are_refused(cluster, what, why, nodes):
    (found,) = told(cluster, nodes=nodes, protection="off")
    assert found.startswith(f"`paasport:services.db` is a ScyllaDB, and {what}\n")
    assert why in found
    assert found.endswith("next: use the service `cassandra`, which runs on any nodes")


UBUNTU = samples.having(samples.GKE, gke__nodeImage="ubuntu")


def test_ubuntu_is_a_system_of_gke_that_upstream_tests():
    assert told(samples.pools(UBUNTU, scylla=POOL), availability="zonal") == []


def test_where_the_vendor_makes_nodes_there_is_none_of_its_own():
    (found,) = told(samples.having(UBUNTU, compute="auto"))
    assert "next: write `compute: pools` and add a pool such as `scylla: {" in found
    assert found.startswith("`paasport:services.db.nodes` is `dedicated`, and the cluster keeps 0 nodes for ScyllaDB")


@pytest.mark.parametrize("minor", ["1.33", "1.36"])
def test_a_minor_that_the_operator_supports_is_taken(minor):
    assert on_eks(cluster=samples.having(samples.EKS, kubernetes__minor=minor)) == []


def test_another_minor_is_refused():
    found = on_eks(cluster=samples.having(samples.EKS, kubernetes__minor="1.32"))
    assert found == [
        (
            "`paasport:services.db` is a ScyllaDB, and the cluster's Kubernetes is 1.32\n"
            "  the operator 1.21.1 supports 1.33 to 1.36\n"
            "  next: write one of them as the cluster's `kubernetes.minor`, "
            "or use the service `cassandra`, which runs on any nodes"
        )
    ]


# Nodes


def test_a_managed_cluster_needs_a_pool_and_is_shown_one_that_would_do():
    found = told(samples.EKS, availability="zonal", size="medium")
    pool = (
        "scylla: {shape: {cpu: 4, memory: 16Gi}, min: 3, max: 3, "
        "labels: {scylla.scylladb.com/node-type: scylla}, "
        "taints: [{key: scylla-operator.scylladb.com/dedicated, value: scyllaclusters}]}"
    )
    assert found == [
        (
            "`paasport:services.db.nodes` is `dedicated`, and the cluster keeps 0 nodes for ScyllaDB "
            "where 3 are needed\n"
            "  each of its nodes has a machine for itself, of which the interrupts and limits are tuned for it\n"
            f"  next: add a pool such as `{pool}`, or use the service `cassandra`, which runs on any nodes"
        )
    ]
    assert on_eks(availability="zonal", size="medium") == []


@pytest.mark.parametrize(
    "change",
    [
        {"labels": {}},
        {"labels": {"scylla.scylladb.com/node-type": "other"}},
        {"taints": []},
        {"taints": [{"key": "scylla-operator.scylladb.com/dedicated", "value": "others"}]},
        {"taints": [*TAINTS, {"key": "example.com/gpu"}]},
        {"spot": True},
        {"arch": "arm64"},
        {"min": 1, "max": 2},
    ],
    ids=["no label", "another label", "no taint", "another taint", "a taint more", "spot", "arm64", "too few"],
)
def test_a_pool_that_does_not_fit_is_none(change):
    found = on_eks(pool=POOL | change, availability="zonal")
    assert [line for line in found if line.startswith("`paasport:services.db.nodes` is `dedicated`, and the cluster")]


def test_zones_are_those_of_its_own_pool():
    (found,) = on_eks(pool=POOL | {"zones": [1, 2]}, availability="zonal")
    assert found.startswith("`paasport:services.db.availability` is `zonal`, but the cluster has 3 nodes in 2 zones")


def test_nodes_of_an_existing_cluster_are_its_owners_matter():
    assert told(EXISTING, availability="zonal") == []


def test_this_machine_has_none_of_its_own():
    assert told(LOCAL) == [
        (
            "`paasport:services.db.nodes` is `dedicated`, and no node of a local control plane is\n"
            "  simulated nodes carry no labels of one's own, so the pods would stay Pending\n"
            "  next: write `nodes: shared`"
        )
    ]


GUARDED = (
    "`paasport:services.db.nodes` is `shared`, and the instance is guarded against deletion\n"
    "  on shared nodes ScyllaDB runs in developer mode, without the checks that keep data whole\n"
    "  next: leave `nodes` out for nodes of its own, or write `protection: off` for data that may be lost"
)


@pytest.mark.parametrize("cluster", [EXISTING, samples.EKS], ids=["existing", "staging"])
def test_developer_mode_is_refused_where_the_data_is_guarded(cluster):
    assert told(cluster, nodes="shared") == [GUARDED]
    assert told(cluster, nodes="shared", protection="off") == []


def test_developer_mode_is_for_this_machine_and_for_dev():
    assert told(LOCAL, nodes="shared") == []
    assert told(samples.having(samples.EKS, tier="dev"), nodes="shared") == []


def test_guarded_by_hand_counts_too():
    assert told(LOCAL, nodes="shared", protection="guarded") == [GUARDED]


# Which nodes


def taint(effect="NoSchedule", **changes):
    return placement.Taint(**{"key": "a", "value": "b", "effect": effect, **changes})


def test_nodes_are_of_a_kind_by_all_of_its_labels():
    kind = placement.Nodes(labels={"a": "1", "b": "2"}, taints=())
    assert kind.selects({"a": "1", "b": "2", "c": "3"})
    assert not kind.selects({"a": "1"})
    assert not kind.selects({"a": "1", "b": "1"})


def test_only_taints_that_keep_pods_away_have_to_be_tolerated():
    kind = placement.Nodes(labels={}, taints=(taint(),))
    assert kind.tolerates([taint(), taint("PreferNoSchedule", key="c")])
    assert not kind.tolerates([taint("NoExecute")])
    assert not kind.tolerates([taint(value="c")])


def test_an_untainted_node_keeps_nobody_away():
    kind = placement.Nodes(labels={}, taints=(taint(),))
    assert kind.keeps_others_away([taint(), taint(key="c")])
    assert not kind.keeps_others_away([])


def test_sizes_leave_a_core_to_the_system():
    assert [int(quantities.value(size.cpu)) for size in scylla.SIZES.values()] == [1, 3, 7]
