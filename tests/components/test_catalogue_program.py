"""The program with a catalogue from outside: its services and operators are registered like the built-in ones."""

from __future__ import annotations

import hashlib
import json
import runpy
import shutil

import pulumi
import pytest

from components.operators import catalogue, releases
from components.services import backups
from stacks import errors, settings
from stacks.catalogues import declarations
from tests.stacks.catalogues.makers import ACME, ROOT

GROUP = "kubernetes:yaml/v2:ConfigGroup"
FILE = "kubernetes:yaml/v2:ConfigFile"
SHOP = "kubernetes:acme.example/v1:Shop"
NOTE = """\
from typing import Literal

from components import contracts
from stacks.services import instance


class Note(instance.Instance):
    SIZES = {"small": instance.Server(cpu="100m", memory="128Mi", storage="")}
    SERVERS = {"single": 1}
    service: Literal["note"]


def build(args):
    raise RuntimeError("the maker's own mistake")


SERVICE = contracts.Service(name="note", type="Note", operators=(), build=build, settings=Note)
"""


@pytest.fixture
def acme(control_plane_file, project):
    folder = project.parent / "acme"
    shutil.copytree(ACME, folder)
    return folder


def program(services):
    config = {"cluster": {"vendor": "local"}, "services": services}

    def run_main():
        values = {f"paasport:{key}": json.dumps(value) for key, value in config.items()}
        # A text reaches a program as it is.
        pulumi.runtime.set_all_config({**values, "paasport:catalogue": "../acme"})
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
        return pulumi.runtime.get_root_resource().outputs

    return run_main


def pinned(folder):
    """The entry of the shop's operator, as the program has it."""
    config = {"paasport:catalogue": "../acme"}
    found = settings.outside_of(config, root=folder.parent / "project")
    return catalogue.including(found)["shop-operator"]


@pytest.fixture
def ran(run, acme):
    return run(program({"web": {"service": "shop"}}))


def test_each_layer_is_registered_under_its_component(ran):
    for (type_, name), parent in {
        ("paasport:operators:Operator", "shop-operator"): "paasport:index:Platform",
        (FILE, "shop-operator-crds"): "paasport:operators:Operator",
        (GROUP, "shop-operator"): "paasport:operators:Operator",
        ("paasport:services:Shop", "web"): "paasport:index:Platform",
        (GROUP, "web"): "paasport:services:Shop",
        (SHOP, "web"): "paasport:services:Shop",
        ("kubernetes:core/v1:Secret", "web-admin"): "paasport:services:Shop",
        ("kubernetes:core/v1:Secret", "web-binding"): "paasport:services:Shop",
        ("pulumi:index:Stash", "web-admin"): "paasport:services:Shop",
    }.items():
        assert ran.one(type_, name).parent.split("::")[-2].endswith(parent), name


def test_the_resource_comes_after_the_operator_and_its_secret(ran):
    for earlier in ((GROUP, "shop-operator"), (FILE, "shop-operator-crds"), ("kubernetes:core/v1:Secret", "web-admin")):
        assert ran.one(*earlier).urn in ran.one(SHOP, "web").dependencies


def test_the_operators_release_is_restricted_closed_and_in_a_namespace_of_its_name(ran):
    namespace, deny, *objects = ran.one(GROUP, "shop-operator").inputs["objs"]
    assert (namespace["metadata"]["name"], deny["metadata"]["name"]) == ("shop-operator", "default-deny")
    assert {item["metadata"].get("namespace", "shop-operator") for item in objects} == {"shop-operator"}
    (binding,) = [item for item in objects if item["kind"] == "ClusterRoleBinding"]
    assert [subject["namespace"] for subject in binding["subjects"]] == ["shop-operator"]
    (deployment,) = [item for item in objects if item["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert pod["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False
    (policy,) = [item for item in objects if item["kind"] == "NetworkPolicy"]
    assert policy["spec"]["podSelector"] == {"matchLabels": {"app": "shop-operator"}}


def test_all_its_definitions_are_laid_out_as_those_of_built_in_operators(ran, project):
    path = ran.one(FILE, "shop-operator-crds").inputs["file"]
    assert path == ".paasport/releases/shop-operator-1.0.0/crds.yaml"
    assert (project / path).read_text().count("kind: CustomResourceDefinition") == 1


def test_the_outputs_say_where_it_is_and_keep_its_password_secret(ran):
    outputs = ran.result["services"]["web"]
    assert {key: outputs[key] for key in ("service", "version", "size", "url")} == {
        "service": "shop",
        "version": "2.1.0",
        "size": "small",
        "url": "http://web.web.svc:8080",
    }
    raw = ran.one("kubernetes:core/v1:Secret", "web-admin").raw["data"]["password"]
    assert isinstance(raw, dict)


def test_on_a_real_cluster_what_holds_its_data_is_protected(run, acme, project):
    folder = project.parent / "home/.kube"
    folder.mkdir(parents=True)
    (folder / "config").write_text("apiVersion: v1\n")
    existing = {
        "vendor": "existing",
        "name": "shared",
        "kubeconfig": {"path": "~/.kube/config"},
        "storage": {"provisioner": "a.b"},
    }

    def run_main():
        values = {"paasport:cluster": json.dumps(existing), "paasport:services": '{"web": {"service": "shop"}}'}
        pulumi.runtime.set_all_config({**values, "paasport:catalogue": "../acme"})
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    assert run(run_main).one(SHOP, "web").protect is True


def test_a_builder_that_raises_is_told_by_the_makers_own_lines(run, acme):
    (acme / "services/note.py").write_text(NOTE)
    with pytest.raises(pulumi.RunError) as caught:
        run(program({"memo": {"service": "note"}}))
    assert str(caught.value) == (
        "../acme/services/note.py:14: it cannot be built: RuntimeError: the maker's own mistake\n"
        "  ../acme/services/note.py:14 in build\n"
        "  next: correct it, or leave its catalogue out of the stack file"
    )


def test_a_mirror_with_other_bytes_is_refused_and_named(acme, project, monkeypatch):
    mirrored = project.parent / "mirror/shop-operator/1.0.0/operator.yaml"
    mirrored.parent.mkdir(parents=True)
    mirrored.write_text("kind: List\n")
    monkeypatch.setenv("PAASPORT_MIRROR", str(project.parent / "mirror"))
    with pytest.raises(errors.ReleaseError, match=f"{mirrored} is not the pinned operator.yaml: expected sha256 "):
        releases.obtain(pinned(acme))


def test_a_mirror_is_enough_and_without_it_the_file_is_nowhere(acme, project, monkeypatch):
    operator = pinned(acme)
    mirrored = project.parent / "mirror/shop-operator/1.0.0/operator.yaml"
    mirrored.parent.mkdir(parents=True)
    shutil.move(acme / "shop-operator/operator.yaml", mirrored)
    with pytest.raises(errors.ReleaseError, match="and its lock file names no URL"):
        releases.obtain(operator)
    monkeypatch.setenv("PAASPORT_MIRROR", str(project.parent / "mirror"))
    assert releases.obtain(operator).objects


def test_a_definition_that_another_operator_has_is_refused_before_anything_is_registered(run, acme):
    release = acme / "shop-operator/operator.yaml"
    text = release.read_text().replace("shops.acme.example", "prometheuses.monitoring.coreos.com")
    digest = hashlib.sha256(release.read_bytes()).hexdigest()
    release.write_text(text)
    lock = acme / "releases.lock.yaml"
    lock.write_text(lock.read_text().replace(digest, hashlib.sha256(text.encode()).hexdigest()))
    with pytest.raises(pulumi.RunError) as caught:
        run(program({"web": {"service": "shop"}, "metrics": {"service": "prometheus"}}))
    assert str(caught.value).splitlines()[0] == (
        "operators prometheus-operator and shop-operator both bring the definition prometheuses.monitoring.coreos.com"
    )


def test_an_object_that_is_made_already_is_refused(run, acme):
    shop = acme / "services/shop.yaml"
    item = "{ apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: { name: default-deny }, spec: {} }"
    shop.write_text(shop.read_text() + f"objects: [{item}]\n")
    with pytest.raises(pulumi.RunError, match="web: `objects` has the NetworkPolicy default-deny, which is there alr"):
        run(program({"web": {"service": "shop"}}))


OPERATOR = """\
from typing import Literal

from components import contracts
from components.operators import bundles
from stacks.services import instance


class Shop(instance.Database):
    SIZES = {"small": instance.Server(cpu="100m", memory="128Mi", storage="1Gi")}
    SERVERS = {"single": 1}
    service: Literal["shop"]


KIND = contracts.Kind(
    api_version="acme.example/v1",
    kind="Shop",
    ready_when=("condition=Ready",),
    failed_when="",
    observes_generation=True,
    volumes_when_deleted="kept",
)


def manifests(release):
    return bundles.moved([item for item in release if item["kind"] != "Namespace"], namespace="shop-operator")


def build(args):
    endpoint = contracts.Endpoint(namespace=args.name, service=args.name, port=80)
    return contracts.ServiceObjects(shared=(), custom_resources=(), endpoint=endpoint, version="1")


SERVICE = contracts.Service(name="shop", type="Shop", operators=("shop-operator",), build=build, settings=Shop)
OPERATORS = (
    contracts.Operator(name="shop-operator", version="1.0.0", crds=(), kinds=(KIND,), manifests=manifests),
)
REHEARSALS = {"Shop": {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}}
"""


def test_an_operator_in_python_is_pinned_by_the_makers_lock_file_and_played_too(run, acme):
    (acme / "services/shop.yaml").unlink()
    (acme / "services/shop.py").write_text(OPERATOR)
    found = settings.outside_of({"paasport:catalogue": "../acme"}, root=acme.parent / "project")
    assert found.problems == ()
    assert [(play.operator, play.kind, play.after) for play in found.plays] == [("shop-operator", "Shop", 1)]
    assert pinned(acme).lock == str(acme / "releases.lock.yaml")
    registered = run(program({"web": {"service": "shop"}}))
    assert registered.one(GROUP, "shop-operator").inputs["objs"][0]["kind"] == "Namespace"
    (acme / "releases.lock.yaml").unlink()
    (problem,) = settings.outside_of({"paasport:catalogue": "../acme"}, root=acme.parent / "project").problems
    assert problem.what.startswith("it is missing")


def test_the_images_that_are_written_down_twice_are_the_same():
    assert declarations.COPY_IMAGE == backups.IMAGE


def test_a_release_whose_webhooks_are_elsewhere_is_refused(acme):
    hook = {"clientConfig": {"service": {"namespace": "acme-system", "name": "hook"}}}
    release = [{"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "hook"}, "webhooks": [hook]}]
    with pytest.raises(errors.ReleaseError, match="write `namespace: acme-system` below `operator`"):
        pinned(acme).manifests(release)
