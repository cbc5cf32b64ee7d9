"""What must hold between the fields of settings that are each valid by themselves.

Pure functions of settings, one for each rule, that yield findings: nothing stops at the first. Only what can be known
without the cluster is checked: the nodes of a local and of a managed cluster are in the settings, an existing one's are
not. The rules for managed clusters are in `cluster_checks/`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import typing
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from typing import Any, Final

from stacks import findings, forms, managed, nodes, operators, resolution, service_checks, shared, unknown
from stacks.cluster_checks import access, addresses, machines, networks, places, pools, protection, subject, upgrades
from stacks.services import instance

if typing.TYPE_CHECKING:
    # `settings.parse` runs these checks; at run time they need only the values that it hands over.
    from stacks import settings
    from stacks.catalogues import model

OPERATOR_NAMESPACES: Final = (
    "astarte-operator",
    "cass-operator",
    "cert-manager",
    "cnpg-system",
    "contour",
    "etcd-operator",
    "k8ssandra-operator",
    "mongodb-kubernetes",
    "prometheus-operator",
    "rabbitmq-system",
    "scylla-operator",
    "scylla-operator-node-tuning",
)
"""Namespaces that operators live in, and those that they make for themselves."""
RESERVED_NAMESPACES: Final = ("cluster-autoscaler", "default", "ingress", "paasport-system", *OPERATOR_NAMESPACES)
"""Namespaces that no service may have; those that start with `kube-` are Kubernetes' own and come on top."""


def of_cluster(
    cluster: settings.Cluster,
    *,
    path: findings.Path,
    today: dt.date | None,
    echo: bool,
    gaps: Collection[findings.Path] = (),
) -> Iterator[findings.Finding]:
    """What is wrong with a cluster's fields taken together, as far as they are known.

    A minor that is out of support is wrong only where it is said what day it is. With `echo` false no value of a
    managed cluster is repeated. `gaps` are the paths of what is unknown: other findings are about those already.
    """
    if isinstance(cluster, managed.EksCluster | managed.GkeCluster | managed.AksCluster):
        # The stack's name plays no part: `of_stack_name` judges that.
        resolved = resolution.resolve(cluster, stack="cluster")
        judged = subject.Subject(cluster=cluster, resolved=resolved, path=path, today=today, echo=echo)
        yield from _told((check(judged) for check in CLUSTER_CHECKS), gaps=gaps)
    if cluster.vendor == "local":
        yield from _told([_zones_are_distinct(cluster, path)], gaps=gaps)
    elif cluster.vendor == "existing":
        yield from _told([_classes_have_one_maker(cluster, path)], gaps=gaps)


def of_contents(
    cluster: settings.Cluster | None,
    *,
    catalogue: model.Catalogue,
    path: findings.Path,
    gaps: Collection[findings.Path] = (),
) -> Iterator[findings.Finding]:
    """What is wrong with what a cluster is said to have; nothing where it is not known which operators there are."""
    if isinstance(cluster, shared.SharedCluster) and catalogue.is_sound:
        outside = {name: operator.requires for name, operator in catalogue.operators.items()}
        requires = {**operators.REQUIRES, **outside}
        yield from _told(shared.checked(cluster.has, requires=requires, path=(*path, "has")), gaps=gaps)


def of_service(
    service: instance.Instance,
    *,
    cluster: settings.Cluster | None,
    path: findings.Path,
    gaps: Collection[findings.Path] = (),
) -> Iterator[findings.Finding]:
    """What is wrong with a service's fields and its cluster taken together, as far as they are known.

    `cluster` is None where nothing is known of it; `gaps` as for `of_cluster`.
    """
    hosts = unknown.attempt(lambda: nodes.of(cluster, kept_for=service.dedicated_nodes))
    yield from _told((check(service, hosts, path) for check in service_checks.CHECKS), gaps=gaps)
    if cluster is not None:
        yield from _told((check(service, cluster, path) for check in service_checks.ON_CLUSTER), gaps=gaps)


def of_service_name(name: str, *, path: findings.Path) -> Iterator[findings.Finding]:
    """What is wrong with the name that a service is given."""
    subject = f"the service name {json.dumps(name)}"
    if len(name) > forms.LONGEST_SERVICE_NAME:
        yield findings.Finding(
            path=path,
            what=f"{subject} has {len(name)} characters; {forms.LONGEST_SERVICE_NAME} are the most",
            why="operators append words and ordinals to it, and a pod's name, which is a label value, ends at 63",
            next="give it a shorter name",
        )
    elif not re.fullmatch(forms.SERVICE_NAME, name):
        yield findings.Finding(
            path=path,
            what=f"{subject} must be {forms.WORDS[forms.SERVICE_NAME]}",
            why="a service's namespace and its Kubernetes Service have its name",
            next=f"write `{_as_label(name) or 'metrics'}`",
        )
    elif name.startswith("kube-") or name in RESERVED_NAMESPACES:
        yield findings.Finding(
            path=path,
            what=f"{subject} is taken: a namespace of that name belongs to somebody else",
            why="a service lives in a namespace of its own name",
            next="name it after what it is for, for example `metrics`",
        )


def _told(
    checked: Iterable[Iterator[findings.Finding]], *, gaps: Collection[findings.Path]
) -> Iterator[findings.Finding]:
    for found in checked:
        for finding in unknown.as_far_as_known(found):
            if not findings.is_within(finding.path, gaps):
                yield finding


def of_stack_name(stack: str, *, cluster: settings.Cluster, path: findings.Path) -> Iterator[findings.Finding]:
    """Whether the cluster can have the stack's name, where the settings give it no other."""
    if cluster.vendor == "existing" or cluster.name is not None:
        return
    longest, form, subject = {
        "local": (forms.LONGEST_CONTROL_PLANE_NAME, forms.DNS_LABEL, "local control plane"),
    }.get(cluster.vendor, (forms.LONGEST_CLUSTER, forms.CLUSTER_NAME, "cluster"))
    if len(stack) > longest or not re.fullmatch(form, stack):
        name = re.sub("-+$", "", _as_label(stack)[:longest]) or "main"
        yield findings.Finding(
            path=path,
            what=f"the {subject} cannot have the stack's name `{stack}`",
            why=f"it must be {forms.WORDS[form]}, of at most {longest} characters",
            next=f"add `name: {name}` to `{findings.spelled(path)}`, or rename the stack's file",
        )


def of_other_vendors(
    cluster: Mapping[str, Any], *, vendors: Container[str], path: findings.Path
) -> Iterator[findings.Finding]:
    """Whether there are blocks that belong to other vendors than the one that is named; `cluster` as it was written."""
    own = cluster.get("vendor")
    for key in cluster if isinstance(own, str) and own in vendors else ():
        if key in vendors and key != own:
            place = (*path, key)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` belongs to the vendor {key}, and this stack's is {own}",
                why="what it says would have no effect",
                next=f"remove it, or write `vendor: {key}`",
            )


def of_encryption(
    config: Mapping[str, Any], *, sealed: Iterable[findings.Path], secret: Iterable[findings.Path]
) -> Iterator[findings.Finding]:
    """Whether what is `secret`, and nothing else of ours, is `sealed`; both are paths into `config`."""
    ours = {_namespace(path) for path in secret}
    for path in sealed:
        if _namespace(path) in ours and path not in secret:
            yield findings.Finding(
                path=path,
                what=f"`{findings.spelled(path)}` is encrypted, but it is no secret",
                why="it goes into objects and messages where everybody can read it, so encryption would only pretend",
                next="write it in plain",
            )
    for path in secret:
        if path not in sealed and isinstance(_at(config, path), str):
            yield findings.Finding(
                path=path,
                what=f"`{findings.spelled(path)}` is a secret and stands here in plain",
                why="whoever reads the repository can use it; it is in the history even after you remove it",
                next=f"renew the credential, then: pulumi config set --secret --path '{findings.spelled(path)}'",
            )


def _namespace(path: findings.Path) -> str:
    return str(path[0]).partition(":")[0]


def _at(config: Mapping[str, Any], path: findings.Path) -> Any:
    value: Any = config
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _as_label(name: str) -> str:
    return re.sub(r"^[^a-z]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", name.lower()))


def _zones_are_distinct(cluster: settings.LocalCluster, path: findings.Path) -> Iterator[findings.Finding]:
    for index, zone in enumerate(cluster.nodes.zones):
        if zone in cluster.nodes.zones[:index]:
            place = (*path, "nodes", "zones", index)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` names the zone `{zone}` a second time",
                why="nodes are spread over the zones in turn, so one named twice gets twice as many",
                next="name each zone once",
            )


def _classes_have_one_maker(cluster: settings.ExistingCluster, path: findings.Path) -> Iterator[findings.Finding]:
    if cluster.has.storage_classes and cluster.storage.parameters:
        place = (*path, "storage", "parameters")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is for storage classes that this stack does not make",
            why=f"`{findings.spelled((*path, 'has', 'storageClasses'))}` says that they are there, so it has no effect",
            next="remove one of the two",
        )


CLUSTER_CHECKS: Final[tuple[subject.Check, ...]] = (
    *places.CHECKS,
    *addresses.CHECKS,
    *networks.CHECKS,
    *upgrades.CHECKS,
    *access.CHECKS,
    *pools.CHECKS,
    *machines.CHECKS,
    *protection.CHECKS,
)
"""What is checked of a cluster that a vendor manages."""
