"""What services on a GKE cluster store things in: volumes, backups, and permissions for a bucket."""

from __future__ import annotations

import pytest

from components import contracts
from stacks import managed

from . import gke_program as gke

BACKUPS = managed.Backups(retention_days=35)


def classes(**given):
    return gke.deploy(**given).named(gke.GROUP_OF_OBJECTS, "storage").inputs["objs"]


def bucket(**given):
    return gke.deploy(backups=BACKUPS, **given).only(gke.BUCKET).inputs


def machines(*types):
    return (gke.SYSTEM, *(gke.pool(f"pool{number}", instance_types=(each,)) for number, each in enumerate(types)))


@pytest.mark.parametrize(
    ("types", "is_redundant", "parameters"),
    [
        (("n4-standard-4",), False, {"type": "hyperdisk-balanced"}),
        (("n4-standard-4",), True, {"type": "hyperdisk-balanced-high-availability"}),
        (("e2-standard-4",), False, {"type": "pd-balanced"}),
        (("e2-standard-4",), True, {"type": "pd-balanced", "replication-type": "regional-pd"}),
    ],
)
def test_volumes_are_disks_that_the_users_nodes_take(types, is_redundant, parameters):
    found = classes(pools=machines(*types), zone_redundant_storage=is_redundant)
    assert [item["metadata"]["name"] for item in found] == [
        "paasport-ssd",
        "paasport-ssd-retain",
        "paasport-ssd-retain-xfs",
    ]
    assert [item["provisioner"] for item in found] == ["pd.csi.storage.gke.io"] * 3
    assert [item["parameters"] for item in found[:2]] == [parameters] * 2
    assert found[2]["parameters"] == {**parameters, "csi.storage.k8s.io/fstype": "xfs"}


def test_automatic_nodes_take_persistent_disks_whatever_the_system_pool_takes():
    found = classes(compute="auto", pools=(gke.SYSTEM,))
    assert found[0]["parameters"] == {"type": "pd-balanced"}


def test_a_cluster_of_system_nodes_only_has_volumes_for_them():
    assert classes(pools=(gke.SYSTEM,))[0]["parameters"] == {"type": "hyperdisk-balanced"}


def test_in_one_zone_there_is_no_second_one_for_a_copy():
    found = classes(network={"zones": ("europe-west3-a",)}, zone_redundant_storage=True)
    assert found[0]["parameters"] == {"type": "hyperdisk-balanced"}


def test_our_class_is_the_default_beside_gkes_own_which_stay_as_they_are():
    default, retain, xfs = classes()
    assert default["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert "annotations" not in {**retain["metadata"], **xfs["metadata"]}


# Backups


def test_a_bucket_for_backups_is_private_and_keeps_old_versions():
    found = bucket()
    assert found["uniformBucketLevelAccess"] is True
    assert found["publicAccessPrevention"] == "enforced"
    assert found["versioning"] == {"enabled": True}
    assert "retentionPolicy" not in found
    assert found["location"] == "europe-west3"
    assert "name" not in found
    assert found["softDeletePolicy"] == {"retentionDurationSeconds": 604800}
    assert found["lifecycleRules"] == [
        {"action": {"type": "Delete"}, "condition": {"age": 35, "withState": "LIVE"}},
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
        {"action": {"type": "Delete"}, "condition": {"daysSinceNoncurrentTime": 7, "withState": "ARCHIVED"}},
    ]


def test_in_a_locked_stack_nothing_in_it_can_be_deleted_or_overwritten_before_its_time():
    found = bucket(protection="locked")
    # A policy that is locked for good could only be left behind by replacing the bucket.
    assert found["retentionPolicy"] == {"retentionPeriod": "3024000", "isLocked": False}
    assert found["versioning"] == {"enabled": False}
    assert len(found["lifecycleRules"]) == 2


@pytest.mark.parametrize(("protection", "forced"), [("off", True), ("guarded", False), ("locked", False)])
def test_backups_go_with_the_stack_only_where_nothing_is_protected(protection, forced):
    assert bucket(protection=protection)["forceDestroy"] is forced


def test_services_are_told_where_their_backups_go():
    found = gke.deploy(lambda facts: facts.backups.url, backups=BACKUPS)
    assert found.used == "gs://test-backups-1a2b3c4"
    assert gke.deploy().facts.backups is None


# Permissions


PRINCIPAL = (
    "principal://iam.googleapis.com/projects/100000000009/locations/global/workloadIdentityPools/"
    "acme-test.svc.id.goog/subject/ns/orders/sa/database"
)


def bound(*grants):
    bindings = []
    found = gke.deploy(lambda facts: bindings.append(facts.identity.bind("orders", "database", grants=grants)))
    return found, bindings[0]


@pytest.mark.parametrize(
    ("access", "role"), [("read", "roles/storage.objectViewer"), ("write", "roles/storage.objectUser")]
)
def test_a_service_account_is_a_principal_by_itself_on_that_bucket_only(access, role):
    found, binding = bound(contracts.Grant(access=access, bucket="backups"))
    assert {item.inputs["role"]: item.inputs for item in found.of(gke.BUCKET_MEMBER)} == {
        role: {"bucket": "backups", "role": role, "member": PRINCIPAL},
        "roles/storage.legacyBucketReader": {
            "bucket": "backups",
            "role": "roles/storage.legacyBucketReader",
            "member": PRINCIPAL,
        },
    }
    assert not binding.service_account_annotations
    assert not binding.pod_labels
    assert len(binding.depends_on) == 2


def test_two_buckets_are_two_grants():
    found, binding = bound(contracts.Grant(access="read", bucket="old"), contracts.Grant(access="write", bucket="new"))
    assert {item.inputs["bucket"] for item in found.of(gke.BUCKET_MEMBER)} == {"old", "new"}
    assert len({item.name for item in found.of(gke.BUCKET_MEMBER)}) == 4
    assert len(binding.depends_on) == 4


def test_no_grant_is_nothing_to_wait_for():
    found, binding = bound()
    assert found.of(gke.BUCKET_MEMBER) == []
    assert binding == contracts.Binding()
