"""Keys that are generated once, and what they sign."""

from __future__ import annotations

import base64
import json

import pulumi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from components.services import keys


def made(run, function):
    """What was remembered under the name, as the engine gets it."""
    return json.loads(
        run(lambda: function("iot-key", opts=pulumi.ResourceOptions()).public)
        .one("pulumi:index:Stash", "iot-key")
        .raw["input"]["value"]
    )


def public(pem):
    return pem.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_both_halves_of_a_pair_are_remembered_together_and_secret(run):
    program = run(lambda: keys.pair("iot-key", opts=pulumi.ResourceOptions()).public)
    stash = program.one("pulumi:index:Stash", "iot-key")
    assert stash.ignored == ("input",)
    assert stash.raw["input"]["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270"
    both = json.loads(stash.raw["input"]["value"])
    private = serialization.load_pem_private_key(both["private"].encode(), password=None)
    assert public(private.public_key()).decode() == both["public"] == program.result


def test_an_authority_has_signed_itself_and_may_sign_authorities(run):
    both = made(run, keys.authority)
    certificate = x509.load_pem_x509_certificate(both["public"].encode())
    certificate.verify_directly_issued_by(certificate)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    # Upstream's CFSSL makes devices' certificates that may sign nothing further, but are authorities by name.
    assert (constraints.ca, constraints.path_length) == (True, None)
    private = serialization.load_pem_private_key(both["private"].encode(), password=None)
    assert public(private.public_key()) == public(certificate.public_key())
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 10950


def test_a_token_is_the_same_each_time_and_holds(run):
    both = made(run, keys.pair)
    token = keys.token(both["private"], {"a_ha": [".*::.*"]})
    assert token == keys.token(both["private"], {"a_ha": [".*::.*"]})
    head, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    assert json.loads(head) == {"alg": "ES256", "typ": "JWT"}
    assert json.loads(claims) == {"a_ha": [".*::.*"]}
    assert len(signature) == 64
    numbers = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    key = serialization.load_pem_public_key(both["public"].encode())
    signed = token.rpartition(".")[0].encode()
    key.verify(utils.encode_dss_signature(*numbers), signed, ec.ECDSA(hashes.SHA256()))
