import pytest

from local import nodes, reconciling
from stacks import settings

SPEC = settings.LocalNodes(count=4, zones=("east", "west"), cpu="2", memory="4Gi", pods=20)


def live(spec=SPEC, **changes):
    """Nodes as the API server has them once they were applied."""
    found = nodes.wanted(spec, version="v1.36.3")
    for number, node in enumerate(found):
        node["metadata"] |= {"uid": f"uid-{number + 1}"}
        node["metadata"]["labels"] |= {"beta.kubernetes.io/os": "linux"}
        node["status"]["nodeInfo"] |= {"kernelVersion": "any"}
    return found


def names(actions, kind):
    return [
        action.name if isinstance(action, reconciling.Delete) else action.manifest["metadata"]["name"]
        for action in actions
        if isinstance(action, kind)
    ]


def plan(found, spec=SPEC, version="v1.36.3"):
    return nodes.plan(spec, found, version=version)


def test_nodes_are_spread_over_the_zones_in_turn():
    zones = [node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes.wanted(SPEC, version="v1")]
    assert zones == ["east", "west", "east", "west"]


def test_a_node_looks_like_a_real_one():
    node = nodes.wanted(SPEC, version="v1.36.3")[0]
    assert node["metadata"]["name"] == "node-1"
    assert node["metadata"]["annotations"]["kwok.x-k8s.io/node"] == "fake"
    assert node["metadata"]["labels"].keys() >= {
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "kubernetes.io/arch",
        "topology.kubernetes.io/region",
    }
    resources = {"cpu": "2", "memory": "4Gi", "pods": "20", "ephemeral-storage": "500Gi"}
    assert node["status"]["capacity"] == resources
    assert node["status"]["allocatable"] == resources
    assert node["status"]["nodeInfo"]["kubeletVersion"] == "v1.36.3"


def test_nothing_is_done_when_all_is_there():
    assert plan(live()) == []


def test_an_equal_quantity_in_other_words_is_no_difference():
    found = live()
    found[0]["status"]["capacity"]["cpu"] = "2000m"
    found[0]["status"]["allocatable"]["memory"] = "4096Mi"
    assert plan(found) == []


def test_missing_nodes_are_applied_with_their_status():
    actions = plan(live()[:3])
    assert names(actions, reconciling.Apply) == ["node-4", "node-4"]
    assert [action.subresource for action in actions] == ["", "status"]


@pytest.mark.parametrize(
    "change",
    [
        lambda node: node["metadata"]["labels"].pop("kubernetes.io/hostname"),
        lambda node: node["metadata"]["annotations"].clear(),
        lambda node: node["status"]["allocatable"].update(pods="5"),
        lambda node: node["status"].pop("capacity"),
        lambda node: node["status"]["nodeInfo"].update(kubeletVersion="kwok-0.8.0"),
    ],
    ids=["label", "annotation", "allocatable", "capacity", "version"],
)
def test_a_node_that_differs_is_applied_again(change):
    found = live()
    change(found[1])
    assert set(names(plan(found), reconciling.Apply)) == {"node-2"}


def test_surplus_nodes_are_deleted_by_uid():
    fewer = SPEC.model_copy(update={"count": 2})
    deleted = [action for action in plan(live(), spec=fewer) if isinstance(action, reconciling.Delete)]
    assert [(action.name, action.uid) for action in deleted] == [("node-3", "uid-3"), ("node-4", "uid-4")]


def test_a_real_node_is_never_touched():
    real = {"metadata": {"name": "laptop", "uid": "real", "labels": {"kubernetes.io/os": "linux"}}, "status": {}}
    assert plan([*live(), real]) == []


def test_only_the_condition_ready_counts_as_ready():
    def node(*conditions):
        return {"status": {"conditions": [{"type": kind, "status": status} for kind, status in conditions]}}

    found = [
        node(("Ready", "True"), ("MemoryPressure", "False")),
        node(("Ready", "Unknown")),
        node(("MemoryPressure", "True")),
        {"metadata": {}},
    ]
    assert nodes.ready(found) == 1
