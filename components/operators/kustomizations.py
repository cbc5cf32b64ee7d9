"""What kustomize makes of an operator's plain files, where it publishes a chart or a kustomization only. Pure.

Follows the layout that kubebuilder gives such files (`config/rbac`, `config/manager`, `config/webhook`,
`config/certmanager`): names without the operator's prefix, a webhook's certificate with places left open, rights in one
namespace. Rejected: kustomize itself, a program more that every machine would need.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from components import contracts
from components.operators import bundles, workloads

_CERTIFICATES: Final = "/tmp/k8s-webhook-server/serving-certs"  # noqa: S108 - where controller-runtime looks for them
_WEBHOOK: Final = 9443
_SERVICE: Final = "webhook-service"
_OPEN: Final = re.compile(r"^[^.]+\.[^.]+\.svc")
"""The part of a certificate's name that is left open: `SERVICE_NAME.SERVICE_NAMESPACE.svc`."""
_CONFIGURATIONS: Final = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})


def composed(release: Sequence[contracts.Manifest], *, name: str) -> list[contracts.Manifest]:
    """Copies of the release's objects in the namespace `name`, with names that begin with it, referring to each other.

    What already begins with it keeps its name.
    """
    moved = bundles.moved([item for item in release if item["kind"] != "Namespace"], namespace=name)
    certificate = next((item["metadata"]["name"] for item in moved if item["kind"] == "Certificate"), "")
    for item in moved:
        _rename(item, name=name)
        if item["kind"] in _CONFIGURATIONS:
            _serve(item, name=name, certificate=_prefixed(certificate, name=name))
    return moved


def for_all_namespaces(manifests: Sequence[contracts.Manifest], *, role: str, granted: str) -> None:
    """Make the Role `role` and its binding hold everywhere, the first under the name `granted`."""
    for item in manifests:
        if item["kind"] == "Role" and item["metadata"]["name"] == role:
            item["kind"] = "ClusterRole"
            item["metadata"]["name"] = granted
        elif item["kind"] == "RoleBinding" and item["roleRef"]["name"] == role:
            item["kind"] = "ClusterRoleBinding"
            item["roleRef"].update({"kind": "ClusterRole", "name": granted})
        else:
            continue
        del item["metadata"]["namespace"]


def with_webhooks(deployment: contracts.Manifest, *, secret: str) -> None:
    """Mount the certificate and open the port of the operator's webhooks."""
    pod = deployment["spec"]["template"]["spec"]
    pod["volumes"] = [*pod.get("volumes", ()), {"name": "webhook-certs", "secret": {"secretName": secret}}]
    for container in workloads.containers(deployment):
        mount = {"name": "webhook-certs", "mountPath": _CERTIFICATES, "readOnly": True}
        container["volumeMounts"] = [*container.get("volumeMounts", ()), mount]
        port = {"name": "webhook-server", "containerPort": _WEBHOOK, "protocol": "TCP"}
        container["ports"] = [*container.get("ports", ()), port]


def _rename(item: contracts.Manifest, *, name: str) -> None:
    kind, metadata = item["kind"], item["metadata"]
    metadata["name"] = _prefixed(metadata["name"], name=name)
    if "roleRef" in item:
        item["roleRef"]["name"] = _prefixed(item["roleRef"]["name"], name=name)
    for subject in item.get("subjects", ()):
        subject["name"] = _prefixed(subject["name"], name=name)
    if kind == "Deployment":
        pod = item["spec"]["template"]["spec"]
        pod["serviceAccountName"] = _prefixed(pod["serviceAccountName"], name=name)
    if kind == "Certificate":
        service = _prefixed(_SERVICE, name=name)
        item["spec"]["dnsNames"] = [_OPEN.sub(f"{service}.{name}.svc", host) for host in item["spec"]["dnsNames"]]
        item["spec"]["issuerRef"]["name"] = _prefixed(item["spec"]["issuerRef"]["name"], name=name)


def _serve(configuration: contracts.Manifest, *, name: str, certificate: str) -> None:
    """Send it to the operator's Service; cert-manager writes the authority of the certificate into it."""
    for hook in configuration["webhooks"]:
        service: dict[str, Any] = hook["clientConfig"]["service"]
        service.update({"name": _prefixed(_SERVICE, name=name), "namespace": name})
    annotations = configuration["metadata"].setdefault("annotations", {})
    annotations["cert-manager.io/inject-ca-from"] = f"{name}/{certificate}"


def _prefixed(word: str, *, name: str) -> str:
    return word if word.startswith(name) else f"{name}-{word}"
