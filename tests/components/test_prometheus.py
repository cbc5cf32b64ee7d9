"""What becomes of a Prometheus in a stack file: the exact objects, written by hand in `expected/`."""

from __future__ import annotations

import pathlib

import hypothesis
import pytest
import yaml
from hypothesis import strategies

from components import contracts
from components.clusters import storage
from components.services import prometheus
from stacks.services import prometheus as prometheus_settings

EXPECTED = pathlib.Path(__file__).parent / "expected"


def build(name="metrics", **options):
    return prometheus.build(
        contracts.ServiceArgs(
            name=name,
            options=prometheus_settings.Prometheus(service="prometheus", **options),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
        )
    )


def spec(**options):
    (custom_resource,) = build(**options).custom_resources
    return custom_resource["spec"]


def overridden(**overrides):
    return spec(overrides=prometheus_settings.PrometheusOverrides(**overrides))


def expected(name):
    return list(yaml.safe_load_all((EXPECTED / name).read_text()))


def test_small_and_single():
    built = build()
    assert [*built.shared, *built.custom_resources] == expected("prometheus-small-single.yaml")


def test_large_and_zonal():
    *shared, custom_resource = expected("prometheus-small-single.yaml")
    budget, changed = expected("prometheus-large-zonal.yaml")
    built = build(size="large", availability="zonal")
    assert list(built.shared) == [*shared, budget]
    assert list(built.custom_resources) == [custom_resource | {"spec": custom_resource["spec"] | changed}]


def test_medium_changes_what_one_server_gets_and_nothing_else():
    small, medium = spec(), spec(size="medium")
    assert {key: medium[key] for key in medium if medium[key] != small[key]} == {
        "retention": "15d",
        "retentionSize": "81920MiB",
        "resources": {"requests": {"cpu": "1", "memory": "4Gi"}, "limits": {"memory": "4Gi"}},
        "storage": {
            "volumeClaimTemplate": {
                "spec": {
                    "storageClassName": "paasport-ssd-retain",
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "100Gi"}},
                }
            }
        },
    }


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ({"cpu": "2"}, ("resources", "requests", "cpu"), "2"),
        ({"memory": "3Gi"}, ("resources", "limits", "memory"), "3Gi"),
        ({"memory": "3Gi"}, ("resources", "requests", "memory"), "3Gi"),
        ({"retention": "90d"}, ("retention",), "90d"),
        ({"version": "3.4.2"}, ("version",), "v3.4.2"),
        ({"replicas": 3}, ("replicas",), 3),
        ({"storage": "1Ti"}, ("retentionSize",), "838860MiB"),
        ({"storage": "50G"}, ("retentionSize",), "38146MiB"),
    ],
)
def test_an_override_takes_the_place_of_the_sizes_own(override, path, value):
    found = overridden(**override)
    for key in path:
        found = found[key]
    assert found == value


def test_storage_is_asked_for_as_written():
    claim = overridden(storage="50G")["storage"]["volumeClaimTemplate"]["spec"]
    assert claim["resources"]["requests"]["storage"] == "50G"


def test_several_servers_without_zones_are_spread_over_nodes_and_get_a_budget():
    built = build(overrides=prometheus_settings.PrometheusOverrides(replicas=2))
    (constraint,) = built.custom_resources[0]["spec"]["topologySpreadConstraints"]
    assert (constraint["topologyKey"], constraint["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")
    assert [item["kind"] for item in built.shared].count("PodDisruptionBudget") == 1


def test_a_single_server_has_no_budget_that_would_block_a_nodes_upgrade():
    assert "PodDisruptionBudget" not in [item["kind"] for item in build().shared]


def test_where_it_answers_and_what_it_is():
    built = build(name="team-a")
    assert built.endpoint.url == "http://prometheus.team-a.svc:9090"
    assert built.version == "3.5.0"


@hypothesis.given(
    name=strategies.from_regex(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True),
    size=strategies.sampled_from(["small", "medium", "large"]),
    availability=strategies.sampled_from(["single", "zonal"]),
)
def test_every_object_lives_in_the_namespace_of_the_instance(name, size, availability):
    built = build(name=name, size=size, availability=availability)
    namespace, *others = [*built.shared, *built.custom_resources]
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", name)
    assert {item["metadata"]["namespace"] for item in others} == {name}
    assert len({(item["kind"], item["metadata"]["name"]) for item in others}) == len(others)


def test_the_same_arguments_give_objects_that_share_nothing():
    """A policy or a transform that changes one must not change another."""
    first, second = build(), build()
    first.custom_resources[0]["spec"]["serviceMonitorNamespaceSelector"]["matchLabels"].clear()
    assert second == build()
    assert first.custom_resources[0]["spec"]["ruleNamespaceSelector"]["matchLabels"] != {}
