"""What Azure refuses about deployments of its own templates.

Source: the AKS API's answer PropertyChangeNotAllowed to a pool that is written again with what can't be changed
(pulumi-azure-native#959 quotes it); learn.microsoft.com/azure/aks, manage node pools, limitations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from local.simulated import checking, facts, values
from local.simulated.rules import judging

_DEPLOYMENT: Final = "azure-native:resources:Deployment"
_CLUSTER: Final = "azure-native:containerservice:ManagedCluster"
_POOL: Final = "azure-native:containerservice:AgentPool"
_AGENT_POOLS: Final = "Microsoft.ContainerService/managedClusters/agentPools"
_POOL_NAME: Final = re.compile(r"\[concat\(parameters\('cluster'\), '/(?P<name>\w+)'\)\]")
_PARAMETER: Final = re.compile(r"\[parameters\('(?P<name>\w+)'\)\]")


def _pool_stays(case: judging.Case) -> Iterator[checking.Finding]:
    """The first pool of a cluster, which a template writes again and again, keeps what can't be changed on a pool."""
    template = case.value("properties.template")
    written = (template.get("resources") or []) if isinstance(template, Mapping) else []
    for index, resource in enumerate(written):
        named = _POOL_NAME.fullmatch(str(resource.get("name")))
        if resource.get("type") != _AGENT_POOLS or named is None:
            continue
        before = _inline_pool(case, named["name"])
        after = {key: _resolved(case, value) for key, value in resource.get("properties", {}).items()}
        for key in facts.of(_POOL).immutable if before else ():
            if key in {*before, *after} and before.get(key) != after.get(key):
                yield checking.Finding(
                    f"properties.template.resources[{index}].properties.{key}",
                    f"can't be changed on the pool {named['name']} (PropertyChangeNotAllowed)",
                    "keep it as it is, and put another pool beside this one",
                )


def _inline_pool(case: judging.Case, name: str) -> Mapping[str, Any]:
    """The pool as the cluster was made with it; empty where there is no such cluster or pool."""
    cluster = case.text("properties.parameters.cluster.value")
    pools = [
        pool
        for one in case.every(_CLUSTER, resourceName=cluster)
        for pool in one.inputs.get("agentPoolProfiles") or []
        if pool.get("name") == name
    ]
    return pools[0] if pools else {}


def _resolved(case: judging.Case, value: Any) -> Any:
    """The value of a parameter where a property is one."""
    found = _PARAMETER.fullmatch(value) if isinstance(value, str) else None
    return values.at(case.inputs, f"properties.parameters.{found['name']}.value") if found else value


CREATIONS: Final = {_DEPLOYMENT: (_pool_stays,)}
UPDATES: Final = {_DEPLOYMENT: (_pool_stays,)}
