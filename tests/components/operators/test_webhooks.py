"""What is awaited of operators' webhooks, in the words that both engines understand."""

from __future__ import annotations

import json

import pytest

from components.operators import webhooks
from runner.kubernetes import readiness
from tests.components.operators import published

CONFIGURATION = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "hooks", "annotations": {"cert-manager.io/inject-ca-from": "ops/cert"}},
    "webhooks": [
        {"name": "a", "clientConfig": {"service": {"name": "hooks", "namespace": "ops"}}},
        {"name": "b", "clientConfig": {"service": {"name": "hooks", "namespace": "ops"}}},
    ],
}


def with_authorities(*names):
    (made,) = webhooks.awaited([CONFIGURATION])
    hooks = [
        {**hook, "clientConfig": {**hook["clientConfig"], "caBundle": "QQ=="}} if hook["name"] in names else hook
        for hook in made["webhooks"]
    ]
    return {**made, "webhooks": hooks}


@pytest.mark.parametrize(("names", "ready"), [((), False), (("a",), False), (("b",), False), (("a", "b"), True)])
def test_a_configuration_is_ready_once_all_of_its_webhooks_have_an_authority(names, ready):
    readiness.check(with_authorities(*names))
    assert readiness.assess(with_authorities(*names)).ready is ready


def test_other_annotations_stay_and_other_objects_are_left_alone():
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hooks"}}
    made = webhooks.awaited([CONFIGURATION, service])
    assert made[1] is service
    assert made[0]["metadata"]["annotations"]["cert-manager.io/inject-ca-from"] == "ops/cert"
    assert "annotations" in CONFIGURATION["metadata"]
    assert "pulumi.com/waitFor" not in CONFIGURATION["metadata"]["annotations"]


@pytest.mark.parametrize("name", published.NAMES)
def test_every_webhook_of_an_operator_gets_an_authority_from_somebody(name):
    """Where neither cert-manager nor the operator itself would write one, the installation would never end."""
    by_themselves = {"cloudnative-pg"}
    for item in webhooks.awaited(published.applied(name)):
        if "webhooks" in item:
            annotations = item["metadata"]["annotations"]
            injected = [key for key in annotations if key.startswith("cert-manager.io/inject-ca-from")]
            assert injected or name in by_themselves
            assert len(json.loads(annotations["pulumi.com/waitFor"])) == len(item["webhooks"])
