"""The AWS account of a cluster: one explicit provider, and every resource registered through it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.eks import places
from stacks import managed, resolution

SLOW: Final = pulumi.CustomTimeouts(create="45m", update="90m", delete="45m")
"""For what AWS takes long for: a control plane is created in ten minutes, upgraded or emptied in many more."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Account:
    """Registers resources of one cluster."""

    place: places.Place
    parent: pulumi.Resource
    provider: pulumi.ProviderResource

    def register(
        self,
        token: str,
        part: str,
        properties: Mapping[str, Any],
        *,
        outputs: Iterable[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> registration.Resource:
        """Register a resource below the cluster. `token` is without its package, `part` becomes `<cluster>-<part>`."""
        own = pulumi.ResourceOptions(parent=self.parent, provider=self.provider)
        return registration.resource(
            f"aws:{token}",
            f"{self.place.cluster}-{part}",
            properties,
            outputs=outputs,
            opts=pulumi.ResourceOptions.merge(own, opts),
        )


def of(wanted: resolution.Managed[managed.EksOptions], *, parent: pulumi.Resource) -> Account:
    """The account that the settings name."""
    provider = registration.provider(
        "aws", wanted.name, provider_properties(wanted), opts=pulumi.ResourceOptions(parent=parent)
    )
    return Account(place=places.of(wanted), parent=parent, provider=provider)


def provider_properties(wanted: resolution.Managed[managed.EksOptions]) -> dict[str, Any]:
    """Settings of the provider.

    Credentials come from the environment, as everywhere in AWS; those of another account are refused. Everything that
    can be tagged gets the stack's tags from here; what AWS creates by itself (instances, volumes, load balancers) gets
    them where it is asked for.
    """
    return {
        "region": wanted.region,
        "allowedAccountIds": [wanted.options.account],
        "defaultTags": {"tags": dict(wanted.tags)},
    }
