"""cert-manager, played: real keys and certificates by the two issuers that need nobody else, self-signed and CA.

Certificates are not renewed, and neither ACME nor any other issuer is played: those stay not ready, and say so. A
CertificateRequest is made only for what can't be signed at once, because only that is read: it alone says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from local import reconciling
from local.operators import certificates, ownership, played

NAMESPACE: Final = "cert-manager"
"""Where a ClusterIssuer's Secrets are looked for."""
ISSUERS: Final = reconciling.Kind("cert-manager.io/v1", "Issuer")
CLUSTER_ISSUERS: Final = reconciling.Kind("cert-manager.io/v1", "ClusterIssuer")
CERTIFICATES: Final = reconciling.Kind("cert-manager.io/v1", "Certificate")
REQUESTS: Final = reconciling.Kind("cert-manager.io/v1", "CertificateRequest")
SECRETS: Final = reconciling.Kind("v1", "Secret")

_CERTIFICATE_NAME: Final = "cert-manager.io/certificate-name"
_SPEC: Final = "paasport.dev/played-from"
"""Annotation of a Secret: digest of what its certificate was asked for."""

Json = dict[str, Any]


def plan(picture: reconciling.Picture) -> Sequence[reconciling.Action]:
    """What cert-manager would do now. Two calls sign twice, with the same keys."""
    secrets = {_key(item): item for item in picture[SECRETS]}
    issuers = {_issuer_key(item): item for item in (*picture[ISSUERS], *picture[CLUSTER_ISSUERS])}
    actions: list[reconciling.Action] = []
    for issuer in issuers.values():
        actions += ownership.status(issuer, {"conditions": [_readiness(issuer, secrets=secrets)]})
    requests = {_key(item): item for item in picture[REQUESTS]}
    for certificate in picture[CERTIFICATES]:
        actions += _worked_on(certificate, issuers=issuers, secrets=secrets)
        actions += _requested(certificate, requests.get(_request_key(certificate)), issuers=issuers, secrets=secrets)
    return actions


def _readiness(issuer: Mapping[str, Any], *, secrets: Mapping[tuple[str, str], Json]) -> Json:
    generation = issuer["metadata"].get("generation", 0)
    spec = issuer["spec"]
    if "selfSigned" in spec:
        return ownership.condition("Ready", holds=True, reason="IsReady", generation=generation)
    if "ca" not in spec:
        message = "this kind of issuer is not played on this machine"
        return ownership.condition("Ready", holds=False, reason="NotPlayed", message=message, generation=generation)
    name = spec["ca"]["secretName"]
    found = secrets.get((_namespace_of_secrets(issuer), name))
    if found is None or not certificates.is_key_pair(found):
        message = f'Error getting keypair for CA issuer: secrets "{name}" not found'
        return ownership.condition("Ready", holds=False, reason="ErrGetKeyPair", message=message, generation=generation)
    message = "Signing CA verified"
    return ownership.condition("Ready", holds=True, reason="KeyPairVerified", message=message, generation=generation)


def _worked_on(
    certificate: Mapping[str, Any],
    *,
    issuers: Mapping[tuple[str, str, str], Json],
    secrets: Mapping[tuple[str, str], Json],
) -> Iterator[reconciling.Action]:
    generation = certificate["metadata"].get("generation", 0)
    issuer = _issuer_of(certificate, issuers)
    if _is_issued(certificate, secrets):
        ready = ownership.condition(
            "Ready",
            holds=True,
            reason="Ready",
            message="Certificate is up to date and has not expired",
            generation=generation,
        )
        yield from ownership.status(certificate, {"conditions": [ready]})
    elif issuer is None or not _is_ready(issuer, secrets=secrets):
        yield from ownership.status(certificate, {"conditions": _waiting(generation)})
    else:
        authority = secrets.get((_namespace_of_secrets(issuer), issuer["spec"].get("ca", {}).get("secretName", "")))
        yield reconciling.Apply(manifest=_secret(certificate, authority=authority))


def _issuer_of(
    certificate: Mapping[str, Any], issuers: Mapping[tuple[str, str, str], Json]
) -> Mapping[str, Any] | None:
    reference = certificate["spec"]["issuerRef"]
    kind = reference.get("kind", "Issuer")
    namespace = "" if kind == "ClusterIssuer" else certificate["metadata"]["namespace"]
    return issuers.get((kind, namespace, reference["name"]))


def _is_issued(certificate: Mapping[str, Any], secrets: Mapping[tuple[str, str], Json]) -> bool:
    spec = certificate["spec"]
    present = secrets.get((certificate["metadata"]["namespace"], spec["secretName"])) or {"metadata": {}}
    return (present["metadata"].get("annotations") or {}).get(_SPEC) == certificates.digest(spec)


def _requested(
    certificate: Mapping[str, Any],
    request: Mapping[str, Any] | None,
    *,
    issuers: Mapping[tuple[str, str, str], Json],
    secrets: Mapping[tuple[str, str], Json],
) -> Iterator[reconciling.Action]:
    """As `Sync` of pkg/controller/certificaterequests/sync.go has it; the Certificate itself only says `Issuing`."""
    issuer = _issuer_of(certificate, issuers)
    reference = certificate["spec"]["issuerRef"]
    if _is_issued(certificate, secrets) or (issuer is not None and _is_ready(issuer, secrets=secrets)):
        if request is not None:
            yield from ownership.status(request, {"conditions": [_ISSUED]})
        return
    if request is None or request["spec"]["issuerRef"] != reference:
        yield reconciling.Apply(manifest=_request(certificate))
        return
    message = "Referenced issuer does not have a Ready status condition"
    if issuer is None:
        kind = reference.get("kind", "Issuer")
        message = f'Referenced "{kind}" not found: {kind.lower()}.cert-manager.io "{reference["name"]}" not found'
    pending = ownership.condition("Ready", holds=False, reason="Pending", message=message)
    yield from ownership.status(request, {"conditions": [pending]})


_ISSUED: Final = ownership.condition(
    "Ready", holds=True, reason="Issued", message="Certificate fetched from issuer successfully"
)


def _request_key(certificate: Mapping[str, Any]) -> tuple[str, str]:
    return certificate["metadata"]["namespace"], f"{certificate['metadata']['name']}-1"


def _request(certificate: Mapping[str, Any]) -> Json:
    metadata, spec = certificate["metadata"], certificate["spec"]
    manifest = {
        "apiVersion": REQUESTS.api_version,
        "kind": REQUESTS.kind,
        "metadata": {
            "name": _request_key(certificate)[1],
            "annotations": {_CERTIFICATE_NAME: metadata["name"], "cert-manager.io/certificate-revision": "1"},
        },
        "spec": {
            "issuerRef": spec["issuerRef"],
            "request": certificates.request(spec, seed=f"{metadata['uid']} {certificates.digest(spec)}"),
        },
    }
    return ownership.owned(certificate, manifest)


def _is_ready(issuer: Mapping[str, Any], *, secrets: Mapping[tuple[str, str], Json]) -> bool:
    return bool(_readiness(issuer, secrets=secrets)["status"] == "True")


def _waiting(generation: int) -> list[Json]:
    message = "Issuing certificate as Secret does not exist"
    return [
        ownership.condition("Issuing", holds=True, reason="DoesNotExist", message=message, generation=generation),
        ownership.condition("Ready", holds=False, reason="DoesNotExist", message=message, generation=generation),
    ]


def _secret(certificate: Mapping[str, Any], *, authority: Mapping[str, Any] | None) -> Json:
    """Not owned by the certificate: cert-manager keeps a Secret whose certificate is deleted."""
    metadata, spec = certificate["metadata"], certificate["spec"]
    digest = certificates.digest(spec)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": spec["secretName"],
            "namespace": metadata["namespace"],
            "labels": {"controller.cert-manager.io/fao": "true"},
            "annotations": {_CERTIFICATE_NAME: metadata["name"], _SPEC: digest},
        },
        "type": "kubernetes.io/tls",
        "data": certificates.issued(spec, authority=authority, seed=f"{metadata['uid']} {digest}"),
    }


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _issuer_key(issuer: Mapping[str, Any]) -> tuple[str, str, str]:
    return issuer["kind"], *_key(issuer)


def _namespace_of_secrets(issuer: Mapping[str, Any]) -> str:
    return str(issuer["metadata"].get("namespace") or NAMESPACE)


PLAYED: Final = played.Played(
    name="cert-manager",
    repository="jetstack/cert-manager-controller",
    kinds=(ISSUERS, CLUSTER_ISSUERS, CERTIFICATES, REQUESTS, SECRETS),
    plan=plan,
)
