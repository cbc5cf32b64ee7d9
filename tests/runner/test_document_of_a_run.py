from __future__ import annotations

import json
import pathlib
from typing import Any

import hypothesis
import jsonschema
import pytest
from hypothesis import strategies

from runner import document
from runner.engine import events, model, values
from runner.rehearsals import reports, verdicts
from stacks import errors
from tests.runner import builders

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "cli.schema.json").read_text(encoding="utf-8"))
Operation = model.Operation
REHEARSAL = reports.Report(
    stack="eks-prod",
    vendor="eks",
    simulated=True,
    faults=("throttle",),
    steps=(reports.Step(title="deploy", seconds=4.2, notes=("3 created",), problems=("no",), runs=2),),
    kept=(verdicts.Kept(what="Key shop-key", reason="the stack retains it"),),
    resources=(("aws:ec2/vpc:Vpc", "shop-vpc"),),
    seconds=40.0,
)


def validate(instance: Any, definition: str) -> None:
    schema = {"$schema": SCHEMA["$schema"], "$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(instance)


def preview(*resources: events.Finished, **fields: Any) -> dict[str, Any]:
    given = {"stack": "local-dev", "engine": "embedded", "outputs": {}, "diagnostics": []} | fields
    return document.deployment(resources=resources, **given)


def test_preview_has_exactly_the_promised_keys():
    result = preview(builders.finished("operator"))
    assert list(result) == ["stack", "engine", "resources", "summary", "outputs", "diagnostics"]
    assert result["resources"] == [
        {
            "urn": "urn:operator",
            "type": "kubernetes:apps/v1:Deployment",
            "name": "operator",
            "parent": "",
            "op": "create",
            "inputs": {},
            "simulated": False,
            "changes": [],
        }
    ]


def test_seconds_come_with_a_real_run_only():
    result = preview(builders.finished("operator", seconds=1.23456), seconds=4.0)
    assert result["seconds"] == 4.0
    assert result["resources"][0]["seconds"] == 1.235


def test_drift_flags_each_resource_and_counts_them():
    moved = builders.finished(
        "moved", Operation.UPDATE, drifted=True, changes=(builders.change("spec.replicas", 1, 2),)
    )
    result = preview(moved, builders.finished("kept", Operation.SAME), with_drift=True)
    assert [item["drifted"] for item in result["resources"]] == [True, False]
    assert result["summary"]["drifted"] == 1
    assert result["resources"][0]["changes"] == [{"path": "spec.replicas", "before": 1, "after": 2}]


def test_summary_adds_up_to_the_number_of_resources():
    resources = [
        builders.finished("a"),
        builders.finished("b", Operation.SAME),
        builders.finished("c", Operation.READ),
        builders.finished("d", failure="no space"),
    ]
    counted = document.summary(resources)
    assert counted == {"create": 1, "update": 0, "replace": 0, "delete": 0, "same": 2, "failed": 1}


def test_secrets_and_unknown_values_are_masked_wherever_they_stand():
    secret = values.Secret("hunter2")
    resource = builders.finished(
        "a", Operation.UPDATE, inputs={"data": [secret]}, changes=(builders.change("data", secret, values.UNKNOWN),)
    )
    result = preview(resource, outputs={"password": secret, "address": values.UNKNOWN})
    assert result["resources"][0]["inputs"] == {"data": ["[secret]"]}
    assert result["resources"][0]["changes"] == [{"path": "data", "before": "[secret]", "after": "[unknown]"}]
    assert result["outputs"] == {"password": "[secret]", "address": "[unknown]"}


def test_a_failed_resource_always_has_a_diagnostic():
    result = preview(builders.finished("a", failure="the server says no"))
    assert result["diagnostics"] == [{"severity": "error", "message": "the server says no", "urn": "urn:a"}]


def test_a_failure_that_is_told_already_is_not_told_twice():
    told = document.diagnostic(events.Diagnostic(severity=events.Severity.ERROR, message="no", urn="urn:a"))
    assert preview(builders.finished("a", failure="no"), diagnostics=[told])["diagnostics"] == [told]


def test_a_problem_keeps_its_place_and_omits_what_is_unknown():
    problem = errors.Problem(what="unknown key 'siez'", next="write size", file="stacks/Pulumi.a.yaml", line=7)
    assert document.failure([problem]) == {
        "diagnostics": [
            {
                "severity": "error",
                "message": "unknown key 'siez'",
                "urn": "",
                "next": "write size",
                "file": "stacks/Pulumi.a.yaml",
                "line": 7,
            }
        ]
    }


@pytest.mark.parametrize(
    ("definition", "instance"),
    [
        pytest.param("preview", preview(builders.finished("a", inputs=None)), id="preview"),
        pytest.param("run", preview(builders.finished("a", Operation.DELETE), seconds=1.0), id="run"),
        pytest.param("drift", preview(builders.finished("a"), with_drift=True), id="drift"),
        pytest.param("rehearsal", reports.rendered(REHEARSAL), id="rehearsal"),
        pytest.param("failure", document.failure([errors.Problem(what="no", line=3, file="f")]), id="failure"),
    ],
)
def test_documents_are_valid_by_the_published_schema(definition, instance):
    validate(instance, definition)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"op": "read"}, id="unknown operation"),
        pytest.param({"extra": 1}, id="key that nobody described"),
        pytest.param({"urn": 3}, id="wrong type"),
    ],
)
def test_the_schema_rejects_what_is_not_promised(broken):
    instance = preview(builders.finished("a"))
    instance["resources"][0] |= broken
    with pytest.raises(jsonschema.ValidationError):
        validate(instance, "preview")


def test_the_schema_itself_is_valid():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


json_values = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(),
    lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
    max_leaves=10,
)


@hypothesis.given(
    operation=strategies.sampled_from(model.Operation),
    inputs=strategies.none() | strategies.dictionaries(strategies.text(), json_values),
    failure=strategies.sampled_from(["", "no"]),
    drifted=strategies.booleans(),
)
def test_any_resource_makes_a_valid_document_that_survives_json(operation, inputs, failure, drifted):
    item = builders.finished("a", operation, inputs=inputs, failure=failure, drifted=drifted)
    result = preview(item, with_drift=True)
    validate(result, "drift")
    assert json.loads(document.render(result)) == result
