"""How a GKE cluster is kept: its versions and windows, logs, protection and load balancers."""

from __future__ import annotations

import pytest

from stacks import managed

from . import gke_program as gke


@pytest.fixture(scope="module")
def plain():
    return gke.deploy()


@pytest.fixture(scope="module")
def safe():
    return gke.deploy(**gke.SAFE)


# Versions


def test_a_pinned_minor_has_an_exclusion_of_its_own_and_nodes_that_follow_the_control_plane(plain):
    assert plain.cluster["minMasterVersion"] == "1.35"
    assert plain.cluster["maintenancePolicy"]["maintenanceExclusions"] == [
        {
            "exclusionName": "pinned-1-35",
            "startTime": "2026-01-01T00:00:00Z",
            "exclusionOptions": {"scope": "NO_MINOR_UPGRADES", "endTimeBehavior": "UNTIL_END_OF_SUPPORT"},
        }
    ]
    assert [item.inputs["version"] for item in plain.of(gke.POOL)] == ["1.35.2-gke.1269000"] * 2


def test_a_channel_has_the_minor_as_its_floor_and_moves_the_nodes_itself():
    found = gke.deploy(upgrades="channel", options=gke.options(release_channel="rapid"))
    assert found.cluster["minMasterVersion"] == "1.35"
    assert found.cluster["releaseChannel"] == {"channel": "RAPID"}
    assert found.cluster["maintenancePolicy"]["maintenanceExclusions"] == []
    assert all("version" not in item.inputs for item in found.of(gke.POOL))


@pytest.mark.parametrize(
    ("days", "start", "hours", "expected"),
    [
        (("saturday", "sunday"), "02:00", 6, ("2026-01-01T02:00:00Z", "2026-01-01T08:00:00Z", "SA,SU")),
        (("sunday",), "22:30", 12, ("2026-01-01T22:30:00Z", "2026-01-02T10:30:00Z", "SU")),
        (("wednesday", "monday"), "00:00", 24, ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "MO,WE")),
    ],
)
def test_the_window_recurs_every_week_and_may_pass_midnight(days, start, hours, expected):
    found = gke.deploy(window=managed.Window(days=days, start=start, hours=hours))
    begin, end, by = expected
    assert found.cluster["maintenancePolicy"]["recurringWindow"] == {
        "startTime": begin,
        "endTime": end,
        "recurrence": f"FREQ=WEEKLY;BYDAY={by}",
    }


def test_a_freeze_lasts_to_the_end_of_its_last_day_and_lets_patches_of_the_control_plane_through(safe):
    assert safe.cluster["maintenancePolicy"]["maintenanceExclusions"][0] == {
        "exclusionName": "year-end",
        "startTime": "2026-12-18T00:00:00Z",
        "endTime": "2027-01-07T00:00:00Z",
        "exclusionOptions": {"scope": "NO_MINOR_OR_NODE_UPGRADES"},
    }


# Logs


def test_categories_decide_which_components_log_and_are_measured(safe, plain):
    assert plain.cluster["loggingConfig"] == {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"]}
    assert safe.cluster["loggingConfig"] == {
        "enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER"]
    }
    assert plain.cluster["monitoringConfig"]["enableComponents"] == ["SYSTEM_COMPONENTS"]
    assert safe.cluster["monitoringConfig"]["enableComponents"] == [
        "SYSTEM_COMPONENTS",
        "APISERVER",
        "SCHEDULER",
        "CONTROLLER_MANAGER",
    ]


def test_what_is_logged_about_this_cluster_is_kept_as_long_as_is_said(safe):
    bucket = safe.only(gke.LOG_BUCKET)
    assert bucket.inputs["retentionDays"] == 365
    assert bucket.inputs["location"] == "europe-west3"
    assert bucket.inputs["bucketId"] == "test-audit"
    assert bucket.urn in safe.only(gke.SINK).dependencies
    sink = safe.only(gke.SINK).inputs
    assert sink["destination"] == "logging.googleapis.com/projects/acme-test/locations/europe-west3/buckets/test-audit"
    assert sink["filter"] == (
        'resource.type=("k8s_cluster" OR "k8s_control_plane_component" OR "gke_cluster")'
        ' AND resource.labels.cluster_name="test" AND resource.labels.location="europe-west3"'
    )


# Protection


@pytest.mark.parametrize(
    ("protection", "protected", "at_the_vendor"),
    [("off", False, (False, "DELETE")), ("guarded", True, (False, "DELETE")), ("locked", True, (True, "PREVENT"))],
)
def test_protection_is_pulumis_and_where_it_is_locked_the_vendors_too(protection, protected, at_the_vendor):
    found = gke.deploy(**{**gke.SAFE, "protection": protection})
    kept = (gke.NETWORK, gke.SUBNETWORK, gke.RING, gke.KEY, gke.CLUSTER, gke.BUCKET)
    assert {found.only(type_).protect for type_ in kept} == {protected}
    assert [item.protect for item in found.of(gke.POOL)] == [protected, protected]
    in_cluster, in_pools = at_the_vendor
    assert found.cluster["deletionProtection"] is in_cluster
    assert {item.inputs["deletionPolicy"] for item in found.of(gke.POOL)} == {in_pools}


def test_keys_audit_logs_and_backups_stay_when_everything_is_destroyed():
    found = gke.deploy(**{**gke.SAFE, "protection": "off"})
    kept = {item.type for item in found.registrations if item.retained}
    assert kept == {gke.RING, gke.KEY, gke.LOG_BUCKET, gke.BUCKET}


# Load balancers


def test_load_balancers_are_passthrough_ones_with_an_address(plain):
    balancer = plain.facts.load_balancer
    assert balancer.internal.annotations == {"networking.gke.io/load-balancer-type": "Internal"}
    assert balancer.public.annotations == {"cloud.google.com/l4-rbs": "enabled"}
    assert balancer.address == "ip"
    assert balancer.health_path_annotation == ""
