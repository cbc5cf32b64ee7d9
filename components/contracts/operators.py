"""What an entry of the catalogue of operators says of its releases, its kinds, and when they are ready or fail."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Literal

from components.contracts.terms import Manifest
from stacks import lifecycle


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
