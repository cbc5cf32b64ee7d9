import pytest

from components.operators import catalogue
from stacks import checks, errors, settings

PROMETHEUS = {"service": "prometheus"}


def problems(nodes, service=None, *, name="metrics"):
    config = {
        "paasport:cluster": {"vendor": "local", "nodes": nodes},
        "paasport:services": {name: {**PROMETHEUS, **(service or {})}},
    }
    try:
        settings.parse(config)
    except errors.StackFileError as error:
        return [problem.what for problem in error.problems]
    return []


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-anything", "prometheus-operator", "paasport-system"])
def test_a_service_cannot_take_a_namespace_that_is_not_its_own(name):
    assert problems({}, name=name) == [
        f'the service name "{name}" is taken: a namespace of that name belongs to somebody else'
    ]


def test_every_operators_namespace_is_reserved():
    assert {entry.home for entry in catalogue.OPERATORS.values()} <= set(checks.OPERATOR_NAMESPACES)


@pytest.mark.parametrize("name", ["metrics", "kubernetes-metrics", "a", "a" * 30, "m-1"])
def test_other_names_are_free(name):
    assert problems({}, name=name) == []


@pytest.mark.parametrize(
    ("nodes", "counted"),
    [
        ({"count": 1}, "1 node in 3 zones"),
        ({"count": 3, "zones": ["a"]}, "3 nodes in 1 zone"),
    ],
)
def test_a_zonal_service_needs_two_nodes_in_two_zones(nodes, counted):
    assert problems(nodes, {"availability": "zonal"}) == [
        f"`paasport:services.metrics.availability` is `zonal`, but the cluster has {counted}"
    ]


@pytest.mark.parametrize("nodes", [{"count": 2}, {"count": 2, "zones": ["a", "b"]}])
def test_a_zonal_service_runs_on_two_nodes_in_two_zones(nodes):
    assert problems(nodes, {"availability": "zonal"}) == []


def test_a_single_service_runs_on_one_node():
    assert problems({"count": 1, "zones": ["a"]}) == []


def test_a_zonal_service_needs_two_replicas():
    assert problems({}, {"availability": "zonal", "overrides": {"replicas": 1}}) == [
        "`paasport:services.metrics.overrides.replicas` is 1, but the service is `zonal`"
    ]
    assert problems({}, {"availability": "zonal", "overrides": {"replicas": 2}}) == []


@pytest.mark.parametrize(
    ("nodes", "service", "what"),
    [
        pytest.param(
            {"memory": "8Gi"},
            {"size": "large"},
            "`paasport:services.metrics` asks for 16Gi of memory, and a node has 8Gi",
            id="size",
        ),
        pytest.param(
            {"cpu": "2"},
            {"overrides": {"cpu": "2001m"}},
            "`paasport:services.metrics` asks for 2001m of cpu, and a node has 2",
            id="override",
        ),
    ],
)
def test_a_request_must_fit_on_a_node(nodes, service, what):
    assert problems(nodes, service) == [what]


def test_an_override_that_fits_replaces_a_size_that_does_not():
    assert problems({"memory": "8Gi"}, {"size": "large", "overrides": {"memory": "8Gi"}}) == []


def test_a_zone_is_named_once():
    assert problems({"zones": ["a", "b", "a"]}) == [
        "`paasport:cluster.nodes.zones[2]` names the zone `a` a second time"
    ]


def test_nothing_is_assumed_of_an_existing_clusters_nodes():
    config = {
        "paasport:cluster": {
            "vendor": "existing",
            "name": "shared",
            "kubeconfig": {"path": "k"},
            "storage": {"provisioner": "a.b"},
        },
        "paasport:services": {"metrics": {**PROMETHEUS, "availability": "zonal", "overrides": {"cpu": "900"}}},
    }
    assert settings.parse(config).services["metrics"].overrides.cpu == "900"


def test_a_wrong_cluster_does_not_hide_what_is_wrong_with_a_service():
    config = {
        "paasport:cluster": {"vendor": "lokal"},
        "paasport:services": {"metrics": {**PROMETHEUS, "availability": "zonal", "overrides": {"replicas": 1}}},
    }
    with pytest.raises(errors.StackFileError) as caught:
        settings.parse(config)
    assert len(caught.value.problems) == 2
