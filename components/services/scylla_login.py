"""Who may log in to a ScyllaDB: one superuser with a generated password, from the first moment on. Pure.

By `auth_superuser_name` and `auth_superuser_salted_password` (docs.scylladb.com, branch-2025.1, "Creating a Custom
Superuser"), which the first node of a cluster makes its first role of: there never is a role `cassandra` with a
password that everybody knows. Rejected: a job that replaces that role, because until it is done any client may come in.
"""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts, isolation
from components.services import credentials, sha_crypt
from stacks.services import scylla as settings

_VOLUME: Final = "configuration"

Args = contracts.ServiceArgs[settings.Scylla]


def configuration(args: Args) -> contracts.Manifest:
    """Lines of scylla.yaml over the operator's own; it takes them from a ConfigMap alone.

    What is there instead of the password opens nothing: of 192 random bits nobody finds the password by its hash.
    """
    text = credentials.text(
        "authenticator: PasswordAuthenticator\n"
        "authorizer: CassandraAuthorizer\n"
        f"auth_superuser_name: {settings.USER}\n"
        'auth_superuser_salted_password: "',
        _salted(args.passwords[settings.USER]),
        '"\n',
    )
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _name(args), "namespace": args.name, "labels": {isolation.PART_OF: "paasport"}},
        "data": {"scylla.yaml": text},
    }


def mounted(args: Args) -> dict[str, Any]:
    """What of a rack brings the configuration to its nodes.

    The operator takes one that is not there for none at all, and a node would start and ask nobody for a password
    (`scylla-config-volume` in pkg/controller/scylladbdatacenter/resource.go). Mounted a second time, without leave to
    be absent, it keeps such a pod from starting.
    """
    return {
        "scyllaConfig": _name(args),
        "volumes": [{"name": _VOLUME, "configMap": {"name": _name(args)}}],
        "volumeMounts": [{"name": _VOLUME, "mountPath": "/mnt/paasport/configuration", "readOnly": True}],
    }


def _salted(password: pulumi.Input[str]) -> pulumi.Input[str]:
    return password.apply(sha_crypt.salted) if isinstance(password, pulumi.Output) else sha_crypt.salted(str(password))


def _name(args: Args) -> str:
    return f"{args.name}-config"
