"""Types of inputs. `real_inputs.json` is what constructors of the SDKs sent under Pulumi's mocks, by token."""

import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.simulated import checking, schema, values

CLUSTER = "aws:eks/cluster:Cluster"
AKS = "azure-native:containerservice:ManagedCluster"
REAL = json.loads((pathlib.Path(__file__).parent / "real_inputs.json").read_text())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(values.UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def eks(**inputs):
    return {"roleArn": "arn", "vpcConfig": {"subnetIds": ["a", "b"]}, **inputs}


def found(token, inputs):
    return [(one.path, one.reason) for one in checking.findings(token, inputs)]


@pytest.mark.parametrize("token", sorted(REAL))
def test_what_the_sdk_itself_sends_is_accepted(token):
    assert [found(token, inputs) for inputs in REAL[token]] == [[] for _ in REAL[token]]


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"roleArn": 3}, "roleArn", "must be text, not a number"),
        ({"vpcConfig": {"subnetIds": ["a", 3]}}, "vpcConfig.subnetIds[1]", "must be text, not a number"),
        ({"vpcConfig": {"subnetIds": "a"}}, "vpcConfig.subnetIds", "must be a list, not text"),
        ({"vpcConfig": []}, "vpcConfig", "must be an object, not a list"),
        ({"vpcConfig": {}}, "vpcConfig.subnetIds", "is required and missing"),
        ({"deletionProtection": "true"}, "deletionProtection", "must be true or false, not text"),
        ({"tags": {"a": 1}}, "tags.a", "must be text, not a number"),
        ({"tags": {"kubernetes.io/x": 1}}, 'tags["kubernetes.io/x"]', "must be text, not a number"),
        ({"vpcConfg": {}}, "vpcConfg", "is no property of this type"),
    ],
)
def test_what_does_not_fit_is_found_with_its_path(inputs, path, reason):
    assert found(CLUSTER, eks(**inputs)) == [(path, reason)]


def test_misspelled_property_is_told_the_nearest():
    (finding,) = checking.findings(CLUSTER, eks(vpcConfg={}))
    assert finding.next == "the nearest is vpcConfig"


def test_all_problems_are_found_at_once():
    assert [path for path, _ in found(CLUSTER, {"version": 1, "tgas": {}})] == [
        "roleArn",
        "vpcConfig",
        "version",
        "tgas",
    ]


@pytest.mark.parametrize(
    ("value", "fits"), [(3, True), (3.0, True), (3.5, False), (True, False), ("3", False), (float("nan"), False)]
)
def test_whole_numbers(value, fits):
    inputs = {"resourceGroupName": "r", "agentPoolProfiles": [{"name": "a", "count": value}]}
    assert (found(AKS, inputs) == []) is fits


@pytest.mark.parametrize(("value", "fits"), [(1, True), (-1.0, True), (True, False), ("1", False)])
def test_fractions(value, fits):
    pool = {"resourceGroupName": "r", "resourceName": "c", "spotMaxPrice": value}
    assert (found("azure-native:containerservice:AgentPool", pool) == []) is fits


def test_enum_takes_its_values_only():
    inputs = {"resourceGroupName": "r", "identity": {"type": "userAssigned"}}
    (finding,) = checking.findings(AKS, inputs)
    assert (finding.path, finding.next) == ("identity.type", "the nearest is UserAssigned")


def test_union_of_text_and_enum_takes_any_text():
    assert found(AKS, {"resourceGroupName": "r", "supportPlan": "Anything"}) == []
    assert found(AKS, {"resourceGroupName": "r", "supportPlan": 1}) == [
        ("supportPlan", "must be text or one of a few values, not a number")
    ]


def test_none_is_the_same_as_left_out():
    assert found(CLUSTER, eks(version=None)) == []
    assert found(CLUSTER, {"roleArn": None, "vpcConfig": {"subnetIds": []}}) == [("roleArn", "is required and missing")]


def test_settings_of_a_provider_are_json_in_texts():
    settings = {"region": "eu-central-1", "allowedAccountIds": '["1"]', "defaultTags": '{"tags": {"a": 1}}'}
    assert found("pulumi:providers:aws", settings) == [("defaultTags.tags.a", "must be text, not a number")]


def test_arguments_of_functions_are_known_by_name():
    token = "aws:eks/getAddonVersion:getAddonVersion"
    (finding,) = checking.argument_findings(token, {"addonNme": "vpc-cni", "kubernetesVersion": "1.35"})
    assert (finding.path, finding.next) == ("addonNme", "the nearest is addonName")


@given(st.sampled_from(sorted(REAL)), JSON)
def test_nothing_that_is_json_makes_the_check_fail(token, value):
    for name in ("roleArn", "agentPoolProfiles", "nodeConfig", "tags", "anything"):
        checking.findings(token, {name: value})


@given(st.data())
def test_unknown_fits_anywhere(data):
    token = data.draw(st.sampled_from(sorted(REAL)))
    inputs = data.draw(st.sampled_from(REAL[token]))
    paths = [path for path, _ in values.leaves(inputs) if path]
    chosen = data.draw(st.sets(st.sampled_from(paths), max_size=3)) if paths else set()
    assert found(token, replaced(inputs, dict.fromkeys(chosen, values.UNKNOWN))) == []


@given(st.data())
def test_a_value_of_another_type_is_refused_at_its_path(data):
    token = data.draw(st.sampled_from([token for token in sorted(REAL) if all(REAL[token])]))
    inputs = data.draw(st.sampled_from(REAL[token]))
    # A list where a plain value belongs fits no type but "anything", which has no plain values below it.
    path = data.draw(
        st.sampled_from([path for path, leaf in values.leaves(inputs) if not isinstance(leaf, (dict, list))])
    )
    assert path in [at for at, _ in found(token, replaced(inputs, {path: [["wrong"]]}))]


def replaced(value, by, path=""):
    if path in by:
        return by[path]
    if isinstance(value, dict):
        return {key: replaced(item, by, values.below(path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, by, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def test_real_inputs_are_of_many_types():
    vendors = {token.partition(":")[0] for token in REAL}
    assert vendors == {"aws", "gcp", "azure-native"}
    assert all(schema.of(token) for token in REAL)
