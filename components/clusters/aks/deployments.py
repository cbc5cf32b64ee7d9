"""What only Azure's own templates can write: parts of a resource that no resource of the provider may own.

A deployment writes what its template says, over what is there already, and its deletion deletes nothing but the record
of it. Azure's log of each is in the portal, under the resource group's deployments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components import registration
from components.clusters.aks import scope

_SCHEMA: Final = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def write(
    place: scope.Scope,
    name: str,
    resource: Mapping[str, Any],
    *,
    group: pulumi.Input[str],
    parameters: Mapping[str, pulumi.Input[str]],
    after: Sequence[pulumi.Resource],
    deployment: str | None = None,
) -> pulumi.Resource:
    """Register a deployment of one resource, given as templates have it, with the parameters that it names.

    `deployment` is its name at Azure where that is not `name`. Its mode is incremental: a complete one deletes whatever
    else is in the group.
    """
    return registration.resource(
        "azure-native:resources:Deployment",
        name,
        {
            "resourceGroupName": group,
            "deploymentName": deployment or name,
            "properties": {
                "mode": "Incremental",
                "template": template(resource, parameters=parameters),
                "parameters": {key: {"value": value} for key, value in parameters.items()},
            },
            "tags": dict(place.settings.tags),
        },
        opts=place.options(depends_on=after),
    )


def template(resource: Mapping[str, Any], *, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A template of this one resource; what is None in its properties is left out. Pure."""
    properties = {key: value for key, value in resource["properties"].items() if value is not None}
    return {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {name: {"type": "string"} for name in parameters},
        "resources": [{**resource, "properties": properties}],
    }
