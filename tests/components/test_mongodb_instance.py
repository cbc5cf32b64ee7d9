"""A MongoDB as its component registers it: what comes when, what is secret, what is protected."""

from __future__ import annotations

import pytest

from components.services import mongodb, service
from stacks.services import instance
from stacks.services import mongodb as settings
from tests.components import test_service_instance as component

SECRET_MARK = "4dabf18193072939515e22adb298388d"
REPLICA_SET = "kubernetes:mongodbcommunity.mongodb.com/v1:MongoDBCommunity"
SECRET = "kubernetes:core/v1:Secret"


@pytest.fixture
def program(run):
    def made():
        args = service.InstanceArgs(
            entry=mongodb.SERVICE,
            options=settings.Mongodb(service="mongodb", backups=instance.Backups()),
            cluster=component.facts(backups=component.STORE),
            operators=(),
            monitored_by="metrics",
            protect=True,
        )
        return service.Instance("shop", args).endpoint.url

    return run(made)


def test_every_password_is_made_once(program):
    assert {item.name for item in program.registrations if item.type == "pulumi:index:Stash"} == {
        "shop-owner",
        "shop-metrics",
        "shop-backup",
    }


@pytest.mark.parametrize("name", ["shop-owner", "shop-metrics", "shop-backup"])
def test_secrets_are_there_before_the_members_that_need_them(program, name):
    assert program.one(SECRET, name).urn in program.one(REPLICA_SET, "shop").dependencies


def test_what_holds_data_is_protected_and_what_can_be_made_again_is_not(program):
    assert program.one(REPLICA_SET, "shop").protect
    assert not program.one(SECRET, "shop-owner").protect


@pytest.mark.parametrize(
    ("secret", "key", "is_secret"),
    [
        ("shop-owner", "password", True),
        ("shop-owner", "username", False),
        ("shop-metrics", "password", True),
        ("shop-backup", "mongodump.yaml", True),
        ("shop-binding", "uri", True),
        ("shop-binding", "password", True),
        ("shop-binding", "host", False),
        ("shop-binding", "database", False),
    ],
)
def test_passwords_and_what_contains_them_are_secret_and_nothing_else(program, secret, key, is_secret):
    value = program.one(SECRET, secret).raw["data"][key]
    assert (isinstance(value, dict) and SECRET_MARK in value) is is_secret


def test_no_password_is_in_the_replica_set_or_in_what_is_registered_together(program):
    passwords = [item.raw["input"]["value"] for item in program.registrations if item.type == "pulumi:index:Stash"]
    for kind in (REPLICA_SET, "kubernetes:yaml/v2:ConfigGroup"):
        text = str(program.one(kind, "shop").raw)
        assert not [password for password in passwords if password in text]


def test_where_it_answers(program):
    assert program.result == "mongodb://shop-svc.shop.svc:27017"
