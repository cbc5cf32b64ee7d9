"""What must hold between the fields of settings that are each valid by themselves.

Pure functions of settings, one for each rule, that yield findings: nothing stops at the first. Only what can be known
without the cluster is checked: a local cluster's nodes are in the settings, an existing one's are not.
"""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from stacks import defaults, findings, forms, quantities

if typing.TYPE_CHECKING:
    # `settings.parse` runs these checks; at run time they need only the values that it hands over.
    from stacks import settings

ClusterCheck = Callable[["settings.Cluster", findings.Path], Iterator[findings.Finding]]
ServiceCheck = Callable[["settings.Service", "settings.Cluster | None", findings.Path], Iterator[findings.Finding]]

OPERATOR_NAMESPACES: Final = ("prometheus-operator",)
"""Namespaces that operators live in, each named like its operator."""
RESERVED_NAMESPACES: Final = ("default", "paasport-system", *OPERATOR_NAMESPACES)
"""Namespaces that no service may have; those that start with `kube-` are Kubernetes' own and come on top."""


def of_cluster(cluster: settings.Cluster, *, path: findings.Path) -> Iterator[findings.Finding]:
    """What is wrong with a cluster's fields taken together."""
    for check in CLUSTER_CHECKS:
        yield from check(cluster, path)


def of_service(
    service: settings.Service, *, cluster: settings.Cluster | None, path: findings.Path
) -> Iterator[findings.Finding]:
    """What is wrong with a service's fields and its cluster taken together; `cluster` is None where it is invalid."""
    for check in SERVICE_CHECKS:
        yield from check(service, cluster, path)


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
            next=f"write `{suggestion}`" if (suggestion := _as_label(name)) else "",
        )
    elif name.startswith("kube-") or name in RESERVED_NAMESPACES:
        yield findings.Finding(
            path=path,
            what=f"{subject} is taken: a namespace of that name belongs to somebody else",
            why="a service lives in a namespace of its own name",
            next="name it after what it is for, for example `metrics`",
        )


def of_stack_name(stack: str, *, cluster: settings.Cluster, path: findings.Path) -> Iterator[findings.Finding]:
    """Whether a local control plane can have the stack's name, where the settings give it no other."""
    if cluster.vendor != "local" or cluster.name is not None:
        return
    longest = forms.LONGEST_CONTROL_PLANE_NAME
    name = _as_label(stack[:longest]) or "local"
    if len(stack) > longest or not re.fullmatch(forms.DNS_LABEL, stack):
        yield findings.Finding(
            path=path,
            what=f"the local control plane cannot have the stack's name `{stack}`",
            why=f"it must be {forms.WORDS[forms.DNS_LABEL]}, of at most {longest} characters",
            next=f"add `name: {name}` to `{findings.spelled(path)}`, or rename the stack's file",
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


def _zones_are_distinct(cluster: settings.Cluster, path: findings.Path) -> Iterator[findings.Finding]:
    if cluster.vendor != "local":
        return
    for index, zone in enumerate(cluster.nodes.zones):
        if zone in cluster.nodes.zones[:index]:
            place = (*path, "nodes", "zones", index)
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(place)}` names the zone `{zone}` a second time",
                why="nodes are spread over the zones in turn, so one named twice gets twice as many",
                next="name each zone once",
            )


def _zonal_has_zones(
    service: settings.Service, cluster: settings.Cluster | None, path: findings.Path
) -> Iterator[findings.Finding]:
    if service.availability != "zonal" or cluster is None or cluster.vendor != "local":
        return
    nodes = cluster.nodes
    if min(nodes.count, len(set(nodes.zones))) < defaults.PROMETHEUS_REPLICAS["zonal"]:
        yield findings.Finding(
            path=(*path, "availability"),
            what=(
                f"`{findings.spelled((*path, 'availability'))}` is `zonal`, "
                f"but the cluster has {_counted(nodes.count, 'node')} in {_counted(len(set(nodes.zones)), 'zone')}"
            ),
            why="servers of a zonal service are in different zones, so some of them could never be scheduled",
            next="set `availability: single`, or give the cluster two zones and two nodes or more",
        )


def _zonal_has_replicas(
    service: settings.Service, _cluster: settings.Cluster | None, path: findings.Path
) -> Iterator[findings.Finding]:
    replicas = service.overrides.replicas
    if service.availability == "zonal" and replicas is not None and replicas < defaults.PROMETHEUS_REPLICAS["zonal"]:
        place = (*path, "overrides", "replicas")
        yield findings.Finding(
            path=place,
            what=f"`{findings.spelled(place)}` is {replicas}, but the service is `zonal`",
            why="one server cannot be in two zones, so the service would stop with its zone",
            next="leave `replicas` out, or set `availability: single`",
        )


def _requests_fit_a_node(
    service: settings.Service, cluster: settings.Cluster | None, path: findings.Path
) -> Iterator[findings.Finding]:
    if cluster is None or cluster.vendor != "local":
        return
    size = defaults.PROMETHEUS[service.size]
    for key in ("cpu", "memory"):
        overridden = getattr(service.overrides, key)
        asked, held = overridden or getattr(size, key), getattr(cluster.nodes, key)
        if quantities.value(asked) > quantities.value(held):
            place = (*path, "overrides", key) if overridden else (*path, "size")
            yield findings.Finding(
                path=place,
                what=f"`{findings.spelled(path)}` asks for {asked} of {key}, and a node has {held}",
                why="no node could ever hold its pod, which would stay Pending",
                next=f"ask for less, or set `nodes.{key}` of the cluster to more than {asked}",
            )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


CLUSTER_CHECKS: Final[tuple[ClusterCheck, ...]] = (_zones_are_distinct,)
SERVICE_CHECKS: Final[tuple[ServiceCheck, ...]] = (
    _requests_fit_a_node,
    _zonal_has_replicas,
    _zonal_has_zones,
)
