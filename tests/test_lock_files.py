"""The lock files, which layers that may not import each other read by themselves: they must read the same."""

from __future__ import annotations

import re

import pytest
import yaml

from components.operators import catalogue, sources
from components.services import (
    alertmanager,
    backups,
    etcd,
    mongodb,
    mongodb_backups,
    postgresql,
    prometheus,
    rabbitmq,
    rabbitmq_backups,
    scylla,
)
from components.services import catalogue as services
from local import releases
from runner.commands import preparation
from stacks.services import mongodb as mongodb_settings
from stacks.services import postgresql as postgresql_settings
from stacks.services import prometheus as prometheus_settings
from stacks.services import rabbitmq as rabbitmq_settings
from stacks.services import scylla as scylla_settings
from tests import test_readme

ROOT = test_readme.ROOT
LOCK = ROOT / preparation.RELEASES
IMAGES = yaml.safe_load((ROOT / preparation.IMAGES).read_text())


def test_it_is_the_same_file():
    assert LOCK == sources.LOCK_FILE


@pytest.mark.parametrize("name", sorted(catalogue.OPERATORS))
def test_both_layers_read_the_same_pins(name):
    operator = catalogue.OPERATORS[name]
    here = [
        (operator.version, one.file, one.url, one.sha256, one.go_module, one.go_version, one.go_file)
        for one in sources.pinned(operator)
    ]
    there = [
        (one.version, one.file, one.url, one.sha256, one.module, one.module_version, one.module_path)
        for one in releases.pinned(LOCK)
        if one.operator == name
    ]
    assert here == there
    assert here
    assert sources.images(operator) == releases.images(LOCK)[name]


def test_nothing_is_pinned_that_is_not_in_the_catalogue():
    assert set(yaml.safe_load(LOCK.read_text())) == set(catalogue.OPERATORS)


def test_both_layers_look_in_the_same_places(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PAASPORT_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.delenv("GOMODCACHE", raising=False)
    operator = catalogue.OPERATORS["etcd-operator"]
    (here,) = sources.pinned(operator)
    (there,) = [one for one in releases.pinned(LOCK) if one.operator == operator.name]
    for place in (there.mirrored, there.cached):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("something else")
        with pytest.raises(sources.errors.ReleaseError, match=re.escape(f"{place} is not the pinned")):
            sources.fetch(here, operator=operator)
        place.unlink()


def test_every_service_has_its_images_listed():
    assert set(IMAGES) == set(services.SERVICES)


@pytest.mark.parametrize("name", sorted(IMAGES))
def test_services_images_are_pinned_by_exact_versions(name):
    for image in IMAGES[name]:
        assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+/[a-z0-9./_-]+:[\w.-]*\d+\.\d+[\w.-]*", image), image


def test_the_images_of_prometheus_are_those_of_the_versions_that_run():
    """prometheus-operator makes the names from the versions."""
    version = prometheus._version(prometheus_settings.Prometheus(service="prometheus"))
    assert IMAGES["prometheus"] == [
        f"quay.io/prometheus/prometheus:v{version}",
        f"quay.io/prometheus/alertmanager:v{alertmanager.VERSION}",
    ]


def test_the_images_of_mongodb_are_those_that_its_objects_name():
    server = f"{mongodb.IMAGE}:{mongodb_settings.VERSION}-{mongodb.IMAGE_TYPE}"
    assert IMAGES["mongodb"] == [server, mongodb_backups.IMAGE, backups.IMAGE]


def test_the_image_of_postgresql_is_the_one_that_its_objects_name():
    """What writes its backups comes with the plugin's release."""
    assert IMAGES["postgresql"] == [f"{postgresql.REPOSITORY}:{postgresql_settings.VERSION}-{postgresql.FLAVOUR}"]


def test_the_images_of_etcd_are_those_that_its_objects_name():
    assert IMAGES["etcd"] == [f"{etcd.REPOSITORY}:v{etcd.VERSION}", backups.IMAGE]


def test_the_images_of_rabbitmq_are_those_that_its_objects_name():
    server = f"{rabbitmq.IMAGE}:{rabbitmq_settings.VERSION}-management"
    assert IMAGES["rabbitmq"] == [server, rabbitmq_backups.IMAGE, backups.IMAGE]


def test_the_images_of_scylladb_are_those_that_its_objects_name():
    server = f"{scylla.IMAGE}:{scylla_settings.VERSION}"
    assert IMAGES["scylla"] == [server, f"{scylla.AGENT}:{scylla.AGENT_VERSION}"]
