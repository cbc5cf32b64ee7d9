"""What counts as made by others, where a definition or a storage class is about to go."""

from __future__ import annotations

import asyncio

import pytest

from runner.kubernetes import deletion, discovery, objects, rejections, taken, users
from stacks import errors
from tests.runner import kubernetes_builders as build

LABEL = build.LABEL
CERTIFICATES = "certificates.cert-manager.io"
SCYLLA = "scyllaoperatorconfigs.scylla.scylladb.com"
KINDS = {
    "cert-manager.io/v1": ("Certificate", "certificates"),
    "scylla.scylladb.com/v1alpha1": ("ScyllaOperatorConfig", "scyllaoperatorconfigs"),
}


def thing(kind, name, namespace="", *, owner="", api_version="v1", **more):
    metadata = {"name": name, "namespace": namespace, "labels": {LABEL: owner} if owner else {}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata | more.pop("metadata", {}), **more}


def certificate(name, namespace, **more):
    return thing("Certificate", name, namespace, api_version="cert-manager.io/v1", **more)


def claim(name, namespace, storage_class):
    return thing("PersistentVolumeClaim", name, namespace, spec={"storageClassName": storage_class})


def inventory(name, stack, **annotations):
    metadata = {"annotations": annotations, "labels": {"applyset.kubernetes.io/id": stack}}
    return thing("Secret", name, "paasport-system", metadata=metadata)


class Api:
    """An API server with these objects."""

    def __init__(self, *items, secrets_forbidden=False):
        self.items, self.forbidden = items, secrets_forbidden

    async def versions(self, group):
        return tuple(api.partition("/")[2] for api in KINDS if api.partition("/")[0] == group)

    async def kinds(self, api_version):
        kind, plural = KINDS[api_version]
        return {kind: discovery.ResourceKind(api_version=api_version, kind=kind, plural=plural, namespaced=True)}

    async def list(self, api_version, kind, *, namespace="", label_selector="", metadata_only=False):
        if kind == "Secret" and self.forbidden:
            raise rejections.ApiRejected("to list", code=403, reason="Forbidden", message="no")
        key, _, value = label_selector.partition("=")
        found = [item for item in self.items if item["kind"] == kind]
        return [item for item in found if not key or item["metadata"]["labels"].get(key) == value]

    async def metadata(self, api_version, kind, name, namespace=""):
        wanted = (kind, name, namespace)
        found = [x for x in self.items if (x["kind"], x["metadata"]["name"], x["metadata"]["namespace"]) == wanted]
        return found[0] if found else None

    async def get(self, *_):
        kind = {"group": "scylla.scylladb.com", "names": {"kind": "ScyllaOperatorConfig"}}
        return {"spec": kind | {"versions": [{"name": "v1alpha1", "served": True}]}}


def found(*items, definitions=(CERTIFICATES,), classes=(), leaving=(), **how):
    asked = users.found(
        Api(*items, **how), definitions=definitions, classes=classes, leaving=leaving, stack=build.stack()
    )
    return [(user.reference.id, user.owner) for user in asyncio.run(asked)]


def test_objects_of_others_are_told_with_the_stack_that_their_label_means():
    other = certificate("tls", "shop", owner="stack-two")
    secret = inventory("paasport-shop-1234", "stack-two", **{"paasport.dev/stack": "paasport/shop-prod"})
    assert found(other, secret) == [("shop/tls", "shop-prod")]


def test_an_inventory_that_does_not_say_its_stack_is_named_itself():
    other = certificate("tls", "shop", owner="stack-two")
    assert found(other, inventory("paasport-shop-1234", "stack-two")) == [("shop/tls", "paasport-shop-1234")]


def test_a_label_that_nobody_knows_stays_one():
    other = certificate("tls", "shop", owner="stack-two")
    assert found(other) == [("shop/tls", "stack-two")]
    assert found(other, secrets_forbidden=True) == [("shop/tls", "stack-two")]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(certificate("tls", "docs", owner="stack-one"), id="own"),
        pytest.param(certificate("tls", "docs"), id="in an own namespace"),
        pytest.param(certificate("tls", "going"), id="in a namespace that goes"),
        pytest.param(certificate("tls", "shop", metadata={"ownerReferences": [{}]}), id="of another object"),
    ],
)
def test_what_goes_with_something_else_is_nobody_s(item):
    namespaces = [
        thing("Namespace", "docs", owner="stack-one"),
        thing("Namespace", "going"),
        thing("Namespace", "shop"),
    ]
    assert found(item, *namespaces, leaving=["going"]) == []


def test_what_nobody_has_labelled_is_somebody_s():
    assert found(certificate("tls", "by-hand")) == [("by-hand/tls", "")]


def test_claims_are_told_with_the_stack_of_their_namespace():
    shop = thing("Namespace", "shop", owner="stack-two")
    items = [shop, claim("data", "shop", "paasport-ssd"), claim("own", "shop", "gp3")]
    assert found(*items, definitions=(), classes=["paasport-ssd"]) == [("shop/data", "stack-two")]
    assert found(*items, definitions=(), classes=[]) == []


def test_a_definition_that_is_not_served_has_no_objects():
    assert found(definitions=["gone.example.com"]) == []


def config(name):
    return thing("ScyllaOperatorConfig", name, api_version="scylla.scylladb.com/v1alpha1")


def test_what_an_operator_has_made_for_itself_is_nobody_s():
    assert found(config("cluster"), definitions=[SCYLLA]) == []
    assert found(config("mine"), definitions=[SCYLLA]) == [("mine", "")]


def kept(*items):
    reference = objects.Reference(
        api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition", namespace="", name=SCYLLA
    )
    asyncio.run(deletion._without_objects(Api(*items), reference, end=0.0, report=print))  # type: ignore[arg-type]


def test_a_definition_goes_with_what_its_operator_has_made_for_itself_and_with_nothing_else():
    kept(config("cluster"))
    with pytest.raises(errors.EngineError, match="1 objects of it exist: mine"):
        kept(config("cluster"), config("mine"))


def test_what_exists_is_told_unless_it_is_the_stack_s_own():
    items = [thing("ConfigMap", "own", "shop", owner="stack-one"), thing("ConfigMap", "theirs", "shop")]
    names = ("own", "theirs", "absent", "")
    references = [objects.Reference(api_version="v1", kind="ConfigMap", namespace="shop", name=name) for name in names]
    asked = taken.found(Api(*items), references, stack=build.stack())  # type: ignore[arg-type]
    assert [(one.reference.id, one.owner) for one in asyncio.run(asked)] == [("shop/theirs", "")]
