"""The same service layer on every vendor, byte for byte, save for the paths that are listed here."""

from __future__ import annotations

import json

import pytest

from . import conftest

STACKS = ("eks-prod", "gke-prod", "aks-prod", "existing-dev", "local-dev")
SERVICES = {"metrics": {"service": "prometheus", "size": "medium", "availability": "zonal"}}
INGRESS = {"scheme": "internal", "sourceRanges": ["10.0.0.0/8"]}
DIFFERENT = {"objs[ContourDeployment].spec.envoy.networkPublishing.serviceAnnotations"}
"""What may differ, and only that: how the vendor's load balancer is asked for."""
LAYER = ("paasport:operators:", "paasport:services:", "paasport:index:Ingress")


def service_layer(program):
    """Every registration below operators, services and the ingress, without what the engine adds."""
    tops = [item.urn for item in program.registrations if item.type.startswith(LAYER)]
    return {
        f"{item.type} {item.name}": item.inputs
        for item in program.registrations
        if item.urn in tops or item.parent in tops
    }


def differing(left, right, path=""):
    """The paths at which two trees differ; an object of a list is named by its kind."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            yield from differing(left.get(key), right.get(key), f"{path}.{key}" if path else key)
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            named = one.get("kind", index) if isinstance(one, dict) else index
            yield from differing(one, other, f"{path}[{named}]")
    elif json.dumps(left, sort_keys=True) != json.dumps(right, sort_keys=True):
        yield path


def config(stack):
    wanted = conftest.config_of(stack) | {"paasport:services": SERVICES}
    if wanted["paasport:cluster"]["vendor"] in {"eks", "gke", "aks"}:
        wanted["paasport:cluster"]["ingress"] = INGRESS
    return wanted


def test_services_and_operators_are_the_same_everywhere(deploy):
    layers = {stack: service_layer(deploy(stack, config(stack))) for stack in STACKS}
    local = layers["local-dev"]
    assert len(local) > 4
    for stack, layer in layers.items():
        shared = {name: inputs for name, inputs in layer.items() if name in local}
        assert shared.keys() == local.keys(), stack
        assert list(differing(local, shared)) == [], stack


@pytest.mark.parametrize("stack", ["gke-prod", "aks-prod"])
def test_the_entrance_differs_only_in_how_the_load_balancer_is_asked_for(deploy, stack):
    one, other = (service_layer(deploy(name, config(name))) for name in ("eks-prod", stack))
    assert one.keys() == other.keys()
    paths = {path.partition(" ingress.")[2] for path in differing(one, other)}
    assert {allowed for path in paths for allowed in DIFFERENT if path.startswith(allowed)} == DIFFERENT
    assert [path for path in paths if not path.startswith(tuple(DIFFERENT))] == []


def test_another_difference_would_be_seen():
    left = {"objs": [{"kind": "Service", "spec": {"type": "ClusterIP"}}]}
    right = {"objs": [{"kind": "Service", "spec": {"type": "LoadBalancer"}}]}
    assert list(differing(left, right)) == ["objs[Service].spec.type"]
