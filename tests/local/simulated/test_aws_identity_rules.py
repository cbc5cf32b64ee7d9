import json

import pytest

from tests.local.simulated import worlds

LOGS, KEY = "aws:cloudwatch/logGroup:LogGroup", "aws:kms/key:Key"


@pytest.mark.parametrize(
    ("token", "inputs", "reason"),
    [
        ("aws:iam/role:Role", {"assumeRolePolicy": "{}"}, "assumeRolePolicy is no policy document"),
        ("aws:iam/role:Role", {"assumeRolePolicy": "trust me"}, "assumeRolePolicy is no policy document"),
        ("aws:iam/policy:Policy", {"policy": json.dumps({"Statement": ["x" * 6144]})}, "longer than 6144"),
        (LOGS, {"retentionInDays": 42}, "retentionInDays is 42, and the API takes only"),
        (KEY, {"deletionWindowInDays": 5}, "deletionWindowInDays must be between 7 and 30"),
        (KEY, {"rotationPeriodInDays": 90}, "rotationPeriodInDays needs enableKeyRotation"),
    ],
)
def test_refused_by_its_inputs(token, inputs, reason):
    world = worlds.World()
    assert any(reason in problem for problem in world.refused(world.make, token, **inputs))


def test_logs_need_a_key_that_they_may_use():
    world = worlds.World()
    closed = world.make(KEY, "closed", policy=worlds.trust("eks.amazonaws.com"))
    opened = world.make(KEY, "open", policy=worlds.trust("logs.eu-central-1.amazonaws.com"))
    assert "does not let CloudWatch Logs use it" in world.refused(world.make, LOGS, kmsKeyId=closed.outputs["arn"])[0]
    world.make(LOGS, kmsKeyId=opened.outputs["arn"])
    assert world.refused(world.drop, opened)


def test_a_cluster_that_came_first_has_made_its_log_group():
    world = worlds.World()
    worlds.eks(world, enabledClusterLogTypes=["audit"])
    (problem,) = world.refused(world.make, LOGS, name="/aws/eks/prod/cluster")
    assert "the cluster made itself" in problem


def test_a_protected_log_group_stays():
    world = worlds.World()
    logs = world.make(LOGS, deletionProtectionEnabled=True)
    assert "deletionProtectionEnabled is on" in world.refused(world.drop, logs)[0]
    world.drop(world.change(logs, deletionProtectionEnabled=False))


def test_object_lock_needs_versions():
    world = worlds.World()
    bucket = world.make("aws:s3/bucket:Bucket", bucket="backups")
    lock = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    assert "has no versioning" in world.refused(world.make, lock, bucket=bucket.id)[0]
    world.make(
        "aws:s3/bucketVersioning:BucketVersioning", bucket=bucket.id, versioningConfiguration={"status": "Enabled"}
    )
    world.make(lock, bucket=bucket.id)
