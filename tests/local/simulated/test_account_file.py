import asyncio
import json

import pytest

from local.simulated import account, values
from stacks import errors
from tests.local.simulated import worlds


def test_what_is_there_is_there_again(tmp_path):
    path = tmp_path / "deep" / "account.json"
    world = worlds.World(path=path)
    worlds.eks(world)
    later = account.Account(stack="test", path=path)
    assert later.resources() == world.account.resources()


def test_what_was_deleted_stays_known(tmp_path):
    path = tmp_path / "account.json"
    world = worlds.World(path=path)
    vpc = world.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    world.drop(vpc)
    later = worlds.World(path=path)
    assert later.account.resources() == ()
    assert later.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16").id != vpc.id


def test_secrets_are_not_in_the_file(tmp_path):
    path = tmp_path / "account.json"
    api = account.Account(stack="test", path=path)
    made = asyncio.run(
        api.create(
            "aws:secretsmanager/secretVersion:SecretVersion",
            "password",
            {"secretId": "s", "secretString": "hunter2"},
            provider=worlds.AWS,
            secret_paths=["secretString"],
        )
    )
    assert made.outputs["secretString"] == "hunter2"
    assert "hunter2" not in path.read_text()
    read = account.Account(stack="test", path=path).read(made.token, made.id)
    assert read.inputs["secretString"] == "[secret]"


def test_adopted_resources_are_in_the_file(tmp_path):
    path = tmp_path / "account.json"
    disk = values.Resource(token="aws:ebs/volume:Volume", name="pvc-1", id="vol-1", inputs={}, outputs={})
    account.Account(stack="test", path=path).adopt(disk)
    later = account.Account(stack="test", path=path)
    assert later.resources() == (disk,)
    later.release("vol-1")
    assert account.Account(stack="test", path=path).resources() == ()


def test_the_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "account.json"
    world = worlds.World(path=path)
    world.make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    assert [one.name for one in tmp_path.iterdir()] == ["account.json"]
    assert json.loads(path.read_text())["format"] == 1


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "resources": [{}]}'])
def test_a_file_that_cannot_be_read_says_what_to_do(tmp_path, text):
    path = tmp_path / "account.json"
    path.write_text(text)
    with pytest.raises(errors.VendorRefused) as raised:
        account.Account(stack="test", path=path)
    assert raised.value.problems[0].next == f"delete {path} to begin with an empty account"


def test_without_a_file_the_account_is_forgotten():
    worlds.World().make("aws:ec2/vpc:Vpc", cidrBlock="10.0.0.0/16")
    assert worlds.World().account.resources() == ()


def test_unknown_values_are_for_previews_only():
    world = worlds.World()
    checked = world.account.checked("aws:ec2/subnet:Subnet", "one", {"vpcId": values.UNKNOWN})
    assert checked["vpcId"] is values.UNKNOWN
    (problem,) = world.refused(world.make, "aws:ec2/subnet:Subnet", vpcId=values.UNKNOWN)
    assert "vpcId is not known yet" in problem
