"""Nightly exports of a RabbitMQ's definitions: users, virtual hosts, queues, exchanges, policies. Never messages. Pure.

By curl from an image of its own. Rejected: `rabbitmqadmin` of RabbitMQ's image, which is another program from one
build of the same version to the next.
"""

from __future__ import annotations

from typing import Final

from components import contracts, isolation
from components.operators import rabbitmq_cluster_operator
from components.services import backups, binding, credentials
from stacks.services import rabbitmq as settings

IMAGE: Final = "docker.io/curlimages/curl:8.18.0"
_SETTINGS: Final = "/settings"
_AUTHORITY: Final = "/authority"
_SIZE: Final = "1Gi"

Args = contracts.ServiceArgs[settings.Rabbitmq]


def objects(args: Args) -> list[contracts.Manifest]:
    """All that exports the definitions; nothing where no backups are asked for."""
    wanted = args.options.backups
    if wanted is None or args.backups is None:
        return []
    return backups.objects(
        args.name,
        dump=backups.Dump(
            image=IMAGE,
            command=(
                "curl",
                "--config",
                f"{_SETTINGS}/curl.conf",
                "--cacert",
                f"{_AUTHORITY}/ca.crt",
                "--fail",
                "--silent",
                "--show-error",
                "--retry",
                "5",
                "--retry-connrefused",
                "--output",
                f"{backups.FOLDER}/definitions.json",
                f"https://{args.name}.{args.name}.svc:{rabbitmq_cluster_operator.MANAGEMENT}/api/definitions",
            ),
            mounts=(
                {"name": "settings", "mountPath": _SETTINGS, "readOnly": True},
                {"name": "authority", "mountPath": _AUTHORITY, "readOnly": True},
            ),
            volumes=(
                _volume("settings", secret=_secret(args), key="curl.conf"),
                # Of this Secret the certificate alone: an export needs no node's key.
                _volume("authority", secret=f"{args.name}-tls", key="ca.crt"),
            ),
        ),
        schedule=wanted.schedule,
        target=args.backups,
        storage=args.storage,
        size=_SIZE,
    )


def secrets(args: Args) -> tuple[contracts.Manifest, ...]:
    """Curl's settings with the password, which so is in no command line: curl.se/docs/manpage.html, `--config`."""
    if args.options.backups is None or args.backups is None:
        return ()
    text = credentials.text(f'user = "{settings.USER}:', args.passwords[settings.USER], '"\n')
    metadata = {"name": _secret(args), "namespace": args.name, "labels": {isolation.PART_OF: "paasport"}}
    return (
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": "Opaque",
            "data": {"curl.conf": binding.encoded(text)},
        },
    )


def _secret(args: Args) -> str:
    return f"{args.name}-backup"


def _volume(name: str, *, secret: str, key: str) -> dict[str, object]:
    return {"name": name, "secret": {"secretName": secret, "items": [{"key": key, "path": key}]}}
