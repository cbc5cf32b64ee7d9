"""What takes the place of a release that can't be had, who may permit that, and that it is never mistaken for one."""

from __future__ import annotations

import os
import shutil

import pytest
import yaml

from components import contracts
from components.clusters import local
from components.operators import catalogue, install, prometheus_operator, releases, sources, stand_ins
from stacks import errors
from stacks import settings as stack_settings
from tests.components import conftest

OPERATOR = prometheus_operator.OPERATOR


@pytest.fixture
def nowhere(project, monkeypatch):
    """A machine that has no release and reaches no site."""

    def refused(*_args, **_kwargs):
        raise OSError("Network is unreachable")

    monkeypatch.delenv("PAASPORT_MIRROR")
    monkeypatch.setattr(sources.urllib.request, "urlopen", refused)
    return project


@pytest.fixture
def permitted(monkeypatch):
    monkeypatch.setenv("PAASPORT_STAND_INS", str(os.getppid()))


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    "value",
    # Named, because workers that run the tests side by side must give them the same ids.
    [None, "", "1", "true", pytest.param(str(os.getpid()), id="its own process")],
)
def test_nobody_but_the_process_that_started_the_program_permits_one(monkeypatch, value):
    """A value in somebody's shell would otherwise reach `pulumi up` of a real cluster."""
    monkeypatch.delenv("PAASPORT_STAND_INS", raising=False)
    if value is not None:
        monkeypatch.setenv("PAASPORT_STAND_INS", value)
    with pytest.raises(errors.ReleaseError, match=r"bundle\.yaml of prometheus-operator 0\.85\.0 is at none of"):
        releases.obtain(OPERATOR)


@pytest.mark.usefixtures("permitted")
def test_a_release_that_can_be_had_is_used_all_the_same(project):
    assert releases.obtain(OPERATOR).stand_in == ""


@pytest.mark.usefixtures("nowhere", "permitted")
def test_a_stand_in_says_that_it_is_one_and_what_is_missing():
    release = releases.obtain(OPERATOR)
    assert release.stand_in == (
        "prometheus-operator 0.85.0 has definitions that accept every field and a Deployment that does nothing, "
        "because bundle.yaml can't be had; `./paasport mirror DIR` says what to do"
    )
    assert str(release.crds) == ".paasport/releases/prometheus-operator-0.85.0-stand-in/crds.yaml"
    assert release.objects == ()


@pytest.mark.usefixtures("permitted")
def test_nothing_of_a_stand_in_gets_into_a_cache_and_the_real_release_replaces_it(nowhere, monkeypatch):
    releases.obtain(OPERATOR)
    assert not (nowhere.parent / "home").exists()
    monkeypatch.setenv("PAASPORT_MIRROR", str(conftest.MIRROR))
    release = releases.obtain(OPERATOR)
    assert release.stand_in == ""
    assert str(release.crds) == ".paasport/releases/prometheus-operator-0.85.0/crds.yaml"


@pytest.mark.usefixtures("permitted")
def test_other_bytes_than_the_pinned_are_refused_and_nothing_stands_in_for_them(nowhere, monkeypatch):
    shutil.copytree(conftest.MIRROR, nowhere.parent / "mirror")
    (nowhere.parent / "mirror/prometheus-operator/0.85.0/bundle.yaml").write_text("tampered")
    monkeypatch.setenv("PAASPORT_MIRROR", str(nowhere.parent / "mirror"))
    with pytest.raises(errors.ReleaseError, match=r"is not the pinned bundle\.yaml"):
        releases.obtain(OPERATOR)


@pytest.mark.usefixtures("permitted")
def test_what_of_a_release_can_be_had_is_used(nowhere, monkeypatch):
    """As with cert-manager, whose definitions are in its Go module and whose workload is not."""
    lock = yaml.safe_load((conftest.MIRROR / "releases.lock.yaml").read_text())
    absent = {"url": "https://releases.invalid/x", "sha256": "0" * 64}
    lock["prometheus-operator"]["manifests"] = {"workload.yaml": absent, **lock["prometheus-operator"]["manifests"]}
    (nowhere / "lock.yaml").write_text(yaml.safe_dump(lock))
    monkeypatch.setattr(sources, "LOCK_FILE", nowhere / "lock.yaml")
    monkeypatch.setenv("PAASPORT_MIRROR", str(conftest.MIRROR))
    release = releases.obtain(OPERATOR)
    assert release.invented == ()
    assert [item["kind"] for item in release.objects] == [
        "ClusterRoleBinding",
        "ClusterRole",
        "Deployment",
        "ServiceAccount",
    ]
    assert "workload.yaml can't be had" in release.stand_in
    assert "a Deployment" not in release.stand_in


@pytest.mark.parametrize("name", sorted(catalogue.OPERATORS))
def test_the_definitions_are_structural_and_of_the_right_names(name):
    entry = catalogue.OPERATORS[name]
    found = list(yaml.safe_load_all(stand_ins.definitions(entry)))
    assert {item["metadata"]["name"] for item in found} == {kind.crd for kind in entry.kinds}
    for item in found:
        (version,) = item["spec"]["versions"]
        assert item["metadata"]["name"] == f"{item['spec']['names']['plural']}.{item['spec']['group']}"
        assert version["subresources"] == {"status": {}}
        assert version["schema"]["openAPIV3Schema"] == {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": True,
        }


def test_a_definition_to_the_letter():
    entry = catalogue.OPERATORS["mongodb-kubernetes"]
    assert yaml.safe_load(stand_ins.definitions(entry)) == {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "mongodbcommunity.mongodbcommunity.mongodb.com",
            "annotations": {"paasport.dev/stand-in": "true"},
        },
        "spec": {
            "group": "mongodbcommunity.mongodb.com",
            "names": {
                "kind": "MongoDBCommunity",
                "listKind": "MongoDBCommunityList",
                "plural": "mongodbcommunity",
                "singular": "mongodbcommunity",
                "shortNames": ["mdbc"],
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    "subresources": {"status": {}},
                }
            ],
        },
    }


def test_a_definition_in_a_protected_group_says_that_nobody_approved_it():
    """Without these words the API server refuses groups that end in `.k8s.io`."""
    found = list(yaml.safe_load_all(stand_ins.definitions(catalogue.OPERATORS["contour"])))
    told = {item["spec"]["group"]: item["metadata"]["annotations"].get("api-approved.kubernetes.io") for item in found}
    assert told == {"gateway.networking.k8s.io": "unapproved, stands in for a release", "projectcontour.io": None}


def test_definitions_that_are_there_are_left_alone():
    entry = catalogue.OPERATORS["cert-manager"]
    beside = [f"{each}.cert-manager.io" for each in ("certificates", "certificaterequests", "issuers")]
    found = list(yaml.safe_load_all(stand_ins.definitions(entry, beside=beside)))
    assert [item["metadata"]["name"] for item in found] == ["clusterissuers.cert-manager.io"]
    assert stand_ins.definitions(entry, beside=[kind.crd for kind in entry.kinds]) == ""


@pytest.mark.parametrize("name", sorted(catalogue.OPERATORS))
def test_every_operator_can_be_stood_in_for(name):
    """Its own objects are made without a release, beside a Deployment of the first image."""
    entry = catalogue.OPERATORS[name]
    made = entry.manifests([])
    assert "NetworkPolicy" in {item["kind"] for item in made}
    workload, *_ = stand_ins.objects(entry, image="example.test/image:1.0.0")
    assert workload["metadata"]["namespace"] == entry.home
    assert workload["spec"]["template"]["spec"]["containers"][0]["image"] == "example.test/image:1.0.0"


def test_what_other_operators_find_one_by_is_stood_in_for_too():
    """CloudNativePG goes no further while it finds no Service of a plugin that a database names."""
    _, service = stand_ins.objects(catalogue.OPERATORS["barman-cloud"], image="example.test/image:1.0.0")
    assert (service["kind"], service["metadata"]["namespace"]) == ("Service", "cnpg-system")
    assert service["metadata"]["labels"]["cnpg.io/pluginName"] == "barman-cloud.cloudnative-pg.io"
    assert service["metadata"]["annotations"] == {"paasport.dev/stand-in": "true"}


@pytest.mark.usefixtures("nowhere", "permitted", "control_plane_file")
def test_every_use_is_told_as_a_warning_and_applied_beside_the_operators_own_objects(run, monkeypatch):
    told = []
    monkeypatch.setattr(install.pulumi.log, "warn", lambda message, _resource: told.append(message))

    def program():
        args = contracts.ClusterArgs(name="local-dev", options=stack_settings.LocalCluster(vendor="local"))
        facts = local.Cluster("local-dev", args).facts
        install.Operator("prometheus-operator", install.OperatorArgs(entry=OPERATOR, cluster=facts))

    made = run(program).one("kubernetes:yaml/v2:ConfigGroup", "prometheus-operator").inputs["objs"]
    assert [item["kind"] for item in made] == [
        "Namespace",
        "NetworkPolicy",
        "ClusterRole",
        "NetworkPolicy",
        "Deployment",
    ]
    assert len(told) == 1
    assert told[0].startswith("stand-in: prometheus-operator 0.85.0 has definitions that accept every field")
