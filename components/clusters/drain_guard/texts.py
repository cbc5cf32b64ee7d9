"""What draining says: progress, what stays, and why it stopped. Pure.

Each text is one line, because of a failed dynamic resource only the last line is shown; and it is short and of plain
characters, because it travels in a header of 8 KiB.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from components.clusters.drain_guard import objects, plan
from stacks import errors

_NAMED: Final = 8
"""Objects that an error names; all are in the lines before it."""
_LENGTH: Final = 300
"""Characters of what somebody else says: an API server, a login program."""


def problem(what: str, *, why: str, next: str) -> errors.PaasportError:  # noqa: A002 - the word users read
    """An error of one line."""
    return errors.PaasportError(_problem(what, why=why, next=next))


def unreachable(what: str, *, why: str, next: str) -> errors.ClusterUnreachable:  # noqa: A002 - the word users read
    """Likewise, of the tree's own kind for it."""
    return errors.ClusterUnreachable(_problem(what, why=why, next=next))


def _problem(what: str, *, why: str, next: str) -> errors.Problem:  # noqa: A002 - the word users read
    return errors.Problem(what=line(f"{what}; {why}; next: {next}"))


def line(text: str) -> str:
    """On one line."""
    return " ".join(text.split())


def quoted(text: str) -> str:
    """What somebody else says, on one line and not longer than a sentence or two."""
    said = line(text)
    return said if len(said) <= _LENGTH else f"{said[:_LENGTH]}..."


def counted(references: Iterable[objects.Reference]) -> str:
    """`2 Service, 1 Gateway`."""
    counts = collections.Counter(item.kind for item in references)
    return ", ".join(f"{number} {kind}" for kind, number in counts.items())


def progress(guard: str, step: plan.Step, *, seconds: float, limit: float) -> str:
    """What is waited for, with the first names."""
    waiting = [held.reference for held in step.waiting]
    names = _some([item.label for item in waiting])
    return f"{guard}: {step.wave}: waiting for {counted(waiting)} ({_time(seconds)} of {_time(limit)}): {names}"


def described(held: plan.Held, *, refusal: str = "", made_again: int = 0) -> str:
    """One object that is still there, and all that is known about why."""
    facts = [
        "being deleted" if held.deleting else "not deleted",
        f"finalizers: {', '.join(held.finalizers)}" if held.finalizers else "no finalizers",
        held.note,
        f"the API server said: {quoted(refusal)}" if refusal else "",
        f"somebody made it again {made_again} times" if made_again else "",
    ]
    return f"{held.reference.label} ({'; '.join(fact for fact in facts if fact)})"


def timed_out(
    guard: str, step: plan.Step, *, minutes: int, there: Sequence[str], budgets: Sequence[objects.Reference]
) -> errors.PaasportError:
    """Names what is still `there`, described, and what to do."""
    blocking = (
        f"; budgets that allow no disruption: {_some([budget.label for budget in budgets])}"
        if budgets and step.wave in plan.DRAINS_NODES
        else ""
    )
    return problem(
        f"{guard}: after {minutes} min still there of the {step.wave}: {_some(there)}{blocking}",
        why="without the cluster nobody would delete what hangs on it at the vendor, so the cluster stays for now",
        next=f"`{step.waiting[0].reference.command}` tells why; then run destroy again, which continues"
        " (docs/drain.md has the rest)",
    )


def budgets_block(guard: str, budgets: Sequence[objects.Reference]) -> errors.PaasportError:
    """With `disruptionBudgets: respect`."""
    return problem(
        f"{guard}: nothing was deleted, because these budgets allow no disruption:"
        f" {_some([budget.label for budget in budgets])}",
        why="they would keep nodes from being drained",
        next=f"`{budgets[0].command}` shows its pods; scale them, delete the budget, or set drain.disruptionBudgets to"
        " delete and run up; then destroy again",
    )


def still_in_use(guard: str, classes: Sequence[str]) -> errors.PaasportError:
    """The guard is to be deleted while its stack lives."""
    return problem(
        f"{guard}: nothing was deleted, because the stack still has its storage class {' and '.join(classes)} here",
        why="so this is no destroy of the cluster but the removal of its guard alone, and draining would take away the"
        " load balancers and nodes of what lives on",
        next="give the guard back its name in the program or, if the cluster is to go,"
        f" `kubectl delete storageclass {' '.join(classes)}` and destroy again",
    )


def forbidden(guard: str, verb: str, what: str, *, said: str) -> errors.PaasportError:
    """The deployer lacks a right."""
    return problem(
        f"{guard}: the cluster does not let you {verb} {what}: {quoted(said)}",
        why="what hangs on such objects at the vendor would be left behind",
        next="run destroy as somebody who administers the cluster",
    )


def not_reached(guard: str, server: str, *, reason: str, variable: str) -> errors.PaasportError:
    """The API server does not answer, which is no proof that there is none."""
    return unreachable(
        f"{guard}: the API server {server} cannot be reached: {quoted(reason)}",
        why="nothing was drained; load balancers, disks and machines that the cluster has made would be left behind",
        next="connect to its network (VPN, bastion, HTTPS_PROXY), check your login, and run destroy again; only if the"
        f" cluster is deleted already, run it with {variable}={guard}",
    )


def not_accepted(guard: str, server: str, *, said: str) -> errors.PaasportError:
    """The API server answers, but not to this user."""
    return problem(
        f"{guard}: the API server {server} does not accept your login: {quoted(said)}",
        why="nothing was drained",
        next="log in to the vendor as who may use the cluster, and run destroy again",
    )


def skipped(guard: str, *, reason: str) -> str:
    """The user has said that the cluster is gone."""
    return (
        f"{guard}: not drained, as you asked, because the cluster is gone ({quoted(reason)}). Look for load balancers,"
        " disks and machines with its name among their tags at the vendor: nothing will delete them."
    )


def not_skipped(guard: str, *, variable: str) -> str:
    """The user has said so, but it answers."""
    return f"{guard}: {variable} has no effect, because the cluster answers; it is drained"


def kept_volume(guard: str, volume: objects.Manifest, *, reason: str) -> str:
    """A disk that outlives its cluster, with the vendor's own name of it."""
    spec = volume["spec"]
    claim = spec.get("claimRef") or {}
    of = f" of claim {claim.get('namespace')}/{claim.get('name')}" if claim else ""
    size = spec.get("capacity", {}).get("storage", "size unknown")
    return f"{guard}: kept: volume {volume['metadata']['name']}{of}, {size}, {_handle(spec)}: {reason}"


def _handle(spec: Mapping[str, Any]) -> str:
    source = spec.get("csi")
    return f"{source['driver']} {source['volumeHandle']}" if source else "not made by a CSI driver"


def kept_snapshot(guard: str, content: objects.Manifest) -> str:
    """A snapshot of a disk, which no wave deletes."""
    handle = (content.get("status") or {}).get("snapshotHandle", "not taken yet")
    driver = content["spec"].get("driver", "")
    return f"{guard}: kept: snapshot {content['metadata']['name']}, {driver} {handle}: snapshots are backups"


def left(guard: str, references: Sequence[objects.Reference]) -> str:
    """What the vendor removes itself."""
    return f"{guard}: left to the vendor, which removes them with the cluster: " + _some(
        [item.label for item in references]
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes and rest else f"{minutes} min" if minutes else f"{rest} s"
