"""The keys of an Astarte, and its first realm: a job that asks housekeeping for it, once. Pure.

Rejected: keys that the operator makes by itself, which go with the Astarte: without its devices' authority every device
has to be registered anew.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pulumi

from components import contracts, isolation
from components.services import binding
from stacks.services import astarte as settings

HOUSEKEEPING: Final = "housekeeping"
REALM: Final = "realm"
DEVICES: Final = "devices-ca"
IMAGE: Final = "docker.io/curlimages/curl:8.18.0"
_REQUEST: Final = "/request"
_SCRIPT: Final = (
    'curl --config "$REQUEST/curl.conf" --fail --silent --output /dev/null "$HOUSEKEEPING/v1/realms/$REALM" || '
    'curl --config "$REQUEST/curl.conf" --fail-with-body --silent --show-error --data "@$REQUEST/realm.json" '
    '"$HOUSEKEEPING/v1/realms?async_operation=false"'
)
"""A realm that is there stays as it is."""

Args = contracts.ServiceArgs[settings.Astarte]


def devices_ca(args: Args) -> str:
    """Name of the Secret with the authority of all devices."""
    return f"{args.name}-{DEVICES}"


def secrets(args: Args) -> tuple[contracts.Manifest, ...]:
    """Both halves of every pair: of housekeeping's, the operator deletes a private one that it finds alone."""
    housekeeping, authority = args.keys[HOUSEKEEPING], args.keys[DEVICES]
    own = f"{args.name}-{HOUSEKEEPING}"
    found = (
        _secret(args, f"{own}-private-key", {"private-key": housekeeping.private}),
        _secret(args, f"{own}-public-key", {"public-key": housekeeping.public}),
        _secret(
            args,
            devices_ca(args),
            {"tls.crt": authority.public, "tls.key": authority.private},
            kind="kubernetes.io/tls",
        ),
    )
    return (*found, _request(args)) if args.options.realm else found


def connection(args: Args) -> dict[str, pulumi.Input[str]]:
    """What an application of the realm signs its tokens with."""
    if not args.options.realm:
        return {}
    return {"realm": args.options.realm, "realm-private-key": args.keys[REALM].private}


def jobs(args: Args) -> tuple[contracts.Manifest, ...]:
    """What makes the realm; waited for. Nothing where none is asked for."""
    if not args.options.realm:
        return ()
    environment = {
        "HOUSEKEEPING": f"http://{args.name}-housekeeping.{args.name}.svc:{settings.API}",
        "REALM": args.options.realm,
        "REQUEST": _REQUEST,
    }
    container = {
        "name": "realm",
        "image": IMAGE,
        "command": ["sh", "-ec", _SCRIPT],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "request", "mountPath": _REQUEST, "readOnly": True}],
    }
    labels = {"app.kubernetes.io/name": "realm", "app.kubernetes.io/instance": args.name, isolation.PART_OF: "paasport"}
    pod = {
        "restartPolicy": "OnFailure",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 100, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "request", "secret": {"secretName": _name(args)}}],
    }
    return (
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": _name(args), "namespace": args.name, "labels": labels},
            "spec": {"backoffLimit": 10, "template": {"metadata": {"labels": labels}, "spec": pod}},
        },
    )


def _request(args: Args) -> contracts.Manifest:
    """For curl: its settings with the token, which so is in no command line, and the realm."""
    used = args.uses["cassandra"]
    copies = args.options.copies(used.options.servers)

    def realm(values: dict[str, str]) -> str:
        data: dict[str, Any] = {
            "realm_name": args.options.realm,
            "jwt_public_key_pem": values["public"],
            "replication_class": "NetworkTopologyStrategy",
            "datacenter_replication_factors": {values["datacenter"]: copies},
        }
        return json.dumps({"data": data}, sort_keys=True)

    known = {"public": args.keys[REALM].public, "datacenter": used.connection["datacenter"]}
    return _secret(
        args,
        _name(args),
        {
            "curl.conf": pulumi.Output.from_input(args.keys[HOUSEKEEPING].private).apply(_settings),
            "realm.json": pulumi.Output.all(**known).apply(realm),
        },
    )


def _settings(private: str) -> str:
    from components.services import keys  # noqa: PLC0415 - 60 ms that only an Astarte is worth

    token = keys.token(private, {"a_ha": [".*::.*"]})
    return f'header = "Authorization: Bearer {token}"\nheader = "Content-Type: application/json"\n'


def _name(args: Args) -> str:
    return f"{args.name}-realm-{args.options.realm}"


def _secret(args: Args, name: str, data: dict[str, pulumi.Input[str]], *, kind: str = "Opaque") -> contracts.Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": args.name, "labels": {isolation.PART_OF: "paasport"}},
        "type": kind,
        "data": {key: binding.encoded(value) for key, value in data.items()},
    }
