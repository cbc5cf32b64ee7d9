"""What a call to the vendor's API comes to: judged against what is there, and answered. Pure.

Nothing is changed here; `account.py` does that, and keeps the order of things.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from local.simulated import (
    checking,
    differences,
    facts,
    identifiers,
    limits,
    naming,
    outputs,
    references,
    refusals,
    sdk,
    settings,
    state,
    templates,
    values,
)
from local.simulated.rules import judging

_GROUP = "azure-native:resources:ResourceGroup"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """A resource as it is asked for: inputs without None."""

    stack: str
    token: str
    name: str
    inputs: Mapping[str, Any]
    provider: Mapping[str, Any]

    def having(self, inputs: Mapping[str, Any]) -> Request:
        """The same with other inputs."""
        return dataclasses.replace(self, inputs=inputs)


def checked(request: Request, there: state.State) -> dict[str, Any]:
    """The inputs, with a made-up name where there is none. Raises VendorRefused with all that the inputs alone show."""
    named = request.having(_named(request, there))
    found = (
        *checking.findings(request.token, named.inputs),
        *naming.findings(facts.of(request.token), named.inputs),
        *judging.judged(case(named, there), "CHECKS"),
    )
    refusals.refuse(f"{request.token} {request.name}", found, verb="planned")
    return dict(named.inputs)


def created(request: Request, there: state.State) -> state.Entry:
    """The entry of a new resource. Raises VendorRefused with all that keeps it from being created."""
    generation = there.generations.get(f"{request.token} {request.name}", 0)
    asked = request.having(_beside_predecessor(request, there, generation=generation))
    judged = case(asked, there)
    filled = words(asked, there, generation=generation)
    identifier = outputs.identifier(asked.token, filled)
    found = (
        *_unknowns(asked.inputs),
        *references.missing(asked.token, asked.inputs, there=judged.there, gone=judged.gone),
        *_taken(asked.token, identifier, there),
        *limits.unique(judged, facts.of(asked.token).unique),
        *limits.findings(judged),
        *judging.judged(judged, "CREATIONS"),
    )
    refusals.refuse(f"{asked.token} {asked.name}", found, verb="created")
    resource = values.Resource(
        token=asked.token,
        name=asked.name,
        id=identifier,
        inputs=asked.inputs,
        outputs=outputs.of(judged, filled=filled.having(id=identifier)),
        provider=dict(asked.provider),
    )
    return state.Entry(resource=resource, generation=generation)


def changed(request: Request, there: state.State, *, entry: state.Entry) -> values.Resource:
    """The resource as an update leaves it. Raises VendorRefused with all that keeps it from being changed."""
    before = entry.resource
    asked = request.having(checked(request.having(with_name(before, request.inputs)), there))
    judged = dataclasses.replace(case(asked, there), before=before)
    fixed = differences.between(asked.token, old=before.inputs, new=asked.inputs).replaces
    found = (
        *_unknowns(asked.inputs),
        *(checking.Finding(path, "can't be changed on a living resource", "replace it") for path in fixed),
        *references.missing(asked.token, asked.inputs, there=judged.there, gone=judged.gone),
        *limits.unique(judged, facts.of(asked.token).unique),
        *judging.judged(judged, "UPDATES"),
    )
    refusals.refuse(f"{asked.token} {asked.name} ({before.id})", found, verb="changed")
    filled = words(asked, there, generation=entry.generation).having(id=before.id)
    return dataclasses.replace(before, inputs=asked.inputs, outputs=outputs.of(judged, filled=filled))


def check_deletion(request: Request, there: state.State, *, resource: values.Resource) -> None:
    """Raise VendorRefused with all that keeps the resource from being deleted."""
    judged = dataclasses.replace(case(request, there), before=resource)
    found = (
        *judging.judged(judged, "DELETIONS"),
        *limits.locks(judged),
        *limits.hangs_on(judged),
        *limits.adopted_into(resource, [entry.resource for entry in there.entries if entry.adopted]),
    )
    refusals.refuse(f"{resource.token} {resource.name} ({resource.id})", found, verb="deleted")


def case(request: Request, there: state.State) -> judging.Case:
    """What the rules are given."""
    return judging.Case(
        token=request.token,
        inputs=request.inputs,
        there=there.resources,
        gone=there.gone,
        variables=variables(request, there),
        provider=request.provider,
    )


def variables(request: Request, there: state.State) -> dict[str, str]:
    """Account, region and the like; in Azure a resource without a location lies where its group does."""
    package, group = sdk.vendor(request.token), request.inputs.get("resourceGroupName")
    found = settings.variables(package, stack=request.stack, provider=request.provider, inputs=request.inputs)
    if package != "azure-native" or "location" in request.inputs or not isinstance(group, str):
        return found
    groups = (one for one in there.resources if one.token == _GROUP and one.inputs.get("resourceGroupName") == group)
    location = next((one.value("location") for one in groups), None)
    return found | {"region": str(location)} if location else found


def words(request: Request, there: state.State, *, generation: int) -> templates.Words:
    """What the templates of the resource are filled with."""
    return outputs.words(
        request.token,
        request.name,
        request.inputs,
        stack=request.stack,
        variables=variables(request, there),
        generation=generation,
    )


def turn(request: Request, there: state.State) -> str:
    """What takes one operation at a time and this call is about, such as a GKE cluster; empty where there is none."""
    serial = facts.of(request.token).serial
    if not serial:
        return ""
    filled = words(request, there, generation=0)
    filled = filled.having(id=outputs.identifier(request.token, filled))
    return str(filled.render(serial if "{" in serial else f"{{{serial}}}"))


def with_name(resource: values.Resource, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with the name that the resource has, where they leave it out."""
    rule = facts.of(resource.token).name
    kept = resource.inputs.get(rule.property) if rule else None
    return {**inputs, rule.property: kept} if rule and kept is not None and rule.property not in inputs else {**inputs}


def _named(request: Request, there: state.State) -> dict[str, Any]:
    latest = there.latest(request.token, request.name)
    if latest is not None:
        kept = with_name(latest.resource, request.inputs)
        rule = facts.of(request.token).name
        if rule is not None and identifiers.is_made_up_name(str(kept.get(rule.property, ""))):
            return kept
    return naming.named(facts.of(request.token), request.inputs, name=request.name, stack=request.stack)


def _beside_predecessor(request: Request, there: state.State, *, generation: int) -> dict[str, Any]:
    """With another made-up name, where the one that was chosen belongs to a predecessor that is or was there."""
    rule = facts.of(request.token).name
    chosen = request.inputs.get(rule.property) if rule else None
    if rule is None or not isinstance(chosen, str) or not identifiers.is_made_up_name(chosen):
        return dict(request.inputs)
    used = {one.inputs.get(rule.property) for one in there.resources if one.token == request.token} | there.gone
    if chosen not in used:
        return dict(request.inputs)
    without = {key: value for key, value in request.inputs.items() if key != rule.property}
    return naming.named(facts.of(request.token), without, name=request.name, stack=request.stack, generation=generation)


def _taken(token: str, identifier: str, there: state.State) -> Iterator[checking.Finding]:
    if there.find(token, identifier) is not None:
        yield checking.Finding("", f"{identifier} exists already (409)", "choose another name, or import it")


def _unknowns(inputs: Mapping[str, Any]) -> Iterator[checking.Finding]:
    for path, leaf in values.leaves(inputs):
        if leaf is values.UNKNOWN:
            yield checking.Finding(path, "is not known yet, which is only possible in a preview")
