"""The Google Cloud project that a cluster lives in: how it is talked to, and which of its APIs must be on."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components import registration
from stacks import managed, resolution

Wanted = resolution.Managed[managed.GkeOptions]
"""A GKE cluster, all of it said."""

_ALWAYS: Final = ("cloudresourcemanager", "compute", "container", "iam", "logging", "monitoring")


def provider(wanted: Wanted) -> dict[str, Any]:
    """Settings of the provider that every resource of the cluster's names, whatever the machine's own defaults are."""
    return {
        "project": wanted.options.project,
        "region": wanted.region,
        "defaultLabels": dict(wanted.tags),
        # A label that nobody asked for, and that a bill would be split by.
        "addPulumiAttributionLabel": False,
    }


def apis(wanted: Wanted) -> tuple[str, ...]:
    """The APIs that the cluster needs, without their common domain."""
    return (
        *_ALWAYS,
        *(("cloudkms",) if wanted.encryption == "customer-key" else ()),
        *(("storage",) if wanted.backups else ()),
        *(("binaryauthorization",) if wanted.options.binary_authorization else ()),
    )


def api(wanted: Wanted, name: str) -> dict[str, Any]:
    """An API that is switched on, and stays so when the cluster goes: others in the project may use it."""
    return {
        "project": wanted.options.project,
        "service": f"{name}.googleapis.com",
        "disableOnDestroy": False,
        "disableDependentServices": False,
    }


def enable(wanted: Wanted, *, opts: pulumi.ResourceOptions) -> tuple[pulumi.Resource, ...]:
    """Register the APIs; whatever is created in the project depends on them."""
    return tuple(
        registration.resource("gcp:projects/service:Service", f"{wanted.name}-{name}", api(wanted, name), opts=opts)
        for name in apis(wanted)
    )


def is_protected(wanted: Wanted) -> bool:
    """Whether Pulumi refuses to delete what the cluster is made of."""
    return wanted.protection != "off"


def agent(wanted: Wanted, domain: str) -> str:
    """The identity that one of Google's services has in this project, as a member of an IAM policy.

    Made of the project's number, because what `serviceIdentity` answers is empty for some services
    (terraform-google-modules/terraform-google-project-factory#803).
    """
    return f"serviceAccount:service-{wanted.options.project_number}@{domain}.iam.gserviceaccount.com"
