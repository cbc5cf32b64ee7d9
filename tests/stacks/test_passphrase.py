import hypothesis
import pytest
from hypothesis import strategies

from stacks import errors, passphrase

PUBLISHED = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=="
"""A salt from the tests of Pulumi's own passphrase provider; its passphrase is `password`."""
PUBLISHED_EMPTY = "v1:LVuDkcjhUns=:v1:WPbL+tmbxnqWswQ2:lebZxStyHT3IZkmbN+3xCx9zqtoPog=="
"""The same for an empty passphrase."""


@pytest.mark.parametrize(("salt", "text"), [(PUBLISHED, "password"), (PUBLISHED_EMPTY, "")])
def test_pulumis_own_values_are_read(salt, text):
    key = passphrase.Passphrase(salt, passphrase=text)
    key.check()
    assert key.decrypt("v1:" + salt.split(":v1:")[1]) == "pulumi"


def test_a_wrong_passphrase_is_told():
    key = passphrase.Passphrase(PUBLISHED, passphrase="password123")
    with pytest.raises(errors.UsageError) as caught:
        key.check()
    [problem] = caught.value.problems
    assert problem.what == "the passphrase is wrong"
    assert "PULUMI_CONFIG_PASSPHRASE" in problem.next
    assert "password123" not in str(caught.value)


@hypothesis.given(strategies.text())
def test_a_value_comes_back_as_it_was(key, text):
    assert key.decrypt(key.encrypt(text)) == text


def test_the_same_text_never_gives_the_same_value(key):
    assert key.encrypt("text") != key.encrypt("text")


def test_a_new_salt_fits_its_own_passphrase(key):
    key.check()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        "v2:AAAAAAAAAAAAAAAA:AAAA",
        "v1:AAAAAAAAAAAAAAAA",
        "v1:AAAAAAAAAAAAAAAA:",
        "v1:not base64:AAAA",
        "v1:AAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "v1:AAAAAAAAAAAAAAAA:\u0661",
    ],
)
def test_a_damaged_value_is_told(key, value):
    with pytest.raises(errors.UsageError) as caught:
        key.decrypt(value)
    assert caught.value.__cause__ is None
    assert caught.value.problems[0].next


@pytest.mark.parametrize("salt", ["", "v1:", "v1:AAAA", "v2:fozI5u6B030=:v1:a:b", "v1:?:v1:a:b"])
def test_a_damaged_salt_is_told(salt):
    with pytest.raises(errors.UsageError, match="encryptionsalt is not in the format"):
        passphrase.Passphrase(salt, passphrase="x")


def test_a_passphrase_hides_itself(key):
    assert repr(key) == "Passphrase([secret])"
