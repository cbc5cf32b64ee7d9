"""What a stack file may say about a cluster that a vendor manages: one portable core, and one block for each vendor.

A key of the core means the same at every vendor. Where it is left out, its tier decides (`tiers.py`); what core, tier
and vendor come to is put together in `resolution.py`, and what must hold between keys is in `cluster_checks.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from stacks import fields, forms

Tier = Literal["dev", "staging", "prod"]
Compute = Literal["pools", "auto"]
Protection = Literal["off", "guarded", "locked"]
Encryption = Literal["provider", "customer-key"]

ClusterName = Annotated[str, pydantic.StringConstraints(pattern=forms.CLUSTER_NAME, max_length=forms.LONGEST_CLUSTER)]
"""Fits the strictest vendor: names of load balancers, identities and resource groups are made of it."""
PoolName = Annotated[str, pydantic.StringConstraints(pattern=forms.POOL_NAME, max_length=forms.LONGEST_POOL)]
"""At most 8 letters and digits: AKS allows 12, and four are the hash that lets a pool be replaced without a gap."""
Minor = Annotated[str, pydantic.StringConstraints(pattern=forms.MINOR)]
Cidr = Annotated[str, pydantic.StringConstraints(pattern=forms.CIDR)]
"""An IPv4 network whose host bits are zero."""
Tag = Annotated[str, pydantic.StringConstraints(pattern=forms.TAG, max_length=63)]
"""The grammar of Google's labels, the strictest of the three."""
Count = Annotated[int, pydantic.Strict(), pydantic.Field(ge=0, le=1000)]
ZoneNumber = Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=3)]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Window(fields.Model):
    """When the vendor may change the control plane and the nodes; the times are UTC."""

    days: Annotated[tuple[Day, ...], pydantic.Field(min_length=1)] = ("saturday", "sunday")
    """Days of the week. Default the weekend."""
    start: Annotated[str, pydantic.StringConstraints(pattern=forms.TIME)] = "02:00"
    """Beginning, `HH:MM` in UTC. Default 02:00."""
    hours: Annotated[int, pydantic.Strict(), pydantic.Field(ge=4, le=24)] = 6
    """Length in hours, 4 to 24: shorter ones no vendor promises to keep. Default 6, which on two days of a week is the
    least that GKE accepts."""


class Freeze(fields.Model):
    """A time in which the vendor must not upgrade, for example the end of the year."""

    name: fields.DnsLabel
    """What it is called at the vendor."""
    start: fields.Date
    """First day."""
    end: fields.Date
    """Last day."""


class Kubernetes(fields.Model):
    """Which Kubernetes, and when it may change."""

    minor: Minor
    """The minor version, for example `1.35`; one step up at a time."""
    upgrades: Literal["pinned", "channel"] | None = None
    """`pinned`: the minor changes with this file only. `channel`: the vendor also moves it, in the window; on AKS the
    vendor alone does, once there is a cluster. EKS has no channels. The tier decides where it is left out."""
    window: Window = Window()
    """When the vendor may patch and upgrade."""
    freezes: tuple[Freeze, ...] = ()
    """When it must not. Default none."""


class Network(fields.Model):
    """The addresses of a cluster, and its way to the internet.

    Beside a network that exists, `cidr`, `egress` and `flowLogs` are refused, on GKE `pods` and `services` too: they
    would have no effect, as its owner decides.
    """

    cidr: Cidr | None = None
    """Addresses of the nodes (on EKS of the pods too), /16 to /24. Required, unless the vendor's block names a network
    that exists."""
    pods: Cidr | None = None
    """Addresses of the pods where they are not the network's own (GKE, AKS). Default 10.244.0.0/16."""
    services: Cidr | None = None
    """Addresses of Kubernetes Services. Default 172.20.0.0/16."""
    zones: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=3)] | None = None
    """How many zones the nodes are spread over, 1 to 3. The tier decides where it is left out."""
    egress: Literal["single", "per-zone"] | None = None
    """One gateway to the internet, or one in each zone. The tier decides where it is left out."""
    flow_logs: fields.Flag | None = None
    """Whether connections are logged. The tier decides where it is left out."""


class Access(fields.Model):
    """Who reaches the API server, and who may do what there. Principals are written as the vendor writes them."""

    api: Literal["private", "allowlist", "identity"] | None = None
    """`private`: from the network only. `allowlist`: from `cidrs` too. `identity`: an endpoint of the vendor's that
    asks for an identity first (GKE only). The tier decides where it is left out."""
    way_in: Literal["vpn", "peering", "bastion", "runner"] | None = None
    """How the deployer reaches a private API: what is outside of this stack and must be there before the first `up`."""
    cidrs: tuple[Cidr, ...] = ()
    """Networks that may reach the API with `allowlist`."""
    deployer: Annotated[str, pydantic.Field(min_length=1)]
    """Who runs `pulumi up`: an IAM role's ARN (EKS), `serviceAccount:…` (GKE), the object id of a principal (AKS)."""
    admins: tuple[str, ...] = ()
    """Who else may do everything in the cluster."""
    viewers: tuple[str, ...] = ()
    """Who may look at everything but secrets."""


class Shape(fields.Model):
    """What a node must have at least."""

    cpu: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=192)]
    """Virtual CPUs."""
    memory: fields.Quantity
    """Memory in bytes, for example `16Gi`."""


class Taint(fields.Model):
    """What keeps pods off a pool's nodes, unless they tolerate it."""

    key: Annotated[str, pydantic.StringConstraints(pattern=forms.LABEL_KEY, max_length=317)]
    """The taint's key."""
    value: Annotated[str, pydantic.StringConstraints(pattern=forms.LABEL_VALUE, max_length=63)] = ""
    """Its value. Default empty."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"
    """What happens to pods without the toleration. Default `NoSchedule`."""


class Pool(fields.Model):
    """Nodes of one kind."""

    role: Literal["system", "user"] = "user"
    """`system`: for what keeps the cluster itself running. Every cluster has one such pool. Default `user`."""
    arch: Literal["amd64", "arm64"] = "amd64"
    """Architecture. Default `amd64`."""
    shape: Shape | None = None
    """What a node must have; the vendor's machines are chosen by it. Either this or `instanceTypes`."""
    instance_types: tuple[str, ...] = ()
    """The vendor's own names of machines, in the order of preference. A family that stacks/shapes.yaml lists has the
    sizes that stand there; any other one is taken as it is written."""
    min: Count
    """Fewest nodes, in all zones together."""
    max: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=1000)]
    """Most nodes, in all zones together."""
    spot: fields.Flag = False
    """Whether the vendor may take the nodes back at any time, for a fraction of the price. Default no."""
    disk: fields.Quantity = "100Gi"
    """Size of a node's own disk. Default 100Gi."""
    labels: dict[
        Annotated[str, pydantic.StringConstraints(pattern=forms.LABEL_KEY, max_length=317)],
        Annotated[str, pydantic.StringConstraints(pattern=forms.LABEL_VALUE, max_length=63)],
    ] = {}
    """Labels of the nodes. Default none."""
    taints: tuple[Taint, ...] = ()
    """Taints of the nodes. Default none; spot and arm64 pools get one in any case."""
    zones: Annotated[tuple[ZoneNumber, ...], pydantic.Field(min_length=1)] | None = None
    """Which of the cluster's zones: 1 is its first. Leave it out for all."""


class Audit(fields.Model):
    """What the control plane logs, and for how long that is kept."""

    retention_days: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=3653)] | None = None
    """Days. The tier decides where it is left out."""
    categories: Literal["standard", "full"] | None = None
    """`standard`: audit, authentication and the API server. `full`: schedulers and controllers too."""


class Storage(fields.Model):
    """What volumes are made of."""

    zone_redundant: fields.Flag | None = None
    """Whether a volume outlives its zone, where the vendor has such disks (GKE, AKS). The tier decides."""


class Ingress(fields.Model):
    """The cluster's entrance for HTTP, a Gateway."""

    scheme: Literal["internal", "public"] = "internal"
    """Who may reach it. Default `internal`."""
    source_ranges: tuple[Cidr, ...] = ()
    """Networks that may reach it. Default all."""


class Backups(fields.Model):
    """An object-store bucket that services write their backups to, encrypted, versioned and private."""

    retention_days: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=3650)]
    """Days after which a backup is deleted; in a locked stack it can't be deleted before."""


class Drain(fields.Model):
    """What `destroy` does inside the cluster while its controllers still live, so that nothing stays at the vendor."""

    volumes: fields.Flag | None = None
    """Whether volume claims are deleted too, which deletes what is on volumes that are not retained. Default no, in dev
    yes."""
    disruption_budgets: Literal["respect", "delete"] = "delete"
    """Budgets that allow no disruption keep nodes from being drained. `respect`: destroy stops and names them."""
    minutes: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=120)] = 20
    """How long it waits for the vendor to let go of what was deleted. Default 20."""


class ManagedCluster(fields.Model):
    """A cluster that a vendor manages and that this stack creates: what means the same at every vendor."""

    name: ClusterName | None = None
    """Name of the cluster. Leave it out for the stack's."""
    tier: Tier
    """Which defaults apply: `dev` is cheap, `prod` is safe, `staging` is a small prod. Every one can be overridden."""
    region: Annotated[str, pydantic.Field(min_length=1)]
    """The vendor's name of the region, for example `eu-central-1`."""
    kubernetes: Kubernetes
    """Its version, and when that may change."""
    network: Network = Network()
    """Its addresses, and its way to the internet."""
    access: Access
    """Who reaches it, and who may do what."""
    compute: Compute = "pools"
    """`pools`: the node pools below. `auto`: the vendor makes nodes as pods need them. Default `pools`."""
    pools: dict[PoolName, Pool] = {}
    """Node pools by name. The tier has a pair of them where it is left out."""
    encryption: Encryption | None = None
    """Whose key encrypts Secrets and disks: the vendor's, or one of your own made here. The tier decides."""
    audit: Audit = Audit()
    """What the control plane logs."""
    storage: Storage = Storage()
    """What its volumes are made of."""
    ingress: Ingress | None = None
    """The entrance for HTTP. Leave it out for none."""
    backups: Backups | None = None
    """Where services put their backups. Leave it out for none."""
    drain: Drain = Drain()
    """What `destroy` does inside the cluster first."""
    protection: Protection | None = None
    """`off`: nothing. `guarded`: Pulumi refuses to delete. `locked`: the vendor refuses too. The tier decides."""
    retiring: fields.Flag = False
    """Whether the cluster is to be destroyed soon: only then may production have `protection: off`. Default no."""
    tags: dict[Tag, Tag] = {}
    """On everything that can have tags, for example `cost-center: "1234"`. Default only who manages it."""


class EksNetwork(fields.Model):
    """A VPC that exists."""

    vpc: Annotated[str, pydantic.Field(pattern=forms.VPC)]
    """Its id, `vpc-…`."""
    private_subnets: Annotated[
        tuple[Annotated[str, pydantic.Field(pattern=forms.SUBNET)], ...], pydantic.Field(min_length=2)
    ]
    """Ids of the subnets for nodes, one in each zone, with a way to the internet."""
    public_subnets: tuple[Annotated[str, pydantic.Field(pattern=forms.SUBNET)], ...] = ()
    """Ids of the subnets for public load balancers. Default none."""
    control_plane_subnets: tuple[Annotated[str, pydantic.Field(pattern=forms.SUBNET)], ...] = ()
    """Ids of the subnets for the control plane's own interfaces, in two zones or three; the cluster never takes others
    than their zones. Default `privateSubnets`, to which no zone can be added then."""


class EksOptions(fields.Model):
    """What only EKS knows."""

    account: Annotated[str, pydantic.Field(pattern=forms.AWS_ACCOUNT)]
    """The AWS account, twelve digits in quotes. Credentials for another one are refused."""
    partition: Literal["aws", "aws-us-gov", "aws-cn"] = "aws"
    """The AWS partition. Default `aws`."""
    node_image: Literal["al2023", "bottlerocket"] = "al2023"
    """The nodes' system, with `compute: pools`. Default `al2023`."""
    addon_versions: dict[str, str] = {}
    """Versions of EKS add-ons by name, for example `vpc-cni: v1.20.4-eksbuild.2`. Default AWS's own for the minor: with
    `pinned` as it was when the minor or `patchLevel` was written, with `channel` as it is at each `up`."""
    patch_level: Annotated[str, pydantic.Field(pattern=forms.LABEL_VALUE, max_length=20)] = ""
    """Any label, for example the month, `2026-12`. A change of it replaces nodes by such of the newest image, and with
    `pinned` takes the versions of add-ons that AWS has as its default then. Default none."""
    support: Literal["standard", "extended"] = "standard"
    """What happens when standard support of the minor ends: AWS upgrades, or charges six times as much."""
    network: EksNetwork | None = None
    """A VPC that exists: its addresses, ways out, endpoints and flow logs are its owner's. Leave it out to have one
    made."""
    interface_endpoints: fields.Flag | None = None
    """Whether AWS's own APIs are reached without the internet. Default in prod."""


class GkeNetwork(fields.Model):
    """A VPC network that exists."""

    network: Annotated[str, pydantic.Field(pattern=forms.GCP_NETWORK)]
    """Its name where it is in the cluster's project, or `projects/…/global/networks/…`."""
    subnetwork: Annotated[str, pydantic.Field(pattern=forms.GCP_SUBNETWORK)]
    """Its subnetwork in the region, with Cloud NAT and Private Google Access: the name or
    `projects/…/regions/…/subnetworks/…`, as the network is written."""
    pods_range: Annotated[str, pydantic.Field(pattern=forms.GCP_NAME)] = "pods"
    """Name of the subnetwork's secondary range for pods. Default `pods`."""
    services_range: Annotated[str, pydantic.Field(pattern=forms.GCP_NAME)] = "services"
    """Name of the subnetwork's secondary range for Services. Default `services`."""


class GkeOptions(fields.Model):
    """What only GKE knows."""

    project: Annotated[str, pydantic.Field(pattern=forms.GCP_PROJECT)]
    """The Google Cloud project's id."""
    project_number: Annotated[str, pydantic.Field(pattern=forms.DIGITS)]
    """Its number, in quotes: principals of workload identity are named by it."""
    release_channel: Literal["rapid", "regular", "stable", "extended"] = "regular"
    """The channel that versions and patches come from. Default `regular`."""
    node_image: Literal["cos", "ubuntu"] = "cos"
    """The nodes' system: Google's own, Container-Optimized OS, or Ubuntu, which knows XFS. Default `cos`."""
    pods_per_node: Annotated[int, pydantic.Strict(), pydantic.Field(ge=8, le=256)] = 64
    """Most pods on a node, which also is how much of the pods' range a node takes; can't be changed. Default 64."""
    security_group: str = ""
    """`gke-security-groups@…`, for roles given to Google Groups. Leave it out for none."""
    binary_authorization: fields.Flag | None = None
    """Whether the project's policy decides which images run. Default in prod."""
    network: GkeNetwork | None = None
    """A network that exists: its addresses, ways out and flow logs are its owner's. Leave it out to have one made."""


class AksNetwork(fields.Model):
    """A virtual network that exists."""

    virtual_network: Annotated[str, pydantic.Field(pattern=forms.ARM_ID)]
    """Its resource id, `/subscriptions/…/providers/Microsoft.Network/virtualNetworks/…`."""
    node_subnet: Annotated[str, pydantic.Field(pattern=forms.ARM_ID)]
    """Resource id of the subnet for nodes, one of its own, with a NAT gateway."""
    api_subnet: Annotated[str, pydantic.Field(pattern=forms.ARM_ID)] | None = None
    """Resource id of a subnet of /28 or more, delegated to managed clusters; needed for a private API."""


class AksOptions(fields.Model):
    """What only AKS knows."""

    subscription: Annotated[str, pydantic.Field(pattern=forms.UUID)]
    """The subscription's id."""
    tenant: Annotated[str, pydantic.Field(pattern=forms.UUID)]
    """The Entra tenant's id."""
    sku: Literal["free", "standard", "premium"] | None = None
    """The control plane's price tier; only `standard` and `premium` have an SLA. Default by tier."""
    login: Literal["azurecli", "workloadidentity", "msi", "spn"] = "azurecli"
    """How kubelogin gets the deployer's token. Default `azurecli`."""
    admin_groups: tuple[Annotated[str, pydantic.Field(pattern=forms.UUID)], ...] = ()
    """Object ids of Entra groups that may do everything in the cluster."""
    defender: fields.Flag | None = None
    """Whether Microsoft Defender watches the nodes. Default in prod."""
    network: AksNetwork | None = None
    """A virtual network that exists: its addresses, ways out and flow logs are its owner's. Leave it out to have one
    made."""


class EksCluster(ManagedCluster):
    """A cluster on Amazon EKS."""

    vendor: Literal["eks"]
    """Who runs the Kubernetes: Amazon."""
    eks: EksOptions
    """Its account, and what else only EKS knows."""


class GkeCluster(ManagedCluster):
    """A cluster on Google Kubernetes Engine."""

    vendor: Literal["gke"]
    """Who runs the Kubernetes: Google."""
    gke: GkeOptions
    """Its project, and what else only GKE knows."""


class AksCluster(ManagedCluster):
    """A cluster on Azure Kubernetes Service."""

    vendor: Literal["aks"]
    """Who runs the Kubernetes: Microsoft."""
    aks: AksOptions
    """Its subscription, and what else only AKS knows."""


Options = EksOptions | GkeOptions | AksOptions
