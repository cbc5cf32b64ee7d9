"""What becomes of an etcd in a stack file: the exact objects, written by hand in `expected/`."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import hypothesis
import pulumi
import pytest
import yaml
from hypothesis import strategies

from components import contracts
from components.clusters import storage
from components.operators import catalogue as operators
from components.services import catalogue, etcd
from runner.kubernetes import readiness as engine
from stacks.services import catalogue as models
from stacks.services import etcd as settings
from stacks.services import instance

EXPECTED = pathlib.Path(__file__).parent / "expected"
BUCKET = pulumi.Output.from_input("b")
STORE = contracts.ObjectStore(protocol="s3", bucket=BUCKET, url=pulumi.Output.from_input("s3://b"), root=BUCKET)
TARGET = contracts.BackupTarget(store=STORE, binding=contracts.Binding())


def build(name="kv", *, backups=None, monitored_by="", **options):
    return etcd.build(
        contracts.ServiceArgs(
            name=name,
            options=settings.Etcd(service="etcd", backups=backups, **options),
            storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
            load_balancer=contracts.LoadBalancerFacts(),
            backups=TARGET if backups else None,
            monitored_by=monitored_by,
        )
    )


def overridden(**overrides):
    return build(overrides=settings.EtcdOverrides(**overrides))


def everything(built):
    return [*built.shared, *built.custom_resources, *built.witnesses]


def one(built, kind, name=None):
    (found,) = [item for item in everything(built) if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    return found


def policy(built):
    return one(built, "NetworkPolicy", "etcd")["spec"]


def let_in(built, port):
    """Who may reach this port of the members."""
    return [
        peer
        for rule in policy(built)["ingress"]
        for peer in rule["from"]
        if port in [allowed["port"] for allowed in rule["ports"]]
    ]


def expressions(**options):
    (group,) = one(build(monitored_by="metrics", **options), "PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def expected(name):
    return list(yaml.safe_load_all((EXPECTED / name).read_text()))


MEMBERS = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "etcd", "app.kubernetes.io/instance": "kv"}}}
OPERATOR = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "etcd-operator"}},
    "podSelector": {"matchLabels": {"control-plane": "controller-manager"}},
}
CLIENTS = {"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/kv": "true"}}}
SNAPSHOTS = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "backup", "app.kubernetes.io/instance": "kv"}}}


def test_small_and_single():
    assert everything(build()) == expected("etcd-small-single.yaml")


def test_large_and_zonal():
    limits, changed, awaited = expected("etcd-large-zonal.yaml")
    small = {item["kind"] + item["metadata"]["name"]: item for item in expected("etcd-small-single.yaml")}
    large = {
        item["kind"] + item["metadata"]["name"]: item for item in everything(build(size="large", availability="zonal"))
    }
    assert large.keys() == small.keys()
    assert {key for key in large if large[key] != small[key]} == {
        "LimitRangeetcd",
        "EtcdClusterkv",
        "PodDisruptionBudgetkv",
    }
    assert large["LimitRangeetcd"]["spec"] == limits
    assert large["EtcdClusterkv"]["spec"] == small["EtcdClusterkv"]["spec"] | changed
    assert large["PodDisruptionBudgetkv"]["metadata"]["annotations"] == awaited


def test_the_clients_port_is_for_clients_and_the_operator_alone():
    assert let_in(build(), 2379) == [OPERATOR, CLIENTS]
    assert let_in(build(monitored_by="metrics"), 2379) == [OPERATOR, CLIENTS]


def test_snapshots_are_taken_through_the_clients_port(run):
    shared = run(lambda: list(build(backups=instance.Backups(schedule="30 1 * * *")).shared)).result
    built = dataclasses.replace(build(), shared=tuple(shared))
    assert let_in(built, 2379) == [OPERATOR, SNAPSHOTS, CLIENTS]
    job = one(built, "CronJob")["spec"]
    assert job["schedule"] == "30 1 * * *"
    (dump,) = job["jobTemplate"]["spec"]["template"]["spec"]["initContainers"]
    assert dump["image"] == "gcr.io/etcd-development/etcd:v3.6.8"
    assert dump["command"] == [
        "/usr/local/bin/etcdctl",
        "--endpoints=http://kv-client.kv.svc:2379",
        "snapshot",
        "save",
        "/backup/etcd.db",
    ]


def test_members_talk_to_members_and_to_nobody_else():
    found = policy(build())
    assert let_in(build(), 2380) == [MEMBERS]
    assert [rule["to"] for rule in found["egress"] if "to" in rule] == [[MEMBERS]]


def test_a_prometheus_reads_metrics_on_a_port_without_keys():
    built = build(monitored_by="metrics")
    prometheus = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metrics"}}}
    assert let_in(built, 2381) == [prometheus]
    (endpoint,) = one(built, "PodMonitor")["spec"]["podMetricsEndpoints"]
    (moved,) = endpoint["relabelings"]
    assert (endpoint["port"], moved["regex"], moved["replacement"]) == ("client", "(.+):2379", "$1:2381")
    assert "--listen-metrics-urls=http://0.0.0.0:2381" in one(built, "EtcdCluster")["spec"]["etcdOptions"]


def test_nobody_reads_metrics_where_nobody_watches():
    assert let_in(build(), 2381) == []
    assert {"PodMonitor", "PrometheusRule"}.isdisjoint(item["kind"] for item in everything(build()))


def test_alerts_know_how_many_members_there_are_and_how_many_must_agree():
    assert expressions(availability="zonal")["EtcdQuorumLost"] == '(sum(up{job="kv/kv"}) or vector(0)) < 2'
    assert expressions(availability="zonal")["EtcdMemberDown"] == '(sum(up{job="kv/kv"}) or vector(0)) < 3'
    assert expressions()["EtcdQuorumLost"] == '(sum(up{job="kv/kv"}) or vector(0)) < 1'
    assert "EtcdMemberDown" not in expressions()


def test_an_alert_tells_of_members_that_have_not_been_rolled():
    told = expressions(overrides=settings.EtcdOverrides(version="3.5.21"))["EtcdRunsAnotherVersion"]
    assert told == 'etcd_server_version{job="kv/kv",server_version!="3.5.21"} > 0'


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ({"replicas": 5}, ("EtcdCluster", "spec", "size"), 5),
        ({"version": "3.5.21"}, ("EtcdCluster", "spec", "version"), "v3.5.21"),
        ({"storage": "50Gi"}, ("EtcdCluster", "spec", "storageSpec", "volumeSizeRequest"), "50Gi"),
        ({"cpu": "2"}, ("LimitRange", "spec", "limits", 0, "defaultRequest", "cpu"), "2"),
        ({"memory": "3Gi"}, ("LimitRange", "spec", "limits", 0, "defaultRequest", "memory"), "3Gi"),
        ({"memory": "3Gi"}, ("LimitRange", "spec", "limits", 0, "default", "memory"), "3Gi"),
    ],
)
def test_an_override_takes_the_place_of_the_sizes_own(override, path, value):
    kind, *keys = path
    found = one(overridden(**override), kind)
    for key in keys:
        found = found[key]
    assert found == value


@pytest.mark.parametrize(("storage", "quota"), [("6Gi", 3 * 2**30), ("16Gi", 8 * 2**30), ("100Gi", 8 * 2**30)])
def test_the_database_may_fill_half_of_the_volume_and_never_more_than_etcd_recommends(storage, quota):
    options = one(overridden(storage=storage), "EtcdCluster")["spec"]["etcdOptions"]
    assert f"--quota-backend-bytes={quota}" in options


def budget(size, *, expected_pods, healthy):
    found = one(overridden(replicas=size), "PodDisruptionBudget")
    metadata = found["metadata"] | {"generation": 1}
    counts = {"expectedPods": expected_pods, "currentHealthy": healthy}
    return found | {"metadata": metadata, "status": {"observedGeneration": 1, **counts}}


@pytest.mark.parametrize(
    ("expected_pods", "healthy", "ready"),
    [(0, 0, False), (1, 1, False), (3, 2, False), (3, 3, True), (5, 5, False)],
)
def test_an_instance_is_ready_when_as_many_members_run_as_were_asked_for(expected_pods, healthy, ready):
    """No status of an earlier number of members, smaller or larger, is taken for an answer."""
    assert engine.assess(budget(3, expected_pods=expected_pods, healthy=healthy)).ready is ready


def test_a_member_that_does_not_run_never_blocks_a_nodes_upgrade():
    assert one(build(), "PodDisruptionBudget")["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_how_long_it_is_waited_for_grows_with_the_number_of_members():
    (annotations,) = [item["metadata"]["annotations"] for item in overridden(replicas=5).witnesses]
    assert annotations["pulumi.com/timeoutSeconds"] == "1500"
    assert json.loads(annotations["pulumi.com/waitFor"])[1] == "jsonpath={.status.currentHealthy}=5"


def test_where_it_answers_and_how_an_application_is_told():
    built = build(name="team-a")
    assert built.endpoint.url == "http://team-a-client.team-a.svc:2379"
    assert built.version == "3.6.8"
    assert built.connection == {
        "type": "etcd",
        "host": "team-a-client.team-a.svc",
        "port": "2379",
        "uri": "http://team-a-client.team-a.svc:2379",
    }


@hypothesis.given(
    name=strategies.from_regex(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True),
    size=strategies.sampled_from(["small", "medium", "large"]),
    replicas=strategies.sampled_from([None, 1, 3, 5, 7]),
    storage=strategies.sampled_from([None, "2Gi", "50G", "0.5Ti"]),
    version=strategies.sampled_from([None, "3.5.21"]),
)
def test_whatever_is_overridden_the_parts_fit_each_other(name, size, replicas, storage, version):
    overrides = settings.EtcdOverrides(replicas=replicas, storage=storage, version=version)
    built = build(name=name, size=size, overrides=overrides, monitored_by="metrics")
    namespace, *others = everything(built)
    assert (namespace["kind"], namespace["metadata"]["name"]) == ("Namespace", name)
    assert {item["metadata"]["namespace"] for item in others} == {name}
    assert len({(item["kind"], item["metadata"]["name"]) for item in others}) == len(others)
    cluster = one(built, "EtcdCluster")
    labels = cluster["spec"]["podTemplate"]["metadata"]["labels"].items()
    for selector in (
        one(built, "Service")["spec"]["selector"],
        one(built, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        one(built, "PodMonitor")["spec"]["selector"]["matchLabels"],
        policy(built)["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels
    assert cluster["spec"]["version"] == f"v{built.version}"


def test_the_same_arguments_give_objects_that_share_nothing():
    """A policy or a transform that changes one must not change another."""
    first, second = build(), build()
    one(first, "NetworkPolicy", "etcd")["spec"]["ingress"].clear()
    one(first, "EtcdCluster")["spec"]["podTemplate"]["metadata"]["labels"].clear()
    assert second == build()


def test_no_name_of_an_instance_hides_the_members_own_service():
    """The operator's has the instance's name and no address; another of that name would take the members' names away."""
    assert one(build(name="etcd"), "Service")["metadata"]["name"] == "etcd-client"


@pytest.mark.parametrize("name", sorted(catalogue.SERVICES))
def test_a_service_of_a_preview_operator_is_a_preview(name):
    previews = [entry for entry in catalogue.SERVICES[name].operators if operators.OPERATORS[entry].preview]
    assert bool(models.SERVICES[name].PREVIEW) == bool(previews)
