import dataclasses

import pytest

from local.simulated import nodes

POOL = nodes.Pool(
    key="general-1",
    name="general",
    prefix="i-",
    region="eu-central-1",
    zones=("eu-central-1a", "eu-central-1b"),
    machine="m7i.large",
    arch="amd64",
    cpu=2,
    memory=8 * 2**30,
    pods=29,
    minimum=3,
    maximum=5,
    grows=True,
    version="v1.35.0",
    labels={"team": "shop"},
)
SPOT = nodes.Taint(key="spot", value="true", effect="NoSchedule")


def live(pool, count, **changes):
    made = [nodes.manifest(pool, index=index, digits=f"n{index}") for index in range(count)]
    for node in made:
        node["status"]["nodeInfo"] |= changes
    return made


def test_a_node_looks_as_its_vendors_would():
    node = nodes.manifest(dataclasses.replace(POOL, taints=(SPOT,)), index=1, digits="n1")
    labels = node["metadata"]["labels"]
    assert labels["topology.kubernetes.io/zone"] == "eu-central-1b"
    assert labels["topology.kubernetes.io/region"] == "eu-central-1"
    assert labels["node.kubernetes.io/instance-type"] == "m7i.large"
    assert labels["team"] == "shop"
    assert node["spec"] == {"taints": [{"key": "spot", "value": "true", "effect": "NoSchedule"}]}
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.35.0"


@pytest.mark.parametrize(
    ("gib", "mib"),
    [
        # 8 GiB less 25 % of four, 20 % of four and 100 MiB.
        (8, 8192 - 1024 - 820 - 100),
        # 16 GiB less 10 % of another eight.
        (16, 16384 - 1024 - 820 - 820 - 100),
    ],
)
def test_a_vendor_keeps_a_part_of_the_memory(gib, mib):
    node = nodes.manifest(dataclasses.replace(POOL, memory=gib * 2**30), index=0, digits="n")
    assert abs(int(node["status"]["allocatable"]["memory"]) // 2**20 - mib) <= 1


def test_nodes_go_round_the_zones():
    zones = [
        nodes.manifest(POOL, index=index, digits="n")["metadata"]["labels"]["topology.kubernetes.io/zone"]
        for index in range(3)
    ]
    assert zones == ["eu-central-1a", "eu-central-1b", "eu-central-1a"]


def test_a_new_pool_gets_its_least_number_of_nodes():
    assert [index for _, index in nodes.changes([POOL], [], more={}).created] == [0, 1, 2]


def test_a_pool_that_is_as_it_should_be_is_left_alone():
    assert nodes.changes([POOL], live(POOL, 3), more={}) == nodes.Changes()


def test_a_pool_that_has_grown_stays_so_and_never_passes_its_maximum():
    assert nodes.changes([POOL], live(POOL, 5), more={POOL.key: 9}) == nodes.Changes()


def test_nodes_of_an_older_version_are_upgraded():
    changes = nodes.changes([POOL], live(POOL, 3, kubeletVersion="v1.34.0"), more={})
    assert [name for _, name in changes.upgraded] == ["i-n0", "i-n1", "i-n2"]
    assert not changes.created


def test_nodes_of_a_pool_that_is_gone_are_deleted():
    assert nodes.changes([], live(POOL, 2), more={}).deleted == ("i-n0", "i-n1")


def test_nodes_of_somebody_else_are_not_looked_at():
    other = {"metadata": {"name": "node-1", "labels": {"kubernetes.io/hostname": "node-1"}}, "status": {}}
    assert nodes.changes([], [other], more={}) == nodes.Changes()


def pending(**spec):
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    return {"spec": spec, "status": {"conditions": [condition]}}


def test_a_pod_without_a_place_makes_a_pool_grow_by_one():
    assert nodes.growth([POOL], [pending()], live(POOL, 3)) == {POOL.key: 4}


def test_the_first_nodes_of_a_pool_come_in_every_zone():
    assert nodes.growth([dataclasses.replace(POOL, minimum=0)], [pending()], []) == {POOL.key: 2}


@pytest.mark.parametrize(
    ("pool", "pod", "count"),
    [
        (dataclasses.replace(POOL, grows=False), pending(), 3),
        (POOL, pending(), 5),
        (POOL, pending(nodeSelector={"team": "cart"}), 3),
        (dataclasses.replace(POOL, taints=(SPOT,)), pending(), 3),
        (POOL, {"spec": {"nodeName": "n"}, "status": pending()["status"]}, 3),
        (POOL, {"spec": {}, "status": {}}, 3),
    ],
    ids=["does not grow", "is full", "other labels", "untolerated taint", "has a node", "not judged yet"],
)
def test_a_pool_does_not_grow_for_what_a_new_node_would_not_help(pool, pod, count):
    assert nodes.growth([pool], [pod], live(pool, count)) == {}


@pytest.mark.parametrize(
    "toleration",
    [
        {"operator": "Exists"},
        {"key": "spot", "operator": "Exists"},
        {"key": "spot", "value": "true"},
        {"key": "spot", "operator": "Equal", "value": "true", "effect": "NoSchedule"},
    ],
)
def test_a_tolerated_taint_does_not_matter(toleration):
    pool = dataclasses.replace(POOL, taints=(SPOT,))
    assert nodes.growth([pool], [pending(tolerations=[toleration])], live(pool, 3)) == {pool.key: 4}


@pytest.mark.parametrize(
    ("rule", "grows"),
    [
        ({"key": "team", "operator": "In", "values": ["shop"]}, True),
        ({"key": "team", "operator": "NotIn", "values": ["shop"]}, False),
        ({"key": "team", "operator": "Exists"}, True),
        ({"key": "team", "operator": "DoesNotExist"}, False),
        ({"key": "other", "operator": "Gt", "values": ["1"]}, False),
    ],
)
def test_required_affinity_counts(rule, grows):
    required = {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    assert bool(nodes.growth([POOL], [pending(affinity=affinity)], live(POOL, 3))) is grows


def deployment(image="registry.k8s.io/autoscaling/cluster-autoscaler:v1.35.0", *, available=1):
    template = {"spec": {"containers": [{"name": "main", "image": image}]}}
    return {
        "metadata": {"name": "autoscaler"},
        "spec": {"template": template},
        "status": {"availableReplicas": available},
    }


ASKED = dataclasses.replace(POOL, asked_by="autoscaling/cluster-autoscaler")


@pytest.mark.parametrize(
    ("pool", "deployments", "count"),
    [
        (POOL, [], 1),
        (ASKED, [], 0),
        (ASKED, [deployment()], 1),
        (ASKED, [deployment("mirror.example.com/k8s/autoscaling/cluster-autoscaler@sha256:0")], 1),
        (ASKED, [deployment("registry.k8s.io/other/autoscaler:v1")], 0),
        (ASKED, [deployment(available=0)], 0),
    ],
    ids=["the vendor sees", "nobody asks", "somebody asks", "from a mirror", "somebody else", "not available"],
)
def test_a_pool_is_tended_by_the_vendor_or_by_who_asks_it_from_within_the_cluster(pool, deployments, count):
    assert len(nodes.tended([pool], deployments)) == count
