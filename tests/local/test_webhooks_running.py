import json
import os

import pytest

from local import control_plane as control_planes
from tests import conftest

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

CONFIGURATION = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "judge"},
    "webhooks": [
        {
            "name": "judge.example.org",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "clientConfig": {"service": {"name": "judge", "namespace": "judge"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["secrets"]}],
        }
    ],
}


def test_a_webhook_gets_an_authority_where_somebody_else_makes_the_nodes_too():
    """As in the rehearsal of a cloud, whose simulated vendor makes them."""
    name = f"pytest-webhooks-{os.getpid()}"
    try:
        plane = control_planes.start(name, nodes=None, report=print)
        kubectl = conftest.kubectl_for(plane.kubeconfig)
        kubectl("apply", "-f", "-", stdin=json.dumps(CONFIGURATION))
        path = "jsonpath={.webhooks[0].clientConfig.caBundle}"
        assert conftest.until(lambda: kubectl("get", "validatingwebhookconfiguration", "judge", "-o", path), seconds=20)
    finally:
        control_planes.delete(name)
