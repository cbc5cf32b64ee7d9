"""Nightly dumps of a MongoDB, taken by mongodump from the image of the agent, which every member runs anyway. Pure."""

from __future__ import annotations

from typing import Final

from components import contracts
from components.services import backups, mongodb_users
from stacks.services import mongodb as settings

IMAGE: Final = "quay.io/mongodb/mongodb-agent:108.0.25.9029-1"
"""Has MongoDB's database tools 100.17.0 in `/tools`: docker/mongodb-agent/Dockerfile and release.json at tag 1.10.0."""
_USER: Final = 2000
_SETTINGS: Final = "/settings"
_AUTHORITY: Final = "/authority"

Args = contracts.ServiceArgs[settings.Mongodb]


def objects(args: Args) -> list[contracts.Manifest]:
    """All that dumps the whole replica set as it was at one moment; nothing where no backups are asked for."""
    wanted = args.options.backups
    if wanted is None or args.backups is None:
        return []
    return backups.objects(
        args.name,
        dump=backups.Dump(
            image=IMAGE,
            # With `--oplog` the archive ends with what was written meanwhile, so that it can be one moment's.
            command=(
                "/tools/mongodump",
                f"--config={_SETTINGS}/mongodump.yaml",
                f"--sslCAFile={_AUTHORITY}/ca.crt",
                "--oplog",
                "--gzip",
                f"--archive={backups.FOLDER}/mongodb.archive.gz",
            ),
            mounts=(
                {"name": "settings", "mountPath": _SETTINGS, "readOnly": True},
                {"name": "authority", "mountPath": _AUTHORITY, "readOnly": True},
            ),
            volumes=(
                _volume("settings", secret=mongodb_users.secret(args.name, mongodb_users.BACKUP), key="mongodump.yaml"),
                # Of this Secret the certificate alone: a dump needs no member's key.
                _volume("authority", secret=mongodb_users.certificate(args.name), key="ca.crt"),
            ),
            user=_USER,
        ),
        schedule=wanted.schedule,
        target=args.backups,
        storage=args.storage,
        size=args.options.asked("storage"),
    )


def _volume(name: str, *, secret: str, key: str) -> dict[str, object]:
    return {"name": name, "secret": {"secretName": secret, "items": [{"key": key, "path": key}]}}
