"""Pairs of keys that nobody chooses: made once, remembered by the engine as one secret, the same at every run.

One run's first half must never meet another run's second, so both are remembered as a single text.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any, Final

import pulumi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from components import contracts, registration

_LIFE: Final = dt.timedelta(days=10950)
"""Of an authority: thirty years, as devices keep what they were given."""
_HALF: Final = 32
"""Bytes of each of the two numbers of a signature on P-256: RFC 7518, 3.4."""


def pair(name: str, *, opts: pulumi.ResourceOptions) -> contracts.KeyPair:
    """The pair of this name. Another name, or a stack that was destroyed, gets another one."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return _remembered(name, private, public.decode(), opts=opts)


def authority(name: str, *, opts: pulumi.ResourceOptions) -> contracts.KeyPair:
    """The certificate authority of this name: its key, and its certificate as the public half."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder(subject, subject, private.public_key(), x509.random_serial_number(), now, now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    return _remembered(name, private, certificate.public_bytes(serialization.Encoding.PEM).decode(), opts=opts)


def token(private: str, claims: dict[str, Any]) -> str:
    """A JSON Web Token (RFC 7519) that this key signs: the same for the same claims, by RFC 6979."""
    key = serialization.load_pem_private_key(private.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("tokens are signed on P-256 alone")
    signed = f"{_encoded({'alg': 'ES256', 'typ': 'JWT'})}.{_encoded(claims)}"
    first, second = utils.decode_dss_signature(
        key.sign(signed.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    )
    return f"{signed}.{_unpadded(first.to_bytes(_HALF, 'big') + second.to_bytes(_HALF, 'big'))}"


def _encoded(value: dict[str, Any]) -> str:
    return _unpadded(json.dumps(value, separators=(",", ":"), sort_keys=True).encode())


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _loaded(text: Any) -> dict[str, str]:
    return dict(json.loads(text))


def _remembered(
    name: str, private: ec.EllipticCurvePrivateKey, public: str, *, opts: pulumi.ResourceOptions
) -> contracts.KeyPair:
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    first = pulumi.Output.secret(json.dumps({"private": secret, "public": public}))
    both = pulumi.Output.secret(registration.remembered(name, first, opts=opts)).apply(_loaded)
    return contracts.KeyPair(private=both["private"], public=both["public"])
