"""What a node of Cassandra runs with: image, configuration, rights, place. Pure."""

from __future__ import annotations

from typing import Any, Final

from components import contracts, isolation
from stacks import quantities
from stacks.services import cassandra as settings

IMAGE: Final = "docker.io/k8ssandra/cass-management-api"
MANAGEMENT_API: Final = "v0.1.125"
"""The build of the image. Without it the tag of a version moves to each newer build of the same version."""
_USER: Final = 999
"""The user `cassandra` of the image, which the operator runs it as."""
_MOST_HEAP: Final = 16 * 1024
"""MiB; a larger heap takes longer to clean than clients wait."""
_ANNOTATIONS: Final = {
    # Else a larger volume is refused.
    "cassandra.datastax.com/allow-storage-changes": "true",
    # Else the volumes' claims go with the custom resource, also with one that is deleted by mistake.
    "cassandra.datastax.com/delete-pvc": "false",
}
_ZONE: Final = "topology.kubernetes.io/zone"

Args = contracts.ServiceArgs[settings.Cassandra]


def template(args: Args) -> dict[str, Any]:
    """What all nodes have in common: part of the K8ssandraCluster's `spec.cassandra`."""
    cpu, memory = args.options.asked("cpu"), args.options.asked("memory")
    identity = dict(args.backups.binding.pod_labels) if args.backups else {}
    return {
        "serverType": "cassandra",
        "serverVersion": version(args),
        "serverImage": f"{IMAGE}:{version(args)}-ubi-{MANAGEMENT_API}",
        "metadata": {
            "annotations": dict(_ANNOTATIONS),
            "pods": {"labels": {isolation.PART_OF: "paasport", **identity}},
        },
        # Memory that is asked for is all there is, so that another pod's needs never evict data. CPU has no limit.
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        "storageConfig": {
            "cassandraDataVolumeClaimSpec": {
                "storageClassName": args.storage.retain_class,
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": args.options.asked("storage")}},
            }
        },
        "config": {"cassandraYaml": _configuration(args), "jvmOptions": _heap(memory)},
        **_restricted(),
    }


def racks(args: Args) -> list[dict[str, Any]]:
    """One for each zone where zones are promised, each in another one.

    Not by the zones' names, which differ from cluster to cluster: a rack only keeps away from zones that have nodes of
    others. With fewer zones than racks, nodes stay pending: better seen than a broken promise. Racks are added and
    never removed, and the first is the same in both availabilities, so that `single` can become `zonal`.
    """
    names = [f"r{number}" for number in range(1, args.options.racks + 1)]
    if len(names) == 1:
        return [{"name": names[0]}]
    return [{"name": name, "affinity": {"podAntiAffinity": _away_from_others(args, name)}} for name in names]


def pods(args: Args) -> dict[str, str]:
    """Labels that the operator gives nodes' pods."""
    return {"cassandra.datastax.com/cluster": args.name}


def version(args: Args) -> str:
    """Of Cassandra."""
    return args.options.overrides.version or settings.VERSION


def container() -> dict[str, Any]:
    """The security context of every container, as the namespace demands it and the operator leaves open."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def _configuration(args: Args) -> dict[str, Any]:
    """Lines of cassandra.yaml, over the operator's own; it adds the places of the keys."""
    plain = args.options.unencrypted
    return {
        # Clients show no certificate; nodes do, because whoever may pretend to be one gets all data.
        "client_encryption_options": {"enabled": True, "optional": plain, "require_client_auth": False},
        "server_encryption_options": {"internode_encryption": "all", "require_client_auth": True},
    }


def _heap(memory: str) -> dict[str, str]:
    """Half of the memory: the rest is for what lies outside of the heap, and for the kernel's cache of files."""
    heap = f"{min(int(quantities.value(memory) / 2**20) // 2, _MOST_HEAP)}Mi"
    return {"heap_initial_size": heap, "heap_max_size": heap}


def _restricted() -> dict[str, Any]:
    """Pods as the `restricted` standard wants them; the operators fill in all that is not said here."""
    return {
        "readOnlyRootFilesystem": True,
        "podSecurityContext": {
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [
            {"name": name, "securityContext": container()} for name in ("server-config-init-base", "server-config-init")
        ],
        "containers": [
            {"name": name, "securityContext": container()} for name in ("cassandra", "server-system-logger")
        ],
    }


def _away_from_others(args: Args, rack: str) -> dict[str, Any]:
    """No zone that has a node of another rack of this cluster."""
    others = {"key": "cassandra.datastax.com/rack", "operator": "NotIn", "values": [rack]}
    selector = {"matchLabels": pods(args), "matchExpressions": [others]}
    return {"requiredDuringSchedulingIgnoredDuringExecution": [{"labelSelector": selector, "topologyKey": _ZONE}]}
