"""Every way in which an operator says that it can't go on, on a real API server: what ends the wait, and when.

Real are the API server, the scheduler, Kubernetes' controllers and the prometheus-operator; the other operators are
played. All rows wait at the same time, as in one run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

import pytest
import yaml

from components.operators import (
    astarte_operator,
    cert_manager,
    cloudnative_pg,
    etcd_operator,
    mongodb_kubernetes,
    rabbitmq_cluster_operator,
    stand_ins,
)
from local import control_plane as control_planes
from local.operators import catalogue
from local.toolchain import modules
from runner.engine import model
from runner.kubernetes import histories, objects, provider
from stacks import settings
from tests import conftest
from tests.runner import kubernetes_builders as build
from tests.runner.failing_objects import (
    Row,
    astarte,
    budget,
    certificate,
    claim,
    deployment,
    etcd,
    issuer,
    making,
    mongodb,
    postgresql,
    prometheus,
    rabbitmq,
    secret,
    without_image,
)

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cluster():
    """A control plane of this module's own: what stands in for definitions has no schema, and others need the real."""
    name = f"pytest-failures-{os.getpid()}"
    try:
        control_plane = control_planes.start(name, nodes=settings.LocalNodes(), report=print)
        kubectl = conftest.kubectl_for(control_plane.kubeconfig)
        items = list(releases())
        for is_kind in (True, False):
            part = [item for item in items if (item["kind"] in ("Namespace", "CustomResourceDefinition")) == is_kind]
            kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all(part))
        kubectl("wait", "--for=condition=Available", "deployments", "--all", "-A", "--timeout=90s")
        yield control_plane
    finally:
        control_planes.delete(name)


@pytest.fixture(scope="module")
def ends(cluster):
    """How each wait ended, after how many seconds, and what was said meanwhile."""
    return asyncio.run(_waited(str(cluster.kubeconfig)))


PROMETHEUS = ("github.com/prometheus-operator/prometheus-operator", "v0.85.0", "bundle.yaml")
PLAYED = (astarte_operator, cert_manager, cloudnative_pg, etcd_operator, mongodb_kubernetes, rabbitmq_cluster_operator)
TOO_MUCH = {"requests": {"cpu": "1000"}, "limits": {"cpu": "1000"}}
PASSWORD = "a-password-of-this-test"
ABSENT = {"name": "absent"}
TLS = {"enabled": True, "certificateKeySecretRef": ABSENT, "caCertificateSecretRef": ABSENT}
ROWS = {
    "mongodb-password": Row(mongodb("mongodb-password")),
    "mongodb-version": Row(
        mongodb("mongodb-version", version="abc"), before=[secret("mongodb-version", "app", password=PASSWORD)]
    ),
    # It says for ever that this may still be coming; certificates are waited for before it.
    "mongodb-certificate": Row(mongodb("mongodb-certificate", tls=TLS), timeout=15),
    "mongodb-unschedulable": Row(
        mongodb("mongodb-unschedulable", resources=TOO_MUCH),
        before=[secret("mongodb-unschedulable", "app", password=PASSWORD)],
    ),
    "mongodb-heals": Row(
        mongodb("mongodb-heals"), meanwhile=(6.0, making(secret("mongodb-heals", "app", password=PASSWORD)))
    ),
    "prometheus-secret": Row(
        prometheus("prometheus-secret", additionalScrapeConfigs={"name": "absent", "key": "jobs.yaml"})
    ),
    "prometheus-unschedulable": Row(prometheus("prometheus-unschedulable", resources=TOO_MUCH)),
    "certificate-issuer": Row(certificate("certificate-issuer", "absent")),
    "certificate-heals": Row(
        certificate("certificate-heals", "late"),
        meanwhile=(6.0, making(issuer("late", {"selfSigned": {}}, namespace="certificate-heals"))),
    ),
    "issuer-secret": Row(issuer("issuer-secret", {"ca": {"secretName": "absent"}})),
    "postgresql-certificate": Row(
        postgresql("postgresql-certificate", certificates={"serverTLSSecret": "absent", "serverCASecret": "absent"})
    ),
    "postgresql-plugin": Row(postgresql("postgresql-plugin", plugins=[{"name": "absent.example"}])),
    "rabbitmq-certificate": Row(rabbitmq("rabbitmq-certificate", replicas=1, tls={"secretName": "absent"})),
    "rabbitmq-shrinks": Row(rabbitmq("rabbitmq-shrinks", replicas=2), change={"replicas": 1}),
    "mongodb-changes": Row(
        mongodb("mongodb-changes"),
        before=[secret("mongodb-changes", "app", password=PASSWORD)],
        change={"additionalMongodConfig": {"storage.journal.commitIntervalMs": 50}},
    ),
    "astarte-version": Row(astarte("astarte-version", version="1.4.0")),
    "astarte-unschedulable": Row(astarte("astarte-unschedulable", resources=TOO_MUCH)),
    "etcd-storage-class": Row(budget("etcd-storage-class"), before=[etcd("etcd-storage-class")]),
    "claim-storage-class": Row(claim("claim-storage-class")),
    "deployment-image": Row(deployment("deployment-image"), meanwhile=(0.0, without_image)),
}
SLACK = 45
"""Seconds by which all may be late: a dozen operators and a scheduler on a busy machine."""
EXPECTED = {
    "mongodb-password": (20, ".status.phase is Failed (Error ensuring User config: user password secret: "),
    "mongodb-version": (20, "can't compute semver version from previous FeatureCompatibilityVersion"),
    "mongodb-certificate": (15, "TLS config is not yet valid, retrying in 10 seconds"),
    "mongodb-unschedulable": (60, "pod mongodb-unschedulable-0: Unschedulable: 0/3 nodes are available: 3 Insuffi"),
    "prometheus-secret": (15, 'secrets "absent" not found'),
    "prometheus-unschedulable": (60, "Unschedulable: 0/3 nodes are available: 3 Insufficient cpu"),
    "certificate-issuer": (30, 'Referenced "Issuer" not found: issuer.cert-manager.io "absent" not found'),
    "issuer-secret": (30, '(ErrGetKeyPair: Error getting keypair for CA issuer: secrets "absent" not found)'),
    "postgresql-certificate": (30, 'Secret "absent" not found'),
    "postgresql-plugin": (30, "Unknown plugin: 'absent.example'"),
    "rabbitmq-certificate": (30, 'condition ReconcileSuccess is False (TLSError: secrets "absent" not found)'),
    "rabbitmq-shrinks": (30, "Cluster Scale down not supported; tried to scale cluster from 2 nodes to 1 nodes"),
    "astarte-version": (0, "(version 1.4.0 cannot be managed by this Operator)"),
    "astarte-unschedulable": (60, "pod astarte-unschedulable-vernemq-0: Unschedulable: 0/3 nodes are available"),
    "etcd-storage-class": (60, "pod etcd-storage-class-0: Unschedulable: "),
    "claim-storage-class": (20, "its storage class absent does not exist"),
    "deployment-image": (60, "container main: ImagePullBackOff: Back-off pulling image"),
}
"""Seconds that the failure must last before it counts, and what is said of it."""
HEALED = ("mongodb-heals", "certificate-heals")


def releases():
    """Definitions and workloads of every operator: those that are played as what stands in for their releases."""
    for entry in (module.OPERATOR for module in PLAYED):
        (repository,) = (one.repository for one in catalogue.PLAYED if one.name == entry.name)
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": entry.home}}
        yield from yaml.safe_load_all(stand_ins.definitions(entry))
        yield from stand_ins.objects(entry, image=f"registry.example/{repository}:1")
    yield {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "ssd", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "paasport.dev/simulated",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    for item in yaml.load_all(modules.file(*PROMETHEUS, report=print).read_text(), Loader=_Loader):
        if item:
            yield item


class _Loader(yaml.CSafeLoader):
    """A loader that takes a bare `=` for text, as the CRDs have it."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: node.value)


async def _waited(kubeconfig):
    served = provider.from_inputs({"kubeconfig": kubeconfig}, stack=build.stack())
    try:
        tools = await served._connected()
        ended = await asyncio.gather(*(_end(served, tools.planner.api, name, row) for name, row in ROWS.items()))
        return dict(zip(ROWS, ended, strict=True))
    finally:
        await served.close()


async def _end(served, api, namespace, row):
    await making({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, *row.before)(api, "")
    other = asyncio.create_task(_meanwhile(api, namespace, row))
    end, entry = await _applied(served, namespace, row.manifest)
    if row.change is not None:
        assert end[0].failure == ""
        changed = {**row.manifest, "spec": {**row.manifest["spec"], **row.change}}
        end, _ = await _applied(served, namespace, changed, old=entry)
    with contextlib.suppress(asyncio.CancelledError):
        await other
    return end


async def _meanwhile(api, namespace, row):
    after, act = row.meanwhile
    await asyncio.sleep(after)
    if act is not None:
        await act(api, namespace)


async def _applied(served, namespace, manifest, *, old=None):
    reports = []

    async def intend(_entry):
        pass

    goal = build.goal(objects.token_of(manifest["apiVersion"], manifest["kind"]), namespace, manifest)
    run = model.Run(preview=False, report=reports.append, permit_replace=lambda _: None, intend=intend)
    began = time.monotonic()
    outcome = await served.reconcile(goal, old, run)
    return (outcome, time.monotonic() - began, reports), build.entry(goal, outcome)


def test_waits_end_in_time_with_the_operators_own_words(ends, subtests):
    """One test of many: else each worker that gets one of them would wait for all rows."""
    for name in EXPECTED:
        with subtests.test(name):
            its_end_is_in_time_and_in_words(ends, name)
    for name in HEALED:
        with subtests.test(name):
            its_wait_goes_on(ends, name)
    for check in (events_are_told, the_class_is_named, what_the_operator_says_is_shown, the_change_is_awaited):
        with subtests.test(check.__name__):
            check(ends)


def its_end_is_in_time_and_in_words(ends, name):
    outcome, seconds, reports = ends[name]
    patience, words = EXPECTED[name]
    assert not outcome.awaited
    assert words in outcome.failure
    assert patience <= seconds + 1
    assert seconds < patience + SLACK
    last = outcome.failure.splitlines()[-1]
    assert last.startswith("next: kubectl --kubeconfig ")
    assert f" --namespace {name} describe " in last
    assert PASSWORD not in "\n".join([outcome.failure, *reports])


def its_wait_goes_on(ends, name):
    """What comes a little late ends no wait."""
    outcome, _, reports = ends[name]
    assert outcome.failure == ""
    assert reports


def events_are_told(ends):
    """Those of what belongs to an object."""
    told = ends["prometheus-unschedulable"][0].failure.splitlines()
    assert any(line.startswith("event: pod prometheus-prometheus-unschedulable-0: FailedScheduling: ") for line in told)


def the_class_is_named(ends):
    """A storage class that is missing."""
    told = ends["etcd-storage-class"][0].failure
    assert 'storageclass.storage.k8s.io "absent" not found' in told


def what_the_operator_says_is_shown(ends):
    """While waiting."""
    said = ends["mongodb-certificate"][2]
    assert ".status.phase is Pending, awaited is Running - TLS config is not yet valid, retrying in 10 seconds" in said


def the_change_is_awaited(ends):
    """Although the status says no generation: what ran before runs still, and says so; that counts for nothing."""
    outcome, seconds, reports = ends["mongodb-changes"]
    assert outcome.failure == ""
    assert seconds >= histories.MOVED_SECONDS
    assert reports[0] == histories.DOUBT
