"""What a cluster on EKS offers to the layers above it: disks, load balancers, and a way in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from components import contracts
from components.clusters import kubeconfigs, storage
from components.clusters.eks import places
from stacks import managed, plugins, resolution

DRIVER: Final = "ebs.csi.aws.com"
AUTO_DRIVER: Final = "ebs.csi.eks.amazonaws.com"

_PREFIX: Final = "service.beta.kubernetes.io/aws-load-balancer"
_AUTO_CLASS: Final = "eks.amazonaws.com/nlb"
_AUTO_NODES: Final = {"matchLabelExpressions": [{"key": "eks.amazonaws.com/compute-type", "values": ["auto"]}]}
"""Only Auto Mode's own nodes have its driver: docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html."""


def storage_classes(wanted: resolution.Managed[managed.EksOptions]) -> list[contracts.Manifest]:
    """All classes: gp3, encrypted, in the zone of their pod."""
    parameters = {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"}
    if wanted.encryption == "customer-key":
        parameters["kmsKeyId"] = places.of(wanted).key_alias_arn
    classes = storage.classes(driver(wanted), parameters={**parameters, **_tag_parameters(wanted)}, is_default=True)
    return [{**item, "allowedTopologies": [_AUTO_NODES]} for item in classes] if wanted.compute == "auto" else classes


def snapshot_class(wanted: resolution.Managed[managed.EksOptions]) -> contracts.Manifest:
    """The class of snapshots, for the kinds that the add-on `snapshot-controller` brings.

    https://docs.aws.amazon.com/eks/latest/userguide/csi-snapshot-controller.html
    """
    return storage.snapshot_class(driver(wanted), parameters=_tag_parameters(wanted))


def facts(wanted: resolution.Managed[managed.EksOptions]) -> contracts.StorageFacts:
    """What the layers above are told of volumes: an EBS volume lies in one zone, whatever the stack asks for."""
    return storage.facts(driver(wanted), zone_redundant=False, with_snapshots=True)


def driver(wanted: resolution.Managed[managed.EksOptions]) -> str:
    """The CSI driver: an add-on with node pools, built into Auto Mode."""
    return AUTO_DRIVER if wanted.compute == "auto" else DRIVER


def _tag_parameters(wanted: resolution.Managed[managed.EksOptions]) -> dict[str, str]:
    """Tags of what the driver makes. With node pools its add-on says them once for all classes."""
    tags = sorted(wanted.tags.items()) if wanted.compute == "auto" else ()
    return {f"tagSpecification_{number}": f"{key}={value}" for number, (key, value) in enumerate(tags, 1)}


def load_balancer(wanted: resolution.Managed[managed.EksOptions]) -> contracts.LoadBalancerFacts:
    """Network load balancers, which pass TCP on and check the port; so no path is asked for.

    In Auto Mode AWS makes them by a class of its own, straight to the pods. With node pools the cloud controller of the
    control plane makes them, by way of the nodes: it needs nothing installed and no permission on any node.
    """
    given = wanted.options.network
    return contracts.LoadBalancerFacts(
        internal=_exposure(wanted, contracts.Scheme.INTERNAL, given.private_subnets if given else ()),
        public=_exposure(wanted, contracts.Scheme.PUBLIC, given.public_subnets if given else ()),
        address="hostname",
    )


def _exposure(
    wanted: resolution.Managed[managed.EksOptions], scheme: contracts.Scheme, subnets: Sequence[str]
) -> contracts.Exposure:
    """`subnets` are named where the network is not ours: in a shared one, tags could lead to another cluster's."""
    annotations = {
        f"{_PREFIX}-additional-resource-tags": ",".join(f"{key}={value}" for key, value in sorted(wanted.tags.items())),
        **({f"{_PREFIX}-subnets": ",".join(subnets)} if subnets else {}),
    }
    is_internal = scheme is contracts.Scheme.INTERNAL
    if wanted.compute == "auto":
        annotations[f"{_PREFIX}-nlb-target-type"] = "ip"
        annotations[f"{_PREFIX}-scheme"] = "internal" if is_internal else "internet-facing"
        return contracts.Exposure(annotations=annotations, load_balancer_class=_AUTO_CLASS)
    annotations[f"{_PREFIX}-type"] = "nlb"
    if is_internal:
        annotations[f"{_PREFIX}-internal"] = "true"
    return contracts.Exposure(annotations=annotations)


def kubeconfig(place: places.Place, *, server: str, authority: str) -> str:
    """The kubeconfig: a token each time, for whoever runs the command.

    With neither profile nor role in it: Kubernetes is asked by the same identity as AWS, so `up` can't act as one in
    AWS and as another in the cluster, and the same text serves admins and viewers. A role to take on would keep those
    out, and a deployer who already is that role may not take it on again unless it trusts itself.
    """
    return kubeconfigs.with_plugin(
        place.cluster,
        server=server,
        authority=authority,
        command=plugins.AWS.command,
        arguments=[
            "--region",
            place.region,
            "eks",
            "get-token",
            "--cluster-name",
            place.cluster,
            # A person's own setting for the format would break the plug-in.
            "--output",
            "json",
        ],
        hint=plugins.AWS.install,
    )


def login(place: places.Place) -> str:
    """The command that gives a person a kubeconfig, under the name of the cluster."""
    return f"aws eks update-kubeconfig --region {place.region} --name {place.cluster} --alias {place.cluster}"


def issuer(identities: Any) -> str:
    """Who signs the tokens of ServiceAccounts, from the cluster's output `identities`."""
    return str(identities[0]["oidcs"][0]["issuer"])


def authority(certificate: Any) -> str:
    """The cluster's certificate, base64 of PEM. Singular in the provider since 7.0; earlier it was a list."""
    return str(certificate["data"])
