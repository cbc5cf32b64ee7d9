"""Release bundles taken apart as text and moved to another namespace."""

from __future__ import annotations

import pathlib

import hypothesis
import pytest
import yaml
from hypothesis import strategies

from components.operators import bundles, prometheus_operator

HERE = pathlib.Path(__file__).parent
BUNDLE = (HERE / "mirror/prometheus-operator/0.85.0/bundle.yaml").read_text()


def test_crds_and_the_rest_are_told_apart():
    crds, others = bundles.split(BUNDLE)
    assert crds.count("\nkind: CustomResourceDefinition\n") == 2
    assert [item["kind"] for item in bundles.objects(others)] == [
        "ClusterRoleBinding",
        "ClusterRole",
        "Deployment",
        "ServiceAccount",
    ]


def test_a_crd_keeps_its_text_to_the_letter():
    """It is never parsed here; a bare `=` in it would stop a YAML 1.1 parser."""
    crds, _ = bundles.split(BUNDLE)
    assert '  enum: [=, "!="]\n---\napiVersion' in crds
    assert "    A Deployment is not meant here:\n    kind: Deployment\n" in crds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("kind: A\n", ["A"], id="no separator"),
        pytest.param("---\nkind: A\n---\nkind: B\n", ["A", "B"], id="separators"),
        pytest.param("--- # one\nkind: A\n---   \nkind: B", ["A", "B"], id="separators with a comment or blanks"),
        pytest.param("---\n---\n# words\n---\nkind: A\n---\n", ["A"], id="empty documents"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_documents_without_content_are_dropped(text, kinds):
    crds, others = bundles.split(text)
    assert crds == ""
    assert [item["kind"] for item in bundles.objects(others)] == kinds


@pytest.mark.parametrize("line", ['kind: "CustomResourceDefinition"', "kind: CustomResourceDefinition # v1"])
def test_a_crd_is_known_however_its_kind_is_spelled(line):
    assert bundles.split(f"apiVersion: apiextensions.k8s.io/v1\n{line}\n")[1] == ""


@hypothesis.given(
    strategies.lists(
        strategies.fixed_dictionaries(
            {
                "kind": strategies.sampled_from(["CustomResourceDefinition", "Deployment", "Role"]),
                "text": strategies.text(alphabet="-a: \nk#", max_size=20),
            }
        ),
        max_size=6,
    )
)
def test_no_document_is_lost_or_changed_by_splitting(documents):
    crds, others = bundles.split(yaml.safe_dump_all(documents, explicit_start=True))
    is_crd = [item["kind"] == "CustomResourceDefinition" for item in documents]
    assert bundles.objects(crds) == [item for item, crd in zip(documents, is_crd, strict=True) if crd]
    assert bundles.objects(others) == [item for item, crd in zip(documents, is_crd, strict=True) if not crd]


def test_the_prometheus_operators_release_lands_in_its_namespace_without_the_kubelet_service():
    release = bundles.objects(bundles.split(BUNDLE)[1])
    expected = list(yaml.safe_load_all((HERE / "expected/prometheus-operator.yaml").read_text()))
    assert prometheus_operator.manifests(release) == expected


def test_a_release_is_copied_not_changed():
    release = bundles.objects(bundles.split(BUNDLE)[1])
    prometheus_operator.manifests(release)
    assert release == bundles.objects(bundles.split(BUNDLE)[1])
