"""What the engine decides about: goals from the program, entries from the inventory, outcomes from providers.

Data only. Names follow Pulumi's: a resource is known by its URN, a provider by `urn::id`.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol


class Operation(enum.StrEnum):
    """What happens to a resource; the words of `--json` and of Pulumi's own display."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    SAME = "same"
    READ = "read"


@dataclasses.dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field that differs. `before` or `after` is None where the field is absent there; secrets are masked."""

    path: str
    """In the form `spec.replicas`, `spec.containers[0].image`, `metadata.labels["a/b"]`."""
    before: Any
    after: Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """The resource options that the engine honours. Any other option is refused where requests are read."""

    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    delete_before_replace: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    replace_with: tuple[str, ...] = ()
    """URNs: where one of these is replaced, this resource is replaced too."""
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """URNs under which the resource may be found in the inventory."""
    import_id: str = ""
    before_update: tuple[str, ...] = ()
    """Names of the program's hooks that are called before the resource is updated, and may refuse it."""
    create_timeout: float | None = None
    """Seconds; None means the kind's own default."""
    update_timeout: float | None = None
    delete_timeout: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Goal:
    """A resource as the program wants it."""

    urn: str
    type: str
    """The type token, for example `kubernetes:apps/v1:Deployment`."""
    name: str
    custom: bool
    """False for components, which exist only to group others."""
    inputs: Mapping[str, Any]
    """May contain `Secret` and, in a preview, `UNKNOWN`."""
    parent: str = ""
    provider: str = ""
    """`urn::id` of the provider resource, empty for the default one."""
    providers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Provider references by package that children inherit; only components have any."""
    remote: bool = False
    """True for a component whose children the engine makes, for example `kubernetes:yaml/v2:ConfigGroup`."""
    outputs_needed: bool = True
    """False for the children of a remote component, of which the program only learns that they are there."""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    options: Options = dataclasses.field(default_factory=Options)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """A resource as the inventory remembers it: enough to prune and destroy it without the program."""

    urn: str
    type: str
    id: str
    """The provider's id: `namespace/name` or `name` for Kubernetes objects."""
    custom: bool
    parent: str = ""
    provider: str = ""
    dependencies: tuple[str, ...] = ()
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    delete_timeout: float | None = None
    loses: str = ""
    """What is lost when it is deleted, in words; empty where that is nothing which anybody needs."""
    keeps_claims: bool = False
    """Whether its operator leaves the claims on its volumes behind."""
    pending: bool = False
    """True from before the first write until the provider has answered: what a killed run leaves behind."""
    inputs_hash: str = ""
    """SHA-256 of the inputs as sent, secrets included, keyed per stack; tells drift from a change of the program."""
    uid: str = ""
    """Kubernetes uid: a delete carries it as a precondition, so that another's object of the same name is safe."""
    resource_version: str = ""
    """Of the object after the last apply; an unchanged one needs no apply."""
    inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Kept only for providers, dynamic and simulated resources; `Secret` values are sealed when stored."""
    outputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Kept only for components, the stack, dynamic and simulated resources."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a provider did, or in a preview would do, for one goal."""

    operation: Operation
    id: str
    """Empty in a preview where the id is not yet known."""
    outputs: Mapping[str, Any]
    """What the program receives; in a preview may contain `UNKNOWN`."""
    changes: tuple[FieldChange, ...] = ()
    uid: str = ""
    resource_version: str = ""
    drifted: bool = False
    """True where the inputs are those of the last run but the live object differs: somebody else changed it."""
    superseded: Entry | None = None
    """The old object of a create-before-delete replacement; the engine deletes it once the program has finished."""
    awaited: bool = True
    """False where the object was written but did not become ready: the resource failed, and stays in the inventory."""
    failure: str = ""
    """Why `awaited` is False."""
    at_rest: bool = False
    """True in a preview where the run itself would neither write anything nor wait for what is unchanged."""
    inputs_hash: str = ""
    """Remembered as `Entry.inputs_hash`; empty means that of the last `Run.intend`, or else the old one."""
    kept_inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Remembered as `Entry.inputs`: only for resources that cannot be compared or deleted without."""
    kept_outputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Remembered as `Entry.outputs`, under the same rule."""


async def nobody(_id: str, _before: Mapping[str, Any]) -> None:
    """Nobody has anything to say."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """What a provider may know and do during one resource's turn."""

    preview: bool
    report: Callable[[str], None]
    """Shows what is being waited for, and why; one short line, replaced by the next."""
    permit_replace: Callable[[tuple[FieldChange, ...]], None]
    """Called before anything is replaced; raises `EngineError` for a protected resource."""
    intend: Callable[[Entry], Awaitable[None]]
    """Called before the first write with what will exist; returns once the inventory remembers it."""
    before_update: Callable[[str, Mapping[str, Any]], Awaitable[None]] = nobody
    """Called with the id and the present state of what is about to be updated; raises `Refused` where a hook does."""
    replaced_with: tuple[str, ...] = ()
    """URNs that are replaced in this run and take this resource along: it is replaced whatever its inputs are."""

    @property
    def forced(self) -> tuple[FieldChange, ...]:
        """Why the resource is replaced although nothing of its own may have changed; empty where it need not be."""
        return tuple(
            FieldChange(path="replaceWith", before=None, after=urn.rpartition("::")[2]) for urn in self.replaced_with
        )


class Provider(Protocol):
    """One kind of resource's way of becoming real: Kubernetes objects, dynamic resources, simulated vendors."""

    async def reconcile(self, goal: Goal, old: Entry | None, run: Run, *, outputs_needed: bool = True) -> Outcome:
        """Make `goal` real, or in a preview say what that would do. Raises `EngineError` with the provider's reason.

        With `outputs_needed` False nobody looks at the outputs, which may save reading an unchanged object.
        """
        ...

    async def delete(self, entry: Entry, run: Run) -> None:
        """Delete and wait until it is gone; an object that is already gone is a success."""
        ...

    async def read(self, type: str, id: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:  # noqa: A002 - likewise
        """Id and outputs of an existing resource that this stack does not own; None where there is none."""
        ...
