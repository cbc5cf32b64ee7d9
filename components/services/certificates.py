"""TLS certificates of an instance: an authority of its own, and what that signs. Pure; cert-manager makes them real.

Each instance has its own authority, so that a client of one trusts no other, and nothing outside has to be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from components import contracts, isolation
from components.operators import cert_manager
from components.services import readiness

_GROUP: Final = "cert-manager.io/v1"
AUTHORITY_LIFE: Final = "87600h"
"""Ten years: an authority that is renewed has to reach every client."""
_LIFE: Final = "2160h"
_RENEWED_BEFORE: Final = "720h"
_KEY: Final[dict[str, Any]] = {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"}


def authority(instance: str) -> list[contracts.Manifest]:
    """The instance's certificate authority: who signs it, itself, and the issuer `<instance>-ca` that uses it."""
    name = f"{instance}-ca"
    return [
        _issuer(f"{instance}-self-signed", namespace=instance, spec={"selfSigned": {}}),
        {
            "apiVersion": _GROUP,
            "kind": "Certificate",
            "metadata": _metadata(cert_manager.CERTIFICATE, name, namespace=instance),
            "spec": {
                "secretName": name,
                "commonName": name,
                "isCA": True,
                "duration": AUTHORITY_LIFE,
                # Another key would make every certificate that it has signed worthless at once.
                "privateKey": {**_KEY, "rotationPolicy": "Never"},
                "issuerRef": {"name": f"{instance}-self-signed", "kind": "Issuer", "group": "cert-manager.io"},
            },
        },
        _issuer(name, namespace=instance, spec={"ca": {"secretName": name}}),
    ]


def server(
    name: str, *, instance: str, dns_names: Sequence[str], common_name: str = "", client: bool = False
) -> contracts.Manifest:
    """A certificate in the Secret of the same name (`tls.crt`, `tls.key`, `ca.crt`), renewed a month before its end.

    With `client` it may also be used to log in.
    """
    usages = ["digital signature", "key encipherment", "server auth", *(["client auth"] if client else [])]
    return {
        "apiVersion": _GROUP,
        "kind": "Certificate",
        "metadata": _metadata(cert_manager.CERTIFICATE, name, namespace=instance),
        "spec": {
            "secretName": name,
            **({"commonName": common_name} if common_name else {}),
            **({"dnsNames": list(dns_names)} if dns_names else {}),
            "usages": usages,
            "duration": _LIFE,
            "renewBefore": _RENEWED_BEFORE,
            "privateKey": dict(_KEY),
            "issuerRef": {"name": f"{instance}-ca", "kind": "Issuer", "group": "cert-manager.io"},
        },
    }


def _issuer(name: str, *, namespace: str, spec: dict[str, Any]) -> contracts.Manifest:
    metadata = _metadata(cert_manager.ISSUER, name, namespace=namespace)
    return {"apiVersion": _GROUP, "kind": "Issuer", "metadata": metadata, "spec": spec}


def _metadata(kind: contracts.Kind, name: str, *, namespace: str) -> dict[str, Any]:
    """Waited for: what mounts a certificate that never comes would only say that it waits."""
    labels = {isolation.PART_OF: "paasport"}
    return {"name": name, "namespace": namespace, "labels": labels, "annotations": readiness.awaited(kind)}
