"""Kubernetes objects of a cluster that is still to be created: shown by a preview without asking anybody."""

from __future__ import annotations

import pathlib

import pytest

from runner.engine import values
from tests.runner import account_double
from tests.runner import engine_doubles as doubles

ON_A_NEW_CLUSTER = """
cluster = pulumi.CustomResource("aws:eks/cluster:Cluster", "c", {"endpoint": None})
endpoint = cluster.__dict__["endpoint"]
place = pulumi.ProviderResource("kubernetes", "c", {"kubeconfig": endpoint})
on_it = Options(provider=place)


def group(name, *objs):
    return pulumi.ComponentResource(
        "kubernetes:yaml/v2:ConfigGroup", name, {"objs": list(objs)}, on_it, remote=True
    )


def definition(group, kind, scope):
    names = {"kind": kind, "plural": kind.lower() + "s"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": names["plural"] + "." + group},
        "spec": {"group": group, "names": names, "scope": scope},
    }

"""


class Preview:
    """Previews of programs that create a cluster and use it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.bench = doubles.Bench(folder)

    def of(self, program: str) -> doubles.Told:
        return self.bench.simulate("preview", ON_A_NEW_CLUSTER + program, account=account_double.FakeAccount())


@pytest.fixture
def preview(tmp_path: pathlib.Path) -> Preview:
    return Preview(tmp_path)


def test_an_object_is_planned_as_the_program_gives_it(preview: Preview) -> None:
    told = preview.of("""
m = pulumi.CustomResource(
    "kubernetes:core/v1:ConfigMap", "m", {"metadata": {"name": "m", "namespace": "web"}, "data": {"a": "b"}}, on_it
)
pulumi.export("data", m.__dict__["data"])
pulumi.export("uid", m.__dict__["metadata"].apply(lambda metadata: metadata["uid"]))
""")

    assert told.operations["m"] == "create"
    assert told.outputs == {"data": {"a": "b"}, "uid": values.UNKNOWN}


def test_the_objects_of_a_group_are_all_shown(preview: Preview) -> None:
    told = preview.of("""
group(
    "web",
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "web"}},
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "nowhere"}},
    {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fast"}},
    {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "web"}},
    {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g"}},
)
""")

    assert {name for name in told.operations if ":" in name} == {
        "web:web",
        "web:web/m",
        "web:default/nowhere",
        "web:fast",
        "web:web/w",
        "web:g",
    }
    assert not told.failed


def test_a_kind_that_the_group_itself_defines_is_placed_as_it_says(preview: Preview) -> None:
    told = preview.of("""
group(
    "web",
    definition("example.com", "Widget", "Namespaced"),
    definition("example.com", "Gadget", "Cluster"),
    {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}},
    {"apiVersion": "example.com/v1", "kind": "Gadget", "metadata": {"name": "g", "namespace": "web"}},
)
""")

    assert {"web:default/w", "web:g"} <= set(told.operations)


def test_objects_with_unknown_parts_are_shown_but_for_those_without_a_name(preview: Preview) -> None:
    told = preview.of("""
group(
    "web",
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "known"}, "data": {"url": endpoint}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "marked", "annotations": endpoint}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": endpoint}},
)
""")

    assert {name for name in told.operations if ":" in name} == {"web:default/known", "web:default/marked"}
    (known,) = [event for event in told.finished if event.name == "web:default/known"]
    assert known.inputs["data"] == {"url": "[unknown]"}


def test_the_manifests_of_a_file_are_shown(preview: Preview) -> None:
    (preview.bench.folder / "manifests.yaml").write_text(
        "{apiVersion: v1, kind: Namespace, metadata: {name: web}}\n---\n"
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: web}}\n"
    )

    told = preview.of("""
pulumi.ComponentResource("kubernetes:yaml/v2:ConfigFile", "f", {"file": "manifests.yaml"}, on_it, remote=True)
""")

    assert {"f:web", "f:web/d"} <= set(told.operations)


def test_an_object_without_a_provider_never_goes_to_the_users_own_cluster(
    preview: Preview, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    own = tmp_path / "kubeconfig"
    own.write_text("this would be an error if anybody read it")
    monkeypatch.setenv("KUBECONFIG", str(own))

    told = preview.of('pulumi.CustomResource("kubernetes:core/v1:ConfigMap", "m", {"metadata": {"name": "m"}})')

    assert told.operations["m"] == "create"
    assert not told.failed


def test_a_refused_setting_of_the_provider_is_refused_here_too(preview: Preview) -> None:
    told = preview.of("""
pulumi.ProviderResource("kubernetes", "odd", {"kubeconfig": endpoint, "strictMode": "true"})
""")

    assert "does not implement the Kubernetes provider's option strictMode" in told.failures["odd"]
