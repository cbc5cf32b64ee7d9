from __future__ import annotations

from typing import Any

import pytest

from runner.engine import ancestry, model
from runner.host import requests
from runner.host.protocol import resource_pb2
from stacks import errors

PARENT = "urn:pulumi:dev::shop::my:Web::web"


def goal(*, parent: ancestry.Parent | None = None, **fields: Any) -> model.Goal:
    request = resource_pb2.RegisterResourceRequest(
        **{"type": "kubernetes:core/v1:ConfigMap", "name": "a", "custom": True, **fields}
    )
    return requests.goal(request, project="shop", stack="dev", parent=parent)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", None), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("1.5h", 5400), ("250ms", 0.25), ("1m0.5s", 60.5)],
)
def test_timeouts_are_read_as_go_writes_them(text: str, seconds: float | None) -> None:
    timeouts = resource_pb2.RegisterResourceRequest.CustomTimeouts(create=text)

    assert goal(customTimeouts=timeouts).options.create_timeout == seconds


@pytest.mark.parametrize("text", ["5", "m", "5 m", "5m!", "-5m", "five minutes"])
def test_anything_else_is_no_duration(text: str) -> None:
    timeouts = resource_pb2.RegisterResourceRequest.CustomTimeouts(delete=text)

    with pytest.raises(errors.EngineError, match="is no duration, given as custom timeout of a"):
        goal(customTimeouts=timeouts)


@pytest.mark.parametrize(
    ("own", "inherited", "result"),
    [(None, True, True), (False, True, False), (True, False, True), (None, False, False)],
)
def test_protection_is_inherited_unless_said_otherwise(
    own: bool | None,  # noqa: FBT001
    inherited: bool,  # noqa: FBT001
    result: bool,  # noqa: FBT001
) -> None:
    parent = ancestry.Parent(urn=PARENT, protect=inherited)

    assert goal(parent=parent, protect=own).options.protect is result


def test_a_child_uses_its_parent_s_provider_for_its_package() -> None:
    parent = ancestry.Parent(urn=PARENT, providers={"kubernetes": "urn:p::1", "test": "urn:q::2"})

    assert goal(parent=parent).provider == "urn:p::1"
    assert goal(parent=parent, provider="urn:own::3").provider == "urn:own::3"
    assert goal(parent=parent, type="my:Other", custom=False).provider == ""


def test_what_the_sdk_sends_as_sets_is_put_in_order() -> None:
    named = resource_pb2.RegisterResourceRequest.PropertyDependencies(urns=["z", "y"])

    found = goal(dependencies=["c", "a", "b"], propertyDependencies={"data": named})

    assert (found.dependencies, found.property_dependencies) == (("a", "b", "c"), {"data": ("y", "z")})


@pytest.mark.parametrize("type_token", ["kubernetes:helm.sh/v3:Release", "kubernetes:kustomize/v2:Directory"])
def test_what_needs_helm_or_kustomize_is_refused(type_token: str) -> None:
    with pytest.raises(errors.Unsupported, match="--engine pulumi"):
        goal(type=type_token)


def test_the_empty_message_of_hooks_that_the_sdk_always_sends_is_no_hook() -> None:
    empty = resource_pb2.RegisterResourceRequest.ResourceHooksBinding()
    real = resource_pb2.RegisterResourceRequest.ResourceHooksBinding(after_create=["tell"])

    assert goal(hooks=empty).name == "a"
    with pytest.raises(errors.Unsupported, match=r"does not implement hooks\.after_create, asked for by a"):
        goal(hooks=real)


@pytest.mark.parametrize("type_token", ["kubernetes:core/v1:ConfigMap", "pulumi:index:Stash"])
def test_a_hook_before_an_update_is_taken_where_it_is_called(type_token: str) -> None:
    hooks = resource_pb2.RegisterResourceRequest.ResourceHooksBinding(before_update=["judge", "tell"])

    assert goal(hooks=hooks, type=type_token).options.before_update == ("judge", "tell")


@pytest.mark.parametrize("changed", [{"type": "aws:s3/bucket:Bucket"}, {"type": "shop:index:Group", "custom": False}])
def test_a_hook_before_an_update_is_refused_where_nobody_would_call_it(changed: dict[str, Any]) -> None:
    hooks = resource_pb2.RegisterResourceRequest.ResourceHooksBinding(before_update=["judge"])

    with pytest.raises(errors.Unsupported, match=r"does not implement hooks\.before_update, asked for by a"):
        goal(hooks=hooks, **changed)
