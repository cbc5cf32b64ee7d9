"""A RabbitMQ's custom resource against the schema of the very CRD that the operator's release brings."""

from __future__ import annotations

import jsonschema
import pytest

from components.operators import rabbitmq_cluster_operator
from stacks.services import instance
from tests.components import rabbitmq_objects, service_objects
from tests.components import test_custom_resource_schemas as schemas
from tests.components.operators import published

NIGHTLY = instance.Backups()


def of(operator: str, crd: str) -> jsonschema.Draft7Validator:
    definition = published.definitions(operator).get(crd)
    if definition is None:
        pytest.skip("the release is not on this machine: ./paasport mirror")
    (version,) = definition["spec"]["versions"]
    return jsonschema.Draft7Validator(schemas.strict(version["schema"]["openAPIV3Schema"], root=True))


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """Of RabbitmqCluster."""
    return of(rabbitmq_cluster_operator.NAME, rabbitmq_cluster_operator.CLUSTER.crd)


def validate(schema, **options):
    (manifest,) = rabbitmq_objects.build(**options).custom_resources
    schema.validate(manifest)
    return manifest


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("availability", ["single", "zonal"])
@pytest.mark.parametrize("more", [{}, {"monitored_by": "metrics"}, {"backups": NIGHTLY}, {"protocols": ("mqtt",)}])
def test_a_rabbitmq_of_every_size_and_availability_is_valid(schema, run, size, availability, more):
    run(lambda: validate(schema, size=size, availability=availability, **more) and None)


def test_overrides_are_valid(schema):
    overrides = {"replicas": 5, "cpu": "1500m", "memory": "3Gi", "storage": "0.5Ti", "version": "4.3.2"}
    validate(schema, overrides=rabbitmq_objects.settings.RabbitmqOverrides(**overrides))


@pytest.mark.parametrize(
    "mistake",
    [
        {"replicas": "three"},
        {"size": 3},
        {"tls": {"enabled": True}},
        {"override": {"statefulSet": {"spec": {"template": {"spec": {"topologySpreadConstraints": []}}}}}},
        {"override": {"statefulSet": {"spec": {"template": {"spec": {"containers": [], "spread": []}}}}}},
    ],
)
def test_these_checks_catch_a_mistake(schema, mistake):
    manifest = validate(schema)
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(manifest | {"spec": manifest["spec"] | mistake})


@pytest.mark.parametrize(
    ("kind", "crd"),
    [("PodMonitor", "podmonitors.monitoring.coreos.com"), ("PrometheusRule", "prometheusrules.monitoring.coreos.com")],
)
def test_what_makes_a_prometheus_watch_it_is_valid(kind, crd):
    found = of("prometheus-operator", crd)
    found.validate(
        service_objects.one(rabbitmq_objects.build(monitored_by="metrics", availability="zonal").shared, kind)
    )
