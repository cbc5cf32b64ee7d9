"""Kubernetes objects of a preview whose cluster is still to be created: planned without asking anybody.

There is no API server to ask, so an object is shown as the program gives it, and whether its kind has namespaces is
known for Kubernetes' own kinds and for those that the same manifests define.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runner.engine import model, values
from runner.kubernetes import discovery, identity, objects, secrecy, turns, wanted, yaml_v2
from stacks import errors

_CLUSTER_SCOPED: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"Namespace", "Node", "PersistentVolume"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest", "ClusterTrustBundle"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "networking.k8s.io": frozenset({"IngressClass", "IPAddress", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "ResourceSlice"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset({"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}),
}
"""Kubernetes' own kinds without namespaces, by group (kubernetes/kubernetes, api/discovery/aggregated_v2.json)."""
_OTHER_GROUPS: Final = frozenset({"apps", "autoscaling", "batch", "coordination.k8s.io", "discovery.k8s.io", "policy"})
"""Kubernetes' own groups all of whose kinds have namespaces."""


class OwnKinds:
    """What is known of Kubernetes' own kinds without asking a server."""

    async def resolve(self, api_version: str, kind: str) -> discovery.ResourceKind | None:
        """Whether the kind has namespaces; None for kinds that are not Kubernetes' own."""
        group = objects.group_of(api_version)
        if group not in _CLUSTER_SCOPED and group not in _OTHER_GROUPS:
            return None
        scoped = kind in _CLUSTER_SCOPED.get(group, frozenset())
        return discovery.ResourceKind(api_version=api_version, kind=kind, plural="", namespaced=not scoped)


class BlindProvider:
    """The objects of a cluster that does not exist yet."""

    def __init__(self, *, stack: identity.StackIdentity, namespace: str = "") -> None:
        """`namespace` is for objects that name none; empty means Kubernetes' own default."""
        self._stack = stack
        self._namespace = namespace or "default"
        self._kinds = OwnKinds()

    async def reconcile(
        self,
        goal: model.Goal,
        old: model.Entry | None,
        run: model.Run,
        *,
        outputs_needed: bool = True,  # noqa: ARG002 - there is nothing to save
    ) -> model.Outcome:
        """See `model.Provider`. What a run remembers is taken to be still as it was."""
        if not run.preview:
            raise errors.EngineError.of(f"{goal.name} needs a cluster whose kubeconfig is not known")
        served = await self._kinds.resolve(*objects.kind_of(goal.type))
        want = wanted.wanted(
            goal,
            old=old,
            stack=self._stack,
            namespaced=served.namespaced if served else None,
            namespace=self._namespace,
        )
        operation = model.Operation.CREATE
        if old is not None:
            unchanged = want.known and old.inputs_hash == want.hashed(self._stack)
            operation = model.Operation.SAME if unchanged else model.Operation.UPDATE
        return model.Outcome(
            operation=operation,
            id=want.reference.id if want.reference.name else "",
            outputs=secrecy.marked(turns.not_yet(want.inputs, inputs=want.inputs), inputs=want.inputs),
        )

    async def delete(self, entry: model.Entry, run: model.Run) -> None:
        """See `model.Provider`: only ever foretold."""
        if not run.preview:
            raise errors.EngineError.of(f"{entry.id} cannot be deleted: the kubeconfig of its cluster is not known")

    async def read(
        self,
        type: str,  # noqa: A002 - Pulumi's words
        id: str,  # noqa: A002 - Pulumi's word
        inputs: Mapping[str, Any],
    ) -> tuple[str, Mapping[str, Any]] | None:
        """See `model.Provider`: what it would find is not known."""
        api_version, kind = objects.kind_of(type)
        return id, {**dict.fromkeys(inputs, values.UNKNOWN), "apiVersion": api_version, "kind": kind}

    async def children(
        self,
        type: str,  # noqa: A002 - Pulumi's words
        name: str,
        inputs: Mapping[str, Any],
    ) -> tuple[tuple[yaml_v2.Child, ...], ...]:
        """The objects of a ConfigFile or ConfigGroup, as far as they are known; see `yaml_v2.children`."""
        return await yaml_v2.children(
            type,
            name,
            inputs,
            client=self._kinds,
            project_root=self._stack.project_root,
            namespace=self._namespace,
        )
