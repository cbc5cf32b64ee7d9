"""Manifests registered without the generated classes look on the wire as if registered by them."""

from __future__ import annotations

import pathlib

import pulumi
import pulumi_kubernetes
import pytest

from components import registration

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"snake_case": "kept"}}
CUSTOM = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "one"}, "spec": {"snake_case": 1}}


def test_a_group_is_what_the_sdk_registers(run):
    def both():
        registration.group("ours", [CONFIG_MAP], opts=pulumi.ResourceOptions())
        pulumi_kubernetes.yaml.v2.ConfigGroup("theirs", objs=[CONFIG_MAP])

    program = run(both)
    ours, theirs = (program.one("kubernetes:yaml/v2:ConfigGroup", name) for name in ("ours", "theirs"))
    assert ours.raw == theirs.raw == {"objs": [CONFIG_MAP]}
    assert (ours.remote, ours.version) == (theirs.remote, theirs.version) == (True, "4.34.2")


def test_a_file_is_what_the_sdk_registers(run):
    def both():
        registration.file("ours", pathlib.PurePosixPath("folder/crds.yaml"), opts=pulumi.ResourceOptions())
        pulumi_kubernetes.yaml.v2.ConfigFile("theirs", file="folder/crds.yaml")

    program = run(both)
    ours, theirs = (program.one("kubernetes:yaml/v2:ConfigFile", name) for name in ("ours", "theirs"))
    assert ours.raw == theirs.raw == {"file": "folder/crds.yaml"}
    assert (ours.remote, ours.version) == (theirs.remote, theirs.version) == (True, "4.34.2")


@pytest.mark.parametrize(
    ("manifest", "sdk", "type_"),
    [
        pytest.param(
            CUSTOM,
            lambda: pulumi_kubernetes.apiextensions.CustomResource("theirs", api_version="example.com/v1", kind="Thing",
                metadata={"name": "one"}, spec={"snake_case": 1}),
            "kubernetes:example.com/v1:Thing",
            id="custom resource",
        ),
        pytest.param(
            CONFIG_MAP,
            lambda: pulumi_kubernetes.core.v1.ConfigMap("theirs", metadata={"name": "one"}, data={"snake_case": "kept"}),
            "kubernetes:core/v1:ConfigMap",
            id="core group",
        ),
    ],
)  # fmt: skip
def test_a_single_object_is_what_the_sdk_registers(run, manifest, sdk, type_):
    def both():
        registration.single("ours", manifest, opts=pulumi.ResourceOptions())
        sdk()

    program = run(both)
    ours, theirs = (program.one(type_, name) for name in ("ours", "theirs"))
    assert ours.raw == theirs.raw == manifest
    assert (ours.remote, ours.version) == (theirs.remote, theirs.version) == (False, "4.34.2")


def test_a_path_that_differs_from_machine_to_machine_is_refused():
    with pytest.raises(ValueError, match="relative to the project"):
        registration.file("name", pathlib.PurePosixPath("/srv/crds.yaml"), opts=pulumi.ResourceOptions())
