"""The Kubernetes provider as every vendor sets it up."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes

from components import contracts


def kubernetes(
    name: str,
    *,
    vendor: str,
    kubeconfig: pulumi.Input[str],
    context: str = "",
    scope: str = "",
    opts: pulumi.ResourceOptions,
) -> pulumi_kubernetes.Provider:
    """The provider of one cluster.

    `context` chooses one of the kubeconfig; empty means its current one. A vendor that creates its cluster gives the
    `scope` in which the name is unique (`account/region`), and adds `replace_with=[cluster]` to `opts`, so that a
    replaced cluster replaces what was on it.
    """
    return pulumi_kubernetes.Provider(
        name,
        kubeconfig=kubeconfig,
        context=context or None,
        # Of inputs only, and from the first commit: without it a changed address replaces the provider and all on it.
        cluster_identifier=f"{vendor}:{scope}/{name}" if scope else f"{vendor}:{name}",
        enable_server_side_apply=True,
        # Objects here have names of their own, so the alternative to a change in place is to delete them first.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
        opts=opts,
    )


def with_provider(facts: contracts.ClusterFacts, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options of a component whose children all go to this cluster."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers={"kubernetes": facts.provider}))
