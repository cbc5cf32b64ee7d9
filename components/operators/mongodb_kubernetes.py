"""MongoDB Controllers for Kubernetes (MCK): replica sets of MongoDB Community. Pure.

The same binary runs MongoDB Enterprise, Ops Manager, Search and VoyageAI, which need other licences: their controllers
are off, most of their definitions are left out and so are their permissions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from components import contracts, isolation
from components.operators import bundles, workloads
from stacks import lifecycle

NAME: Final = "mongodb-kubernetes"

_OPERATOR: Final = "mongodb-kubernetes-operator"
_PODS: Final = {"app.kubernetes.io/component": "controller", "app.kubernetes.io/name": _OPERATOR}
_ROLES: Final = (_OPERATOR, f"{_OPERATOR}-pvc-resize")
"""The release's Roles that the community controller works under."""
_BINDINGS: Final = (_OPERATOR, f"{_OPERATOR}-pvc-resize-binding")
_SETTINGS: Final = {
    # Every service has a namespace of its own.
    "WATCH_NAMESPACE": "*",
    # On by default: it would send facts about the cluster to MongoDB, Inc. every week.
    "MDB_OPERATOR_TELEMETRY_ENABLED": "false",
    # Its webhook judges kinds of Enterprise only.
    "MDB_WEBHOOK_REGISTER_CONFIGURATION": "false",
    "IMAGE_PULL_POLICY": "IfNotPresent",
}
_UNUSED: Final = ("MDB_OPERATOR_TELEMETRY_COLLECTION_FREQUENCY", "MDB_OPERATOR_TELEMETRY_SEND_FREQUENCY")
_ENTERPRISE: Final = frozenset({"mongodb.com", "ai.mongodb.com"})


def manifests(release: Sequence[contracts.Manifest]) -> list[contracts.Manifest]:
    """The operator for all namespaces, its permissions cut to MongoDBCommunity, with its network policy.

    The release lets it work in its own namespace only. For all, upstream's chart makes ClusterRoles of the same Roles
    and adds to see namespaces; so is it done here.
    """
    moved = bundles.moved(release, namespace=NAME)
    kept = [_kept(manifest) for manifest in moved if _wanted(manifest)]
    return [*kept, _network_policy()]


def _wanted(manifest: contracts.Manifest) -> bool:
    kind, name = manifest["kind"], manifest["metadata"]["name"]
    names: dict[str, tuple[str, ...]] = {
        "Role": _ROLES,
        "RoleBinding": _BINDINGS,
        "ServiceAccount": (_OPERATOR,),
        "Deployment": (_OPERATOR,),
    }
    return name in names.get(kind, ())


def _kept(manifest: contracts.Manifest) -> contracts.Manifest:
    if manifest["kind"] == "Role":
        return _for_all_namespaces(manifest, kind="ClusterRole", rules=_rules(manifest))
    if manifest["kind"] == "RoleBinding":
        role = {**manifest["roleRef"], "kind": "ClusterRole"}
        return _for_all_namespaces(manifest, kind="ClusterRoleBinding", roleRef=role)
    if manifest["kind"] == "Deployment":
        workloads.restrict(manifest)
        workloads.environment(manifest, values=_SETTINGS, without=_UNUSED)
        for container in workloads.containers(manifest):
            container["args"] = ["-watch-resource=mongodbcommunity"]
            container["imagePullPolicy"] = "IfNotPresent"
    return manifest


def _for_all_namespaces(manifest: contracts.Manifest, *, kind: str, **changed: Any) -> contracts.Manifest:
    return {**manifest, "kind": kind, "metadata": {"name": manifest["metadata"]["name"]}, **changed}


def _rules(role: contracts.Manifest) -> list[dict[str, Any]]:
    """Without Enterprise's kinds, save to read MongoDBSearch, which the community controller watches all the same."""
    rules = [rule for rule in role["rules"] if not _ENTERPRISE & {*rule["apiGroups"]}]
    if role["metadata"]["name"] != _OPERATOR:
        return rules
    read = ["get", "list", "watch"]
    return [
        *rules,
        {"apiGroups": ["mongodb.com"], "resources": ["mongodbsearch"], "verbs": read},
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list", "watch"]},
    ]


def _network_policy() -> contracts.Manifest:
    # Members are steered through their pods' agents, which read what the operator writes into Secrets.
    return isolation.network_policy(
        NAME,
        namespace=NAME,
        pods=_PODS,
        ingress=[isolation.scraped(8080)],
        egress=[isolation.DNS, isolation.API_SERVER],
    )


_CLAIM: Final = ".spec.statefulSet.spec.volumeClaimTemplates[*].spec"

RULES: Final = lifecycle.Rules(
    # A StatefulSet's templates of claims cannot change, and the operator says `Failed` until they are as before.
    volumes=(
        lifecycle.Volume(
            path=f"{_CLAIM}.resources.requests.storage",
            growth=lifecycle.Growth.BEFOREHAND,
            setting="overrides.storage",
            how='docs/services/mongodb.md, "Grow"',
        ),
    ),
    fixed=(
        lifecycle.Fixed(path=f"{_CLAIM}.storageClassName", why="Kubernetes refuses another one in the StatefulSet"),
    ),
    version=lifecycle.Version(
        path=".spec.version",
        software="MongoDB",
        series="major",
        within="one member at a time",
        between="one member at a time; the data stays compatible with the series before until "
        "featureCompatibilityVersion is raised",
    ),
)

COMMUNITY: Final = contracts.Kind(
    api_version="mongodbcommunity.mongodb.com/v1",
    kind="MongoDBCommunity",
    ready_when=("jsonpath={.status.phase}=Running",),
    # Its phase may be that of before a change. The version is written at the end of an upgrade only.
    ready_counts=((".status.currentMongoDBMembers", ".spec.members"), (".status.version", ".spec.version")),
    # It tries again by itself, at first every few seconds.
    failures=(contracts.Failure(when="jsonpath={.status.phase}=Failed", message=".status.message", patience=20),),
    observes_generation=False,
    volumes_when_deleted="kept",
    plural="mongodbcommunity",
    short_names=("mdbc",),
    loses="databases and users",
    rules=RULES,
)

OPERATOR: Final = contracts.Operator(
    name=NAME,
    version="1.10.0",
    crds=("mongodbcommunity.mongodbcommunity.mongodb.com", "mongodbsearch.mongodb.com"),
    kinds=(COMMUNITY,),
    manifests=manifests,
)
