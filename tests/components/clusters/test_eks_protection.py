"""What of an EKS cluster is protected, and what outlives it."""

from __future__ import annotations

import pytest

from . import eks_stacks


@pytest.fixture
def cluster(run, project):
    return eks_stacks.deploy(run)


@pytest.fixture
def create(run, project):
    """Create the cluster with other settings."""
    return lambda **changes: eks_stacks.deploy(run, eks_stacks.wanted(**changes))


def inputs(cluster):
    return cluster.one("eks/cluster:Cluster").inputs


def marked(cluster, mark):
    own = [item for item in cluster.registrations if item.type.startswith("aws:")]
    return {f"{item.type.rpartition(':')[2]} {item.name.removeprefix('shop-')}" for item in own if getattr(item, mark)}


PROTECTED = {"Vpc vpc", "Key key", "Cluster cluster", "Bucket backups", "NodeGroup pool-general", "NodeGroup pool-arm"}


def kept(found):
    """What destroy keeps, the parts of the backups' bucket told as one."""
    return {"Bucket backups" if name.startswith("Bucket") else name for name in marked(found, "retained")}


def test_off_protects_nothing_and_keeps_the_key_and_the_backups(create):
    found = create(protection="off")
    assert marked(found, "protect") == set()
    assert kept(found) == {"Key key", "Bucket backups"}
    assert inputs(found)["deletionProtection"] is False
    assert found.one("s3/bucket:Bucket").inputs == {"forceDestroy": False}


def test_backups_go_with_a_stack_that_keeps_no_data(create):
    found = create(protection="off", drain={"volumes": True})
    assert kept(found) == {"Key key"}
    assert found.one("s3/bucket:Bucket").inputs == {"forceDestroy": True}


def test_guarded_protects_what_holds_data_or_carries_it(create):
    found = create(protection="guarded")
    assert marked(found, "protect") == PROTECTED
    assert kept(found) == {"Key key", "Bucket backups"}
    assert inputs(found)["deletionProtection"] is False
    assert found.one("s3/bucket:Bucket").inputs == {"forceDestroy": False}


def test_locked_asks_aws_to_refuse_too_and_keeps_the_audit_and_the_backups(cluster):
    assert marked(cluster, "protect") == PROTECTED
    kept = {name for name in marked(cluster, "retained") if not name.startswith("Bucket")}
    assert kept == {"Key key", "LogGroup logs", "LogGroup flow-logs"}
    # All of the bucket but its lock, which is taken off by leaving the program.
    going = {item.type for item in cluster.registrations if item.type.startswith("aws:s3/") and not item.retained}
    assert going == {"aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"}
    assert inputs(cluster)["deletionProtection"] is True
    assert cluster.one("cloudwatch/logGroup:LogGroup", "logs").inputs["deletionProtectionEnabled"] is True
    assert cluster.one("s3/bucket:Bucket").inputs == {"forceDestroy": False}
