"""Which folders a stack file may name as a catalogue, and what is told of others."""

from __future__ import annotations

import sys

import pytest

from stacks import settings


def test_a_folder_beside_the_project_and_one_inside_of_it_are_read(maker):
    (maker.root / "own").mkdir()
    maker.folder.rename(maker.root / "own/acme")
    assert maker.told({"web": {"service": "shop"}}, **{"paasport:catalogue": "own/acme"}) == []


def test_several_are_written_with_commas(maker):
    other = maker.root.parent / "other"
    (other / "services").mkdir(parents=True)
    text = (maker.folder / "services/shop.yaml").read_text()
    (other / "services/blog.yaml").write_text(
        text.replace("service: shop", "service: blog", 1).replace(
            "operator: { name: shop-operator, version: 1.0.0 }", "operators: [shop-operator]"
        )
    )
    config = {"paasport:catalogue": "../acme, ../other"}
    wanted = maker.parse({"a": {"service": "shop"}, "b": {"service": "blog"}}, **config)
    assert {name: service.service for name, service in wanted.services.items()} == {"a": "shop", "b": "blog"}


def test_an_installed_package_is_found_without_being_run(maker, monkeypatch):
    package = maker.root.parent / "site/acme_services"
    package.parent.mkdir()
    maker.folder.rename(package)
    (package / "__init__.py").write_text("raise AssertionError('nobody has asked for this')\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(package.parent)])
    assert maker.told({"web": {"service": "shop"}}, **{"paasport:catalogue": "package:acme_services"}) == []


@pytest.mark.parametrize(
    ("place", "what"),
    [
        pytest.param("../nowhere", "the catalogue ../nowhere is not there", id="not there"),
        pytest.param("../project", "the catalogue ../project has no folder `services`", id="no services"),
        pytest.param("/etc", "the catalogue /etc is neither inside nor beside the project", id="absolute"),
        pytest.param("../../..", "the catalogue ../../.. is neither inside nor beside the project", id="above"),
        pytest.param(
            "../link", "the catalogue ../link is neither inside nor beside the project", id="a link elsewhere"
        ),
        pytest.param("package:no_such", "there is no installed Python package no_such", id="no package"),
        pytest.param("package:a.b", "`package:a.b` names no catalogue", id="no name of a package"),
        pytest.param("http://a/b", "`http://a/b` names no catalogue", id="an address"),
        pytest.param("a,,b", "`a,,b` names no catalogue", id="two commas"),
    ],
)
def test_any_other_place_is_refused_at_the_key_in_the_stack_file(maker, place, what):
    (maker.root.parent / "link").symlink_to("/usr")
    (told,) = maker.told({"web": {"service": "shop"}}, **{"paasport:catalogue": place})
    assert told.startswith(f"stack.yaml: {what}\n")
    assert "\n  next: " in told


def test_a_list_is_refused_because_pulumi_would_refuse_it_too(maker):
    first, *_ = maker.told({}, **{"paasport:catalogue": ["../acme"]})
    assert first.startswith("stack.yaml: `paasport:catalogue` must be a text, not a list")


def test_an_empty_folder_is_told(maker):
    (maker.folder / "services/shop.yaml").unlink()
    assert maker.told() == [
        (
            "../acme/services: there is no service in this folder\n  a catalogue is there for its services\n"
            "  next: write one file for each service, such as shop.yaml: docs/add-a-service.md"
        )
    ]


def test_a_program_finds_the_same_from_its_working_folder(maker, monkeypatch):
    monkeypatch.chdir(maker.root)
    services = {"web": {"service": "shop"}}
    wanted = settings.from_pulumi({"vendor": "local"}, services, "../acme")
    assert wanted.services["web"].asked("cpu") == maker.parse(services).services["web"].asked("cpu") == "250m"
