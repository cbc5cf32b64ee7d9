import asyncio
import time

import pytest

from local.simulated import faults, values
from stacks import errors
from tests.local.simulated import worlds


@pytest.mark.parametrize("kind", ["throttle", "conflict"])
def test_what_passes_by_itself_is_overcome(kind):
    world = worlds.World(faults=faults.only(kind))
    worlds.eks(world)
    for resource in reversed(world.account.resources()):
        world.drop(resource)
    assert world.account.repeated[kind] > 0


def test_a_creation_that_fails_once_leaves_nothing_and_succeeds_then():
    world = worlds.World(faults=faults.only("create-fails-once"))
    (problem,) = world.refused(worlds.eks, world)
    assert "internal error (500)" in problem
    assert [one for one in world.account.resources() if one.token == "aws:eks/cluster:Cluster"] == []
    again = dict(world.account.resources()[0].inputs)
    assert again
    retried = retry_cluster(world)
    assert retried.id == "prod"


def retry_cluster(world):
    there = world.account.resources()
    subnets = [one.id for one in there if one.token == "aws:ec2/subnet:Subnet"]
    role = next(one.outputs["arn"] for one in there if one.token == "aws:iam/role:Role")
    config = {"subnetIds": subnets, "endpointPrivateAccess": True}
    access = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    inputs = {"name": "prod", "version": "1.35", "roleArn": role, "vpcConfig": config, "accessConfig": access}
    return world.make("aws:eks/cluster:Cluster", "prod", **inputs, bootstrapSelfManagedAddons=False)


def test_a_creation_that_times_out_is_found_again(tmp_path):
    path = tmp_path / "account.json"
    world = worlds.World(faults=faults.only("timeout"), path=path)
    (problem,) = world.refused(worlds.eks, world)
    assert "timed out while waiting for prod" in problem
    assert world.account.read("aws:eks/cluster:Cluster", "prod") is not None
    later = worlds.World(faults=faults.only("timeout"), path=path)
    assert retry_cluster(later).id == "prod"
    clusters = [one for one in later.account.resources() if one.token == "aws:eks/cluster:Cluster"]
    assert len(clusters) == 1


def test_a_creation_that_timed_out_takes_what_was_changed_since():
    world = worlds.World(faults=faults.only("timeout"))
    world.refused(worlds.eks, world)
    cluster = world.account.read("aws:eks/cluster:Cluster", "prod")
    resumed = world.make("aws:eks/cluster:Cluster", "prod", **{**cluster.inputs, "tags": {"a": "b"}})
    assert resumed.outputs["tags"] == {"a": "b"}


def test_a_made_up_name_survives_a_timeout():
    plan = faults.Faults(kinds=frozenset({faults.Kind.TIMEOUT}), chosen=("aws:s3/bucket:Bucket",))
    world = worlds.World(faults=plan)
    world.refused(world.make, "aws:s3/bucket:Bucket", "data")
    (waiting,) = world.account.resources()
    assert world.make("aws:s3/bucket:Bucket", "data").id == waiting.id


def test_faults_are_the_same_each_time():
    plans = [faults.only("throttle", seed=seed) for seed in (1, 1, 2)]
    first, again, other = ([plan.repeats(faults.Kind.THROTTLE, call=call) for call in range(1, 13)] for plan in plans)
    assert first == again
    assert first != other
    assert sum(1 for one in first if one) == 4


def test_kinds_are_a_closed_set():
    assert faults.KINDS == ("throttle", "conflict", "create-fails-once", "timeout")
    with pytest.raises(ValueError, match="earthquake"):
        faults.only("earthquake")


def test_one_cluster_takes_one_operation_at_a_time():
    world = worlds.World(faults=faults.Faults(latency_seconds=0.05))
    cluster = worlds.gke(world)

    async def pools():
        names = ("a", "b", "c")
        token = "gcp:container/nodePool:NodePool"
        made = [world.account.create(token, name, {"cluster": cluster.id}, provider=worlds.GCP) for name in names]
        await asyncio.gather(*made)

    begin = time.monotonic()
    asyncio.run(pools())
    assert time.monotonic() - begin >= 0.15


def test_listeners_hear_of_a_deletion_before_it_is_judged():
    heard = []

    async def listen(change):
        heard.append((change.kind, change.resource.token.rpartition(":")[2]))
        if change.kind == "deleting":
            world.account.release("lb-1")

    world = worlds.World(listener=listen)
    vpc = world.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    world.account.adopt(
        values.Resource(
            token="aws:lb/loadBalancer:LoadBalancer", name="lb", id="lb-1", inputs={"vpcId": vpc.id}, outputs={}
        )
    )
    world.change(vpc, enableDnsHostnames=True)
    world.drop(vpc)
    assert heard == [("created", "Vpc"), ("updated", "Vpc"), ("deleting", "Vpc"), ("deleted", "Vpc")]


def test_injected_faults_say_that_they_are():
    world = worlds.World(faults=faults.only("create-fails-once"))
    with pytest.raises(errors.VendorRefused, match="a fault that was injected"):
        worlds.gke(world)
