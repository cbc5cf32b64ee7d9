"""What becomes of a ScyllaDB in a stack file: the exact objects, written by hand in `expected/`."""

from __future__ import annotations

import dataclasses
import pathlib

import pulumi
import pytest
import yaml

from components import contracts
from components.clusters import storage
from components.operators import scylla_operator, sources
from components.services import catalogue, scylla
from runner.kubernetes import readiness as engine
from stacks import lifecycle
from stacks.services import catalogue as models
from stacks.services import scylla as settings

EXPECTED = pathlib.Path(__file__).parent / "expected"


def arguments(name="db", *, monitored_by="", password="hunter2", **options):
    return contracts.ServiceArgs(
        name=name,
        options=settings.Scylla(service="scylla", **options),
        storage=storage.facts("paasport.dev/simulated", zone_redundant=False, with_snapshots=False),
        load_balancer=contracts.LoadBalancerFacts(),
        passwords={"app": password},
        monitored_by=monitored_by,
    )


def build(name="db", **options):
    return scylla.build(arguments(name, **options))


def overridden(**overrides):
    return build(overrides=settings.ScyllaOverrides(**overrides))


def everything(built):
    return [*built.shared, *built.secrets, *built.custom_resources, *built.witnesses]


def one(built, kind, name=None):
    (found,) = [item for item in everything(built) if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    return found


def racks(built):
    return one(built, "ScyllaCluster")["spec"]["datacenter"]["racks"]


def policy(built):
    return one(built, "NetworkPolicy", "scylla")["spec"]


def let_in(built, port):
    """Who may reach this port of the nodes."""
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


NODES = {
    "podSelector": {
        "matchLabels": {"scylla/cluster": "db", "scylla-operator.scylladb.com/pod-type": "scylladb-node"},
    }
}
CLEANUPS = {
    "podSelector": {
        "matchLabels": {"scylla/cluster": "db", "scylla-operator.scylladb.com/pod-type": "cleanup-job"},
    }
}
OPERATOR = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "scylla-operator"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "scylla-operator"}},
}
CLIENTS = {"namespaceSelector": {"matchLabels": {"client-of.paasport.dev/db": "true"}}}


def test_small_and_single():
    assert everything(build()) == expected("scylla-small-single.yaml")


def test_large_and_zonal():
    (second,) = expected("scylla-large-zonal.yaml")
    small = {item["kind"] + item["metadata"]["name"]: item for item in everything(build())}
    built = build(size="large", availability="zonal")
    large = {item["kind"] + item["metadata"]["name"]: item for item in everything(built)}
    assert {key for key in large if large[key] != small.get(key)} == {"ScyllaClusterdb"}
    assert large.keys() == small.keys()
    found = racks(built)
    assert [rack["name"] for rack in found] == ["a", "b", "c"]
    assert found[1] == second


def test_shared_nodes_are_any_nodes_in_developer_mode_with_a_volume_that_every_system_knows():
    shared = build(nodes="shared")
    assert one(shared, "ScyllaCluster")["spec"]["developerMode"] is True
    (rack,) = racks(shared)
    assert rack["storage"] == {"capacity": "20Gi", "storageClassName": "paasport-ssd-retain"}
    assert rack["placement"] == {
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 100,
                    "podAffinityTerm": {
                        "topologyKey": "kubernetes.io/hostname",
                        "labelSelector": {"matchLabels": {"scylla/cluster": "db"}},
                        "matchLabelKeys": ["scylla-operator.scylladb.com/pod-type"],
                    },
                }
            ]
        }
    }


def test_shared_and_zonal_has_a_rack_in_each_zone_all_the_same():
    for rack in racks(build(nodes="shared", availability="zonal")):
        (together,) = rack["placement"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        (apart,) = rack["placement"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert together["topologyKey"] == apart["topologyKey"] == "topology.kubernetes.io/zone"
        assert together["labelSelector"]["matchLabels"]["scylla/rack"] == rack["name"]
        (others,) = apart["labelSelector"]["matchExpressions"]
        assert sorted([*others["values"], rack["name"]]) == ["a", "b", "c"]


def test_every_container_that_can_be_told_is_guaranteed():
    for rack in racks(build(availability="zonal")):
        for resources in (rack["resources"], rack["agentResources"]):
            assert resources["requests"] == resources["limits"]


def test_what_is_beside_a_node_is_what_the_checks_count():
    """The operator's two sidecars have 50m and 40Mi each: resource.go at tag v1.21.1."""
    (rack,) = racks(build())
    assert rack["agentResources"]["limits"] == {"cpu": "100m", "memory": "256Mi"}
    assert settings.Scylla.BESIDE == {"cpu": "200m", "memory": "336Mi"}


def test_overrides_take_the_place_of_the_sizes_own():
    built = overridden(cpu="2", memory="6Gi", storage="50Gi", replicas=2, version="2025.4.5")
    (rack,) = racks(built)
    assert (rack["members"], rack["storage"]["capacity"]) == (2, "50Gi")
    assert rack["resources"]["limits"] == {"cpu": "2", "memory": "6Gi"}
    assert (one(built, "ScyllaCluster")["spec"]["version"], built.version) == ("2025.4.5", "2025.4.5")


def test_nodes_are_shared_out_over_racks():
    built = build(availability="zonal", overrides=settings.ScyllaOverrides(replicas=6))
    assert [rack["members"] for rack in racks(built)] == [2, 2, 2]


def test_a_change_of_what_is_waited_for_rolls_no_pod():
    """Annotations of the custom resource are the pods' too, unless they are given their own."""
    for built in (build(), build(availability="zonal")):
        assert one(built, "ScyllaCluster")["spec"]["podMetadata"] == {
            "labels": {"app.kubernetes.io/part-of": "paasport"},
            "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
        }


# Who may log in


def test_there_is_one_superuser_from_the_beginning_and_its_password_is_nowhere():
    built = build()
    told = yaml.safe_load(one(built, "ConfigMap")["data"]["scylla.yaml"])
    salted = told.pop("auth_superuser_salted_password")
    assert told == {
        "authenticator": "PasswordAuthenticator",
        "authorizer": "CassandraAuthorizer",
        "auth_superuser_name": "app",
    }
    assert salted.startswith("$6$")
    assert "hunter2" not in yaml.safe_dump(everything(built))


def test_a_node_does_not_start_without_the_configuration():
    """The operator mounts it as optional: a node would start and ask nobody for a password."""
    for rack in racks(build(availability="zonal")):
        assert rack["scyllaConfig"] == "db-config"
        assert rack["volumes"] == [{"name": "configuration", "configMap": {"name": "db-config"}}]
        assert [mount["name"] for mount in rack["volumeMounts"]] == ["configuration"]


def test_what_is_made_of_a_password_stays_secret(run):
    def program():
        built = build(password=pulumi.Output.secret("hunter2"))
        made = [built.connection["password"], one(built, "ConfigMap")["data"]["scylla.yaml"]]
        return pulumi.Output.all(*[each.is_secret() for each in made])

    assert run(program).result == [True, True]


def test_a_password_that_comes_later_is_kept_as_the_same_text(run):
    def program():
        return one(build(password=pulumi.Output.from_input("hunter2")), "ConfigMap")["data"]["scylla.yaml"]

    assert run(program).result == one(build(), "ConfigMap")["data"]["scylla.yaml"]


def test_connection():
    assert build().connection == {
        "type": "cassandra",
        "host": "db-client.db.svc",
        "port": "9042",
        "username": "app",
        "password": "hunter2",
        "datacenter": "dc1",
    }
    assert build().endpoint.url == "cassandra://db-client.db.svc:9042"


# Who may come in


@pytest.mark.parametrize("port", [9042, 9142, 19042, 19142])
def test_cql_is_for_clients_alone(port):
    assert let_in(build(monitored_by="metrics"), port) == [CLIENTS]


def test_the_agent_is_for_the_operator_and_its_jobs():
    assert let_in(build(), 10001) == [OPERATOR, CLEANUPS]
    cleanup = one(build(), "NetworkPolicy", "cleanup")["spec"]
    assert cleanup["podSelector"] == CLEANUPS["podSelector"]
    assert {"to": [NODES], "ports": [{"protocol": "TCP", "port": 10001}]} in cleanup["egress"]


@pytest.mark.parametrize("port", [7000, 7001])
def test_nodes_reach_each_other(port):
    assert let_in(build(), port) == [NODES]


def test_metrics_are_for_the_prometheus_that_watches():
    assert let_in(build(), 9180) == []
    watched = build(monitored_by="metrics")
    assert let_in(watched, 9180) == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "metrics"}}}]
    monitor = one(watched, "PodMonitor")["spec"]
    assert monitor == {"selector": NODES["podSelector"], "podMetricsEndpoints": [{"port": "prometheus"}]}


# Alerts


def test_nobody_can_be_missing_of_a_single_node():
    found = expressions()
    assert "ScyllaNodeDown" not in found
    assert found["ScyllaNodesDown"] == '(sum(up{job="db/db"}) or vector(0)) < 1'


def test_two_nodes_of_three_are_a_majority():
    found = expressions(availability="zonal")
    assert found["ScyllaNodesDown"] == '(sum(up{job="db/db"}) or vector(0)) < 2'
    assert found["ScyllaNodeDown"] == '(sum(up{job="db/db"}) or vector(0)) < 3'


def test_a_disk_is_almost_full_at_seven_tenths_of_what_is_asked_for():
    found = expressions(overrides=settings.ScyllaOverrides(storage="100G"))
    assert found["ScyllaDiskAlmostFull"].endswith("> 70000000000")


# Tuning


def test_one_node_config_is_the_operators_own_for_the_nodes_of_all_instances():
    assert scylla_operator.OPERATOR.resources == (scylla_operator.TUNING,)
    placement = scylla_operator.TUNING["spec"]["placement"]
    (rack,) = racks(build())
    (term,) = rack["placement"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert placement["nodeSelector"] == {term["matchExpressions"][0]["key"]: term["matchExpressions"][0]["values"][0]}
    assert placement["tolerations"] == rack["placement"]["tolerations"]
    assert not [item for item in everything(build()) if item["kind"] == "NodeConfig"]


def test_what_tunes_nodes_runs_an_image_that_mirrors_bring():
    """The default of ScyllaOperatorConfig: assets/config/config.yaml at tag v1.21.1."""
    assert "docker.io/scylladb/scylla:2026.1.0" in sources.images(scylla_operator.OPERATOR)


def test_the_entry_needs_the_operator_and_is_known_to_both_layers():
    entry = catalogue.SERVICES["scylla"]
    assert entry.operators == ("scylla-operator", "cert-manager")
    assert models.SERVICES["scylla"] is settings.Scylla
    assert (entry.passwords, entry.backup_account) == (("app",), "")


def test_both_engines_know_when_it_is_ready():
    waited = one(build(), "ScyllaCluster")
    assert waited["metadata"]["annotations"]["pulumi.com/timeoutSeconds"] == "900"
    conditions = [
        {"type": kind, "status": status, "observedGeneration": 2}
        for kind, status in (("Available", "True"), ("Progressing", "False"), ("Degraded", "False"))
    ]
    live = {**waited, "metadata": {**waited["metadata"], "generation": 2}}
    assert engine.assess({**live, "status": {"observedGeneration": 2, "conditions": conditions}}).ready
    assert not engine.assess({**live, "status": {"observedGeneration": 1, "conditions": conditions}}).ready
    conditions[1]["status"] = "Unknown"
    assert not engine.assess({**live, "status": {"observedGeneration": 2, "conditions": conditions}}).ready


# Changes


def judged(before, after):
    """What a preview says of a change from one ScyllaDB to another."""
    (old,), (new,) = before.custom_resources, after.custom_resources
    verdict = lifecycle.judged(scylla_operator.CLUSTER.rules, instance="db", before=old, after=new)
    return [problem.what for problem in verdict.problems], verdict.upgrade


def test_nodes_cores_and_memory_can_be_changed_and_racks_added():
    overrides = settings.ScyllaOverrides(replicas=6, cpu="2", memory="8Gi")
    assert judged(build(), build(availability="zonal", overrides=overrides)) == ([], "")
    assert judged(build(availability="zonal", overrides=overrides), build(availability="zonal")) == ([], "")


def test_what_the_operator_refuses_is_refused_before():
    found, _ = judged(build(), overridden(storage="40Gi"))
    assert found == ["the volumes of db have 20Gi, and 40Gi is asked for"]
    (found,), _ = judged(build(), build(nodes="shared"))
    assert found.startswith("spec.datacenter.racks[a].storage.storageClassName of db is paasport-ssd-retain-xfs, and")
    found, _ = judged(build(availability="zonal"), build())
    assert found == ["db has the rack b, which is to go", "db has the rack c, which is to go"]


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("2026.1.3", "2026.1.4", False),
        ("2025.4.5", "2026.1.3", False),
        ("2025.3.1", "2026.1.3", True),
        ("2025.1.9", "2025.3.1", True),
        ("2026.1.3", "2025.4.5", True),
    ],
)
def test_no_series_is_left_out_and_there_is_no_way_back(before, after, refused):
    found, upgrade = judged(overridden(version=before), overridden(version=after))
    assert bool(found) is refused
    assert (f"ScyllaDB {before} -> {after}, one node at a time" in upgrade) is not refused


def test_the_same_arguments_give_the_same_objects():
    given = arguments(availability="zonal")
    assert scylla.build(given) == scylla.build(dataclasses.replace(given))
