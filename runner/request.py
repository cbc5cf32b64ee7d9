"""What a run of the embedded engine is asked for, and what it answers. Data only."""

from __future__ import annotations

import dataclasses
import enum
import pathlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from runner.engine import events, loss, storage
from runner.host import spare
from stacks import errors

if TYPE_CHECKING:
    from local.simulated import account as accounts


class Operation(enum.StrEnum):
    """What can be done with a stack."""

    UP = "up"
    PREVIEW = "preview"
    DESTROY = "destroy"
    DRIFT = "drift"


async def _no_other_stack(name: str) -> Mapping[str, Any]:
    raise errors.Unsupported.of(f"the program refers to stack {name}, which cannot be looked up here")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """Everything that a run needs to know; it reads no settings of its own."""

    operation: Operation
    root: pathlib.Path
    """Folder of the Pulumi project."""
    project: str
    stack: str
    config: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    """As the program sees it: full keys, texts as values, objects as JSON."""
    secret_keys: frozenset[str] = frozenset()
    kubeconfig: str = dataclasses.field(default="", repr=False)
    """Path or text; the cluster where the inventory lies, and that of the default Kubernetes provider."""
    context: str = ""
    inventory: storage.Cluster | None = None
    """Where the inventory lies instead, for a stack whose cluster is still to be made."""
    resolve_kubeconfig: Callable[[str], str] = str
    """Gives for a kubeconfig of the program, path or text, the one to use instead; what it does not know stays as it
    is. What is compared, hashed and kept is the program's own."""
    account: accounts.Account | None = None
    """The simulated account that vendors' resources are made in; without one they are refused."""
    stand_ins: bool = False
    """Whether something may stand in for an operator's release that cannot be had: never on a real cluster."""
    targets: tuple[str, ...] = ()
    """URNs, patterns of URNs with `*`, or names; empty means everything."""
    replace: tuple[str, ...] = ()
    """What may be replaced, or as a cluster deleted, although it is guarded: named as targets are."""
    lose_data: tuple[str, ...] = ()
    """Service instances whose data may be lost, by name."""
    asks: bool = False
    """Whether somebody is there to be asked about other losses, which then are no errors."""
    foreseen: bool = False
    """Whether the same run has been planned already, and nothing stood against it."""
    warning: str = ""
    """What the user is to know before anything else, though it is no obstacle."""
    warm: spare.Spare | None = None
    """A process that is getting ready to run the program; None starts one."""
    parallel: int = 64
    """Registrations that the program may have under way at a time."""
    stack_outputs: Callable[[str], Awaitable[Mapping[str, Any]]] = _no_other_stack
    """The outputs of another stack; secret ones as `values.Secret`."""

    @property
    def planned(self) -> bool:
        """Whether nothing is really done."""
        return self.operation in (Operation.PREVIEW, Operation.DRIFT)


# Without a `repr`: asyncio has `signal` make one of the finished task, with all its result, and throws it away.
@dataclasses.dataclass(frozen=True, kw_only=True, repr=False)
class Result:
    """What a run did, or would do."""

    resources: tuple[events.Finished, ...]
    """In program order, deletions last; of a drift run only those that drifted."""
    outputs: Mapping[str, Any]
    """May contain `values.Secret`, and after a preview `values.UNKNOWN`."""
    diagnostics: tuple[events.Diagnostic, ...]
    failed: bool
    drifted: bool
    losses: tuple[loss.Loss, ...] = ()
    """What would be lost and nobody has agreed to: nothing of it was done, and of an `up` nothing at all."""
    refused: bool = False
    """Whether the run, or its plan, ended because of such a loss, or of a change that cannot be made."""
    at_rest: bool = False
    """Whether this is a plan, and the run itself would have nothing to do, to wait for or to remember."""
    seconds: float
