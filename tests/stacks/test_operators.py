"""What the command line believes a stack installs is at least what its program installs."""

from __future__ import annotations

import pytest

from components.operators import catalogue, contour, ordering
from components.services import catalogue as services
from stacks import files, operators
from stacks import settings as parser
from tests.stacks import conftest


def closure(*names):
    return {entry.name for entry in ordering.order({"somebody": names}, catalogue=catalogue.OPERATORS)}


def test_every_service_of_the_catalogue_is_known():
    assert set(operators.BY_SERVICE) == set(services.SERVICES)


@pytest.mark.parametrize("name", sorted(services.SERVICES))
def test_a_service_brings_all_that_its_operators_require(name):
    assert closure(*services.SERVICES[name].operators) <= set(operators.BY_SERVICE[name])


@pytest.mark.parametrize("name", sorted(services.SERVICES))
def test_backups_bring_all_that_their_operators_require(name):
    entry = services.SERVICES[name]
    wanted = {*operators.BY_SERVICE[name], *operators.BACKUPS.get(name, ())}
    assert closure(*entry.operators, *entry.backup_operators) <= wanted


def test_what_only_backups_need_comes_with_them_alone():
    alone = {"paasport:cluster": {"vendor": "local"}, "paasport:services": {"pg": {"service": "postgresql"}}}
    assert "barman-cloud" not in operators.needed(parser.parse(alone))
    stored = files.read(conftest.ROOT, "eks-prod", passphrase=lambda: None).config
    for key, value in (("backups", {}), ("restore", {"instance": "old"})):
        services_ = {"pg": {"service": "postgresql", key: value}}
        wanted = parser.parse({**stored, "paasport:services": services_})
        assert "barman-cloud" in operators.needed(wanted)


@pytest.mark.parametrize("name", sorted(operators.BY_SERVICE))
def test_only_operators_of_the_catalogue_are_named(name):
    assert closure(*operators.BY_SERVICE[name]) == set(operators.BY_SERVICE[name])


def test_the_entrance_brings_its_controller():
    assert set(operators.INGRESS) == closure(contour.NAME)


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ("local-dev", {"prometheus-operator"}),
        ("eks-prod", {"contour", "prometheus-operator"}),
    ],
)
def test_a_stack_needs_what_its_services_and_its_entrance_need(stack, expected):
    settings = files.read(conftest.ROOT, stack, passphrase=lambda: None).settings
    assert operators.needed(settings) >= expected
    assert "etcd-operator" not in operators.needed(settings)


def test_what_operators_require_is_known_without_the_program():
    assert {name: set(entry.requires) for name, entry in catalogue.OPERATORS.items()} == {
        name: set(required) for name, required in operators.REQUIRES.items()
    }
