import re

import pytest

from local.simulated import facts, invokes, limits, schema, sdk

KNOWN = [token for package in sdk.PACKAGES for token in facts.tokens(package)]
FIXED = ("resourceGroupName", "location")


def leads_somewhere(token, path):
    """Whether the SDK's type has something at a path, with `[]` for the items of lists."""
    members = schema.of(token).inputs
    for part in path.split("."):
        known = members.get(part.removesuffix("[]"))
        if known is None:
            return False
        type_ = known.type
        while type_.form is schema.Form.LIST:
            type_ = type_.items[0]
        if type_.form is schema.Form.MAP:
            return True
        members = schema.members(type_)
    return True


@pytest.mark.parametrize("token", KNOWN)
def test_every_path_in_the_data_exists_in_the_sdk(token):
    known = facts.of(token)
    paths = [*(one.path for one in known.references), *known.unique, *([known.name.property] if known.name else [])]
    paths += [path for path in known.immutable if path not in FIXED]
    assert [path for path in paths if not leads_somewhere(token, path)] == []


@pytest.mark.parametrize("token", KNOWN)
def test_every_output_in_the_data_is_declared_by_the_sdk(token):
    declared = schema.of(token).outputs
    assert [name for name in facts.of(token).outputs if name not in declared] == []


@pytest.mark.parametrize("token", KNOWN)
def test_references_lead_to_types_and_names_have_a_grammar(token):
    known = facts.of(token)
    assert all(schema.of(target) for reference in known.references for target in reference.tokens)
    if known.name:
        assert re.compile(known.name.pattern)
        assert known.name.auto


@pytest.mark.parametrize("token", sorted(limits.table()))
def test_quotas_have_a_number_and_a_source(token):
    for quota in limits.table()[token]:
        assert quota["limit"] > 0
        assert quota["source"]
        assert all(leads_somewhere(token, path) for path in quota.get("per", ()))


@pytest.mark.parametrize("token", invokes.SIMULATED)
def test_functions_that_are_answered_exist(token):
    assert schema.arguments(token) is not None
