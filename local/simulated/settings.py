"""What a provider's settings say about where its resources are: account and region, project, subscription."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.simulated import identifiers, values

_DEFAULT_REGIONS = {"aws": "us-east-1", "gcp": "us-central1", "azure-native": "westeurope"}


def variables(package: str, *, stack: str, provider: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, str]:
    """The words that identifiers of a vendor are made of. What no setting says follows from the stack's name."""
    given = {name: decoded(value) for name, value in provider.items()}
    common = {"stack": stack, "region": _region(package, given=given, inputs=inputs)}
    if package == "aws":
        return common | _aws(given, stack=stack, region=common["region"])
    if package == "gcp":
        project = _text(inputs.get("project")) or _text(given.get("project")) or f"simulated-{stack}"
        return common | {"project": project, "number": identifiers.digits("number", project, length=12)}
    return common | {
        "subscription": _text(given.get("subscriptionId")) or identifiers.guid("subscription", stack),
        "tenant": _text(given.get("tenantId")) or identifiers.guid("tenant", stack),
    }


def decoded(value: Any) -> Any:
    """A provider's setting; what is no text travels as JSON."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _aws(given: Mapping[str, Any], *, stack: str, region: str) -> dict[str, str]:
    accounts = given.get("allowedAccountIds")
    first = accounts[0] if isinstance(accounts, list) and accounts else None
    china, government = region.startswith("cn-"), region.startswith("us-gov-")
    return {
        "account": _text(first) or identifiers.digits("account", stack, length=12),
        "partition": "aws-cn" if china else "aws-us-gov" if government else "aws",
        "domain": "amazonaws.com.cn" if china else "amazonaws.com",
    }


def _region(package: str, *, given: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    own = inputs.get("location" if package == "azure-native" else "region")
    location = inputs.get("location") if package == "gcp" else None
    found = _text(own) or _text(location) or _text(given.get("location")) or _text(given.get("region"))
    return found or _DEFAULT_REGIONS[package]


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value is not values.UNKNOWN else ""
