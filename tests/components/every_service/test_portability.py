"""Every service x size x availability x vendor: the same objects, byte for byte, save for the paths that are listed."""

from __future__ import annotations

import json

import pytest

from components.services import catalogue as entries
from stacks.services import catalogue as models
from stacks.services import instance

from . import differences, rendering, vendors

_JOB = "CronJob.spec.jobTemplate.spec.template"
DIFFERENT = {
    # Who may use the object store.
    "ServiceAccount.metadata.annotations",
    f"{_JOB}.metadata.labels.azure.workload.identity/use",
    "Cluster.spec.serviceAccountTemplate",
    "Cluster.spec.inheritedMetadata.labels.azure.workload.identity/use",
    "K8ssandraCluster.spec.cassandra.metadata.pods.labels.azure.workload.identity/use",
    # Where it is, and whose API it speaks.
    "K8ssandraCluster.spec.medusa.storageProperties.storageProvider",
    "K8ssandraCluster.spec.medusa.storageProperties.bucketName",
    "K8ssandraCluster.spec.medusa.storageProperties.region",
    f"{_JOB}.spec.containers[copy].command[2]",
    f"{_JOB}.spec.containers[copy].env[RCLONE_CONFIG_STORE_",
    "ObjectStore.spec.configuration.destinationPath",
    "ObjectStore.spec.configuration.s3Credentials",
    "ObjectStore.spec.configuration.googleCredentials",
    "ObjectStore.spec.configuration.azureCredentials",
}
"""What may differ between vendors, and only that; each the beginning of a path as `differences.paths` writes it."""

every_variant = pytest.mark.parametrize("variant", rendering.variants(), ids=lambda variant: variant.name)


def differing(variant):
    """All paths at which any vendor's objects differ from those of the first vendor that can be asked."""
    found = [by_name[variant.name] for by_name in rendering.everything().values() if variant.name in by_name]
    return set().union(*(differences.paths(found[0], other) for other in found[1:]))


def test_the_catalogue_is_rendered_whole():
    assert {variant.service for variant in rendering.variants()} == set(entries.SERVICES) == set(models.SERVICES)
    names = {variant.name for variant in rendering.variants()}
    for service, model in models.SERVICES.items():
        for size in ("small", "medium", "large"):
            for availability in ("single", "zonal"):
                assert f"{service}-{size}-{availability}" in names
                can_have_backups = issubclass(model, instance.Database) and "backups" not in model.REFUSED
                assert (f"{service}-{size}-{availability}-backups" in names) is can_have_backups


def test_every_vendor_is_asked_for_all_that_it_can_have():
    counts = {vendor: len(by_name) for vendor, by_name in rendering.everything().items()}
    without_store = len([variant for variant in rendering.variants() if not variant.options.uses_backups])
    assert counts == {
        "eks": len(rendering.variants()),
        "gke": len(rendering.variants()),
        "aks": len(rendering.variants()),
        "existing": without_store,
        "local": without_store,
    }


@every_variant
def test_it_is_the_same_on_every_vendor_save_for_what_is_listed(variant):
    assert {path for path in differing(variant) if not path.startswith(tuple(DIFFERENT))} == set()


@pytest.mark.parametrize(
    "variant",
    [each for each in rendering.variants() if not each.options.uses_backups],
    ids=lambda variant: variant.name,
)
def test_what_needs_no_object_store_is_the_same_to_the_byte(variant):
    assert len({json.dumps(found[variant.name]) for found in rendering.everything().values()}) == 1


@pytest.mark.parametrize("listed", sorted(DIFFERENT))
def test_what_is_listed_does_differ(listed):
    assert any(path.startswith(listed) for variant in rendering.variants() for path in differing(variant))


@every_variant
def test_every_object_has_a_place_and_a_name_of_its_own(variant):
    for found in rendering.everything().values():
        objects = found.get(variant.name, ())
        assert len({(item["apiVersion"], item["kind"], item["metadata"]["name"]) for item in objects}) == len(objects)
        assert {item["metadata"].get("namespace", "shop") for item in objects} <= {"shop"}


@pytest.mark.parametrize("vendor", vendors.WITH_STORE, ids=lambda vendor: vendor.name)
def test_backups_go_to_the_vendors_own_store(vendor):
    for name, found in rendering.everything()[vendor.name].items():
        if name.endswith(("-backups", "-restore")):
            assert vendor.store["root"] in json.dumps(found), name


@pytest.mark.parametrize(
    ("one", "other", "path"),
    [
        ({"spec": {"type": "A"}}, {"spec": {"type": "B"}}, "Service.spec.type"),
        ({"spec": {"type": "A"}}, {"spec": {}}, "Service.spec.type"),
        ({"spec": {"port": 1}}, {"spec": {"port": True}}, "Service.spec.port"),
        ({"spec": [{"name": "x", "v": 1}]}, {"spec": [{"name": "x", "v": 2}]}, "Service.spec[x].v"),
        ({"spec": [1, 2]}, {"spec": [1]}, "Service.spec[1]"),
    ],
)
def test_a_difference_is_seen(one, other, path):
    same = {"kind": "Service", "metadata": {"name": "x"}}
    assert differences.paths([same | one], [same | other]) == {path}


def test_another_order_and_a_missing_object_are_seen():
    first, second = ({"kind": "Service", "metadata": {"name": name}} for name in "xy")
    assert differences.paths([first, second], [second, first]) == {"order of objects"}
    assert differences.paths([first, second], [first]) == {"order of objects", "Service"}
