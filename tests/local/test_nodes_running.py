import pytest

pytestmark = pytest.mark.cluster


def test_fifty_pods_become_ready_and_use_every_zone(kubectl, namespace):
    kubectl("-n", namespace, "create", "deployment", "many", "--image=example.org/none:1", "--replicas=50")
    kubectl("-n", namespace, "rollout", "status", "deployment/many", "--timeout=60s")
    nodes = kubectl("-n", namespace, "get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}").split()
    assert len(nodes) == 50
    assert set(nodes) == {"node-1", "node-2", "node-3"}


def test_simulated_nodes_say_that_they_are(kubectl):
    selected = kubectl("get", "nodes", "-l", "paasport.dev/simulated=true", "-o", "name").split()
    assert selected == ["node/node-1", "node/node-2", "node/node-3"]
