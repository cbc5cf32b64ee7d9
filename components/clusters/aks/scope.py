"""What every Azure resource of one cluster is registered with: its parent, the provider, and how it is protected."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pulumi

from stacks import managed, resolution

Settings = resolution.Managed[managed.AksOptions]
"""All that a stack says about its AKS cluster."""


def keeps_data(settings: Settings) -> bool:
    """Whether what holds data, and the key that reads it, stay when the cluster is destroyed.

    The same setting that keeps volume claims: a key or a resource group deleted with the cluster would take the kept
    disks with it.
    """
    return not settings.drain.volumes


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scope:
    """One cluster's place in Pulumi's tree."""

    parent: pulumi.Resource
    provider: pulumi.ProviderResource
    settings: Settings

    def options(
        self, *, depends_on: Sequence[pulumi.Resource] = (), ignore: Sequence[str] = ()
    ) -> pulumi.ResourceOptions:
        """Of a resource that can be made again.

        `ignore` are paths in the provider's own camelCase: a nested path in Python's spelling is ignored silently.
        """
        return pulumi.ResourceOptions(
            parent=self.parent,
            provider=self.provider,
            depends_on=list(depends_on),
            ignore_changes=list(ignore),
        )

    def guarded(
        self, *, depends_on: Sequence[pulumi.Resource] = (), ignore: Sequence[str] = ()
    ) -> pulumi.ResourceOptions:
        """Of a resource that Pulumi refuses to delete or to replace, unless the stack's protection is off."""
        return pulumi.ResourceOptions.merge(
            self.options(depends_on=depends_on, ignore=ignore),
            pulumi.ResourceOptions(protect=self.settings.protection != "off"),
        )

    def kept(self, *, depends_on: Sequence[pulumi.Resource] = (), ignore: Sequence[str] = ()) -> pulumi.ResourceOptions:
        """Of a resource that holds data or is needed to read them: guarded, and left in Azure by `destroy`."""
        return pulumi.ResourceOptions.merge(
            self.guarded(depends_on=depends_on, ignore=ignore),
            pulumi.ResourceOptions(retain_on_delete=keeps_data(self.settings)),
        )
