"""What the layers promise each other: cluster facts upwards, catalogue entries sideways.

Types only: no resource is created here and no vendor's SDK is imported. A layer above a cluster asks these facts what
the cluster can do and never which vendor it came from.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

import pulumi
import pulumi_kubernetes

from stacks import errors, lifecycle

Manifest = dict[str, Any]
"""One Kubernetes object as the API knows it: plain JSON with `apiVersion`, `kind` and `metadata`."""

Options = TypeVar("Options")
Class = type[Any]
"""A class; by a name of its own, because a service has a `type` of another sort."""


# Clusters


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


# Operators


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """What an object says once its operator can't go on: a wait for it ends there, and not at its time-out.

    Written for `runner.kubernetes.failures`, which reads it from an annotation. Pulumi's own provider has no such rule
    and waits to the time-out.
    """

    when: str
    """One term as in `Kind.ready_when`, for example `condition=Reconciled=False` or `jsonpath={.status.phase}=Failed`.
    That of an older generation counts for nothing; where none is said, it counts once it has lasted for a while since
    the change (`runner.kubernetes.histories`)."""
    message: str = ""
    """JSONPath of the operator's own words, for example `.status.message`; empty for the condition's."""
    saying: str = ""
    """What the condition's reason, or the words, must contain; empty for any."""
    unless: str = ""
    """What stands at `message` while all is well; empty for nothing."""
    undated: bool = False
    """Whether `status.observedGeneration` says nothing of it, because the operator writes that once all is done."""
    patience: int = 0
    """Seconds that it must last: for what heals by itself, or by what may still be coming in the same run."""
    child: str = ""
    """`<apiVersion>/<kind>` of the objects that this one owns, where they say it, or `v1/Event` for those about it
    since its spec was last written; empty for its own status."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of custom resource that an operator makes real, and what must be known to wait for it or to delete it."""

    api_version: str
    kind: str
    ready_when: tuple[str, ...]
    """Terms of the annotation `pulumi.com/waitFor`; all must hold."""
    observes_generation: bool
    """Whether its status says which generation it is about; where not, a status right after an update may be stale."""
    volumes_when_deleted: Literal["kept", "deleted"]
    """What becomes of its PersistentVolumeClaims when the custom resource is deleted."""
    failures: tuple[Failure, ...] = ()
    """What its status says when the operator can't go on; none where it never says so."""
    failed_when: str = ""
    """For people: where a failure can be seen that `failures` can't say."""
    ready_counts: tuple[tuple[str, str], ...] = ()
    """JSONPaths of values in the status, mostly numbers, and of those in the spec that they must reach, for example
    `(".status.readyInstances", ".spec.instances")`: what `ready_when` can't say without the object."""
    plural: str = ""
    """As in the API's paths; empty for the kind in lower case with an `s`."""
    scope: Literal["Namespaced", "Cluster"] = "Namespaced"
    short_names: tuple[str, ...] = ()
    """What kubectl takes instead."""
    finalizers: tuple[str, ...] = ()
    """Which its operator sets: without that operator the object can't be deleted."""
    loses: str = ""
    """What is lost when a resource of this kind is deleted, as nouns; empty where that is nothing which anybody needs.

    Whoever deletes the rest has to name the instance first. The operator hands it on to pods, so a change rolls them.
    """
    rules: lifecycle.Rules = dataclasses.field(default_factory=lifecycle.Rules)
    """Which changes of a resource its operator can make."""

    @property
    def group(self) -> str:
        """The API group."""
        return self.api_version.partition("/")[0]

    @property
    def crd(self) -> str:
        """Name of its CustomResourceDefinition."""
        return f"{self.plural or self.kind.lower() + 's'}.{self.group}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Operator:
    """A catalogue entry: an operator's release and how it fits with others. A cluster has at most one of each."""

    name: str
    """Also its key in the lock file of releases."""
    version: str
    """As its publisher writes it; the lock file pins the same."""
    crds: tuple[str, ...]
    """Names of the CustomResourceDefinitions that are installed; what else the release brings is left out. Empty for
    all that it has."""
    kinds: tuple[Kind, ...]
    """The kinds that services use."""
    manifests: Callable[[Sequence[Manifest]], list[Manifest]]
    """Pure: from the release's objects other than CRDs to those that are applied in the operator's namespace."""
    requires: tuple[str, ...] = ()
    """Names of operators that must be ready before this one is installed."""
    conflicts: tuple[str, ...] = ()
    """Names of operators that can't be on the same cluster; one side's word is enough."""
    namespace: str = ""
    """Where it lives; empty for a namespace of its own name.

    The upstream namespace is kept where the release's webhooks or certificates name it, or where other software looks
    for the operator there: moved, these fields would have to be found and changed in every release anew.
    """
    guest: bool = False
    """Whether its namespace is one that an operator it requires has made."""
    preview: str = ""
    """What keeps it from production; empty where nothing does."""
    found_by: tuple[Manifest, ...] = ()
    """Objects of its release by which other operators find it: what stands in for the release has them too."""
    lock: str = ""
    """Path of the file that pins its release; empty for this project's own. Set for operators of other catalogues."""
    resources: tuple[Manifest, ...] = ()
    """Objects of its own kinds that a cluster has once, whoever of its services needs them: no service could own what
    several share. Each a registration of its own, once the operator is there; ready by its own annotations."""
    one_minor_at_a_time: bool = False
    """Whether its publisher supports a step to the next minor alone: none is left out, and there is no way back."""

    @property
    def home(self) -> str:
        """The namespace that it lives in."""
        return self.namespace or self.name


# Services


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a service answers inside its cluster."""

    namespace: str
    service: str
    """Name of the Kubernetes Service."""
    port: int
    scheme: str = "http"
    """First part of its address, such as `amqps`, `https` or `postgresql`."""

    @property
    def url(self) -> str:
        """The address that pods of the cluster use."""
        return f"{self.scheme}://{self.service}.{self.namespace}.svc:{self.port}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class BackupTarget:
    """Where one instance's backups go, and how its pods may write there without a stored key."""

    store: ObjectStore
    binding: Binding
    """What the pods' ServiceAccount and the pods themselves must carry."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Used:
    """Another instance of the stack, as one that uses it knows it. It is ready before the one that uses it is made."""

    name: str
    """Also of its namespace, to which the label of `clients.labels` opens the way."""
    service: str
    """Which service of the catalogue it is: several may fit the same role."""
    options: Any
    """Its settings, for what follows from how many servers it has."""
    endpoint: Endpoint
    connection: Mapping[str, pulumi.Input[str]]
    """As in its `ServiceObjects`; passwords are secret, so this goes into Secrets alone."""
    authority: pulumi.Input[str] | None = None
    """Certificates of who signs its own, as PEM; None where it has none, or none that is told."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class KeyPair:
    """Two halves that were made together, as PEM. Who loses one has to make both anew."""

    private: pulumi.Input[str]
    """Secret. Of the form of PKCS #8."""
    public: pulumi.Input[str]
    """The public key, or the certificate of an authority."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServiceArgs(Generic[Options]):
    """What a service's builder may know: its own settings and what the cluster offers.

    Plain data, save for values that only the engine knows, which a builder passes on and never looks at.
    """

    name: str
    """Name of the instance, which is also the name of its namespace."""
    options: Options
    """The service's own settings, of the type that `stacks.settings` has for it."""
    storage: StorageFacts
    load_balancer: LoadBalancerFacts
    passwords: Mapping[str, pulumi.Input[str]] = dataclasses.field(default_factory=dict)
    """One for each name in the entry's `passwords`: generated once, secret, the same at every run."""
    keys: Mapping[str, KeyPair] = dataclasses.field(default_factory=dict)
    """One for each name in the entry's `keys` and `authorities`: generated once, the same at every run."""
    entrance: bool = False
    """Whether the cluster has an entrance for HTTP, to which routes of the instance's namespace can be attached."""
    backups: BackupTarget | None = None
    """Where backups go and come from; None where the settings ask neither for backups nor for a restore."""
    monitored_by: str = ""
    """Name of the stack's Prometheus that watches the instance; empty where none does."""
    homes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Namespaces of operators that somebody else has installed elsewhere than their entries say."""
    uses: Mapping[str, Used] = dataclasses.field(default_factory=dict)
    """Instances of the same stack that this one uses, by the role that its settings name: all of its `USES`."""

    def home(self, operator: Operator) -> str:
        """The namespace that the operator lives in on this cluster: who lets it in asks here."""
        return self.homes.get(operator.name, operator.home)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServiceObjects:
    """What a builder makes of its arguments."""

    shared: tuple[Manifest, ...]
    """Objects that need no resource options of their own; registered together."""
    custom_resources: tuple[Manifest, ...]
    """What the operator makes the service from: holds data and is waited for, so each is a registration of its own,
    in this order."""
    secrets: tuple[Manifest, ...] = ()
    """What has credentials in it, mostly Secrets, each a registration of its own, before the custom resources."""
    witnesses: tuple[Manifest, ...] = ()
    """What comes after the custom resources, unprotected: what is waited for where those say nothing about themselves,
    and what works on what their operator has made. Each a registration of its own, ready by its own annotations."""
    connection: Mapping[str, pulumi.Input[str]] = dataclasses.field(default_factory=dict)
    """What a client needs, by the names of the Service Binding specification (servicebinding.io/spec/core/1.1.0):
    `type`, `host`, `port`, `username`, `password`, `uri` and the like. Secret is what is made of `passwords`, by
    Pulumi's own rule that what comes of a secret is one."""
    endpoint: Endpoint
    version: str
    """Version of the service's own software."""
    authority: str = ""
    """Name of the Secret in its namespace whose `ca.crt` tells clients of the same stack whom to trust; empty where
    there is none. Pulumi's state gets all of that Secret, so it is a server's own, never the authority's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Service(Generic[Options]):
    """A catalogue entry: a service that stack files can name."""

    name: str
    """The value of `service` in a stack file."""
    type: str
    """Last part of its component's type: `paasport:services:<type>`."""
    operators: tuple[str, ...]
    """Names of the operators that it needs."""
    build: Callable[[ServiceArgs[Options]], ServiceObjects]
    """Pure: the same arguments give the same objects on every vendor."""
    passwords: tuple[str, ...] = ()
    """Names of the passwords that are generated for an instance."""
    keys: tuple[str, ...] = ()
    """Names of the pairs of keys that are generated for an instance, on the curve P-256."""
    authorities: tuple[str, ...] = ()
    """Names of the certificate authorities that are generated for an instance: a key, and a certificate by itself."""
    has_routes: bool = False
    """Whether its objects attach routes to the cluster's entrance, where there is one."""
    backup_operators: tuple[str, ...] = ()
    """Names of those that it needs besides where its settings ask for backups or a restore."""
    backup_account: str = ""
    """The ServiceAccount of the pods that use the object store; empty for that of the instance's own name, which its
    operator makes."""
    settings: Class | None = None
    """The class of its settings, for a service of another catalogue; the built-in ones' are in `stacks/services/`."""
