"""A PostgreSQL's objects against the schemas of the very CRDs that its operators' releases bring."""

from __future__ import annotations

import pathlib
import re

import jsonschema
import pytest
import yaml

from components.operators import barman_cloud, cloudnative_pg
from components.services import catalogue
from stacks.services import instance
from tests.components import postgresql_objects, service_objects
from tests.components import test_custom_resource_schemas as schemas
from tests.components.operators import published

BESIDE = pathlib.Path(__file__).parents[3] / "shared" / "crds"
"""Definitions that may lie beside the project's checkout."""
KINDS = {
    "Cluster": (cloudnative_pg.NAME, cloudnative_pg.CLUSTER.crd, "cloudnative-pg-1.30.0"),
    "ScheduledBackup": (cloudnative_pg.NAME, cloudnative_pg.SCHEDULED_BACKUP.crd, "cloudnative-pg-1.30.0"),
    "ObjectStore": (barman_cloud.NAME, barman_cloud.OBJECT_STORE.crd, "cnpg-plugin-barman-cloud-0.14.0"),
}
STORED = {
    "backups": {"backups": postgresql_objects.NIGHTLY},
    "restore": {"restore": postgresql_objects.MARCH},
    "both": {"backups": postgresql_objects.NIGHTLY, "restore": instance.Restore(instance="old"), "archive": "new"},
}


def definition(kind):
    operator, crd, folder = KINDS[kind]
    found = published.definitions(operator).get(crd)
    plural, _, group = crd.partition(".")
    path = BESIDE / folder / f"{group}_{plural}.yaml"
    if found is None and path.is_file():
        found = yaml.load(path.read_text(), schemas.Loader)
    if found is None:
        pytest.skip("the release is not on this machine: ./paasport mirror")
    return found


@pytest.fixture(scope="module")
def validators() -> dict[str, jsonschema.Draft7Validator]:
    """By kind."""
    found = {}
    for kind in KINDS:
        (version,) = definition(kind)["spec"]["versions"]
        found[kind] = jsonschema.Draft7Validator(schemas.strict(version["schema"]["openAPIV3Schema"], root=True))
    return found


def validate(validators, objects):
    seen = [item for item in objects if item["kind"] in validators]
    for item in seen:
        validators[item["kind"]].validate(item)
    return {item["kind"] for item in seen}


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("availability", ["single", "zonal"])
@pytest.mark.parametrize("monitored_by", ["", "metrics"])
def test_a_postgresql_of_every_size_and_availability_is_valid(validators, size, availability, monitored_by):
    built = postgresql_objects.build(size=size, availability=availability, monitored_by=monitored_by)
    assert validate(validators, postgresql_objects.everything(built)) == {"Cluster"}


@pytest.mark.parametrize("protocol", ["s3", "gcs", "azure"])
@pytest.mark.parametrize("which", sorted(STORED))
def test_backups_and_restores_are_valid_with_every_store(validators, run, protocol, which):
    options = {"availability": "zonal", "monitored_by": "metrics", "protocol": protocol, **STORED[which]}
    objects = run(lambda: postgresql_objects.everything(postgresql_objects.build(**options))).result
    kinds = {"Cluster", "ObjectStore"} if which == "restore" else {"Cluster", "ObjectStore", "ScheduledBackup"}
    assert validate(validators, objects) == kinds


def test_overrides_are_valid(validators):
    overrides = {"replicas": 5, "cpu": "1500m", "memory": "3Gi", "storage": "0.5Ti", "wal": "20G", "connections": 10}
    built = postgresql_objects.overridden(**overrides, version="17.6")
    assert validate(validators, postgresql_objects.everything(built)) == {"Cluster"}


@pytest.mark.parametrize(
    "mistake",
    [
        {"instances": "three"},
        {"replicas": 3},
        {"certificates": {"serverTlsSecret": "x"}},
        {"postgresql": {"parameters": {"max_connections": 100}}},
        {"postgresql": {"synchronous": {"method": "some", "number": 1}}},
        {"primaryUpdateMethod": "rolling"},
    ],
)
def test_these_checks_catch_a_mistake(validators, mistake):
    (manifest,) = postgresql_objects.build().custom_resources
    validators["Cluster"].validate(manifest)
    with pytest.raises(jsonschema.ValidationError):
        validators["Cluster"].validate(manifest | {"spec": manifest["spec"] | mistake})


@pytest.mark.parametrize("kind", ["PodMonitor", "PrometheusRule"])
def test_what_makes_a_prometheus_watch_it_is_valid(run, kind):
    definition = published.definitions("prometheus-operator").get(f"{kind.lower()}s.monitoring.coreos.com")
    if definition is None:
        pytest.skip("the release is not on this machine; the toolchain's build brings it")
    options = {"monitored_by": "metrics", "availability": "zonal", "backups": postgresql_objects.NIGHTLY}
    objects = run(lambda: postgresql_objects.everything(postgresql_objects.build(**options))).result
    (version,) = definition["spec"]["versions"]
    schema = schemas.strict(version["schema"]["openAPIV3Schema"], root=True)
    jsonschema.Draft7Validator(schema).validate(service_objects.one(objects, kind))


def test_alerts_are_named_for_the_service():
    found = postgresql_objects.rules(postgresql_objects.build(monitored_by="metrics", availability="zonal"))
    assert all(re.fullmatch("Postgresql[A-Z][A-Za-z]+", name) for name in found)
    assert catalogue.SERVICES["postgresql"].type == "Postgresql"
