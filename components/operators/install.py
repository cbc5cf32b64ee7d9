"""The component that installs one operator: its CRDs as a layer of their own, then everything else.

The CRDs go first and come last: they are applied before the operator of the same release, and deleted after all that
depends on the operator is gone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pulumi

from components import contracts, isolation, lifecycle, registration
from components.clusters import provider
from components.operators import releases, webhooks


@dataclasses.dataclass(frozen=True, kw_only=True)
class OperatorArgs:
    """What is installed where, and after what."""

    entry: contracts.Operator
    cluster: contracts.ClusterFacts
    requires: Sequence[pulumi.Resource] = ()
    """Installed operators that this one requires."""


class Operator(pulumi.ComponentResource):
    """An operator on a cluster.

    Who depends on it waits until its Deployment is available and its webhooks can be trusted (`webhooks.py`); that they
    are reached as well is seen by the first custom resource, which the embedded engine tries again for two minutes.
    """

    def __init__(self, name: str, args: OperatorArgs, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("paasport:operators:Operator", name, None, provider.with_provider(args.cluster, opts))
        release = releases.obtain(args.entry)
        # Before everything else, so that nothing is written of a release to which there is no step.
        step = lifecycle.release(args.entry, opts=pulumi.ResourceOptions(parent=self))
        if release.stand_in:
            pulumi.log.warn(f"stand-in: {release.stand_in}", self)
        crds = registration.file(
            f"{name}-crds",
            release.crds,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[step, *(args.cluster.reachable or args.cluster.ready), *args.requires]
            ),
        )
        objects = registration.group(
            name,
            _objects(args.entry, release),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[crds, *args.cluster.ready]),
        )
        for manifest in args.entry.resources:
            registration.single(
                manifest["metadata"]["name"],
                manifest,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[crds, objects]),
            )
        self.register_outputs({"version": args.entry.version})


def _objects(entry: contracts.Operator, release: releases.Release) -> list[contracts.Manifest]:
    """All but the definitions: first the operator's namespace, closed, unless its host has made it already."""
    surroundings = [] if entry.guest else [isolation.namespace(entry.home), isolation.default_deny(entry.home)]
    own = webhooks.awaited(entry.manifests(release.objects))
    return [*surroundings, *own, *release.invented]
