"""A declared service without an operator: a plain Deployment and its Service. Pure."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts
from components.services import declared_values
from stacks.catalogues import declarations

Filled = declared_values.Filled

_PORT: Final = "client"
"""What the container calls the endpoint's port."""
_TLS: Final = "/tls"


def service(filled: Filled) -> list[contracts.Manifest]:
    """The Kubernetes Service; where there is an operator, that makes it."""
    if filled.declared.workload is None:
        return []
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {**filled.metadata(filled.service), "annotations": {"pulumi.com/skipAwait": "true"}},
            "spec": {
                "type": "ClusterIP",
                "selector": filled.pods,
                "ports": [
                    {"name": _PORT, "port": filled.declared.endpoint.port, "targetPort": _PORT, "protocol": "TCP"}
                ],
            },
        }
    ]


def secrets(filled: Filled) -> list[contracts.Manifest]:
    """What of its environment has passwords in it."""
    workload = filled.declared.workload
    hidden = hidden_of(workload.env) if workload else {}
    return [filled.secret(_secret(filled), filled.texts(hidden))] if hidden else []


def deployment(filled: Filled) -> list[contracts.Manifest]:
    """The Deployment, which is waited for."""
    workload = filled.declared.workload
    if workload is None:
        return []
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": filled.metadata(filled.name),
            "spec": {
                "replicas": filled.args.options.servers,
                "selector": {"matchLabels": filled.pods},
                "template": {"metadata": {"labels": filled.labels}, "spec": _pod(filled, workload)},
            },
        }
    ]


def hidden_of(env: dict[str, declarations.Value]) -> dict[str, declarations.Value]:
    """The variables whose value has a password in it."""
    return {key: value for key, value in env.items() if declared_values.is_secret(value)}


def environment(
    filled: Filled, env: dict[str, declarations.Value], *, secret: str, **more: Any
) -> list[dict[str, Any]]:
    """Variables of a container; those with passwords are read from the Secret."""
    hidden = hidden_of(env)
    plain: dict[str, pulumi.Input[str]] = filled.texts(
        {key: value for key, value in env.items() if key not in hidden}, **more
    )
    return [
        *({"name": key, "value": value} for key, value in plain.items()),
        *({"name": key, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}} for key in hidden),
    ]


def _pod(filled: Filled, workload: declarations.Workload) -> dict[str, Any]:
    spread = filled.spread()
    volumes = [{"name": f"scratch-{index}", "emptyDir": {}} for index in range(len(workload.scratch))]
    if filled.declared.tls is not None:
        volumes.append({"name": "tls", "secret": {"secretName": filled.tls_secret}})
    user = {} if workload.user is None else {"runAsUser": workload.user, "runAsGroup": workload.user}
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, **user, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(filled, workload)],
        **({"topologySpreadConstraints": spread} if spread else {}),
        **({"volumes": volumes} if volumes else {}),
    }


def _container(filled: Filled, workload: declarations.Workload) -> dict[str, Any]:
    options = filled.args.options
    cpu, memory = options.asked("cpu"), options.asked("memory")
    mounts: list[dict[str, Any]] = [
        {"name": f"scratch-{index}", "mountPath": path} for index, path in enumerate(workload.scratch)
    ]
    if filled.declared.tls is not None:
        mounts.append({"name": "tls", "mountPath": _TLS, "readOnly": True})
    env = environment(filled, workload.env, secret=_secret(filled))
    return {
        "name": filled.declared.service,
        "image": workload.image,
        **({"command": filled.render(list(workload.command))} if workload.command else {}),
        **({"args": filled.render(list(workload.args))} if workload.args else {}),
        **({"env": env} if env else {}),
        "ports": [
            {"name": _PORT, "containerPort": filled.declared.endpoint.port, "protocol": "TCP"},
            *_metrics_port(filled.declared),
        ],
        # Memory that is asked for is all there is, so that another pod's needs never evict it. CPU has no limit.
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}},
        **_probes(filled),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        **({"volumeMounts": mounts} if mounts else {}),
    }


def _metrics_port(declared: declarations.Service) -> list[dict[str, Any]]:
    wanted = declared.monitoring
    if wanted is None or wanted.port == declared.endpoint.port:
        return []
    return [{"name": wanted.port_name, "containerPort": wanted.port, "protocol": "TCP"}]


def _probes(filled: Filled) -> dict[str, Any]:
    """By its own path where it has one; else it is ready once its port is open."""
    probe = filled.declared.probe
    asked: dict[str, Any] = {"tcpSocket": {"port": _PORT}}
    if probe is not None:
        asked = {"httpGet": {"path": probe.path, "port": _PORT, "scheme": filled.declared.endpoint.scheme.upper()}}
    return {
        "readinessProbe": {**asked, "periodSeconds": 5},
        "livenessProbe": {**asked, "periodSeconds": 10, "failureThreshold": 6},
        "startupProbe": {**asked, "periodSeconds": 5, "failureThreshold": 60},
    }


def _secret(filled: Filled) -> str:
    return f"{filled.name}-environment"
