"""What a Cassandra can be told, and what is refused with which reason."""

from __future__ import annotations

import pytest

from stacks import nodes, settings
from stacks.services import cassandra
from tests.stacks import samples

LOCAL = {"vendor": "local"}
BACKED = {"backups": {"retentionDays": 7}}


def told(cluster=LOCAL, name="db", **service):
    return samples.told(cluster, services={name: {"service": "cassandra", **service}})


def test_by_default_it_is_small_and_single():
    found = cassandra.Cassandra(service="cassandra")
    assert (found.servers, found.racks, found.asked("memory"), found.asked("storage")) == (1, 1, "4Gi", "20Gi")


def test_zonal_has_a_rack_for_each_copy_of_the_data():
    found = cassandra.Cassandra(service="cassandra", availability="zonal")
    assert (found.servers, found.racks) == (3, 3)


@pytest.mark.parametrize("size", sorted(cassandra.SIZES))
def test_every_size_keeps_its_own_rules(size):
    assert told(size=size, availability="zonal") == []


@pytest.mark.parametrize(("nodes", "better"), [(4, "3 or 6"), (5, "3 or 6"), (7, "6 or 9")])
def test_zones_have_as_many_nodes_each(nodes, better):
    cluster = {"vendor": "local", "nodes": {"count": 9}}
    assert told(cluster, availability="zonal", overrides={"replicas": nodes}) == [
        (
            f"`paasport:services.db.overrides.replicas` is {nodes}, which is no multiple of 3, the zones\n"
            "  every zone has a copy of all data, so the nodes of the smallest one would have most of the load\n"
            f"  next: write {better}"
        )
    ]


@pytest.mark.parametrize("nodes", [2, 4])
def test_without_zones_any_number_will_do(nodes):
    assert told({"vendor": "local", "nodes": {"count": 9}}, overrides={"replicas": nodes}) == []


def test_fewer_nodes_than_zonal_promises_are_refused_once():
    (found,) = told(availability="zonal", overrides={"replicas": 2})
    assert found.startswith("`paasport:services.db.overrides.replicas` is 2, but the service is `zonal`\n")


def test_two_nodes_never_share_a_host():
    assert told(overrides={"replicas": 4}) == [
        (
            "`paasport:services.db.overrides.replicas` is 4, and the cluster has 3 nodes at most\n"
            "  the operator never puts two of them on one node, where they would fail together\n"
            "  next: write 3 or less, or give the cluster more nodes"
        )
    ]


@pytest.mark.parametrize(
    ("node", "refused"), [({"memory": "4Gi"}, True), ({"memory": "4160Mi"}, False), ({"cpu": "1"}, True)]
)
def test_what_runs_beside_a_node_fits_too(node, refused):
    found = told({"vendor": "local", "nodes": {"cpu": "16", "memory": "64Gi"} | node})
    assert bool(found) is refused
    if refused:
        (resource,) = node
        beside = {"cpu": "100m", "memory": "64Mi"}[resource]
        assert f"the containers beside it for {beside} more, and together no node holds them" in found[0]


def test_what_writes_backups_fits_too():
    cluster = samples.pools(samples.EKS | BACKED, general=samples.GENERAL | {"shape": {"cpu": 2, "memory": "8Gi"}})
    held = int(nodes.of(settings.parse({"paasport:cluster": cluster}).cluster).memory)
    asked = {"memory": f"{held // 2**20 - 100}Mi"}
    assert told(cluster, overrides=asked) == []
    (found,) = told(cluster, overrides=asked, backups={})
    assert "for 64Mi and 256Mi more" in found


@pytest.mark.parametrize("version", ["4.1.8", "4.1.12", "5.0.3", "5.0.9"])
def test_versions_that_there_are_images_of_can_be_had(version):
    assert told(overrides={"version": version}) == []


@pytest.mark.parametrize("version", ["3.11.19", "4.0.21", "5.1.0", "6.0.0"])
def test_other_series_are_refused(version):
    assert told(overrides={"version": version}) == [
        (
            f"`paasport:services.db.overrides.version` is {version}; Cassandra 4.1 and 5.0 can be had\n"
            "  older series are built and configured otherwise, and the operator 1.32.5 is older than newer ones\n"
            "  next: leave `version` out for 5.0.9"
        )
    ]


@pytest.mark.parametrize(
    ("version", "there"), [("4.1.7", "4.1.8 to 4.1.12"), ("4.1.13", "4.1.8 to 4.1.12"), ("5.0.2", "5.0.3 to 5.0.9")]
)
def test_patches_with_known_holes_and_those_without_an_image_are_refused(version, there):
    (found,) = told(overrides={"version": version})
    assert f"is {version}; of {version[:3]} there are {there}\n" in found
    assert "CVE-2025-23015" in found
    assert found.endswith("or leave `version` out for 5.0.9")


@pytest.mark.parametrize(
    ("resource", "too_little", "least"), [("cpu", "400m", "500m"), ("memory", "1Gi", "2Gi"), ("storage", "4Gi", "5Gi")]
)
def test_a_node_has_what_it_needs_to_start(resource, too_little, least):
    (found,) = told(overrides={resource: too_little})
    assert found.startswith(f"`paasport:services.db.overrides.{resource}` is {too_little}; {least} is the least\n")
    assert told(overrides={resource: least}) == []


@pytest.mark.parametrize("vendor", ["eks", "gke"])
def test_backups_need_no_stored_key_where_medusa_can_do_without(vendor):
    assert told(samples.VENDORS[vendor] | BACKED, backups={}) == []


def test_on_aks_backups_are_refused_because_they_would_need_one():
    assert told(samples.AKS | BACKED, backups={}) == [
        (
            "`paasport:services.db.backups` of a Cassandra cannot be had on AKS\n"
            "  the operator 1.32.5 tells Medusa the storage account of Azure only together with a stored key of it, "
            "and the account that is made for backups has none\n"
            "  next: leave it out, and take snapshots of the disks, or of single tables by hand"
        )
    ]


def test_a_restore_is_refused_with_the_way_by_hand():
    assert told(samples.EKS | BACKED, restore={"instance": "db"}) == [
        (
            "`paasport:services.db.restore` cannot be had for a Cassandra\n"
            "  the operator restores into a cluster that runs, which it stops for that: it would do so at every run\n"
            "  next: leave it out, and restore by hand: docs/services/cassandra.md has the steps"
        )
    ]


@pytest.mark.parametrize("name", ["cass-operator", "k8ssandra-operator"])
def test_the_operators_namespaces_are_taken(name):
    (found,) = told(name=name)
    assert name in found
