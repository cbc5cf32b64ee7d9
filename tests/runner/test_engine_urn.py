from __future__ import annotations

import pytest

from runner.engine import urn

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
WEB = "urn:pulumi:dev::shop::my:Web::web"


def test_the_stack_is_not_part_of_its_children_s_type() -> None:
    composed = urn.compose(stack="dev", project="shop", parent=STACK, type="my:Web", name="web")

    assert composed == WEB


def test_types_of_all_other_ancestors_are() -> None:
    inner = urn.compose(stack="dev", project="shop", parent=WEB, type="my:Inner", name="i")
    innermost = urn.compose(stack="dev", project="shop", parent=inner, type="a:b:C", name="c")

    assert innermost == "urn:pulumi:dev::shop::my:Web$my:Inner$a:b:C::c"


def test_a_name_may_contain_the_separator() -> None:
    assert urn.Urn.parse("urn:pulumi:dev::shop::a:b:C::x::y").name == "x::y"


@pytest.mark.parametrize("text", ["", "urn:pulumi:dev::shop::a:b:C", "urn:other:dev::shop::a:b:C::n"])
def test_anything_else_is_no_urn(text: str) -> None:
    with pytest.raises(ValueError, match="no URN"):
        urn.Urn.parse(text)


@pytest.mark.parametrize(
    ("alias", "known_as"),
    [
        (urn.Alias(urn="urn:pulumi:x::y::a:b:C::n"), "urn:pulumi:x::y::a:b:C::n"),
        (urn.Alias(name="old"), "urn:pulumi:dev::shop::my:Web$a:b:C::old"),
        (urn.Alias(type="a:b:Old"), "urn:pulumi:dev::shop::my:Web$a:b:Old::c"),
        (urn.Alias(project="other"), "urn:pulumi:dev::other::my:Web$a:b:C::c"),
        (urn.Alias(without_parent=True), "urn:pulumi:dev::shop::a:b:C::c"),
        (urn.Alias(parent="urn:pulumi:dev::shop::my:Old::o"), "urn:pulumi:dev::shop::my:Old$a:b:C::c"),
    ],
)
def test_an_alias_changes_the_parts_that_it_names(alias: urn.Alias, known_as: str) -> None:
    present = "urn:pulumi:dev::shop::my:Web$a:b:C::c"

    assert urn.aliases(present, parent=WEB, own=[alias], of_parent=[]) == (known_as,)


def test_children_inherit_the_aliases_of_their_parent() -> None:
    present = "urn:pulumi:dev::shop::my:Web$a:b:C::web-pods"

    found = urn.aliases(
        present, parent=WEB, own=[urn.Alias(name="web-old")], of_parent=["urn:pulumi:dev::shop::my:Web::www"]
    )

    assert found == (
        "urn:pulumi:dev::shop::my:Web$a:b:C::web-old",
        "urn:pulumi:dev::shop::my:Web$a:b:C::www-pods",
        "urn:pulumi:dev::shop::my:Web$a:b:C::www-old",
    )


def test_a_resource_is_no_alias_of_itself() -> None:
    assert urn.aliases(WEB, parent=STACK, own=[urn.Alias(type="my:Web")], of_parent=[]) == ()


@pytest.mark.parametrize(
    ("target", "hit"),
    [
        (WEB, True),
        ("web", True),
        ("*my:Web::*", True),
        ("urn:pulumi:dev::shop::my:Web::other", False),
        ("we", False),
        ("*my:Other*", False),
    ],
)
def test_a_target_is_a_urn_a_pattern_or_a_name(target: str, *, hit: bool) -> None:
    assert urn.matches(WEB, [target]) is hit


@pytest.mark.parametrize(
    ("type_token", "package"),
    [
        ("kubernetes:apps/v1:Deployment", "kubernetes"),
        ("pulumi:providers:kubernetes", "kubernetes"),
        ("pulumi-python:dynamic:Resource", "pulumi-python"),
        ("pulumi:pulumi:Stack", "pulumi"),
    ],
)
def test_a_type_names_its_package(type_token: str, package: str) -> None:
    assert urn.package(type_token) == package
