"""What a declaration can add to an instance: metrics and alarms, backups, a load balancer, a probe. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from components import contracts, isolation
from components.services import backups, declared_values, declared_workloads, monitoring
from stacks.catalogues import declarations, modelling

Filled = declared_values.Filled

PROBE: Final = "probe"
_USER: Final = 65534
_AUTHORITY: Final = {"name": "authority", "mountPath": "/authority", "readOnly": True}
_PROBE_SECONDS: Final = 300


def ingress(filled: Filled) -> list[dict[str, Any]]:
    """The rules of a network policy that let in what the other functions here make."""
    declared, args = filled.declared, filled.args
    asking = [
        *([backups.pods(filled.name)] if args.backups and declared.backup else []),
        *([_probe_pods(filled)] if declared.probe and declared.resource else []),
    ]
    selectors = [{"podSelector": {"matchLabels": pods}} for pods in asking]
    ports = [{"protocol": "TCP", "port": declared.endpoint.port}]
    watched = monitoring.ingress(args.monitored_by, port=declared.monitoring.port) if declared.monitoring else []
    return [*([{"from": selectors, "ports": ports}] if selectors else []), *watched, *_from_outside(filled)]


def watched(filled: Filled) -> list[contracts.Manifest]:
    """What makes the stack's Prometheus watch it."""
    wanted = filled.declared.monitoring
    if wanted is None:
        return []
    # The endpoint's port has a name of its own in a Deployment that is made here.
    is_shared = filled.declared.workload is not None and wanted.port == filled.declared.endpoint.port
    return monitoring.objects(
        filled.name,
        monitored_by=filled.args.monitored_by,
        pods=filled.pods,
        endpoint={"port": "client" if is_shared else wanted.port_name, "path": wanted.path},
        alerts=[_missing(filled), *(_alert(filled, alert) for alert in wanted.alerts)],
    )


def backed_up(filled: Filled) -> list[contracts.Manifest]:
    """What dumps it at night."""
    wanted, args = filled.declared.backup, filled.args
    if wanted is None or args.options.backups is None or args.backups is None:
        return []
    has_tls = filled.declared.tls is not None
    more = {"backup_folder": backups.FOLDER, "tls_authority": declared_values.AUTHORITY}
    return backups.objects(
        filled.name,
        dump=backups.Dump(
            image=wanted.image,
            script=filled.text(wanted.script, **more),
            environment=declared_workloads.environment(filled, wanted.env, secret=_environment(filled), **more),
            mounts=(_AUTHORITY,) if has_tls else (),
            volumes=(_authority(filled),) if has_tls else (),
            user=wanted.user,
        ),
        schedule=args.options.backups.schedule,
        target=args.backups,
        storage=args.storage,
        size=filled.text(wanted.size),
    )


def secrets(filled: Filled) -> list[contracts.Manifest]:
    """The passwords that a dump is made with."""
    wanted = filled.declared.backup
    if wanted is None or filled.args.options.backups is None or filled.args.backups is None:
        return []
    hidden = declared_workloads.hidden_of(wanted.env)
    return [filled.secret(_environment(filled), filled.texts(hidden))] if hidden else []


def exposed(filled: Filled) -> list[contracts.Manifest]:
    """The load balancer that a stack file asks for."""
    wanted, asked = filled.declared.exposure, modelling.exposed(filled.args.options)
    if wanted is None or asked is None:
        return []
    exposure = filled.args.load_balancer.service(
        contracts.Scheme(asked.scheme), health_path=wanted.health_path, source_ranges=asked.source_ranges
    )
    class_ = exposure.load_balancer_class
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                **filled.metadata(f"{filled.name}-exposed"),
                **({"annotations": dict(exposure.annotations)} if exposure.annotations else {}),
            },
            "spec": {
                "type": "LoadBalancer",
                **({"loadBalancerClass": class_} if class_ else {}),
                "selector": filled.pods,
                "ports": [{"name": "client", "port": wanted.port, "targetPort": wanted.port, "protocol": "TCP"}],
            },
        }
    ]


def probe(filled: Filled) -> list[contracts.Manifest]:
    """A Job that ends once the instance answers; a Deployment that is made here is asked by the kubelet instead.

    A Job cannot be changed, so another question has another name.
    """
    declared = filled.declared
    if declared.probe is None or declared.resource is None:
        return []
    spec = {
        "backoffLimit": 3,
        "activeDeadlineSeconds": _PROBE_SECONDS,
        "template": {
            "metadata": {"labels": {**_probe_pods(filled), isolation.PART_OF: "paasport"}},
            "spec": _asking(filled, path=declared.probe.path),
        },
    }
    digest = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:8]
    policy = isolation.network_policy(
        PROBE,
        namespace=filled.name,
        pods=_probe_pods(filled),
        ingress=(),
        egress=[isolation.DNS, {"to": [{"podSelector": {"matchLabels": filled.pods}}]}],
    )
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": filled.metadata(f"{PROBE}-{digest}"), "spec": spec}
    return [policy, job]


def _asking(filled: Filled, *, path: str) -> dict[str, Any]:
    endpoint = filled.declared.endpoint
    secure = endpoint.scheme == "https"
    trusted = ["--cacert", declared_values.AUTHORITY] if secure else []
    url = f"{endpoint.scheme}://{filled.host}:{endpoint.port}{path}"
    flags = ["--fail", "--silent", "--show-error", "--output", "/dev/null", "--retry", "20", "--retry-all-errors"]
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": PROBE,
                "image": declarations.PROBE_IMAGE,
                "command": ["curl", *flags, *trusted, url],
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
                **({"volumeMounts": [_AUTHORITY]} if secure else {}),
            }
        ],
        **({"volumes": [_authority(filled)]} if secure else {}),
    }


def _authority(filled: Filled) -> dict[str, Any]:
    """Of the Secret the certificate alone: who asks needs no server's key."""
    items = [{"key": "ca.crt", "path": "ca.crt"}]
    return {"name": "authority", "secret": {"secretName": filled.tls_secret, "items": items}}


def _missing(filled: Filled) -> monitoring.Alert:
    servers = filled.args.options.servers
    return monitoring.Alert(
        name=f"{modelling.type_name(filled.declared.service)}ServerDown",
        expression=f'(sum(up{{job="{_job(filled)}"}}) or vector(0)) < {servers}',
        minutes=10,
        severity="warning" if servers > 1 else "critical",
        summary=f"Fewer than {servers} servers of {filled.name} answer.",
    )


def _alert(filled: Filled, alert: declarations.Alert) -> monitoring.Alert:
    return monitoring.Alert(
        name=alert.name,
        expression=filled.text(alert.expression, job=_job(filled)),
        minutes=alert.minutes,
        severity=alert.severity,
        summary=filled.text(alert.summary),
    )


def _job(filled: Filled) -> str:
    """As Prometheus calls the targets of a PodMonitor."""
    return f"{filled.name}/{filled.name}"


def _from_outside(filled: Filled) -> list[dict[str, Any]]:
    """Whom a load balancer lets in comes under its own address, or a node's."""
    wanted = filled.declared.exposure
    if wanted is None or modelling.exposed(filled.args.options) is None:
        return []
    return [{"ports": [{"protocol": "TCP", "port": wanted.port}]}]


def _probe_pods(filled: Filled) -> dict[str, str]:
    return {"app.kubernetes.io/name": PROBE, "app.kubernetes.io/instance": filled.name}


def _environment(filled: Filled) -> str:
    return f"{filled.name}-backup-environment"
