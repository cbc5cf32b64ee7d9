"""Passwords as libcrypt keeps them: the scheme's own examples, and the one that ScyllaDB's tests log in with."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from components.services import sha_crypt


@pytest.mark.parametrize(
    ("password", "salt", "expected"),
    [
        (
            "Hello world!",
            "saltstring",
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        ),
        (
            "cassandra",
            "x7IFjiX5VCpvNiFk",
            "$6$x7IFjiX5VCpvNiFk$2IfjTvSyGL7zerpV.wbY7mJjaRCrJ/68dtT3UpT.sSmNYz1bPjtn3mH.kJKFvaZ2T4SbVeBijjmwGjcb83LlV/",
        ),
    ],
    ids=["SHA-crypt.txt", "scylladb/scylladb, test/pylib"],
)
def test_it_is_what_others_make_of_it(password, salt, expected):
    assert sha_crypt.crypt(password, salt=salt) == expected


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(strategies.text(alphabet=strategies.characters(codec="ascii"), max_size=80))
def test_a_password_always_has_the_same_salt_and_that_is_part_of_the_text(password):
    first, second = sha_crypt.salted(password), sha_crypt.salted(password)
    _, scheme, salt, digest = first.split("$")
    assert (first, scheme, len(salt), len(digest)) == (second, "6", 16, 86)
    assert sha_crypt.crypt(password, salt=salt) == first


def test_other_passwords_have_other_salts():
    assert sha_crypt.salted("a").split("$")[2] != sha_crypt.salted("b").split("$")[2]
