"""The Alertmanager beside a Prometheus: nothing without the setting, and with it all that it takes to tell somebody."""

from __future__ import annotations

import jsonschema
import pytest

from components.services import alertmanager
from stacks.services import prometheus as settings
from tests.components import test_custom_resource_schemas as schemas
from tests.components import test_prometheus


@pytest.fixture(scope="module")
def crds():
    """The CRDs of prometheus-operator's release."""
    return schemas.release()


ON = settings.Alertmanager(receivers="on-call")


def build(name="metrics", **options):
    return test_prometheus.build(name=name, alertmanager=ON, **options)


def added(**options):
    """What is there because of the setting."""
    without = test_prometheus.build(**options)
    return [item for item in build(**options).shared if item not in without.shared]


def one(items, kind, name=None):
    (found,) = [item for item in items if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    return found


def spec(**options):
    return one(build(**options).custom_resources, "Alertmanager")["spec"]


def rules(**options):
    (group,) = one(added(**options), "PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_without_the_setting_an_instance_is_what_it_was():
    built = test_prometheus.build()
    assert [*built.shared, *built.custom_resources] == test_prometheus.expected("prometheus-small-single.yaml")


def test_with_it_nothing_else_changes_but_where_alerts_go():
    before, after = test_prometheus.build(), build()
    (prometheus, _) = after.custom_resources
    assert after.shared[: len(before.shared)] == before.shared
    assert prometheus == before.custom_resources[0] | {
        "spec": before.custom_resources[0]["spec"]
        | {
            "alerting": {
                "alertmanagers": [{"namespace": "metrics", "name": "alertmanager", "port": "web", "apiVersion": "v2"}]
            }
        }
    }


def test_the_whole_of_a_single_one():
    expected = test_prometheus.expected("alertmanager-single.yaml")
    built = [*added(), one(build().custom_resources, "Alertmanager")]
    # Of the rules another test tells.
    assert [item for item in built if item["kind"] != "PrometheusRule"] == expected


def test_a_zonal_one_has_two_servers_in_two_zones_and_a_budget():
    found = spec(availability="zonal")
    assert found["replicas"] == 2
    assert [each["topologyKey"] for each in found["topologySpreadConstraints"]] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    budget = one(added(availability="zonal"), "PodDisruptionBudget", "alertmanager")
    assert budget["spec"]["selector"]["matchLabels"] == {
        "app.kubernetes.io/name": "alertmanager",
        "app.kubernetes.io/instance": "metrics",
    }
    assert "PodDisruptionBudget" not in [item["kind"] for item in added()]


def test_more_prometheus_servers_do_not_mean_more_alertmanagers():
    assert spec(overrides=settings.PrometheusOverrides(replicas=4))["replicas"] == 1


def test_a_missing_secret_or_key_keeps_the_pods_from_starting():
    """The operator would take an empty configuration, and nobody would be told of anything."""
    found = spec()
    (volume,), (mount,) = found["volumes"], found["volumeMounts"]
    assert volume["secret"] == {
        "secretName": "on-call",
        "items": [{"key": "alertmanager.yaml", "path": "alertmanager.yaml"}],
    }
    assert volume["name"] == mount["name"]
    assert found["configSecret"] == "on-call"


def test_only_the_instances_own_prometheus_sends_alerts():
    policy = one(added(), "NetworkPolicy")["spec"]
    (sender,) = [rule["from"] for rule in policy["ingress"] if rule["ports"][0]["port"] == "web"]
    assert sender == [
        {
            "podSelector": {
                "matchLabels": {"app.kubernetes.io/name": "prometheus", "app.kubernetes.io/instance": "metrics"}
            }
        }
    ]


def test_rules_tell_of_what_watches_too():
    assert list(rules()) == [
        "Watchdog",
        "TargetDown",
        "PrometheusConfigurationRefused",
        "PrometheusRuleFails",
        "PrometheusTakesNoSamples",
        "PrometheusAlertsNotSent",
        "AlertmanagerConfigurationRefused",
        "AlertmanagerTellsNobody",
    ]
    assert (rules()["Watchdog"]["expr"], rules()["Watchdog"]["labels"]["severity"]) == ("vector(1)", "none")
    assert rules()["AlertmanagerConfigurationRefused"]["expr"] == (
        'max_over_time(alertmanager_config_last_reload_successful{job="alertmanager",namespace="metrics"}[5m]) == 0'
    )


def test_jobs_in_rules_are_the_services_that_are_scraped():
    """prometheus-operator calls a job after the Service that its ServiceMonitor has found."""
    built = build()
    services = {item["metadata"]["name"] for item in built.shared if item["kind"] == "Service"}
    assert services == {"prometheus", "alertmanager"}
    for item in built.shared:
        if item["kind"] == "ServiceMonitor":
            service = one(built.shared, "Service", item["metadata"]["name"])
            assert item["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()


@pytest.mark.parametrize("availability", ["single", "zonal"])
def test_its_custom_resource_is_valid(crds, availability):
    schema = jsonschema.Draft7Validator(schemas.schema_of(crds, "Alertmanager"))
    found = one(build(availability=availability).custom_resources, "Alertmanager")
    schema.validate(found)
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(found | {"spec": found["spec"] | {"configSecrets": "on-call"}})


@pytest.mark.parametrize("kind", ["PrometheusRule", "ServiceMonitor"])
def test_what_watches_it_is_valid(crds, kind):
    jsonschema.Draft7Validator(schemas.schema_of(crds, kind)).validate(one(added(), kind))


def test_a_prometheus_that_sends_alerts_is_valid(crds):
    found = one(build().custom_resources, "Prometheus")
    jsonschema.Draft7Validator(schemas.schema_of(crds, "Prometheus")).validate(found)


def test_objects_of_two_calls_share_nothing():
    first = one(build().custom_resources, "Alertmanager")
    first["spec"]["podMetadata"]["labels"].clear()
    assert spec()["podMetadata"]["labels"] != {}


def test_its_version_is_the_operators_own():
    assert spec()["version"] == f"v{alertmanager.VERSION}" == "v0.28.1"
