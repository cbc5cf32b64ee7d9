"""The vendor `existing`: a Kubernetes that somebody else made and runs.

Adds our storage classes to it, unless they are there, and otherwise leaves it as it is; in particular its default
storage class stays, because of two defaults the newer one silently wins.
"""

from __future__ import annotations

import dataclasses
import pathlib
import shlex
from typing import Final

import pulumi

from components import contracts, registration
from components.clusters import kubeconfigs, provider, storage
from stacks import settings

VENDOR: Final = "existing"


class Cluster(pulumi.ComponentResource):
    """An existing cluster, reached by a kubeconfig."""

    facts: contracts.ClusterFacts

    def __init__(
        self,
        name: str,
        args: contracts.ClusterArgs[settings.ExistingCluster],
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("paasport:clusters:Existing", name, None, opts)
        access = _access(args.options.kubeconfig, parent=self)
        kubernetes = provider.kubernetes(
            args.name,
            vendor=VENDOR,
            kubeconfig=access.kubeconfig,
            context=args.options.kubeconfig.context,
            opts=pulumi.ResourceOptions(parent=self),
        )
        wanted = args.options.storage
        ready: list[pulumi.Resource] = [kubernetes]
        if not args.options.has.storage_classes:
            classes = registration.group(
                f"{name}-storage",
                storage.classes(wanted.provisioner, parameters=wanted.parameters, is_default=False),
                opts=pulumi.ResourceOptions(parent=self, provider=kubernetes),
            )
            ready.append(classes)
        self.facts = contracts.ClusterFacts(
            vendor=VENDOR,
            name=args.name,
            kubeconfig=access.kubeconfig,
            kubectl=access.kubectl,
            endpoint=access.endpoint,
            provider=kubernetes,
            storage=storage.facts(wanted.provisioner, zone_redundant=None, with_snapshots=False),
            load_balancer=_load_balancer(args.options.load_balancer),
            identity=contracts.NoWorkloadIdentity(cluster=args.name),
            ready=tuple(ready),
        )
        self.register_outputs({"vendor": VENDOR, "name": args.name})


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Access:
    kubeconfig: pulumi.Output[str]
    kubectl: str
    endpoint: pulumi.Output[str | None]


def _access(source: settings.Kubeconfig, *, parent: pulumi.Resource) -> _Access:
    context = f" --context {shlex.quote(source.context)}" if source.context else ""
    if isinstance(source, settings.KubeconfigFile):
        file = pathlib.Path(source.path).expanduser().absolute()
        path = kubeconfigs.reference(
            file, next="correct paasport:cluster.kubeconfig.path in the stack file, or write the file"
        )
        found = kubeconfigs.endpoint(file.read_text(encoding="utf-8"), context=source.context)
        return _Access(
            kubeconfig=pulumi.Output.from_input(path),
            kubectl=f"kubectl --kubeconfig {_shell(path)}{context}",
            endpoint=pulumi.Output.from_input(found),
        )
    if isinstance(source, settings.KubeconfigValue):
        text = pulumi.Output.secret(source.value.get_secret_value())
    else:
        other = pulumi.StackReference(source.stack, opts=pulumi.ResourceOptions(parent=parent))
        # Secret in any case: whether a credential is in it can't be known before it has been read.
        text = pulumi.Output.secret(other.require_output(source.output))
    endpoint = text.apply(lambda known: kubeconfigs.endpoint(known, context=source.context))
    return _Access(kubeconfig=text, kubectl=f"kubectl{context}", endpoint=endpoint)


def _shell(path: str) -> str:
    """The path for a shell, which expands `~/` only where it is not quoted."""
    return f"~/{shlex.quote(path.removeprefix('~/'))}" if path.startswith("~/") else shlex.quote(path)


def _load_balancer(wanted: settings.ExistingLoadBalancer) -> contracts.LoadBalancerFacts:
    """One set of annotations for both schemes: what an existing cluster's controller reads is for its owner to know."""
    exposure = contracts.Exposure(
        annotations=wanted.annotations, load_balancer_class=wanted.load_balancer_class or None
    )
    return contracts.LoadBalancerFacts(internal=exposure, public=exposure)
