import pytest

from tests import conftest

pytestmark = pytest.mark.cluster


def test_a_load_balancer_has_an_address_until_its_type_changes(kubectl, namespace):
    kubectl("-n", namespace, "create", "service", "loadbalancer", "web", "--tcp=80:80")
    address = "jsonpath={.status.loadBalancer.ingress[0].ip}"
    kubectl("-n", namespace, "wait", "service/web", f"--for={address}", "--timeout=30s")
    assert kubectl("-n", namespace, "get", "service", "web", "-o", address).startswith(("198.18.", "198.19."))
    kubectl("-n", namespace, "patch", "service", "web", "--type=merge", "-p", '{"spec":{"type":"ClusterIP"}}')
    conftest.until(lambda: kubectl("-n", namespace, "get", "service", "web", "-o", address) == "", seconds=30)
