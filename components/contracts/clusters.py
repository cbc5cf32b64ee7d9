"""What a cluster promises whatever vendor it is from: upwards to operators and services, who never ask which."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Final, Generic, Literal, Protocol

import pulumi
import pulumi_kubernetes

from components.contracts.terms import Options
from stacks import errors


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusterArgs(Generic[Options]):
    """What a cluster component is asked for.

    `options` is a `stacks.resolution.Managed` for a vendor that creates its cluster: the portable inputs (region,
    version, pools, access) and the vendor's own block, every default filled in.
    """

    name: str
    """Name of the cluster, a DNS label; part of `cluster_identifier`, so a change means another cluster."""
    options: Options
    """Typed settings; never a dictionary."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StorageFacts:
    """Names of the storage classes that every cluster has, whatever its disks are made by.

    All bind when a pod is scheduled, so that a volume lies in its pod's zone, and all can grow.
    """

    default_class: str
    """For what can be made again: the disk goes with its claim."""
    retain_class: str
    """For data: the disk outlives its claim, its namespace and its operator."""
    xfs_class: str
    """The same on XFS, for what runs on no other file system. A node's system must know XFS; the checks see to that."""
    driver: str
    """The CSI driver of all: their provisioner, and the driver of a VolumeSnapshotClass."""
    zone_redundant: bool | None
    """Whether a volume outlives the loss of its zone; None where nobody has said so (`existing`)."""
    snapshot_class: str | None = None
    """For snapshots of these volumes, which go with their VolumeSnapshot. None where this stack does not bring what
    makes snapshots real, the snapshot controller and its kinds: `existing` may lack them, and `local` has no bytes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class NetworkFacts:
    """Where a cluster is, for what is put beside it and for others' allowlists. Ids as the vendor's API takes them.

    Empty where this stack neither makes the network nor is told of it (`existing`, `local`).
    """

    id: pulumi.Output[str] | None = None
    """Of the VPC or virtual network."""
    private_subnets: tuple[pulumi.Output[str], ...] = ()
    """Where nodes and internal load balancers are. One in each zone on EKS; elsewhere one spans all zones."""
    public_subnets: tuple[pulumi.Output[str], ...] = ()
    """Where public load balancers are. Only AWS tells subnets apart like this."""
    egress_addresses: tuple[pulumi.Output[str], ...] = ()
    """Where traffic to the internet comes from. Empty where the network exists already, whose owner knows, and on GKE,
    whose Cloud NAT takes addresses and gives them back by itself."""


class Scheme(enum.StrEnum):
    """Who may reach a load balancer."""

    INTERNAL = "internal"
    """The cluster's own network."""
    PUBLIC = "public"
    """The internet."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exposure:
    """What a Service of type LoadBalancer must say to get the load balancer that is meant."""

    annotations: Mapping[str, str] = dataclasses.field(default_factory=dict)
    load_balancer_class: str | None = None
    """`spec.loadBalancerClass`, which can't be changed later; None leaves it out, for the cluster's default."""


SOURCE_RANGES: Final = "service.beta.kubernetes.io/load-balancer-source-ranges"
"""The annotation that every vendor's controller reads where `spec.loadBalancerSourceRanges` is not set
(`GetLoadBalancerSourceRanges` of kubernetes/cloud-provider)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoadBalancerFacts:
    """How this cluster is asked for load balancers."""

    internal: Exposure = Exposure()
    public: Exposure = Exposure()
    address: Literal["hostname", "ip"] = "ip"
    """What a Service's `status.loadBalancer.ingress` has: a name for a CNAME, or an address."""
    health_path_annotation: str = ""
    """Annotation that names the path which the load balancer probes; empty where it finds out by itself."""

    def service(self, scheme: Scheme, *, health_path: str = "", source_ranges: Sequence[str] = ()) -> Exposure:
        """What to write into a Service that is to be reachable by `scheme`.

        `health_path` answers 200 when healthy. `source_ranges` are the networks that may reach it; none means all.
        """
        exposure = {Scheme.INTERNAL: self.internal, Scheme.PUBLIC: self.public}[scheme]
        asked = {self.health_path_annotation: health_path, SOURCE_RANGES: ",".join(source_ranges)}
        given = {name: value for name, value in asked.items() if name and value}
        return dataclasses.replace(exposure, annotations={**exposure.annotations, **given})


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """A bucket for backups: encrypted, versioned, private."""

    protocol: Literal["s3", "gcs", "azure"]
    """Whose API it speaks: tools have a setting for it, and no layer above decides anything else by it."""
    bucket: pulumi.Output[str]
    """Its name, as `Grant.bucket` takes it."""
    url: pulumi.Output[str]
    """Where it is, in the form that backup tools take: `s3://…`, `gs://…`, `https://….blob.core.windows.net/…`."""
    root: pulumi.Output[str]
    """What paths in it begin with: the bucket's name, on Azure the container's."""
    account: pulumi.Output[str] | None = None
    """Azure's storage account that has the container; None elsewhere."""
    region: str = ""
    """Where S3 has it; empty elsewhere, where nobody asks."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grant:
    """One permission in the vendor's cloud that a service's pods need, in portable words."""

    access: Literal["read", "write"]
    bucket: pulumi.Input[str]
    """Name of the object-store bucket. Other resources are added here when the first service needs one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Binding:
    """What connects a ServiceAccount with an identity of the vendor's cloud."""

    service_account_annotations: Mapping[str, pulumi.Input[str]] = dataclasses.field(default_factory=dict)
    pod_labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    depends_on: tuple[pulumi.Resource, ...] = ()
    """What must exist before pods use the identity."""


class WorkloadIdentity(Protocol):
    """How pods get permissions in the vendor's cloud without a stored key."""

    @property
    def supported(self) -> bool:
        """Whether `bind` can grant anything; a service that can do without asks this first."""
        ...

    def bind(self, namespace: str, service_account: str, *, grants: Sequence[Grant]) -> Binding:
        """Give the ServiceAccount these grants. Raises PaasportError for grants where `supported` is False."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoWorkloadIdentity:
    """A cluster without a cloud around it: nothing to bind to, so only an empty list of grants can be had."""

    cluster: str
    """Name of the cluster, for the error."""
    supported: Literal[False] = False

    def bind(self, namespace: str, service_account: str, *, grants: Sequence[Grant]) -> Binding:
        """The empty binding. Raises PaasportError for any grant."""
        if grants:
            raise errors.PaasportError.of(
                f"service account {namespace}/{service_account} needs cloud permissions, "
                f"and cluster {self.cluster} has no workload identity",
                why="without them its pods would start and then be refused by the object store",
                next="use a vendor's own cluster for this service, or leave out what needs the permission",
            )
        return Binding()


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """What a cluster tells the layers above it: all they may rely on."""

    vendor: str
    """For outputs and messages only; a decision by vendor belongs into the vendor's own module."""
    name: str
    kubeconfig: pulumi.Output[str]
    """Path or text, as the provider takes it. A secret Output where the text may hold a credential."""
    kubectl: str
    """How a person starts a kubectl command on this cluster."""
    location: str = ""
    """The vendor's region; empty for a cluster that has none or of which it is not known."""
    version: pulumi.Output[str] | None = None
    """Of the control plane, as the vendor says it; None where this stack does not create it."""
    login: str = ""
    """The vendor's command that gives a person a kubeconfig with an own identity; empty where there is none."""
    endpoint: pulumi.Output[str | None]
    """URL of the API server, as its kubeconfig has it; None where that has none. Secret where the kubeconfig is."""
    issuer: pulumi.Output[str] | None = None
    """URL of who signs the tokens of ServiceAccounts, as a trust by OpenID Connect names it: for what lies outside of
    the cluster's own cloud, inside there is `identity`. None where this stack does not create the cluster."""
    network: NetworkFacts = NetworkFacts()
    provider: pulumi_kubernetes.Provider
    """Has a constant `clusterIdentifier` made of inputs only, so that a changed address replaces nothing there."""
    storage: StorageFacts
    load_balancer: LoadBalancerFacts
    identity: WorkloadIdentity
    backups: ObjectStore | None = None
    """Where services put their backups; None where the stack asks for none."""
    ready: tuple[pulumi.Resource, ...]
    """What everything on the cluster depends on, save definitions of kinds."""
    reachable: tuple[pulumi.Resource, ...] = ()
    """What definitions of kinds depend on, which need no node and take the API server long: they are made while the
    rest of `ready` still is, and go while it goes. Empty for the same as `ready`."""
