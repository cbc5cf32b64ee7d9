"""How an Astarte is reached, and what it reaches: policies, the broker's Service, routes of its HTTP APIs. Pure.

Rejected: the operator's own AstarteDefaultIngress, which speaks to HAProxy's ingress controller alone. The paths here
are those that it makes (internal/defaultingress/api_ingress.go), and as there what tells them apart is cut off.
"""

from __future__ import annotations

from typing import Any, Final

from components import contracts, ingress, isolation
from components.operators import contour, rabbitmq_cluster_operator
from components.services import clients, monitoring, rabbitmq
from stacks.services import astarte as settings

_METRICS: Final = 8888
_DASHBOARD: Final = 80
_PATHS: Final = {
    "appengine": "appengine-api",
    "housekeeping": "housekeeping",
    "pairing": "pairing",
    "realmmanagement": "realm-management",
}
"""First part of a path, and the component that it leads to."""

Args = contracts.ServiceArgs[settings.Astarte]


def certificate(args: Args) -> str:
    """Name of the broker's Certificate and of its Secret."""
    return f"{args.name}-tls"


def names(args: Args) -> list[str]:
    """In the broker's certificate: what devices call it, and its Service's names."""
    service = f"{args.name}-broker.{args.name}.svc"
    return [f"broker.{args.options.host}", service, f"{service}.cluster.local"]


def api(args: Args) -> str:
    """Where its HTTP APIs are: through the entrance, or the one that most clients want, inside the cluster."""
    if args.entrance:
        return f"http://api.{args.options.host}"
    return f"http://{args.name}-appengine-api.{args.name}.svc:{settings.API}"


def broker(args: Args) -> contracts.Manifest:
    """The Service that devices come to; the operator's own is for its components and has no such port."""
    spec: dict[str, Any] = {
        "type": "ClusterIP",
        "selector": {"app": f"{args.name}-vernemq"},
        "ports": [{"name": "mqtts", "port": settings.BROKER, "targetPort": settings.BROKER, "protocol": "TCP"}],
    }
    metadata: dict[str, Any] = {
        "name": f"{args.name}-broker",
        "namespace": args.name,
        "labels": {isolation.PART_OF: "paasport"},
    }
    if args.options.broker != "cluster":
        exposure = args.load_balancer.service(contracts.Scheme(args.options.broker))
        metadata |= {"annotations": dict(exposure.annotations)} if exposure.annotations else {}
        # A broker sees who a device is by its address, and nothing takes a hop more.
        spec |= {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}
        spec |= {"loadBalancerClass": exposure.load_balancer_class} if exposure.load_balancer_class else {}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def routes(args: Args) -> list[contracts.Manifest]:
    """Through the cluster's entrance; nothing where it has none."""
    if not args.entrance:
        return []
    rules = [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": f"/{path}"}}],
            "filters": [
                {
                    "type": "URLRewrite",
                    "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
                }
            ],
            "backendRefs": [{"name": f"{args.name}-{component}", "port": settings.API}],
        }
        for path, component in _PATHS.items()
    ]
    found = [_route(args, "api", rules)]
    if args.options.dashboard:
        backend = {"name": f"{args.name}-dashboard", "port": _DASHBOARD}
        found.append(_route(args, "dashboard", [{"backendRefs": [backend]}]))
    return found


def _route(args: Args, name: str, rules: list[dict[str, Any]]) -> contracts.Manifest:
    return {
        "apiVersion": contour.HTTP_ROUTE.api_version,
        "kind": contour.HTTP_ROUTE.kind,
        "metadata": {"name": name, "namespace": args.name, "labels": {isolation.PART_OF: "paasport"}},
        "spec": {
            "parentRefs": [{"name": ingress.NAME, "namespace": ingress.NAME}],
            "hostnames": [f"{name}.{args.options.host}"],
            "rules": rules,
        },
    }


def policies(args: Args) -> list[contracts.Manifest]:
    """What all its pods may do, and what single components may besides."""
    own: dict[str, Any] = {"podSelector": {}}
    entrance = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ingress.NAME}}}
    return [
        isolation.network_policy(
            args.name,
            namespace=args.name,
            pods={},
            ingress=[
                # Components are one Erlang cluster with the brokers, on ports of its choice.
                {"from": [own]},
                clients.ingress(args.name, ports=[settings.API, settings.BROKER]),
                *([{"from": [entrance], "ports": _ports(settings.API, _DASHBOARD)}] if args.entrance else []),
                *monitoring.ingress(args.monitored_by, port=_METRICS),
            ],
            # The API server tells components who else is in the Erlang cluster.
            egress=[isolation.DNS, isolation.API_SERVER, {"to": [own]}, *_used(args)],
        ),
        *_devices(args),
        isolation.network_policy(
            "triggers",
            namespace=args.name,
            pods={"app": f"{args.name}-trigger-engine"},
            ingress=[],
            # To wherever a realm's triggers send events.
            egress=[isolation.to(80, 443)],
        ),
    ]


def _used(args: Args) -> list[dict[str, Any]]:
    opened = {
        "rabbitmq": (rabbitmq.PORT, rabbitmq.UNENCRYPTED, rabbitmq_cluster_operator.MANAGEMENT),
        "cassandra": (args.uses["cassandra"].endpoint.port,),
    }
    return [
        {
            "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": args.uses[role].name}}}],
            "ports": _ports(*ports),
        }
        for role, ports in opened.items()
    ]


def _devices(args: Args) -> list[contracts.Manifest]:
    """Whom a load balancer lets in comes with its own address, which no selector matches."""
    if args.options.broker == "cluster":
        return []
    return [
        isolation.network_policy(
            "devices",
            namespace=args.name,
            pods={"app": f"{args.name}-vernemq"},
            ingress=[{"ports": _ports(settings.BROKER)}],
            egress=[],
        )
    ]


def _ports(*ports: int) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": port} for port in ports]
