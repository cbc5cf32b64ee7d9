"""The vendor `local`: a control plane on this machine, with simulated nodes.

Does not start it: `./paasport up` does, or `./paasport local start NAME`. This component only finds it.
"""

from __future__ import annotations

from typing import Final

import pulumi

from components import contracts, registration
from components.clusters import kubeconfigs, provider, storage
from stacks import locations, settings

VENDOR: Final = "local"

PROVISIONER: Final = "paasport.dev/simulated"
"""The control plane's supervisor binds claims of this provisioner; there are no bytes behind them."""


class Cluster(pulumi.ComponentResource):
    """A local control plane that has been started."""

    facts: contracts.ClusterFacts

    def __init__(
        self,
        name: str,
        args: contracts.ClusterArgs[settings.LocalCluster],
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("paasport:clusters:Local", name, None, opts)
        file = locations.control_plane_kubeconfig(args.name)
        kubeconfig = kubeconfigs.reference(file, next=f"./paasport local start {args.name}")
        kubernetes = provider.kubernetes(
            args.name, vendor=VENDOR, kubeconfig=kubeconfig, opts=pulumi.ResourceOptions(parent=self)
        )
        ready: list[pulumi.Resource] = [kubernetes]
        if not args.options.has.storage_classes:
            classes = registration.group(
                f"{name}-storage",
                storage.classes(PROVISIONER, is_default=True),
                opts=pulumi.ResourceOptions(parent=self, provider=kubernetes),
            )
            ready.append(classes)
        self.facts = contracts.ClusterFacts(
            vendor=VENDOR,
            name=args.name,
            kubeconfig=pulumi.Output.from_input(kubeconfig),
            kubectl=f"./paasport local kubectl {args.name} --",
            endpoint=pulumi.Output.from_input(kubeconfigs.endpoint(file.read_text(encoding="utf-8"))),
            provider=kubernetes,
            # Nothing is stored, so nothing outlives anything, and there is nothing to take a snapshot of.
            storage=storage.facts(PROVISIONER, zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
            identity=contracts.NoWorkloadIdentity(cluster=args.name),
            ready=tuple(ready),
        )
        self.register_outputs({"vendor": VENDOR, "name": args.name})
