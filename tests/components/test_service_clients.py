"""Who may reach an instance."""

from __future__ import annotations

from components.services import clients


def test_only_pods_of_namespaces_that_name_the_instance_are_let_in():
    assert clients.ingress("kv", ports=(2379, "web")) == {
        "from": [{"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/kv": "true"}}}],
        "ports": [{"protocol": "TCP", "port": 2379}, {"protocol": "TCP", "port": "web"}],
    }


def test_a_namespace_may_use_several_instances():
    assert clients.labels(["broker", "store"]) == {
        "client-of.paasport.dev/broker": "true",
        "client-of.paasport.dev/store": "true",
    }
