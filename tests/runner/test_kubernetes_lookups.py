"""What holds up what waits: whose pods, children and events are looked at."""

from __future__ import annotations

import asyncio
import json

import pytest

from runner.kubernetes import lookups, objects, stuck
from stacks import errors
from tests.runner.kubernetes_builders import condition, object_of


class Api:
    """A cluster with these objects; selectors of labels are `key=value`."""

    def __init__(self, *items):
        self.items = items

    async def list(self, api_version, kind, *, namespace="", label_selector="", field_selector=""):
        found = [item for item in self.items if (item["apiVersion"], item["kind"]) == (api_version, kind)]
        found = [item for item in found if item["metadata"]["namespace"] == namespace]
        key, _, value = label_selector.partition("=")
        if key:
            found = [item for item in found if (item["metadata"].get("labels") or {}).get(key) == value]
        return [item for item in found if field_selector != "type=Warning" or item["type"] == "Warning"]

    async def get(self, api_version, kind, name, namespace=""):
        found = [item for item in self.items if (item["apiVersion"], item["kind"]) == (api_version, kind)]
        return next((item for item in found if item["metadata"]["name"] == name), None)


class Closed(Api):
    """One that allows nothing to be read."""

    async def list(self, *_, **__):
        raise errors.EngineError.of("forbidden")


def named(api_version, kind, name, *, owner=None, labels=None, **parts):
    metadata = {"name": name, "namespace": "kv", "uid": f"uid-{name}", "labels": labels or {}}
    if owner is not None:
        of = {key: owner[key] for key in ("apiVersion", "kind")}
        metadata["ownerReferences"] = [of | {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}]
    return object_of(api_version, kind, metadata=metadata, **parts)


def unschedulable(name="kv-1", **more):
    reason = condition("PodScheduled", "False", reason="Unschedulable", message="no node has memory")
    return named("v1", "Pod", name, status={"conditions": [reason]}, **more)


def event(about, reason, message, *, kind="Pod", severity="Warning", time="2026-01-01T00:00:00Z"):
    involved = {"kind": kind, "name": about}
    more = {"reason": reason, "message": message, "type": severity, "lastTimestamp": time, "involvedObject": involved}
    return named("v1", "Event", f"{about}.{reason}") | more


def why(item, *others, api=Api):
    return asyncio.run(lookups.Lookups(api(item, *others)).why(objects.reference(item), item))


def warnings(item, *others, api=Api):
    return asyncio.run(lookups.Lookups(api(item, *others)).warnings(objects.reference(item), item))


@pytest.mark.parametrize(
    ("api_version", "kind", "expected"),
    [
        ("apps/v1", "StatefulSet", "pod kv-1: Unschedulable: no node has memory"),
        ("policy/v1", "PodDisruptionBudget", "pod kv-1: Unschedulable: no node has memory"),
        ("v1", "ConfigMap", ""),
    ],
)
def test_kinds_that_select_pods_are_explained_by_them(api_version, kind, expected):
    item = named(api_version, kind, "kv", spec={"selector": {"matchLabels": {"app": "kv"}}})
    mine, other = unschedulable(labels={"app": "kv"}), unschedulable("other")
    assert stuck.summary(why(item, mine, other)) == expected


def database(**metadata):
    return named("db.example/v1", "Database", "kv", **metadata)


def test_the_pods_of_a_custom_resource_are_found_through_their_owners():
    item = database()
    members = named("apps/v1", "StatefulSet", "kv-members", owner=item)
    stranger = named("apps/v1", "StatefulSet", "else", owner=named("db.example/v1", "Database", "else"))
    found = why(item, members, stranger, unschedulable(owner=members), unschedulable("else-0", owner=stranger))
    assert [(trouble.text, trouble.patience) for trouble in found] == [
        ("pod kv-1: Unschedulable: no node has memory", 60)
    ]


def test_the_pods_of_a_custom_resource_are_found_by_its_operators_label_too():
    item = named("k8ssandra.io/v1alpha1", "K8ssandraCluster", "kv")
    labels = {"k8ssandra.io/cluster-name": "kv"}
    datacenter = named("cassandra.datastax.com/v1beta1", "CassandraDatacenter", "dc1", labels=labels)
    assert why(item, datacenter, unschedulable(owner=datacenter))


@pytest.mark.parametrize("reason", ["TriggeredScaleUp", "Nominated"])
def test_a_pod_that_a_node_is_coming_for_may_wait(reason):
    item = database()
    coming = event("kv-1", reason, "pod triggered scale-up", severity="Normal")
    (trouble,) = why(item, unschedulable(owner=item), coming)
    assert trouble.patience is None


def test_a_node_that_is_coming_for_another_pod_is_no_help():
    item = database()
    (trouble,) = why(item, unschedulable(owner=item), event("kv-2", "TriggeredScaleUp", "", severity="Normal"))
    assert trouble.patience == 60


def test_without_pods_the_newest_telling_event_explains():
    item = database()
    quota = event("kv-members", "FailedCreate", "exceeded quota", kind="StatefulSet")
    assert stuck.summary(why(item, quota)) == "statefulset kv-members: FailedCreate: exceeded quota"


CERTIFICATE_RULE = [
    {
        "when": "condition=Ready=False",
        "saying": "not found",
        "patience": 30,
        "child": "cert-manager.io/v1/CertificateRequest",
    }
]


def certificate():
    item = named("cert-manager.io/v1", "Certificate", "kv-tls")
    item["metadata"]["annotations"] = {"paasport.dev/failed-when": json.dumps(CERTIFICATE_RULE)}
    return item


def request(number, message, *, owner):
    pending = condition("Ready", "False", reason="Pending", message=message)
    item = named("cert-manager.io/v1", "CertificateRequest", f"kv-tls-{number}", owner=owner)
    item["metadata"]["creationTimestamp"] = f"2026-01-0{number}T00:00:00Z"
    return item | {"status": {"conditions": [pending]}}


def test_a_certificate_is_explained_by_its_newest_request():
    item = certificate()
    old, new = (request(number, f'Referenced "Issuer" not found: {number}', owner=item) for number in (1, 2))
    (trouble,) = why(item, new, old)
    assert trouble.text == (
        'CertificateRequest kv-tls-2: condition Ready is False (Pending: Referenced "Issuer" not found: 2)'
    )
    assert trouble.patience == 30


def test_a_request_that_is_merely_under_way_explains_and_never_fails():
    item = certificate()
    (trouble,) = why(item, request(1, "Waiting on certificate issuance from order kv", owner=item))
    assert "Waiting on certificate issuance from order kv" in trouble.text
    assert trouble.patience is None


def test_the_requests_of_others_say_nothing():
    assert why(certificate(), request(1, "not found", owner=named("cert-manager.io/v1", "Certificate", "other"))) == ()


def reporting(item, *, at, reason="ErrCritical"):
    """An event of an operator about a database that was last changed in the second minute."""
    found = event("kv", reason, "refusing to upgrade", kind="Database", time=f"2026-01-01T00:0{at}:00Z")
    found["involvedObject"]["uid"] = item["metadata"]["uid"]
    return found


def reported_database():
    rule = {"when": "jsonpath={.reason}=ErrCritical", "message": ".message", "child": "v1/Event", "patience": 60}
    item = database()
    item["metadata"]["annotations"] = {"paasport.dev/failed-when": json.dumps([rule])}
    item["metadata"]["managedFields"] = [
        {"manager": "paasport", "time": "2026-01-01T00:02:00Z", "fieldsV1": {"f:spec": {}}},
        {"manager": "operator", "time": "2026-01-01T00:09:00Z", "fieldsV1": {"f:status": {}}},
    ]
    return item


def test_what_an_operator_reports_by_an_event_counts_since_the_last_change():
    item = reported_database()
    (trouble,) = why(item, reporting(item, at=3), reporting(item, at=4, reason="Status"))
    assert "(refusing to upgrade)" in trouble.text
    assert trouble.patience == 60


@pytest.mark.parametrize("other", ["older", "about another", "of an unknown change"])
def test_an_event_that_may_be_about_something_else_is_no_failure(other):
    item = reported_database()
    told = reporting(item, at=1 if other == "older" else 3)
    if other == "about another":
        told["involvedObject"]["uid"] = "uid-gone"
    if other == "of an unknown change":
        del item["metadata"]["managedFields"]
    assert why(item, told) == ()


def test_warnings_are_those_of_the_object_and_of_what_belongs_to_it():
    item = database()
    claim = {"persistentVolumeClaim": {"claimName": "data-kv-1"}}
    pod = unschedulable("odd-name", owner=item, spec={"volumes": [claim]})
    told = warnings(
        item,
        pod,
        event("kv", "InvalidConfiguration", "no such\n  option", kind="Database", time="2026-01-05T00:00:00Z"),
        event("kv", "InvalidConfiguration", "older", kind="Database", time="2026-01-01T00:00:00Z"),
        event("odd-name", "FailedScheduling", "0/3 nodes", time="2026-01-04T00:00:00Z"),
        event("data-kv-1", "ProvisioningFailed", "no class", kind="PersistentVolumeClaim", time="2026-01-03T00:00:00Z"),
        event("kvothe", "Failed", "another's", time="2026-01-06T00:00:00Z"),
        event("kv-1", "Scheduled", "well", severity="Normal", time="2026-01-06T00:00:00Z"),
    )
    assert told == [
        "database kv: InvalidConfiguration: no such option",
        "pod odd-name: FailedScheduling: 0/3 nodes",
        "persistentvolumeclaim data-kv-1: ProvisioningFailed: no class",
    ]


def test_who_may_read_nothing_waits_without_an_explanation():
    assert why(database(), api=Closed) == ()
    assert warnings(database(), api=Closed) == []
