"""Texts with passwords in them."""

from __future__ import annotations

import pulumi

from components.services import credentials


def test_plain_parts_are_plain_text():
    assert credentials.text("mongodb://", "app", ":", "pw", "@db") == "mongodb://app:pw@db"


def test_a_part_that_is_not_known_yet_keeps_the_whole_from_being_known(run):
    built = []

    def program():
        built.append(credentials.text("mongodb://app:", pulumi.Output.secret("pw"), "@db"))
        return built[0]

    assert run(program).result == "mongodb://app:pw@db"
    assert isinstance(built[0], pulumi.Output)
