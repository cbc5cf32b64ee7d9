"""Quotas: how many of a type an account may have in one place. Pure; the numbers are in `data/quotas.yaml`."""

from __future__ import annotations

import functools
import pathlib
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, Final

import yaml

from local.simulated import checking, references, sdk, values
from local.simulated.rules import judging

_FILE: Final = pathlib.Path(__file__).parent / "data" / "quotas.yaml"


@functools.cache
def table() -> dict[str, list[dict[str, Any]]]:
    """The quotas by token, as the data file has them."""
    loaded: dict[str, list[dict[str, Any]]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded


def findings(case: judging.Case) -> Iterator[checking.Finding]:
    """The quotas that one more resource would exceed."""
    for quota in table().get(case.token, ()):
        yield from _exceeded(case, quota)


def unique(case: judging.Case, paths: tuple[str, ...]) -> Iterator[checking.Finding]:
    """The resource that has the same values at paths which no two may share."""
    mine = {path: case.value(path) for path in paths}
    if not paths or all(value is None for value in mine.values()):
        return
    others = [one for one in case.every(case.token, **mine) if case.before is None or one.id != case.before.id]
    if others:
        shown = ", ".join(f"{path} {value}" for path, value in mine.items() if value is not None)
        yield checking.Finding(paths[0], f"is taken: {others[0].id} has the same {shown} already")


def _exceeded(case: judging.Case, quota: dict[str, Any]) -> Iterator[checking.Finding]:
    place = {path: case.value(path) for path in quota.get("per", ())}
    limit = int(quota["limit"])
    if "distinct" in quota:
        # An address of a zone is that of its subnet, so what counts is the subnet's own property.
        token, path, property_ = quota["distinct"]["token"], quota["distinct"]["path"], quota["distinct"]["property"]
        mine = _followed(case, case.value(path), token=token, property_=property_)
        counted = Counter(
            _followed(case, one.inputs.get(path), token=token, property_=property_) for one in case.every(case.token)
        )
        number = counted[mine] if mine is not None else 0
    else:
        number = len(case.every(case.token, **place))
    if number >= limit:
        where = " in " + ", ".join(str(value) for value in place.values()) if place else ""
        yield checking.Finding(
            "",
            f"would be one more than the {limit} {quota['name']}{where} that the account may have",
            "ask the vendor for a higher quota, or delete what is not used",
        )


def _followed(case: judging.Case, handle: Any, *, token: str, property_: str) -> Any:
    found = case.find(token, handle) if isinstance(handle, str) else None
    return found.inputs.get(property_) if found else None


def hangs_on(case: judging.Case) -> Iterator[checking.Finding]:
    """What keeps a resource from being deleted: those that name it, and what was adopted into it."""
    if case.before is None:
        return
    forced = case.flag("forceDetachPolicies") is True or case.flag("forceDestroy") is True
    for other in references.dependants(case.before, there=case.there):
        if not (forced and other.token in _DETACHED):
            yield checking.Finding(
                "",
                f"{_described(other)} still hangs on it ({_CODES[sdk.vendor(case.token)]})",
                "delete that first",
            )


def adopted_into(resource: values.Resource, adopted: Collection[values.Resource]) -> Iterator[checking.Finding]:
    """What controllers inside the cluster made and that names the resource, wherever in its inputs."""
    handles = {value for value in (resource.id, resource.value("arn"), resource.value("selfLink")) if value}
    for one in adopted:
        if one.id != resource.id and any(
            leaf in handles for _, leaf in values.leaves(one.inputs) if isinstance(leaf, str)
        ):
            yield checking.Finding(
                "",
                f"{_described(one)} still hangs on it; the cluster made it",
                "delete the Service, Gateway or volume claim that it was made for",
            )


def locks(case: judging.Case) -> Iterator[checking.Finding]:
    """Azure's locks that cover a resource, and what is still in a resource group."""
    if case.before is None or sdk.vendor(case.token) != "azure-native":
        return
    mine = case.before.id.lower()
    for lock in case.every(_LOCK):
        scope = str(lock.inputs.get("scope")).lower()
        if lock.id != case.before.id and (mine == scope or mine.startswith(f"{scope}/")):
            yield checking.Finding("", f"the lock {lock.id} covers it (ScopeLocked)", "delete the lock first")
    if case.token == _GROUP:
        inside = [one for one in case.there if one.id.lower().startswith(f"{mine}/")]
        for one in inside:
            yield checking.Finding("", f"{_described(one)} is still in it, and would go with it", "delete that first")


def _described(resource: values.Resource) -> str:
    return f"{resource.token.rpartition(':')[2]} {resource.id}"


_LOCK: Final = "azure-native:authorization:ManagementLockByScope"
_GROUP: Final = "azure-native:resources:ResourceGroup"

_CODES: Final = {"aws": "DependencyViolation", "gcp": "resourceInUseByAnotherResource", "azure-native": "InUse"}
_DETACHED: Final = ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws:iam/rolePolicy:RolePolicy")
