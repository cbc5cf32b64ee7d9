"""What Google Cloud refuses about members, roles, keys, labels and buckets.

Sources: the IAM reference (principals; roles), Cloud KMS (rotation of a day at least; key rings and keys can never be
deleted, so their names are used up), Resource Manager's grammar of labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from local.simulated import checking
from local.simulated.rules import judging

_DAY_IN_SECONDS: Final = 86400
_MOST_LABELS: Final = 64
_MEMBER: Final = re.compile(
    r"allUsers|allAuthenticatedUsers|(user|serviceAccount|group|domain):\S+|projectOwner:\S+|projectEditor:\S+|"
    r"projectViewer:\S+|(principal|principalSet)://iam\.googleapis\.com/(projects/\d+|locations/global/workforcePools)/\S+"
)
_ROLE: Final = re.compile(r"(roles|projects/[^/]+/roles|organizations/\d+/roles)/[\w.]+")
_LABEL_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE: Final = re.compile(r"[a-z0-9_-]{0,63}")


def _grant(case: judging.Case) -> Iterator[checking.Finding]:
    member, role = case.text("member"), case.text("role")
    if member and not _MEMBER.fullmatch(member):
        yield checking.Finding(
            "member",
            f"is {member}, which is no principal that IAM knows",
            "write serviceAccount:…, user:…, group:… or principal://iam.googleapis.com/projects/<number>/…",
        )
    if role and not _ROLE.fullmatch(role):
        yield checking.Finding("role", f"is {role}, and must be roles/… or projects/<project>/roles/…")


def labels(*paths: str) -> judging.Rule:
    """The rule that labels at these paths have Google's grammar."""

    def rule(case: judging.Case) -> Iterator[checking.Finding]:
        for path in paths:
            given = case.value(path)
            for key, value in given.items() if isinstance(given, Mapping) else ():
                if not _LABEL_KEY.fullmatch(str(key)):
                    yield checking.Finding(
                        path, f"has the key {key!r}: lower-case letters, digits, _ and -, 63 at most"
                    )
                if isinstance(value, str) and not _LABEL_VALUE.fullmatch(value):
                    yield checking.Finding(f"{path}.{key}", "must be lower-case letters, digits, _ and -, 63 at most")
            if isinstance(given, Mapping) and len(given) > _MOST_LABELS:
                yield checking.Finding(path, f"has more than {_MOST_LABELS} labels")

    return rule


def _rotation(case: judging.Case) -> Iterator[checking.Finding]:
    period = case.text("rotationPeriod")
    found = re.fullmatch(r"(\d+)(?:\.\d+)?s", period)
    if period and (found is None or int(found[1]) < _DAY_IN_SECONDS):
        yield checking.Finding("rotationPeriod", f"is {period}, and must be seconds, a day (86400s) at least")


def _used_up(case: judging.Case) -> Iterator[checking.Finding]:
    """The rule for what can't be deleted: Google keeps the name."""
    name, parent = case.text("name"), case.text("keyRing")
    project, location = case.variables.get("project"), case.text("location")
    identifier = f"{parent}/cryptoKeys/{name}" if parent else f"projects/{project}/locations/{location}/keyRings/{name}"
    if identifier in case.gone:
        yield checking.Finding(
            "name",
            f"is {name}; {identifier} was there, and key rings and keys keep their names for ever",
            "use another name",
        )


def _retention(case: judging.Case) -> Iterator[checking.Finding]:
    versioned, kept = case.flag("versioning.enabled"), case.given("retentionPolicy")
    if versioned and kept:
        yield checking.Finding("retentionPolicy", "can't be given for a bucket with versioning")


def _service_name(case: judging.Case) -> Iterator[checking.Finding]:
    service = case.text("service")
    if service and not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", service):
        yield checking.Finding("service", f"is {service}, and must look like container.googleapis.com")


def _prevented(case: judging.Case) -> Iterator[checking.Finding]:
    if case.text("deletionPolicy") == "PREVENT":
        yield checking.Finding("deletionPolicy", "is PREVENT", "change it with an update before")


_GRANTS: Final = (
    "gcp:projects/iAMMember:IAMMember",
    "gcp:serviceaccount/iAMMember:IAMMember",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
    "gcp:storage/bucketIAMMember:BucketIAMMember",
)
_PREVENTABLE: Final = (
    "gcp:compute/network:Network",
    "gcp:compute/subnetwork:Subnetwork",
    "gcp:container/cluster:Cluster",
    "gcp:container/nodePool:NodePool",
    "gcp:gkebackup/backupPlan:BackupPlan",
    "gcp:storage/bucket:Bucket",
    "gcp:serviceaccount/account:Account",
    "gcp:kms/cryptoKey:CryptoKey",
)
CHECKS: Final = {
    **dict.fromkeys(_GRANTS, (_grant,)),
    "gcp:kms/cryptoKey:CryptoKey": (_rotation, labels("labels")),
    "gcp:storage/bucket:Bucket": (
        _retention,
        labels("labels"),
        judging.one_of("publicAccessPrevention", "inherited", "enforced"),
    ),
    "gcp:gkebackup/backupPlan:BackupPlan": (labels("labels"),),
    "gcp:compute/address:Address": (labels("labels"),),
    "gcp:projects/service:Service": (_service_name,),
    "gcp:projects/serviceIdentity:ServiceIdentity": (_service_name,),
}
CREATIONS: Final = {"gcp:kms/keyRing:KeyRing": (_used_up,), "gcp:kms/cryptoKey:CryptoKey": (_used_up,)}
DELETIONS: Final = dict.fromkeys(_PREVENTABLE, (_prevented,))
