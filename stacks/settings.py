"""What a stack file may say: the cluster to use and the services to run on it.

Types, plus the entry points that turn configuration into them. What must hold between fields is in `checks.py`, the
words of an error in `explanations.py`, reading files in `files.py`. Keys are camelCase in YAML, as in Pulumi's own
files, and snake_case in Python.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import pathlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import pydantic

from stacks import (
    checks,
    confidential,
    errors,
    explanations,
    fields,
    filling,
    findings,
    forms,
    managed,
    service_checks,
    shared,
    suggestions,
    unknown,
)
from stacks.catalogues import model, places
from stacks.catalogues import settings as outside
from stacks.catalogues import stack_checks as catalogues
from stacks.services import catalogue as built_in
from stacks.services import instance

PROJECT: Final = "paasport"
"""The project's name in Pulumi.yaml, and the namespace of its configuration keys."""
CLUSTER_KEY: Final = f"{PROJECT}:cluster"
SERVICES_KEY: Final = f"{PROJECT}:services"
CATALOGUE_KEY: Final = f"{PROJECT}:{places.KEY}"


NO_CATALOGUE: Final = model.Catalogue()
"""What most stacks have besides the built-in services."""
UNREAD_CATALOGUE: Final = model.Catalogue(unread=True)
"""For whoever asks about a stack's cluster alone."""


class LocalNodes(fields.Model):
    """The simulated nodes of a local control plane."""

    count: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=500)] = 3
    """How many nodes, spread over the zones in turn. 1 to 500; default 3, one for each zone."""
    zones: Annotated[tuple[fields.DnsLabel, ...], pydantic.Field(min_length=1)] = ("zone-a", "zone-b", "zone-c")
    """The zones that the nodes are in (label `topology.kubernetes.io/zone`). Default three, as at most vendors."""
    cpu: fields.Quantity = "16"
    """CPU of one node, in cores. Default 16."""
    memory: fields.Quantity = "64Gi"
    """Memory of one node, in bytes. Default 64Gi."""
    pods: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=1000)] = 110
    """How many pods one node takes. Default 110, the kubelet's own."""


class LocalCluster(shared.SharedCluster):
    """A control plane on this machine: the real Kubernetes API with simulated nodes."""

    vendor: Literal["local"]
    """Who runs the Kubernetes: this machine."""
    name: fields.ControlPlaneName | None = None
    """At most 50 characters, because it becomes a host name. Leave it out for the stack's; equal names share one."""
    nodes: LocalNodes = LocalNodes()
    """The simulated nodes."""


class KubeconfigFile(fields.Model):
    """A kubeconfig that is on every machine which deploys this stack."""

    path: Annotated[str, pydantic.Field(min_length=1)]
    """Path of the file; `~` is the home folder, a relative path starts at the project."""
    context: str = ""
    """The context in it to use. Leave it out for its current context."""


class KubeconfigValue(fields.Model):
    """A kubeconfig that is kept in the stack file itself, encrypted."""

    value: pydantic.SecretStr
    """The kubeconfig's text, set with `pulumi config set --secret --path 'paasport:cluster.kubeconfig.value'`."""
    context: str = ""
    """The context in it to use. Leave it out for its current context."""


class KubeconfigOutput(fields.Model):
    """A kubeconfig that another stack has among its outputs."""

    stack: Annotated[str, pydantic.Field(pattern=forms.STACK)]
    """The other stack: its name, or `organization/project/stack`."""
    output: Annotated[str, pydantic.Field(min_length=1)] = "kubeconfig"
    """Which of its outputs. Default `kubeconfig`."""
    context: str = ""
    """The context in it to use. Leave it out for its current context."""


KUBECONFIG_KEYS: Final = ("path", "value", "stack")
"""The key that tells the three sources of a kubeconfig apart."""


def _kubeconfig_source(value: Any) -> str | None:
    """The one of the three keys that is there; None where none or several are, which is an error."""
    present = [key for key in KUBECONFIG_KEYS if (key in value if isinstance(value, Mapping) else hasattr(value, key))]
    return present[0] if len(present) == 1 else None


Kubeconfig = Annotated[
    Annotated[KubeconfigFile, pydantic.Tag("path")]
    | Annotated[KubeconfigValue, pydantic.Tag("value")]
    | Annotated[KubeconfigOutput, pydantic.Tag("stack")],
    pydantic.Discriminator(_kubeconfig_source),
]
"""Where the kubeconfig of an existing cluster comes from."""


class ExistingStorage(fields.Model):
    """What the storage classes of an existing cluster are made of."""

    provisioner: Annotated[str, pydantic.Field(pattern=forms.PROVISIONER, max_length=253)]
    """The CSI driver that is installed there, for example `ebs.csi.aws.com`."""
    parameters: dict[str, str] = {}
    """The driver's own parameters, for example `type: gp3`. Default none."""


class ExistingLoadBalancer(fields.Model):
    """How a Service of type LoadBalancer is asked for on an existing cluster."""

    annotations: dict[str, str] = {}
    """Annotations that its load-balancer controller reads. Default none."""
    load_balancer_class: str = ""
    """`spec.loadBalancerClass` of such Services; it can't be changed later. Leave it out for the cluster's default."""


class ExistingCluster(shared.SharedCluster):
    """A Kubernetes that somebody else made and runs."""

    vendor: Literal["existing"]
    """Who runs the Kubernetes: somebody else."""
    name: fields.DnsLabel
    """What this cluster is called in names and outputs."""
    kubeconfig: Kubeconfig
    """How to reach it: `path` (a file), `value` (encrypted text) or `stack` (an output of another stack)."""
    storage: ExistingStorage
    """What its volumes are made by."""
    load_balancer: ExistingLoadBalancer = ExistingLoadBalancer()
    """What its load balancers need to be told. Default nothing."""


Cluster = Annotated[
    LocalCluster | ExistingCluster | managed.EksCluster | managed.GkeCluster | managed.AksCluster,
    pydantic.Field(discriminator="vendor"),
]
"""The cluster of a stack, told apart by `vendor`."""


class Settings(fields.Model):
    """All that a stack says about itself."""

    cluster: Cluster
    """The cluster that the stack runs on."""
    services: dict[fields.ServiceName, built_in.Instance] = {}
    """The services that run there, each under a name of your choice, which is also that of its namespace."""
    catalogue: outside.Catalogue = outside.Catalogue()
    """Catalogues from outside this project, whose services can be named too: paths from the project, such as `../acme`,
    or installed packages, such as `package:acme_services`, with commas between them."""


CLUSTERS: Final[Mapping[str, type[Cluster]]] = {
    "aks": managed.AksCluster,
    "eks": managed.EksCluster,
    "existing": ExistingCluster,
    "gke": managed.GkeCluster,
    "local": LocalCluster,
}
"""The vendors that a stack can name."""

OTHER_NAMES: Final[Mapping[str, str]] = {
    "amazon": "eks",
    "aws": "eks",
    "azure": "aks",
    "gcp": "gke",
    "google": "gke",
    "microsoft": "aks",
}
"""What people call the vendors of managed clusters; the letters of `aws` alone are nearer to `aks`."""


SECRET_PATHS: Final = ((CLUSTER_KEY, "kubeconfig", "value"),)
"""What must be encrypted in a stack file. Nothing else of ours may be: it would end up where everybody reads it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judgement:
    """What configuration says, as far as it is right, and what is wrong with it."""

    cluster: Cluster | None
    """None where nobody knows whose it is. What is wrong in it is `unknown`."""
    services: dict[str, instance.Instance]
    catalogue: model.Catalogue
    found: tuple[findings.Finding, ...]

    @property
    def settings(self) -> Settings | None:
        """The settings, where nothing is wrong."""
        if self.found or self.catalogue.problems or self.cluster is None:
            return None
        return Settings(cluster=self.cluster, services=self.services, catalogue=self.catalogue)


def parse(
    config: Mapping[str, Any],
    *,
    locate: findings.Locate | None = None,
    file: str = "",
    echo: bool = True,
    today: dt.date | None = None,
    catalogue: model.Catalogue = NO_CATALOGUE,
) -> Settings:
    """The settings in configuration whose keys are `namespace:name`; other namespaces than our own are not looked at.

    Raises StackFileError with every problem there is. With `echo` false no message repeats a value: for configuration
    of which it is not known what was encrypted. A Kubernetes minor that is out of support is a problem only where
    `today` is given: a date that passes must not keep anybody from repairing what runs.
    """
    judged = judge(config, echo=echo, today=today, catalogue=catalogue)
    if judged.settings is None:
        problems = findings.problems(judged.found, locate=locate, file=file)
        raise errors.StackFileError(*catalogue.problems, *problems)
    return judged.settings


def judge(
    config: Mapping[str, Any],
    *,
    echo: bool = True,
    today: dt.date | None = None,
    catalogue: model.Catalogue = NO_CATALOGUE,
) -> Judgement:
    """Everything that is right in configuration, and everything that is wrong. As `parse`, but raises nothing.

    What is `unknown` in `config` is there, but cannot be read: nothing is said about it.
    """
    cluster = _cluster(config, echo=echo, today=today)
    contents = checks.of_contents(cluster.value, catalogue=catalogue, path=(CLUSTER_KEY,), gaps=cluster.gaps)
    services, wrong = _services(config, cluster=cluster.value, echo=echo, outside=catalogue)
    found = (
        *_unknown_keys(config),
        *_catalogue(config, echo=echo),
        *catalogue.found,
        *cluster.found,
        *contents,
        *wrong,
    )
    return Judgement(cluster=cluster.value, services=services, catalogue=catalogue, found=found)


def from_pulumi(cluster: Any, services: Any, catalogue: Any = None) -> Settings:
    """The settings as a Pulumi program receives them, whose working folder is the project.

    Raises StackFileError with every problem there is.
    """
    config = {CLUSTER_KEY: cluster, SERVICES_KEY: {} if services is None else services, CATALOGUE_KEY: catalogue or ""}
    return parse(config, echo=False, catalogue=outside_of(config, root=pathlib.Path.cwd()))


def outside_of(config: Mapping[str, Any], *, root: pathlib.Path) -> model.Catalogue:
    """The catalogues that configuration names, read from disk: the one thing here that is not pure."""
    text = config.get(CATALOGUE_KEY, "")
    if unknown.is_unknown(text) or not isinstance(text, str) or not text:
        return NO_CATALOGUE
    from stacks.catalogues import loading  # noqa: PLC0415 - most stacks have none

    return loading.load(text, root=root, path=(CATALOGUE_KEY,))


def _unknown_keys(config: Mapping[str, Any]) -> Iterator[findings.Finding]:
    known = (CLUSTER_KEY, SERVICES_KEY, CATALOGUE_KEY)
    for key in config:
        namespace, colon, _ = key.partition(":")
        ours = colon and (namespace == PROJECT or suggestions.is_slip(namespace, of=PROJECT))
        if ours and key not in known:
            advice = suggestions.correction(key, known)
            what, why = f"unknown key `{findings.spelled((key,))}`", explanations.UNHEEDED
            yield findings.Finding(path=(key,), what=what, why=why, next=advice)


def _cluster(config: Mapping[str, Any], *, echo: bool, today: dt.date | None) -> filling.Filled[Any]:
    path, given = (CLUSTER_KEY,), config.get(CLUSTER_KEY)
    if CLUSTER_KEY not in config:
        what = f"`{CLUSTER_KEY}` is missing"
        why, advice = "a stack runs on one cluster", "say with `vendor: local` whose cluster it is"
        return filling.Filled(found=(findings.Finding(path=path, what=what, why=why, next=advice),))
    foreign: tuple[findings.Finding, ...] = ()
    own = given
    if not unknown.is_unknown(given) and isinstance(given, Mapping):
        foreign = tuple(unknown.as_far_as_known(checks.of_other_vendors(given, vendors=CLUSTERS, path=path)))
        blocks = {finding.path[-1] for finding in foreign}
        own = {key: value for key, value in given.items() if key not in blocks}
    filled = filling.chosen(own, by="vendor", catalogue=CLUSTERS, path=path, echo=echo, others=OTHER_NAMES)
    crossed: Iterator[findings.Finding] = iter(())
    if filled.value is not None:
        # The values of a model have forgotten which of them were encrypted.
        shown = echo and not confidential.inside(unknown.replaced(given, by=None))
        crossed = checks.of_cluster(filled.value, gaps=filled.gaps, path=path, today=today, echo=shown)
    return dataclasses.replace(filled, found=(*foreign, *filled.found, *crossed))


def _catalogue(config: Mapping[str, Any], *, echo: bool) -> Iterator[findings.Finding]:
    given = config.get(CATALOGUE_KEY, "")
    if not unknown.is_unknown(given) and given is not None and not isinstance(given, str):
        yield findings.Finding(
            path=(CATALOGUE_KEY,),
            what=f"`{CATALOGUE_KEY}` must be a text, not {explanations.described(given, echo=echo)}",
            why="it names catalogues from outside this project; several have commas between them",
            next=f"write for example `{CATALOGUE_KEY}: ../acme`",
        )


def _services(
    config: Mapping[str, Any], *, cluster: Cluster | None, echo: bool, outside: model.Catalogue
) -> tuple[dict[str, instance.Instance], list[findings.Finding]]:
    given = config.get(SERVICES_KEY, {})
    if unknown.is_unknown(given):
        return {}, []
    if not isinstance(given, Mapping):
        what = f"`{SERVICES_KEY}` must map names to services, not be {explanations.described(given, echo=echo)}"
        advice = f"for no service at all, write `{SERVICES_KEY}: {{}}`"
        why = "a service has a name, by which it is found and told from others"
        return {}, [findings.Finding(path=(SERVICES_KEY,), what=what, why=why, next=advice)]
    known = {**built_in.SERVICES, **{name: service.model for name, service in outside.services.items()}}
    services: dict[str, instance.Instance] = {}
    there: dict[str, Any] = {}
    found: list[findings.Finding] = []
    for name, value in given.items():
        path = (SERVICES_KEY, name)
        found += checks.of_service_name(name, path=path)
        found += catalogues.of_service_name(name, catalogue=outside, path=path)
        if catalogues.is_undecided(value, known=known, catalogue=outside):
            there[name] = unknown.Unknown()
            continue
        filled = filling.chosen(value, by="service", catalogue=known, path=path, echo=echo)
        found += filled.found
        there[name] = unknown.Unknown() if filled.value is None else filled.value
        if filled.value is not None:
            services[name] = filled.value
            found += checks.of_service(filled.value, gaps=filled.gaps, cluster=cluster, path=path)
            found += catalogues.of_service(filled.value, catalogue=outside, cluster=cluster, path=path)
    found += service_checks.of_stack(there, cluster=cluster, path=(SERVICES_KEY,))
    return services, found
