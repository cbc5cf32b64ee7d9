"""A Cassandra's custom resources against the schemas of the very CRDs that the operators' releases bring."""

from __future__ import annotations

import jsonschema
import pytest

from components.operators import cert_manager, k8ssandra_operator
from stacks.services import cassandra as settings
from stacks.services import instance
from tests.components import cassandra_objects, service_objects
from tests.components import test_rabbitmq_schema as schemas

NIGHTLY = instance.Backups()


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft7Validator:
    """Of K8ssandraCluster."""
    return schemas.of(k8ssandra_operator.NAME, k8ssandra_operator.CLUSTER.crd)


def validate(schema, **options):
    (manifest,) = cassandra_objects.build(**options).custom_resources
    schema.validate(manifest)
    return manifest


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("availability", ["single", "zonal"])
@pytest.mark.parametrize("more", [{}, {"backups": NIGHTLY}, {"backups": NIGHTLY, "protocol": "gcs"}])
def test_a_cassandra_of_every_size_and_availability_is_valid(schema, size, availability, more):
    validate(schema, size=size, availability=availability, **more)


def test_overrides_are_valid(schema):
    overrides = {"replicas": 6, "cpu": "1500m", "memory": "3Gi", "storage": "0.5Ti", "version": "4.1.12"}
    validate(schema, overrides=settings.CassandraOverrides(**overrides))


@pytest.mark.parametrize(
    ("at", "mistake"),
    [
        ((), {"auth": "yes"}),
        (("reaper",), {"storageType": "memory"}),
        (("cassandra",), {"replicas": 3}),
        (("cassandra",), {"clientEncryptionStores": {"keystoreSecretRef": {"name": "x"}}}),
        (("cassandra", "config"), {"cassandra-yaml": {}}),
        (("cassandra", "datacenters", 0), {"size": 0}),
        (("cassandra", "datacenters", 0, "racks", 0), {"topologySpreadConstraints": []}),
    ],
)
def test_these_checks_catch_a_mistake(schema, at, mistake):
    manifest = validate(schema, availability="zonal")
    place = manifest["spec"]
    for step in at:
        place = place[step]
    place |= mistake
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(manifest)


def test_a_schedule_of_backups_is_valid():
    crd = schemas.of(k8ssandra_operator.NAME, k8ssandra_operator.BACKUP_SCHEDULE.crd)
    (found,) = cassandra_objects.build(backups=NIGHTLY).witnesses
    crd.validate(found)
    with pytest.raises(jsonschema.ValidationError):
        crd.validate(found | {"spec": found["spec"] | {"operationType": "full"}})


@pytest.mark.parametrize("name", ["db-tls", "db-management"])
def test_certificates_are_valid(name):
    schemas.of(cert_manager.NAME, cert_manager.CERTIFICATE.crd).validate(
        service_objects.one(cassandra_objects.build().shared, "Certificate", name)
    )


@pytest.mark.parametrize(
    ("kind", "crd"),
    [("PodMonitor", "podmonitors.monitoring.coreos.com"), ("PrometheusRule", "prometheusrules.monitoring.coreos.com")],
)
def test_what_makes_a_prometheus_watch_it_is_valid(kind, crd):
    found = schemas.of("prometheus-operator", crd)
    found.validate(service_objects.one(cassandra_objects.build(monitored_by="metrics").shared, kind))
