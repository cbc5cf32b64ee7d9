"""What a maker's YAML may say: one service, and the operator that runs it.

Types only, in the manner of `stacks.settings`; what must hold between them is in `checks.py`, and what may stand in a
template in `scopes.py`. `docs/add-a-service.md` walks through one.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import pydantic
import pydantic_core

from stacks import fields, forms
from stacks.services import instance

Name = Annotated[str, pydantic.StringConstraints(pattern=forms.SERVICE_NAME, min_length=1, max_length=40)]
"""Of a service or an operator: it becomes part of Kubernetes' names."""
Word = Annotated[str, pydantic.StringConstraints(pattern=forms.SETTING, min_length=1, max_length=40)]
"""Of a setting: it becomes a key in stack files."""
Part = Annotated[str, pydantic.StringConstraints(pattern=forms.SERVICE_NAME, min_length=1, max_length=20)]
"""What is appended to an instance's name."""
Text = Annotated[str, pydantic.StringConstraints(min_length=1)]
Path = Annotated[str, pydantic.StringConstraints(pattern=forms.FIELD)]
"""A field of the resource."""
Port = Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=65535)]
Seconds = Annotated[int, pydantic.Strict(), pydantic.Field(ge=0, le=3600)]


def _scalar(value: Any) -> Any:
    if not isinstance(value, str | int | float):
        raise pydantic_core.PydanticCustomError("no_scalar", "must be a text, a number or a truth value")
    return value


Value = Annotated[str | int | float | bool, pydantic.BeforeValidator(_scalar)]
"""Of a setting."""


class Rehearsal(fields.Model):
    """What the operator would say of a resource, played where no container runs. It proves nothing about it."""

    after: Seconds = 1
    """How long it takes, in seconds. Default 1."""
    status: dict[str, Any]
    """The status that is written; `${spec.…}` is the value at that path of the resource's spec."""


class Changes(fields.Model):
    """Which changes of a running instance its operator cannot make, by paths in the resource such as `.spec.storage`.

    They are refused before anything is written, in a preview too.
    """

    volumes: dict[Path, Literal["grow", "by-hand", "never"]] = {}
    """Sizes of volumes, which nobody makes smaller, and whether the operator makes them larger."""
    counts: dict[Path, Text] = {}
    """Numbers that the operator raises and never lowers, and what is counted, in the plural: `servers`."""
    fixed: dict[Path, Text] = {}
    """Fields that never change, and what would follow if they did."""
    version: Path | None = None
    """Where the version of the software is, if it goes from one minor to the next alone, and never back."""


class Failure(fields.Model):
    """One thing that a status says once the operator cannot go on: waiting ends then, and not at the time-out."""

    when: Annotated[str, pydantic.StringConstraints(pattern=forms.READY)]
    """What holds then, such as `condition=Degraded` or `jsonpath={.status.phase}=Failed`."""
    message: Annotated[str, pydantic.StringConstraints(pattern=forms.STATUS_PATH)] | None = None
    """Where the status says why, such as `.status.message`. Leave it out for the condition's own reason and message."""
    saying: str = ""
    """What these words must contain, where only some of them mean a failure."""
    patience: Seconds = 30
    """How many seconds it must last, because the operator may mend it by itself. Default 30."""


class Resource(fields.Model):
    """The custom resource that the operator makes an instance from, and how it is known to be ready."""

    api_version: Annotated[str, pydantic.StringConstraints(pattern=forms.API_VERSION)]
    """Group and version, such as `acme.example/v1`."""
    kind: Annotated[str, pydantic.StringConstraints(pattern=forms.KIND)]
    """Its kind, such as `Shop`."""
    plural: str = ""
    """As in the API's paths. Leave it out for the kind in lower case with an `s`."""
    ready: tuple[Annotated[str, pydantic.StringConstraints(pattern=forms.READY)], ...]
    """All that must hold: `condition=Ready`, `condition=Busy=False` or `jsonpath={.status.phase}=Running`."""
    counts: dict[str, str] = {}
    """Paths in the status, and those in the spec whose numbers they must reach: `.status.up: .spec.replicas`."""
    failed: tuple[Failure, ...] = ()
    """What its status says when the operator cannot go on. Default nothing: waiting then ends at the time-out."""
    observes_generation: fields.Flag = True
    """Whether its status has `observedGeneration`. Default true."""
    volumes_when_deleted: Literal["kept", "deleted"] = "kept"
    """What becomes of its volume claims when it is deleted. Default `kept`."""
    loses: str = ""
    """What is lost when it is deleted, as nouns, such as `orders and customers`: whoever deletes it has to say so."""
    changes: Changes = Changes()
    """Which changes the operator cannot make. Default none."""
    finalizers: tuple[str, ...] = ()
    """Which the operator sets."""
    timeout_seconds: Annotated[int, pydantic.Strict(), pydantic.Field(ge=10, le=7200)] = 300
    """How long it may take to become ready. Default 300."""
    labels: dict[str, str] = {}
    """Labels besides those that every resource gets."""
    annotations: dict[str, str] = {}
    """Annotations. Default none."""
    spec: dict[str, Any]
    """Its spec, with placeholders."""
    rehearsal: Rehearsal | None = None
    """How it is played where no container runs. Without it the service cannot be tried on the vendor `local`."""


class Operator(fields.Model):
    """The maker's own operator. Its release is pinned under its name in `releases.lock.yaml` of the same folder."""

    name: Name
    """What it is called: also its namespace, and its key in the lock file."""
    version: Text
    """As its publisher writes it; the lock file pins the same."""
    namespace: Name | None = None
    """Where it lives, if its release insists on a namespace. Leave it out for one of its own name."""
    requires: tuple[Name, ...] = ()
    """Operators that must be ready before it: built-in ones, or others of this catalogue."""
    conflicts: tuple[Name, ...] = ()
    """Operators that cannot be on the same cluster."""
    crds: tuple[str, ...] = ()
    """Names of the definitions that are installed. Leave it out for all that the release has."""
    webhooks: tuple[Port, ...] = ()
    """Ports of its pods that the API server calls."""
    metrics: tuple[Port, ...] = ()
    """Ports of its pods that a Prometheus may scrape."""
    egress: tuple[Port, ...] = ()
    """Ports of others that it calls, besides the API server and name servers."""
    user: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=2**31 - 1)] | None = None
    """The number of the user that its containers run as, where the image names none or root."""


class Setting(fields.Model):
    """One key that a stack file may say about an instance."""

    type: Literal["text", "number", "flag", "quantity"]
    """What its value is; a `quantity` is one of Kubernetes, such as `500m` or `10Gi`."""
    about: Text
    """What it is for, in a sentence: errors quote it."""
    default: Value | None = None
    """What it is where a stack file does not say it. Leave it out, and the placeholder's key is left out too."""
    required: fields.Flag = False
    """Whether every stack file must say it. Default false."""
    choices: tuple[Text, ...] = ()
    """What a text may be. Leave it out for any text."""
    least: Annotated[int, pydantic.Strict()] | None = None
    """The least that a number may be."""
    most: Annotated[int, pydantic.Strict()] | None = None
    """The most that a number may be."""


class Size(fields.Model):
    """What one server of a size gets. It is pinned: another value later changes every instance of that size."""

    cpu: fields.Quantity
    """Cores, such as `500m`."""
    memory: fields.Quantity
    """Bytes, such as `2Gi`."""
    storage: fields.Quantity | None = None
    """Bytes of its volume. Leave it out where nothing is stored."""


class Sizes(fields.Model):
    """The sizes that there are, at least `small`, which is the default."""

    small: Size
    """To try it, and for little use."""
    medium: Size | None = None
    """For ordinary use."""
    large: Size | None = None
    """For much use."""


class Servers(fields.Model):
    """How many servers each availability means."""

    single: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=100)] = 1
    """Without a promise. Default 1."""
    zonal: Annotated[int, pydantic.Strict(), pydantic.Field(ge=2, le=100)] | None = None
    """So many that a zone may fail. Leave it out where that cannot be promised."""


class Endpoint(fields.Model):
    """Where clients of an instance find it."""

    port: Port
    """Of the Kubernetes Service, and of the pods."""
    service: Text = "${name}"
    """Name of the Kubernetes Service. Default the instance's."""
    scheme: Annotated[str, pydantic.StringConstraints(pattern=forms.SCHEME)] = "http"
    """First part of its address. Default `http`."""


class Network(fields.Model):
    """What the instance's pods need besides their clients. Everything else is denied."""

    between: tuple[Port, ...] = ()
    """Ports on which they speak to each other."""
    from_operator: tuple[Port, ...] = ()
    """Ports on which their operator calls them."""
    egress: tuple[Port, ...] = ()
    """Ports of others, wherever these are, that they call."""
    api_server: fields.Flag = False
    """Whether they call the API server. Default false."""


class Tls(fields.Model):
    """A certificate by an authority of the instance's own, in the Secret `${tls.secret}`."""

    names: tuple[str, ...] = ()
    """Names of hosts in it besides the Service's own."""


class Alert(fields.Model):
    """When somebody is told."""

    name: Annotated[str, pydantic.StringConstraints(pattern=forms.KIND)]
    """As people read it, such as `ShopIsSlow`."""
    expression: Text
    """PromQL that holds while something is wrong; `${job}` is the label `job` of the instance's metrics."""
    minutes: Annotated[int, pydantic.Strict(), pydantic.Field(ge=0, le=1440)] = 5
    """How long it must hold. Default 5."""
    severity: Literal["critical", "warning"] = "warning"
    """`critical`: somebody gets up. `warning`: somebody looks tomorrow. Default `warning`."""
    summary: Text
    """One sentence that says what is wrong and for whom."""


class Monitoring(fields.Model):
    """How a Prometheus of the same stack watches an instance."""

    port: Port
    """The port of every pod that has the metrics."""
    port_name: Text = "metrics"
    """What the container calls that port. Default `metrics`."""
    path: Text = "/metrics"
    """Default `/metrics`."""
    alerts: tuple[Alert, ...] = ()
    """Besides the one that tells when fewer servers answer than there should be."""


class Probe(fields.Model):
    """How it is seen that an instance answers: by HTTP on the endpoint's port."""

    path: Annotated[str, pydantic.StringConstraints(pattern=forms.PATH)]
    """What answers with a status below 400 once it works, such as `/healthz`."""


class Backup(fields.Model):
    """What writes a dump of an instance into the folder `${backup.folder}`, which is copied to the object store."""

    image: Annotated[str, pydantic.StringConstraints(pattern=forms.IMAGE)]
    """The image, by exact version."""
    script: Text
    """For `/bin/sh -ceu`."""
    env: dict[str, Value] = {}
    """Variables of its environment; those with passwords come from a Secret."""
    size: Text = "${size.storage}"
    """How much room a dump needs. Default the instance's own storage."""
    user: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=2**31 - 1)] = 65534
    """The number of the user that it runs as. Default 65534, nobody."""


class Exposure(fields.Model):
    """Lets a stack file put a load balancer before an instance."""

    port: Port
    """Of the pods, and of the load balancer."""
    health_path: str = ""
    """What the load balancer asks; it answers 200 when healthy. Default nothing."""


class Workload(fields.Model):
    """A plain Deployment instead of an operator."""

    image: Annotated[str, pydantic.StringConstraints(pattern=forms.IMAGE)]
    """The image, by exact version."""
    command: tuple[str, ...] = ()
    """Instead of the image's own."""
    args: tuple[str, ...] = ()
    """Arguments."""
    env: dict[str, Value] = {}
    """Variables of its environment; those with passwords come from a Secret."""
    user: Annotated[int, pydantic.Strict(), pydantic.Field(ge=1, le=2**31 - 1)] | None = None
    """The number of the user that it runs as, where the image names none or root."""
    scratch: tuple[Annotated[str, pydantic.StringConstraints(pattern=forms.PATH)], ...] = ()
    """Folders that it may write to, empty at every start: everything else of its file system is read-only."""


class Service(fields.Model):
    """A service: one file `services/<name>.yaml`."""

    service: Name
    """The value of `service` in a stack file."""
    about: Text
    """What it is, in a sentence."""
    version: Text
    """Of the service's own software."""
    preview: str = ""
    """What keeps it from production. Leave it out where nothing does."""
    operator: Operator | None = None
    """The maker's operator that runs it. Leave it out for one of `operators`, or for a `workload`."""
    operators: tuple[Name, ...] = ()
    """Further operators that it needs, by name: built-in ones, or others of this catalogue."""
    resource: Resource | None = None
    """The custom resource that its operator makes it from."""
    workload: Workload | None = None
    """A plain Deployment, where there is no operator."""
    settings: dict[Word, Setting] = {}
    """What a stack file may say besides size, availability and the other keys of every service."""
    sizes: Sizes
    """What one server of each size gets."""
    servers: Servers = Servers()
    """How many servers each availability means. Default one, and no `zonal`."""
    passwords: tuple[Part, ...] = ()
    """Names of passwords that are generated: `${password.<name>}`."""
    secrets: dict[Part, dict[str, Value]] = {}
    """Secrets `<instance>-<name>`, whose name is `${secret.<name>}`, and the texts in them."""
    tls: Tls | None = None
    """A certificate by cert-manager. Leave it out for none."""
    pods: dict[str, str] = {}
    """Labels that its operator gives the pods of an instance: what policies, budgets and metrics select."""
    endpoint: Endpoint
    """Where clients find it."""
    connection: dict[str, Value] = {}
    """What clients need besides `type`, `host` and `port`, such as `password`."""
    network: Network = Network()
    """What its pods need besides clients."""
    monitoring: Monitoring | None = None
    """How it is watched. Leave it out for not at all."""
    probe: Probe | None = None
    """How it is seen that it answers; `up` waits for that too."""
    backup: Backup | None = None
    """How it is backed up. Leave it out for never."""
    exposure: Exposure | None = None
    """How it can be reached from outside its cluster. Leave it out for not at all."""
    objects: tuple[dict[str, Any], ...] = ()
    """Further objects of an instance, with placeholders, in its namespace."""
    images: tuple[Annotated[str, pydantic.StringConstraints(pattern=forms.IMAGE)], ...] = ()
    """Images that its operator starts for an instance, by exact version: for mirrors of registries."""

    @property
    def sizes_given(self) -> dict[instance.Size, Size]:
        """The sizes that there are."""
        given: dict[instance.Size, Size | None] = {
            "small": self.sizes.small,
            "medium": self.sizes.medium,
            "large": self.sizes.large,
        }
        return {name: size for name, size in given.items() if size is not None}

    @property
    def stores(self) -> bool:
        """Whether a server of it has a volume."""
        return self.sizes.small.storage is not None


COPY_IMAGE: Final = "docker.io/rclone/rclone:1.70.3"
"""What copies a dump to the object store; `components.services.backups` runs it."""
PROBE_IMAGE: Final = "docker.io/curlimages/curl:8.18.0"
"""What asks an instance whether it answers."""
