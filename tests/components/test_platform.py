"""The whole program under mocks: what is registered, under which parent, after what."""

from __future__ import annotations

import ast
import pathlib

import pulumi
import pytest

from components import platform
from stacks import errors, settings
from stacks.services import instance, postgresql
from stacks.services import prometheus as prometheus_settings

GROUP = "kubernetes:yaml/v2:ConfigGroup"
FILE = "kubernetes:yaml/v2:ConfigFile"
PROVIDER = "pulumi:providers:kubernetes"
PROMETHEUS = "kubernetes:monitoring.coreos.com/v1:Prometheus"

LOCAL = settings.LocalCluster(vendor="local")
METRICS = {"metrics": prometheus_settings.Prometheus(service="prometheus")}


def deployed(cluster=LOCAL, services=METRICS):
    wanted = settings.Settings(cluster=cluster, services=services)
    return lambda: platform.Platform("paasport", wanted).outputs()


def test_a_preview_says_so_in_its_outputs(run, control_plane_file, monkeypatch):
    monkeypatch.setattr(prometheus_settings.Prometheus, "PREVIEW", "not finished")
    assert run(deployed()).result["services"]["metrics"]["preview"] == "not finished"


def test_what_is_finished_says_nothing_about_it(program):
    assert "preview" not in program.result["services"]["metrics"]


@pytest.fixture
def program(run, control_plane_file):
    return run(deployed())


def test_a_local_stack_registers_few_resources_however_many_objects_there_are(program):
    assert {(item.type, item.name) for item in program.registrations} == {
        (FILE, "prometheus-operator-crds"),
        (GROUP, "local-dev-storage"),
        (GROUP, "metrics"),
        (GROUP, "prometheus-operator"),
        (PROMETHEUS, "metrics"),
        ("pulumi:index:Stash", "prometheus-operator-release"),
        ("paasport:clusters:Local", "local-dev"),
        ("paasport:index:Platform", "paasport"),
        ("paasport:operators:Operator", "prometheus-operator"),
        ("paasport:services:Prometheus", "metrics"),
        (PROVIDER, "local-dev"),
    }
    assert len(program.registrations) == 11


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        (("paasport:clusters:Local", "local-dev"), ("paasport:index:Platform", "paasport")),
        ((PROVIDER, "local-dev"), ("paasport:clusters:Local", "local-dev")),
        ((GROUP, "local-dev-storage"), ("paasport:clusters:Local", "local-dev")),
        (("paasport:operators:Operator", "prometheus-operator"), ("paasport:index:Platform", "paasport")),
        ((FILE, "prometheus-operator-crds"), ("paasport:operators:Operator", "prometheus-operator")),
        ((GROUP, "prometheus-operator"), ("paasport:operators:Operator", "prometheus-operator")),
        (("paasport:services:Prometheus", "metrics"), ("paasport:index:Platform", "paasport")),
        ((GROUP, "metrics"), ("paasport:services:Prometheus", "metrics")),
        ((PROMETHEUS, "metrics"), ("paasport:services:Prometheus", "metrics")),
    ],
)
def test_every_resource_hangs_under_its_component(program, child, parent):
    assert program.one(*child).parent == program.one(*parent).urn


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ((FILE, "prometheus-operator-crds"), (GROUP, "local-dev-storage")),
        ((GROUP, "prometheus-operator"), (FILE, "prometheus-operator-crds")),
        ((GROUP, "metrics"), (GROUP, "local-dev-storage")),
        ((GROUP, "metrics"), (GROUP, "prometheus-operator")),
        ((GROUP, "metrics"), (FILE, "prometheus-operator-crds")),
        ((PROMETHEUS, "metrics"), (GROUP, "metrics")),
        ((PROMETHEUS, "metrics"), (GROUP, "prometheus-operator")),
    ],
)
def test_a_layer_waits_for_the_one_below_it(program, later, earlier):
    assert program.one(*earlier).urn in program.one(*later).dependencies


def test_everything_on_the_cluster_goes_through_its_provider(program):
    provider = f"{program.one(PROVIDER, 'local-dev').urn}::local-dev-id"
    on_cluster = [item for item in program.registrations if item.type.startswith("kubernetes:")]
    assert [item.provider for item in on_cluster] == [provider] * 5
    assert [item.providers for item in on_cluster if item.remote] == [{"kubernetes": provider}] * 4


def test_the_crds_are_registered_by_a_path_relative_to_the_project(program, project):
    path = ".paasport/releases/prometheus-operator-0.85.0/crds.yaml"
    assert program.one(FILE, "prometheus-operator-crds").inputs == {"file": path}
    assert (project / path).read_text().count("kind: CustomResourceDefinition") == 2


def test_the_operator_lives_in_a_restricted_namespace_that_denies_by_default(program):
    objects = program.one(GROUP, "prometheus-operator").inputs["objs"]
    assert objects[0]["metadata"]["name"] == "prometheus-operator"
    assert objects[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert objects[1]["metadata"] | {"labels": {}} == {
        "name": "default-deny",
        "namespace": "prometheus-operator",
        "labels": {},
    }
    assert objects[1]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_a_service_keeps_its_data_on_the_class_that_outlives_it(program):
    claim = program.one(PROMETHEUS, "metrics").inputs["spec"]["storage"]["volumeClaimTemplate"]
    assert claim["spec"]["storageClassName"] == "paasport-ssd-retain"


def test_outputs_say_where_everything_is(program):
    assert program.result == {
        "cluster": {
            "vendor": "local",
            "name": "local-dev",
            "location": "",
            "version": None,
            "login": "",
            "endpoint": "https://127.0.0.1:21000",
            "issuer": None,
            "network": {"id": None, "privateSubnets": [], "publicSubnets": [], "egressAddresses": []},
        },
        "kubeconfig": "~/.local/share/paasport/control-planes/local-dev/kubeconfig.yaml",
        "services": {
            "metrics": {
                "service": "prometheus",
                "version": "3.5.0",
                "size": "small",
                "availability": "single",
                "namespace": "metrics",
                "url": "http://prometheus.metrics.svc:9090",
                "connect": "./paasport local kubectl local-dev -- -n metrics port-forward service/prometheus 9090",
            }
        },
    }


def test_operators_that_no_service_needs_are_not_installed(run, control_plane_file):
    program = run(deployed(services={}))
    assert not [item for item in program.registrations if "operators" in item.type]
    assert program.result["services"] == {}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"cert-manager", "cloudnative-pg"}),
        # A local cluster has no store: checks refuse this where a stack file is read.
        ({"backups": instance.Backups()}, {"barman-cloud", "cert-manager", "cloudnative-pg"}),
    ],
)
def test_what_only_backups_need_is_installed_with_them(run, control_plane_file, more, expected):
    database = postgresql.Postgresql(service="postgresql", **more)
    program = run(deployed(services={"pg": database}))
    assert {item.name for item in program.registrations if item.type == "paasport:operators:Operator"} == expected


def test_two_services_share_one_operator(run, control_plane_file):
    program = run(deployed(services={"one": METRICS["metrics"], "two": METRICS["metrics"]}))
    assert [item.name for item in program.registrations if item.type == "paasport:operators:Operator"] == [
        "prometheus-operator"
    ]
    assert sorted(item.name for item in program.registrations if item.type == PROMETHEUS) == ["one", "two"]


def test_a_control_plane_that_was_never_started_is_told_with_the_command_that_starts_it(run, project):
    with pytest.raises(errors.ClusterUnreachable) as caught:
        run(deployed())
    assert caught.value.problems[0].next == "./paasport local start local-dev"


def creating(module):
    """Lines of a module where what is done once a value is known registers something."""
    functions = {node.name: node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
    for call in ast.walk(module):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "apply":
            for argument in call.args:
                done = functions.get(argument.id, argument) if isinstance(argument, ast.Name) else argument
                names = {node.id for node in ast.walk(done) if isinstance(node, ast.Name)}
                if "registration" in names:
                    yield call.lineno


def test_no_component_creates_a_resource_once_a_value_is_known():
    """A resource made inside `apply` is missing from previews."""
    sources = pathlib.Path(platform.__file__).parent.rglob("*.py")
    found = [f"{path.name}:{line}" for path in sources for line in creating(ast.parse(path.read_text()))]
    assert found == []


def test_a_resource_inside_apply_would_be_seen():
    text = "def make(value):\n    registration.group(value)\n\noutput.apply(make)\noutput.apply(lambda x: registration.group(x))"
    assert list(creating(ast.parse(text))) == [4, 5]


def test_a_platform_is_an_ordinary_component(run, control_plane_file):
    def two_platforms():
        wanted = settings.Settings(cluster=LOCAL)
        return isinstance(platform.Platform("paasport", wanted), pulumi.ComponentResource)

    assert run(two_platforms).result is True
