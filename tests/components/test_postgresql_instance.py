"""A PostgreSQL as its component registers it: what comes when, what is secret, what is protected."""

from __future__ import annotations

import pytest

from components.services import postgresql, service
from stacks.services import instance
from stacks.services import postgresql as settings
from tests.components import test_service_instance as component

SECRET_MARK = "4dabf18193072939515e22adb298388d"
CLUSTER = "kubernetes:postgresql.cnpg.io/v1:Cluster"
SCHEDULE = "kubernetes:postgresql.cnpg.io/v1:ScheduledBackup"
SECRET = "kubernetes:core/v1:Secret"


@pytest.fixture
def started(run):
    """A function that registers an instance, and who was given permissions then."""

    def made(**options):
        identity = component.Identity()

        def program():
            args = service.InstanceArgs(
                entry=postgresql.SERVICE,
                options=settings.Postgresql(service="postgresql", **options),
                cluster=component.facts(backups=component.STORE, identity=identity),
                operators=(),
                monitored_by="metrics",
                protect=True,
            )
            return service.Instance("shop", args).endpoint.url

        return run(program), identity.bound

    return made


@pytest.fixture
def program(started):
    return started(backups=instance.Backups())[0]


def test_the_password_is_made_once_and_is_there_before_the_servers(program):
    assert [item.name for item in program.registrations if item.type == "pulumi:index:Stash"] == ["shop-owner"]
    assert program.one(SECRET, "shop-owner").urn in program.one(CLUSTER, "shop").dependencies


def test_backups_begin_when_there_is_something_to_back_up_and_can_be_switched_off(program):
    schedule = program.one(SCHEDULE, "shop")
    assert program.one(CLUSTER, "shop").urn in schedule.dependencies
    assert program.one(CLUSTER, "shop").protect
    assert not schedule.protect


@pytest.mark.parametrize(
    ("options", "access"),
    [
        ({"backups": instance.Backups()}, "write"),
        ({"restore": instance.Restore(instance="old")}, "read"),
    ],
)
def test_the_account_that_the_operator_makes_gets_what_is_needed_and_no_more(started, options, access):
    _, ((namespace, account, grants),) = started(**options)
    assert (namespace, account, [grant.access for grant in grants]) == ("shop", "shop", [access])


@pytest.mark.parametrize(
    ("secret", "key", "is_secret"),
    [
        ("shop-owner", "password", True),
        ("shop-owner", "username", False),
        ("shop-binding", "uri", True),
        ("shop-binding", "password", True),
        ("shop-binding", "host", False),
    ],
)
def test_passwords_and_what_contains_them_are_secret_and_nothing_else(program, secret, key, is_secret):
    value = program.one(SECRET, secret).raw["data"][key]
    assert (isinstance(value, dict) and SECRET_MARK in value) is is_secret
