"""The key of one's own that encrypts Secrets, nodes' disks, volumes and backups, and who may use it."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.gke import project

_STORAGE: Final = "storage"
_ROLE: Final = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
_NINETY_DAYS: Final = "7776000s"
_THIRTY_DAYS: Final = "2592000s"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Key:
    """A key, once everybody who needs it may use it."""

    name: pulumi.Output[str]
    """`projects/…/locations/…/keyRings/…/cryptoKeys/…`."""
    grants: tuple[pulumi.Resource, ...]
    """Must exist before what is encrypted with the key."""


def create(
    wanted: project.Wanted, *, opts: pulumi.ResourceOptions, depends_on: tuple[pulumi.Resource, ...]
) -> Key | None:
    """Register the key where the stack has one of its own.

    Ring and key stay when the stack is destroyed: retained volumes and backups can't be read without them. A ring can
    never be deleted nor its name be used again, so Pulumi adds random digits to it each time one is made.
    """
    if wanted.encryption != "customer-key":
        return None
    kept = pulumi.ResourceOptions.merge(
        opts, pulumi.ResourceOptions(protect=project.is_protected(wanted), retain_on_delete=True)
    )
    ring = registration.resource(
        "gcp:kms/keyRing:KeyRing",
        f"{wanted.name}-keys",
        {"project": wanted.options.project, "location": wanted.region},
        opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=depends_on)),
    )
    key = registration.resource(
        "gcp:kms/cryptoKey:CryptoKey", f"{wanted.name}-key", crypto_key(ring=ring.id), opts=kept
    )
    agent = registration.resource(
        "gcp:projects/serviceIdentity:ServiceIdentity",
        f"{wanted.name}-gke-agent",
        {"project": wanted.options.project, "service": "container.googleapis.com"},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=depends_on)),
    )
    users = tuple(
        registration.resource(
            "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
            f"{wanted.name}-key-{user}",
            {
                "cryptoKeyId": key.id,
                "role": _ROLE,
                "member": _existing(wanted, member, opts) if user == _STORAGE else member,
            },
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[agent])),
        )
        for user, member in key_users(wanted).items()
    )
    return Key(name=key.id, grants=users)


def _existing(wanted: project.Wanted, member: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The member, once Cloud Storage has made it, which it does for whoever asks for it the first time.

    https://www.pulumi.com/registry/packages/gcp/api-docs/storage/getprojectserviceaccount/
    """
    asked = pulumi.runtime.invoke_output(
        "gcp:storage/getProjectServiceAccount:getProjectServiceAccount",
        {"project": wanted.options.project},
        pulumi.InvokeOutputOptions(parent=opts.parent, provider=opts.provider),
    )
    return asked.apply(lambda _: member)


def crypto_key(*, ring: pulumi.Input[str]) -> dict[str, Any]:
    """A key that gets a new version every 90 days and can be brought back for 30 days after it was destroyed."""
    return {
        "keyRing": ring,
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": _NINETY_DAYS,
        "destroyScheduledDuration": _THIRTY_DAYS,
        "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "SOFTWARE"},
    }


def key_users(wanted: project.Wanted) -> dict[str, str]:
    """Google's services that use the key: GKE for Secrets, Compute Engine for disks, Cloud Storage for backups."""
    users = {"gke": "container-engine-robot", "compute": "compute-system"}
    if wanted.backups:
        users[_STORAGE] = "gs-project-accounts"
    return {name: project.agent(wanted, domain) for name, domain in users.items()}
