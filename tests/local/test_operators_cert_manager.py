"""cert-manager, played: what becomes of issuers and certificates."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from local import reconciling
from local.operators import cert_manager


def issuer(name, spec, *, kind="Issuer"):
    metadata = {"name": name, "generation": 1, **({"namespace": "shop"} if kind == "Issuer" else {})}
    return {"apiVersion": "cert-manager.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def certificate(name, *, by, kind="Issuer", **spec):
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}", "generation": 2},
        "spec": {
            "secretName": name,
            "privateKey": {"algorithm": "ECDSA", "size": 256},
            "issuerRef": {"name": by, "kind": kind},
            **spec,
        },
    }


SELF_SIGNED = issuer("self", {"selfSigned": {}})
AUTHORITY = certificate("ca", by="self", isCA=True, commonName="ca")
BY_AUTHORITY = issuer("ca", {"ca": {"secretName": "ca"}})
SERVER = certificate("server", by="ca", dnsNames=["db.shop.svc", "*.db.shop.svc"], duration="2160h")


class World:
    """Applies what is planned, until nothing is planned any more."""

    def __init__(self, *items):
        self.items = {(item["kind"], item["metadata"]["name"]): item for item in items}

    def picture(self):
        kinds = {kind.kind: kind for kind in cert_manager.PLAYED.kinds}
        return {kinds[name]: [one for (kind, _), one in self.items.items() if kind == name] for name in kinds}

    def settle(self):
        for _ in range(10):
            actions = cert_manager.plan(self.picture())
            if not actions:
                return self
            for action in actions:
                key = (action.manifest["kind"], action.manifest["metadata"]["name"])
                self.items[key] = {**self.items.get(key, {}), **action.manifest, **self._kept(key, action)}
        pytest.fail(f"never settles: {actions}")

    def _kept(self, key, action):
        """A status goes to an object that stays as it is."""
        return {"metadata": self.items[key]["metadata"]} if action.subresource == "status" else {}

    def conditions(self, kind, name):
        return {one["type"]: one for one in self.items[kind, name]["status"]["conditions"]}

    def loaded(self, name, key="tls.crt"):
        return x509.load_pem_x509_certificate(base64.b64decode(self.items["Secret", name]["data"][key]))


def test_an_authority_signs_itself_and_then_the_server():
    world = World(SELF_SIGNED, AUTHORITY, BY_AUTHORITY, SERVER).settle()

    root, leaf = world.loaded("ca"), world.loaded("server")
    leaf.verify_directly_issued_by(root)
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["db.shop.svc", "*.db.shop.svc"]
    assert (leaf.not_valid_after_utc - leaf.not_valid_before_utc).days == 90
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    assert world.loaded("server", "ca.crt") == root
    assert world.conditions("Certificate", "server")["Ready"]["status"] == "True"
    assert world.conditions("Certificate", "server")["Ready"]["observedGeneration"] == 2
    assert world.conditions("Issuer", "ca")["Ready"]["reason"] == "KeyPairVerified"


def test_what_is_asked_twice_at_once_has_the_same_key():
    picture = World(SELF_SIGNED, AUTHORITY).settle().picture()
    without = {**picture, cert_manager.SECRETS: []}
    one, other = (cert_manager.plan(without)[-1].manifest["data"]["tls.key"] for _ in range(2))
    assert one == other


def test_a_certificate_that_asks_for_something_else_is_issued_again():
    world = World(SELF_SIGNED, AUTHORITY, BY_AUTHORITY, SERVER).settle()
    before = world.loaded("server")
    world.items["Certificate", "server"] = certificate("server", by="ca", dnsNames=["other.shop.svc"])
    assert world.settle().loaded("server") != before


def test_a_missing_issuer_keeps_a_certificate_waiting():
    world = World(SERVER).settle()
    conditions = world.conditions("Certificate", "server")
    assert (conditions["Ready"]["status"], conditions["Ready"]["reason"]) == ("False", "DoesNotExist")
    assert conditions["Issuing"]["status"] == "True"
    assert ("Secret", "server") not in world.items


def test_an_issuer_without_its_key_pair_says_so():
    ready = World(BY_AUTHORITY).settle().conditions("Issuer", "ca")["Ready"]
    assert (ready["status"], ready["reason"]) == ("False", "ErrGetKeyPair")
    assert ready["message"] == 'Error getting keypair for CA issuer: secrets "ca" not found'


def test_an_issuer_that_would_ask_the_internet_is_not_played():
    ready = World(issuer("acme", {"acme": {"server": "https://x"}})).settle().conditions("Issuer", "acme")["Ready"]
    assert (ready["status"], ready["message"]) == ("False", "this kind of issuer is not played on this machine")


def test_secrets_stay_when_their_certificate_goes():
    world = World(SELF_SIGNED, AUTHORITY).settle()
    assert "ownerReferences" not in world.items["Secret", "ca"]["metadata"]


def test_it_looks_at_kinds_of_its_own_and_at_secrets():
    assert reconciling.Kind("v1", "Secret") in cert_manager.PLAYED.kinds


def pending(world):
    return world.conditions("CertificateRequest", "server-1")["Ready"]


def test_only_the_request_says_that_there_is_no_issuer():
    world = World(SERVER).settle()
    assert world.items["CertificateRequest", "server-1"]["metadata"]["ownerReferences"][0]["uid"] == "uid-server"
    told = pending(world)
    assert (told["status"], told["reason"]) == ("False", "Pending")
    assert told["message"] == 'Referenced "Issuer" not found: issuer.cert-manager.io "ca" not found'


def test_only_the_request_says_that_its_issuer_is_not_ready():
    told = pending(World(SERVER, BY_AUTHORITY).settle())
    assert told["message"] == "Referenced issuer does not have a Ready status condition"


def test_a_request_whose_issuer_comes_is_fulfilled():
    world = World(SERVER).settle()
    world.items |= World(SELF_SIGNED, AUTHORITY, BY_AUTHORITY).items
    assert pending(world.settle())["reason"] == "Issued"
    assert world.conditions("Certificate", "server")["Ready"]["status"] == "True"


def test_a_request_is_one_to_sign():
    encoded = World(SERVER).settle().items["CertificateRequest", "server-1"]["spec"]["request"]
    assert x509.load_pem_x509_csr(base64.b64decode(encoded)).is_signature_valid
