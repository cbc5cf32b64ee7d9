import asyncio
import time

import pytest

from runner.engine import values
from runner.kubernetes import discovery, manifests, yaml_v2
from stacks import errors


class Kinds:
    """Knows the kinds of a small cluster."""

    async def resolve(self, api_version, kind):
        namespaced = {"ConfigMap": True, "Deployment": True, "Namespace": False, "CustomResourceDefinition": False}
        if kind not in namespaced:
            return None
        return discovery.ResourceKind(api_version=api_version, kind=kind, plural="x", namespaced=namespaced[kind])


def config_map(name, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}}


def children(inputs, *, of=yaml_v2.CONFIG_GROUP, root="/nowhere", name="group"):
    return asyncio.run(yaml_v2.children(of, name, inputs, client=Kinds(), project_root=root))


def names(phases):
    return [[child.name for child in phase] for phase in phases]


def test_yaml_is_read_as_kubernetes_reads_it():
    text = "a: =\nb: 2024-01-02\nc: 1:30\nd: 0644\ne: on\nf: 12\ng: -3\nh: 1.5\ni: 0x1F\n---\n---\nx: y\n"
    assert manifests.of_text(text, source="t") == [
        {"a": "=", "b": "2024-01-02", "c": "1:30", "d": 420, "e": True, "f": 12, "g": -3, "h": 1.5, "i": 31},
        {"x": "y"},
    ]


def test_broken_yaml_is_told_with_its_place_but_not_with_its_text():
    with pytest.raises(errors.EngineError, match=r"file\.yaml, line 2") as caught:
        manifests.of_text("password: s3cr3t\n  x: [", source="file.yaml")
    assert "s3cr3t" not in str(caught.value)


def test_a_large_file_is_parsed_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "large.yaml"
    path.write_text("items:\n" + "".join(f"- {{name: n{n}, value: {n}}}\n" for n in range(20_000)))
    first = manifests.of_file(path)
    monkeypatch.setattr(manifests, "of_text", lambda *_, **__: pytest.fail("parsed again"))
    began = time.perf_counter()
    assert manifests.of_file(path) == first
    assert time.perf_counter() - began < 0.5
    monkeypatch.undo()


def test_a_changed_file_is_parsed_again_and_a_damaged_memory_does_not_matter(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "large.yaml"
    path.write_text(f"a: 1\nb: {'x' * 40_000}\n")
    manifests.of_file(path)
    (kept,) = (tmp_path / "cache" / "paasport" / "parsed").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_text("{broken")
    assert manifests.of_file(path)[0]["a"] == 1
    path.write_text(f"a: 2\nb: {'x' * 40_000}\n")
    assert manifests.of_file(path)[0]["a"] == 2


def test_children_are_named_and_placed_as_by_pulumi():
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "namespace": "dropped"}}
    phases = children({"objs": [config_map("a"), config_map("b", namespace="shop"), namespace]})
    assert names(phases) == [["group:shop"], ["group:default/a", "group:shop/b"]]
    assert phases[1][0].type == "kubernetes:core/v1:ConfigMap"
    assert phases[1][0].manifest["metadata"] == {"name": "a", "namespace": "default"}
    assert phases[0][0].manifest["metadata"] == {"name": "shop"}


def test_a_kind_defined_in_the_same_group_is_placed_by_its_definition():
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.x.test"},
        "spec": {"group": "x.test", "names": {"kind": "Thing"}, "scope": "Namespaced"},
    }
    thing = {"apiVersion": "x.test/v1", "kind": "Thing", "metadata": {"name": "t"}}
    assert names(children({"objs": [thing, definition]})) == [["group:things.x.test"], ["group:default/t"]]


def test_lists_prefixes_and_not_waiting_are_honoured():
    document = {"kind": "List", "apiVersion": "v1", "items": [config_map("a"), config_map("b")]}
    ((first, second),) = children({"objs": [document], "resourcePrefix": "p", "skipAwait": True})
    assert (first.name, second.name) == ("p:default/a", "p:default/b")
    assert first.manifest["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_depends_on_makes_phases():
    after_b = {"annotations": {yaml_v2.DEPENDS_ON: "/namespaces/default/ConfigMap/b"}}
    assert names(children({"objs": [config_map("a", **after_b), config_map("b")]})) == [
        ["group:default/b"],
        ["group:default/a"],
    ]


def test_a_circle_of_dependencies_names_its_objects():
    objs = [
        config_map("a", annotations={yaml_v2.DEPENDS_ON: "/namespaces/default/ConfigMap/b"}),
        config_map("b", annotations={yaml_v2.DEPENDS_ON: "/namespaces/default/ConfigMap/a"}),
    ]
    with pytest.raises(errors.EngineError, match="of a, b form a circle"):
        children({"objs": objs})


def test_files_are_relative_to_the_project_and_may_be_patterns(tmp_path, monkeypatch):
    for name in ("b", "a"):
        (tmp_path / f"{name}.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
    monkeypatch.chdir("/")
    assert names(children({"files": ["*.yaml"]}, root=tmp_path)) == [["group:default/a", "group:default/b"]]
    assert names(children({"file": "b.yaml"}, of=yaml_v2.CONFIG_FILE, root=tmp_path)) == [["group:default/b"]]


def test_a_missing_file_is_named_with_where_it_was_sought(tmp_path):
    with pytest.raises(errors.EngineError, match=f"the manifest file no.yaml does not exist in {tmp_path}"):
        children({"file": "no.yaml"}, of=yaml_v2.CONFIG_FILE, root=tmp_path)


def test_an_object_without_a_name_is_refused():
    with pytest.raises(errors.EngineError, match=r"without apiVersion, kind or metadata.name"):
        children({"yaml": "apiVersion: v1\nkind: ConfigMap\n"})


def test_what_is_not_known_yet_is_left_out():
    assert children({"objs": [config_map(values.UNKNOWN), values.UNKNOWN]}) == ()
    assert children({"yaml": values.UNKNOWN}) == ()


def test_secret_sources_stay_secret():
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: s3cr3t}\n"
    ((child,),) = children({"yaml": values.Secret(text)})
    assert child.manifest["data"] == values.Secret({"k": "s3cr3t"})
    ((child,),) = children({"objs": values.Secret([{**config_map("a"), "data": {"k": "s3cr3t"}}])})
    assert "s3cr3t" not in repr(child.manifest)


@pytest.mark.parametrize(
    ("of", "inputs"),
    [
        ("kubernetes:helm.sh/v4:Chart", {}),
        (yaml_v2.CONFIG_FILE, {"files": ["a"]}),
        (yaml_v2.CONFIG_GROUP, {"files": ["https://example.test/a.yaml"]}),
    ],
)
def test_other_components_inputs_and_addresses_are_refused(of, inputs):
    with pytest.raises(errors.Unsupported):
        children(inputs, of=of)
