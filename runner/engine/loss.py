"""What a deletion or a replacement would lose for good, and who has agreed to it. Pure.

A custom resource says by its annotations what goes with it (`stacks/lifecycle.py`); the inventory remembers it, so that
a deletion is judged without the program. A yes to everything is no yes to this: each instance has to be named.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from runner.engine import model, urn, values
from stacks import errors, lifecycle

FLAG: Final = "--yes-lose-data"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """A claim on a volume in the namespace of what is lost."""

    name: str
    size: str
    """As a quantity."""
    storage_class: str
    reclaim: str
    """What becomes of its volume: `Retain` or `Delete`; empty where it has none."""

    @property
    def told(self) -> str:
        """The claim in one line, for people."""
        ends = {
            "Retain": "the disk stays, without a claim (Released): only by hand can it be used again",
            "Delete": "the disk is deleted",
        }
        end = ends.get(self.reclaim, "what becomes of its disk is not known")
        return f"volume {self.name}  {self.size}  {self.storage_class}: {end}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Loss:
    """What one deletion or replacement would lose."""

    instance: str
    """By which it is named: of the component above it, which is the service instance."""
    urn: str
    done: str
    """What would happen to it: `deleted` or `replaced`."""
    loses: str
    """In words."""
    claims: tuple[Claim, ...] = ()
    claims_known: bool = True
    """Whether the claims could be listed."""
    claims_stay: bool = False
    """Whether neither its operator nor the deletion of its namespace takes them along."""

    @property
    def what(self) -> str:
        """The loss in one sentence."""
        kind = urn.Urn.parse(self.urn).type.rpartition(":")[2]
        return f"{self.instance} ({kind}) would be {self.done}, and with it its {self.loses}"

    @property
    def consequences(self) -> str:
        """What becomes of what it is kept on, a line each."""
        others = "passwords and authorities that were made for it go too; backups in an object store stay"
        if self.claims_stay:
            volumes = [f"volume {claim.name}  {claim.size}  stays claimed" for claim in self.claims]
        else:
            volumes = [claim.told for claim in self.claims]
        if not self.claims_known:
            volumes = ["its volumes could not be listed"]
        return "\n  ".join([*volumes, others])


def remembered(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the inventory keeps of a resource with these inputs: fields of an `Entry`."""
    told = _annotations(inputs)
    return {"loses": str(told.get(lifecycle.LOSES, "")), "keeps_claims": told.get(lifecycle.CLAIMS) == "kept"}


def instance(of: str, *, parent: str) -> str:
    """By which name a resource's loss is agreed to."""
    above = urn.Urn.parse(parent) if parent else None
    is_component = above is not None and above.type.startswith("paasport:services:")
    return above.name if above is not None and is_component else urn.Urn.parse(of).name


def instances(known: Iterable[model.Entry]) -> set[str]:
    """The names of all among them that hold data."""
    return {instance(entry.urn, parent=entry.parent) for entry in known if entry.loses}


def at_risk(doomed: Iterable[model.Entry], *, agreed: Collection[str]) -> list[model.Entry]:
    """Those entries whose deletion loses what nobody has agreed to lose."""
    return [
        entry
        for entry in doomed
        if entry.loses
        and entry.id
        and not entry.retain_on_delete
        and instance(entry.urn, parent=entry.parent) not in agreed
    ]


def pointless(known: Iterable[model.Entry], *, agreed: Iterable[str]) -> str:
    """What to tell of names that are none of an instance with data; empty where all of them are."""
    names = sorted(instances(known))
    strange = sorted({*agreed} - {*names})
    if not strange:
        return ""
    has = f"those with data are {', '.join(names)}" if names else "nothing that it has holds data"
    return f"{FLAG} {', '.join(strange)} says nothing: the stack has no service of this name with data; {has}"


def problems(losses: Sequence[Loss], *, agreed: Sequence[str], operation: str) -> tuple[errors.Problem, ...]:
    """What to tell of losses that nobody has agreed to; `operation` is the command that would bring them."""
    # In an order of their own: that of the program may differ from run to run.
    names = sorted({*agreed, *(loss.instance for loss in losses)})
    # With what is agreed to already: a next command that forgot it would be refused in its turn.
    yes = ["--yes"] if operation == "destroy" else []
    flags = shlex.join([*yes, *(word for name in names for word in (FLAG, name))])
    return tuple(
        errors.Problem(
            what=loss.what,
            why=loss.consequences,
            next=f"where that is meant, ./paasport {operation} {urn.Urn.parse(loss.urn).stack} {flags}"
            + ("" if operation == "destroy" else "; otherwise undo the change"),
        )
        for loss in losses
    )


def _annotations(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = values.revealed(inputs.get("metadata"))
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return annotations if isinstance(annotations, Mapping) else {}
