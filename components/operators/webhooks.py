"""When an operator's webhooks are ready to be asked: part of what its installation waits for, by both engines. Pure.

An available Deployment is not enough: until somebody has written the authority of its certificate into the webhook's
configuration, the API server refuses every custom resource. Pulumi's Kubernetes provider tries again for a missing
namespace or kind and for nothing else, so this has to be waited for before the first custom resource is registered.
A resource that asks the webhook itself, by a dry run of a custom resource, was rejected: it would be a dynamic one,
with a kubeconfig in the state, for what this annotation does with none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from components import contracts

_CONFIGURATIONS: Final = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})
_TIMEOUT_SECONDS: Final = 300
"""cert-manager's injector first has to become leader, and a certificate to be issued."""


def awaited(manifests: Iterable[contracts.Manifest]) -> list[contracts.Manifest]:
    """The same objects; each configuration of webhooks is ready once all of its webhooks have an authority."""
    return [_awaited(item) if item["kind"] in _CONFIGURATIONS else item for item in manifests]


def _awaited(configuration: contracts.Manifest) -> contracts.Manifest:
    hooks = configuration["webhooks"]
    terms = [f"jsonpath={{.webhooks[{index}].clientConfig.caBundle}}" for index in range(len(hooks))]
    metadata = configuration["metadata"]
    annotations = {
        **metadata.get("annotations", {}),
        "pulumi.com/waitFor": json.dumps(terms),
        "pulumi.com/timeoutSeconds": str(_TIMEOUT_SECONDS),
    }
    return {**configuration, "metadata": {**metadata, "annotations": annotations}}
