"""Keys and certificates as cert-manager would have them signed, by what a Certificate's `spec` asks for."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import hmac
import ipaddress
import json
import os
import re
from collections.abc import Mapping
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import oid

_DEFAULT_HOURS: Final = 2160
_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_CURVES: Final[Mapping[int, type[ec.EllipticCurve]]] = {256: ec.SECP256R1, 384: ec.SECP384R1, 521: ec.SECP521R1}
_SALT: Final = os.urandom(32)
"""So that no key follows from what everybody may read."""

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def digest(spec: Mapping[str, Any]) -> str:
    """Of what a certificate is asked for: another one means another certificate."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:32]


def is_key_pair(secret: Mapping[str, Any]) -> bool:
    """Whether a Secret has a certificate and its key."""
    return {"tls.crt", "tls.key"} <= (secret.get("data") or {}).keys()


def issued(spec: Mapping[str, Any], *, authority: Mapping[str, Any] | None, seed: str) -> dict[str, str]:
    """The data of a Secret: `tls.crt`, `tls.key`, `ca.crt`. Signed by the Secret `authority`, or by itself for None.

    The same `seed` gives the same key while this process lives: who is asked twice because an answer has not been seen
    yet must not make what was signed in between worthless.
    """
    key = _private_key(spec.get("privateKey") or {}, seed=seed)
    common = str(spec.get("commonName", ""))
    name = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, common)] if common else [])
    if authority is None:
        signer, issuer = key, name
    else:
        parent = x509.load_pem_x509_certificate(base64.b64decode(authority["data"]["tls.crt"]))
        signer, issuer = _loaded(authority["data"]["tls.key"]), parent.subject
    certificate = _builder(spec, name=name, issuer=issuer, key=key).sign(signer, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    chain = pem if authority is None else base64.b64decode(authority["data"]["tls.crt"])
    return {"tls.crt": _encoded(pem), "tls.key": _encoded(_pem(key)), "ca.crt": _encoded(chain)}


def request(spec: Mapping[str, Any], *, seed: str) -> str:
    """A request to sign for the key of this `seed`, as a CertificateRequest has it."""
    key = _private_key(spec.get("privateKey") or {}, seed=seed)
    common = str(spec.get("commonName", ""))
    name = x509.Name([x509.NameAttribute(oid.NameOID.COMMON_NAME, common)] if common else [])
    signed = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return _encoded(signed.public_bytes(serialization.Encoding.PEM))


def _builder(spec: Mapping[str, Any], *, name: x509.Name, issuer: x509.Name, key: Key) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + _duration(str(spec.get("duration", ""))))
        .add_extension(x509.BasicConstraints(ca=bool(spec.get("isCA")), path_length=None), critical=True)
    )
    names: list[x509.GeneralName] = [x509.DNSName(each) for each in spec.get("dnsNames") or ()]
    names += [x509.IPAddress(ipaddress.ip_address(each)) for each in spec.get("ipAddresses") or ()]
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False) if names else builder


def _private_key(wanted: Mapping[str, Any], *, seed: str) -> Key:
    size = int(wanted.get("size", 0))
    if wanted.get("algorithm") != "ECDSA":
        return _rsa_key(size or 2048, seed=seed)
    number = int.from_bytes(hmac.digest(_SALT, seed.encode(), "sha512"))
    # Below the order of each of the curves, and not zero.
    return ec.derive_private_key(number % 2 ** ((size or 256) - 1) + 1, _CURVES[size or 256]())


@functools.lru_cache(maxsize=256)
def _rsa_key(size: int, *, seed: str) -> Key:  # noqa: ARG001 - what it is remembered by
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def _loaded(encoded: str) -> Key:
    key = serialization.load_pem_private_key(base64.b64decode(encoded), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return key


def _pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _duration(text: str) -> dt.timedelta:
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        return dt.timedelta(hours=_DEFAULT_HOURS)
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()
