"""Empties a cluster of what holds on to its vendor before the cluster itself is deleted.

A load balancer, a disk or a machine that a controller inside the cluster has made is in no state file. Left behind it
costs money, keeps the network from being deleted, and nobody cleans it up once the controller is gone. The guard stands
between the controllers and the workloads: on destroy the engine deletes the workloads, then the guard, whose deletion
removes such leftovers and waits, and only then controllers, node pools, cluster and network.

`plan` and `volumes` decide, `objects` and `texts` serve them, all of them pure; `api` and `login` talk to the cluster;
`draining` is the loop; `provider` is what Pulumi calls. docs/drain.md tells users.
"""

from __future__ import annotations

import pulumi

from components.clusters.drain_guard import provider
from stacks import resolution


def guard(
    name: str, *, kubeconfig: pulumi.Input[str], drain: resolution.Drain, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Register the guard; workloads depend on it, and it depends on the controllers that must outlive it.

    `kubeconfig` is a text that logs in by a program and holds no secret, because it is kept in the stack's state: the
    guard must find its cluster without the program. One with a secret is refused. Pass `replace_with` the cluster, so
    that a replaced cluster is drained too.
    """
    return provider.DrainGuard(name, kubeconfig=kubeconfig, drain=drain, opts=opts)
