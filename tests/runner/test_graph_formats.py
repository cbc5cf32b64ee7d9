from __future__ import annotations

import json

import pytest

from runner import graph
from runner.engine import model


def node(name: str, kind: str = "apps/v1:Deployment", **fields: object) -> graph.Node:
    return graph.Node(urn=f"urn:{name}", type=f"kubernetes:{kind}", name=name, **fields)


SAMPLE = graph.of(
    [
        node("platform", "x:Platform"),
        node("operator", parent="urn:platform"),
        node("metrics", "x:Prometheus", parent="urn:platform", dependencies=("urn:operator",)),
    ]
)

TEXT = """\
Platform platform
  Deployment operator
  Prometheus metrics  -> Deployment operator"""

MERMAID = """\
flowchart LR
  subgraph n0["Platform platform"]
    n1["Deployment operator"]
    n2["Prometheus metrics"]
  end
  n2 --> n1"""

DOT = """\
digraph stack {
  rankdir=LR;
  node [shape=box];
  subgraph cluster_n0 {
    n0 [label="Platform platform"];
    n1 [label="Deployment operator"];
    n2 [label="Prometheus metrics"];
  }
  n2 -> n1;
}"""


@pytest.mark.parametrize(
    ("as_format", "expected"),
    [
        pytest.param(graph.Format.TEXT, TEXT, id="text"),
        pytest.param(graph.Format.MERMAID, MERMAID, id="mermaid"),
        pytest.param(graph.Format.DOT, DOT, id="dot"),
    ],
)
def test_each_format_shows_nesting_and_dependencies(as_format, expected):
    assert graph.render(SAMPLE, as_format=as_format, stack="local-dev") == expected


def test_json_points_from_a_resource_to_what_it_needs():
    document = json.loads(graph.render(SAMPLE, as_format=graph.Format.JSON, stack="local-dev"))
    assert document["stack"] == "local-dev"
    assert [item["name"] for item in document["nodes"]] == ["platform", "operator", "metrics"]
    assert document["edges"] == [{"from": "urn:metrics", "to": "urn:operator"}]


def test_what_is_not_in_the_stack_is_left_out():
    lone = graph.of([node("a", parent="urn:gone", dependencies=("urn:gone", "urn:a", "urn:gone"))])
    assert lone.nodes[0].parent == ""
    assert lone.edges == ()


def test_quotes_in_a_name_break_no_format():
    quoted = graph.of([node('say "hi"')])
    assert 'label="Deployment say \\"hi\\""' in graph.render(quoted, as_format=graph.Format.DOT, stack="s")
    assert '["Deployment say #quot;hi#quot;"]' in graph.render(quoted, as_format=graph.Format.MERMAID, stack="s")


def test_the_inventory_is_a_source():
    entry = model.Entry(
        urn="urn:pulumi:dev::paasport::kubernetes:core/v1:Service::metrics",
        type="kubernetes:core/v1:Service",
        id="metrics/metrics",
        custom=True,
    )
    assert graph.render(graph.of_entries([entry]), as_format=graph.Format.TEXT, stack="dev") == "Service metrics"


def test_an_empty_stack_is_an_empty_graph():
    assert graph.render(graph.of([]), as_format=graph.Format.TEXT, stack="dev") == ""


def test_what_a_whole_component_needs_is_told_once():
    wide = graph.of(
        [
            node("storage"),
            node("group", parent="", dependencies=("urn:storage",)),
            node("child", parent="urn:group", dependencies=("urn:storage", "urn:sibling")),
            node("sibling", parent="urn:group", dependencies=("urn:storage",)),
        ]
    )
    assert graph.render(wide, as_format=graph.Format.TEXT, stack="dev").splitlines() == [
        "Deployment storage",
        "Deployment group  -> Deployment storage",
        "  Deployment child  -> Deployment sibling",
        "  Deployment sibling",
    ]
    assert len(graph.document(wide, stack="dev")["edges"]) == 4
