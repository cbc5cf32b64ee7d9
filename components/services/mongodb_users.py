"""Who may use a MongoDB: its users, their passwords, and what an application is told. Pure."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import contracts, isolation
from components.services import binding, credentials
from stacks.services import mongodb as settings

OWNER: Final = "owner"
"""The application's password; the user's name is in the settings."""
METRICS: Final = "metrics"
"""Who reads metrics from the agent: no user of the database."""
BACKUP: Final = "backup"
"""The user that dumps; there where backups are asked for."""

PORT: Final = 27017
_ADMIN: Final = "admin"
"""The database that all users are kept in."""

Args = contracts.ServiceArgs[settings.Mongodb]


def users(args: Args) -> list[dict[str, Any]]:
    """For the custom resource. The operator makes a Secret with connection strings for each by itself."""
    database = args.options.database
    owner = _user(args, OWNER, name=args.options.owner, roles=[("readWrite", database), ("dbAdmin", database)])
    return [owner, *([_user(args, BACKUP, name=BACKUP, roles=[("backup", _ADMIN)])] if args.backups else [])]


def _user(args: Args, password: str, *, name: str, roles: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "name": name,
        "db": _ADMIN,
        "passwordSecretRef": {"name": secret(args.name, password), "key": "password"},
        "roles": [{"name": role, "db": database} for role, database in roles],
        "scramCredentialsSecretName": secret(args.name, password),
        "connectionStringSecretName": f"{secret(args.name, password)}-connection",
    }


def secrets(args: Args) -> tuple[contracts.Manifest, ...]:
    """The Secrets with passwords that are in use."""
    found = [_secret(args, OWNER, {"username": args.options.owner, "password": args.passwords[OWNER]})]
    if args.monitored_by:
        found.append(_secret(args, METRICS, {"username": METRICS, "password": args.passwords[METRICS]}))
    if args.backups:
        found.append(_secret(args, BACKUP, _dumping(args)))
    return tuple(found)


def _dumping(args: Args) -> dict[str, pulumi.Input[str]]:
    """Besides the password the settings of mongodump, which takes secrets from a file only.

    github.com/mongodb/mongo-tools, common/options: `--config`.
    """
    password = args.passwords[BACKUP]
    uri = _uri(args, user=BACKUP, password=password, options="&readPreference=secondaryPreferred")
    return {"username": BACKUP, "password": password, "mongodump.yaml": credentials.text('uri: "', uri, '"\n')}


def connection(args: Args) -> dict[str, pulumi.Input[str]]:
    """What an application needs besides the authority's certificate, which is made inside the cluster."""
    password = args.passwords[OWNER]
    return {
        "type": "mongodb",
        "host": f"{service(args.name)}.{args.name}.svc.cluster.local",
        "port": str(PORT),
        "database": args.options.database,
        "username": args.options.owner,
        "password": password,
        "uri": _uri(args, user=args.options.owner, password=password, database=args.options.database),
    }


def _uri(
    args: Args, *, user: str, password: pulumi.Input[str], database: str = "", options: str = ""
) -> pulumi.Input[str]:
    """Names every member, so that a client finds the set while some are away."""
    suffix = f"{service(args.name)}.{args.name}.svc.cluster.local:{PORT}"
    hosts = ",".join(f"{args.name}-{number}.{suffix}" for number in range(args.options.servers))
    query = f"authSource={_ADMIN}&replicaSet={args.name}&tls=true{options}"
    return credentials.text("mongodb://", user, ":", password, "@", hosts, f"/{database}?{query}")


def service(instance: str) -> str:
    """The Service that the operator makes, with an address for every member."""
    return f"{instance}-svc"


def certificate(instance: str) -> str:
    """Of the members: name of the Certificate and of its Secret."""
    return f"{instance}-tls"


def secret(instance: str, password: str) -> str:
    """Name of the Secret with this password."""
    return f"{instance}-{password}"


def _secret(args: Args, password: str, data: dict[str, pulumi.Input[str]]) -> contracts.Manifest:
    """Encoded already, so that an engine does not mask every `app` or `backup` that it shows: see `binding.secret`."""
    metadata = {"name": secret(args.name, password), "namespace": args.name, "labels": {isolation.PART_OF: "paasport"}}
    encoded = {key: binding.encoded(value) for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": encoded}
