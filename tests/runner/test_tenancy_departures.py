"""Whose things are looked at before operators and classes go, and what is told where others still need them."""

from __future__ import annotations

import asyncio

import pytest

from runner.engine import model
from runner.kubernetes import objects, provider, users
from runner.tenancy import departures
from stacks import errors

PLATFORM = "urn:pulumi:platform::paasport::paasport:index:Platform"
PROVIDER = f"{PLATFORM}$paasport:clusters:Local$pulumi:providers:kubernetes::shared::0815"
OPERATOR = f"{PLATFORM}$paasport:operators:Operator"
CLUSTER = f"{PLATFORM}$paasport:clusters:Local"
CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
NAMESPACE = "kubernetes:core/v1:Namespace"
FILE = "kubernetes:yaml/v2:ConfigFile"
GROUP = "kubernetes:yaml/v2:ConfigGroup"
EKS = "aws:eks/cluster:Cluster"


def entry(urn, *, parent="", id_="", **more):
    type_ = urn.split("::")[2].rpartition("$")[2]
    custom = not type_.startswith("paasport:") and "yaml/v2" not in type_
    place = PROVIDER if type_.startswith("kubernetes:") else ""
    return model.Entry(urn=urn, type=type_, id=id_, custom=custom, parent=parent, provider=place, **more)


def platform():
    """What a stack with cert-manager, its storage classes and an instance `docs` remembers."""
    operator = f"{OPERATOR}::cert-manager"
    crds = f"{OPERATOR}${FILE}::cert-manager-crds"
    cluster = f"{CLUSTER}::shared"
    storage = f"{CLUSTER}${GROUP}::shared-storage"
    found = [
        entry(operator),
        entry(crds, parent=operator),
        entry(f"{OPERATOR}${FILE}${CRD}::crds:certificates", parent=crds, id_="certificates.cert-manager.io"),
        entry(cluster),
        entry(storage, parent=cluster),
        entry(f"{CLUSTER}${GROUP}${CLASS}::storage:paasport-ssd", parent=storage, id_="paasport-ssd"),
        entry(f"{PLATFORM}$paasport:services:Mongodb${GROUP}${NAMESPACE}::docs:docs", id_="docs"),
    ]
    return {item.urn: item for item in found}


def of_type(entries, *types):
    return [item for item in entries.values() if item.type in types]


def test_what_would_go_is_known_by_operator_class_and_namespace():
    entries = platform()
    leaving = departures.leavings(list(entries.values()), entries=entries)
    assert leaving == {
        PROVIDER: departures.Leaving(
            makers={"certificates.cert-manager.io": "cert-manager", "paasport-ssd": "the storage classes"},
            definitions=frozenset({"certificates.cert-manager.io"}),
            classes=frozenset({"paasport-ssd"}),
            namespaces=frozenset({"docs"}),
        )
    }


@pytest.mark.parametrize("types", [(CRD,), ("paasport:operators:Operator",)], ids=["definitions", "the component"])
def test_an_operator_goes_with_its_definitions_and_with_its_component(types):
    entries = platform()
    leaving = departures.leavings(of_type(entries, *types), entries=entries)[PROVIDER]
    assert leaving.definitions == {"certificates.cert-manager.io"}
    assert leaving.classes == frozenset()


def test_an_instance_that_goes_takes_nobody_s_operator():
    entries = platform()
    assert departures.leavings(of_type(entries, NAMESPACE), entries=entries) == {}


def user(needs="certificates.cert-manager.io", *, id_="shop/shop-ca", owner="shop", kind="Certificate"):
    namespace, _, name = id_.rpartition("/")
    reference = objects.Reference(api_version="example/v1", kind=kind, namespace=namespace, name=name)
    return users.User(needs=needs, reference=reference, owner=owner)


def told(*found, only_stacks=False):
    entries = platform()
    leaving = departures.leavings(list(entries.values()), entries=entries)[PROVIDER]
    return [(item.what, item.next) for item in departures.refusals(found, leaving=leaving, only_stacks=only_stacks)]


def test_others_are_named_by_instance_and_stack_with_the_command_that_comes_first():
    assert told(user(), user(id_="shop/shop-tls"), user(id_="stock/stock", owner="stock")) == [
        (
            (
                "others on this cluster still need cert-manager, so nothing was deleted: "
                "`shop` of the stack shop (Certificate shop/shop-ca, Certificate shop/shop-tls); "
                "`stock` of the stack stock (Certificate stock/stock)"
            ),
            "first ./paasport destroy shop && ./paasport destroy stock; or keep it in this stack",
        )
    ]


def test_what_nobody_s_stack_has_made_counts_for_an_operator():
    assert told(user(id_="letsencrypt", kind="ClusterIssuer", owner="")) == [
        (
            (
                "others on this cluster still need cert-manager, so nothing was deleted: "
                "what is in no namespace of somebody else (ClusterIssuer letsencrypt)"
            ),
            "first delete what somebody else has made of it; or keep it in this stack",
        )
    ]


def test_claims_made_by_hand_outlive_their_class_and_those_of_a_stack_keep_it():
    by_hand = user("paasport-ssd", id_="default/scratch", owner="", kind="PersistentVolumeClaim")
    assert told(by_hand) == []
    [(what, _)] = told(by_hand, user("paasport-ssd", id_="shop/data", kind="PersistentVolumeClaim"))
    assert "the storage classes" in what
    assert "shop/data" in what
    assert "scratch" not in what


def test_a_cluster_goes_in_spite_of_what_was_made_by_hand_but_not_of_another_stack():
    by_hand = user(owner="")
    assert told(by_hand, only_stacks=True) == []
    assert len(told(by_hand, user(), only_stacks=True)) == 1


class Cluster(provider.KubernetesProvider):
    """A cluster where these are found, or that does not answer."""

    def __init__(self, found=(), *, error=None):
        self.found, self.error, self.asked = found, error, []

    async def users(self, **asked):
        self.asked.append(asked)
        if self.error:
            raise self.error
        return self.found


def refused(served, doomed=None):
    entries = platform()
    wanted = list(entries.values()) if doomed is None else doomed
    asyncio.run(departures.refuse(wanted, entries=entries, providers=lambda *_: served))


def test_nothing_is_refused_where_nobody_else_is():
    served = Cluster()
    refused(served)
    assert served.asked == [
        {
            "definitions": {"certificates.cert-manager.io"},
            "classes": {"paasport-ssd"},
            "leaving": {"docs"},
        }
    ]


def test_a_deletion_that_others_would_suffer_from_is_an_error():
    with pytest.raises(errors.EngineError, match="still need cert-manager, so nothing was deleted"):
        refused(Cluster((user(),)))


def test_a_cluster_that_is_gone_is_no_reason_to_keep_what_was_on_it():
    refused(Cluster(error=errors.ClusterUnreachable.of("no answer")))


def test_nobody_is_asked_where_neither_operators_nor_classes_go():
    served = Cluster((user(),))
    refused(served, doomed=of_type(platform(), NAMESPACE))
    assert served.asked == []
