"""What happens to an instance in its life: it begins small, grows, gets another version, is backed up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from components import contracts
from components.operators import catalogue as operators
from stacks import lifecycle, service_checks
from stacks.services import catalogue as models
from stacks.services import instance

from . import rendering, vendors

_KINDS: Final = {(kind.api_version, kind.kind): kind for entry in operators.OPERATORS.values() for kind in entry.kinds}

_FOR_LIFE: Final[Mapping[str, Mapping[str, Any]]] = {"astarte": {"replication": 1}}
"""What never changes and would follow from what another service is when the instance is born."""

_LARGER: Final = {"size": "medium", "availability": "zonal"}


def born(service: str) -> dict[str, Any]:
    """As small as can be, as a stack file says it; on nodes that any cluster has. Where volumes can't grow, they don't."""
    small, larger = _with(service), _with(service, **_LARGER)
    storage = {} if refusals(small, larger) == [] else {"storage": options(larger).asked("storage")}
    return _with(service, overrides={**storage, **_versions(service)[0]})


def grown(service: str) -> dict[str, Any]:
    """Larger and in several zones."""
    return _with(service, **_LARGER, overrides=_versions(service)[0])


def upgraded(service: str) -> dict[str, Any] | None:
    """With the next patch release; None where its version can't be chosen."""
    if "version" not in type(options(_with(service)).overrides).model_fields:
        return None
    return _with(service, **_LARGER, overrides=_versions(service)[1])


def together(of: Callable[[str], dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
    """One of each service at one moment of their lives, as a stack file says it, each using the others that it needs."""
    return {name(service): {**(of(service) or grown(service)), **_relations(service)} for service in models.SERVICES}


def name(service: str) -> str:
    """Of its instance in a stack with one of each; a namespace may not have an operator's name."""
    return f"my-{service}"


def _relations(service: str) -> dict[str, Any]:
    uses = {role: name(possible[0]) for role, possible in models.SERVICES[service].USES.items()}
    return {**rendering.FOR_OTHERS.get(service, {}), **_FOR_LIFE.get(service, {}), **uses}


def _versions(service: str) -> tuple[dict[str, str], dict[str, str]]:
    """A version and the next patch release: the default and, whether or not there is one, what comes after it; or, for
    who knows that there is none, what comes before."""
    default = rendering.built(options(_with(service)), vendors.LOCAL).version
    stem, patch = re.fullmatch(r"(.*?)(\d+)", default).groups()
    before, after = ({"version": f"{stem}{int(patch) + step}"} for step in (-1, 1))
    has_one = refusals(_with(service), _with(service, overrides=after)) == []
    return ({}, after) if has_one else (before, {})


def _with(service: str, **more: Any) -> dict[str, Any]:
    plain = {"service": service, "size": "small", "availability": "single", **rendering.required(service)}
    return {**plain, **rendering.ON_ANY_NODES.get(service, {}), **more}


def options(given: Mapping[str, Any]) -> instance.Instance:
    """The settings that a stack file's words mean."""
    return models.SERVICES[given["service"]].model_validate(given)


def refusals(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What speaks against the change, in words: the settings themselves, or what the operator can make of them."""
    wanted = options(after)
    wrong = [found.what for check in service_checks.CHECKS for found in check(wanted, None, ("services", "shop"))]
    return wrong or [problem.what for verdict in verdicts(before, after) for problem in verdict.problems]


def verdicts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[lifecycle.Verdict]:
    """What is said of the change of each custom resource that there is before and after."""
    old, new = (_custom_resources(options(each)) for each in (before, after))
    return [
        lifecycle.judged(_KINDS[key[:2]].rules, instance="shop", before=old[key], after=new[key])
        for key in old
        if key in new and key[:2] in _KINDS
    ]


def _custom_resources(wanted: instance.Instance) -> dict[tuple[str, str, str], contracts.Manifest]:
    vendor = vendors.EKS if wanted.uses_backups else vendors.LOCAL
    found = rendering.known(lambda: list(rendering.built(wanted, vendor).custom_resources))
    return {(item["apiVersion"], item["kind"], item["metadata"]["name"]): item for item in found}
