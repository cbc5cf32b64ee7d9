"""What a service's module is given, and what it makes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Generic

import pulumi

from components.contracts.clusters import Binding, LoadBalancerFacts, ObjectStore, StorageFacts
from components.contracts.operators import Operator
from components.contracts.terms import Class, Manifest, Options


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
