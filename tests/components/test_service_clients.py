"""Who may reach an instance."""

from __future__ import annotations

from components.services import clients


def test_only_pods_of_namespaces_that_name_the_instance_are_let_in():
    assert clients.ingress("kv", ports=(2379, "web")) == {
        "from": [{"namespaceSelector": {"matchLabels": {"paasport.dev/client-of": "kv"}}}],
        "ports": [{"protocol": "TCP", "port": 2379}, {"protocol": "TCP", "port": "web"}],
    }
