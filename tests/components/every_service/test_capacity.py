"""Whether the services of our own cloud stacks have room on their node pools, zone by zone, with every pool at its most.

In production they have room with every pool at its least, too. Elsewhere pods may wait until the autoscaler has added
nodes for them: staging begins with two ordinary nodes, whose 7 cores are less than the 12 that its services ask for.
"""

import decimal
import math

import pytest
import yaml

from stacks import nodes, quantities, resolution, settings, shapes
from stacks.cluster_checks import pools

from . import rendering, vendors

GIB = decimal.Decimal(2**30)
PER_NODE = (decimal.Decimal("0.4"), decimal.Decimal("0.75"))
"""Cores and GiB that a vendor's own DaemonSets ask for on a node: network, disks, identity, logs. Rounded up."""
FOR_OPERATORS = (decimal.Decimal("0.2"), decimal.Decimal("0.5"))
"""Cores and GiB of one operator, rounded up; they ask for less. The entrance's pods count as another two."""


def amount(requests):
    return quantities.value(requests["cpu"]), quantities.value(requests["memory"]) / GIB


def total(*amounts):
    return sum(cpu for cpu, _ in amounts), sum(memory for _, memory in amounts)


def prometheus(spec, _beside):
    return [(spec["replicas"], amount(spec["resources"]["requests"]))]


def postgresql(spec, beside):
    return [(spec["instances"], total(amount(spec["resources"]["requests"]), *beside))]


def rabbitmq(spec, _beside):
    return [(spec["replicas"], amount(spec["resources"]["requests"]))]


def mongodb(spec, _beside):
    containers = spec["statefulSet"]["spec"]["template"]["spec"]["containers"]
    return [(spec["members"], total(*(amount(container["resources"]["requests"]) for container in containers)))]


def cassandra(spec, _beside):
    own = amount(spec["cassandra"]["resources"]["requests"])
    servers = [(each["size"], own) for each in spec["cassandra"]["datacenters"]]
    return [*servers, (1, amount(spec["reaper"]["resources"]["requests"]))]


def astarte(spec, _beside):
    """Its operator divides what the components ask for among them, for one replica of each."""
    parts = [part for part in spec["components"].values() if "replicas" in part]
    cpu, memory = amount(spec["components"]["resources"]["requests"])
    shares = [(part["replicas"], (cpu / len(parts), memory / len(parts))) for part in parts]
    return [*shares, (spec["vernemq"]["replicas"], amount(spec["vernemq"]["resources"]["requests"]))]


READERS = {
    "Astarte": astarte,
    "Cluster": postgresql,
    "K8ssandraCluster": cassandra,
    "MongoDBCommunity": mongodb,
    "Prometheus": prometheus,
    "RabbitmqCluster": rabbitmq,
}


def cloud_stacks():
    for file in sorted(rendering.STACKS.glob("Pulumi.*.yaml")):
        config = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
        cluster = config["paasport:cluster"]
        if cluster["vendor"] in ("aks", "eks", "gke") and cluster.get("compute", "pools") == "pools":
            yield pytest.param(config, id=file.name.split(".")[1])


def pods(options, vendor):
    """How many alike, and what each asks for."""
    found = rendering.known(lambda: [*(made := rendering.built(options, vendor)).shared, *made.custom_resources])
    beside = [
        amount(each["spec"]["instanceSidecarConfiguration"]["resources"]["requests"])
        for each in found
        if each["kind"] == "ObjectStore"
    ]
    read = [READERS[each["kind"]](each["spec"], beside) for each in found if each["kind"] in READERS]
    assert read, f"nobody here knows what a {options.service} asks for"
    return [group for groups in read for group in groups]


def zones_of(resolved, *, size):
    """For each zone, the cores and GiB of each node that it has when all pools have their `size` (`min` or `max`)."""
    zones = {}
    for pool in pools.hosts(resolved, kept_for=None):
        machine = shapes.machine(resolved.vendor, pool.instance_types[0])
        cpu, memory = nodes.allocatable(cpu=machine.cpu, memory=machine.memory)
        node = (cpu - PER_NODE[0], memory / GIB - PER_NODE[1])
        for zone in pool.zones or ("",):
            zones.setdefault(zone, []).extend([node] * (getattr(pool, size) // max(len(pool.zones), 1)))
    return zones


def left_over(wanted, free):
    """What finds no node, the largest first."""
    free, homeless = list(free), []
    for cpu, memory in sorted(wanted, reverse=True, key=lambda pod: (pod[1], pod[0])):
        for index, (cores, gib) in enumerate(free):
            if cpu <= cores and memory <= gib:
                free[index] = (cores - cpu, gib - memory)
                break
        else:
            homeless.append((cpu, memory))
    return homeless


def waiting(config, *, size):
    """By zone, what finds no node in it."""
    wanted = settings.parse(config)
    resolved = resolution.resolve(wanted.cluster, stack="shop")
    vendor = next(each for each in vendors.VENDORS if each.name == wanted.cluster.vendor)
    zones = zones_of(resolved, size=size)
    groups = [group for options in wanted.services.values() for group in pods(options, vendor)]
    operators = [FOR_OPERATORS] * (len(wanted.services) * 2 + 2)
    # What there is one of may be in any zone, so each has to hold all of that.
    share = [each for count, each in groups for _ in range(math.ceil(count / len(zones)))]
    return {zone: left_over([*share, *operators], free) for zone, free in zones.items()}


@pytest.mark.parametrize("config", list(cloud_stacks()))
def test_every_zone_has_room_for_its_share_of_a_stacks_services(config):
    found = waiting(config, size="max")
    assert not any(found.values()), found


@pytest.mark.parametrize("config", [each for each in cloud_stacks() if each.id.endswith("-prod")])
def test_production_waits_for_no_node_even_where_every_pool_is_at_its_least(config):
    found = waiting(config, size="min")
    assert not any(found.values()), found


@pytest.mark.parametrize("config", [each for each in cloud_stacks() if each.id.endswith("-staging")])
def test_staging_begins_with_fewer_nodes_than_its_services_need(config):
    assert all(waiting(config, size="min").values())


def test_a_pod_that_no_node_has_room_for_is_found():
    assert left_over([(2, 4), (3, 4)], [(4, 16)]) == [(2, 4)]
    assert left_over([(2, 4), (2, 4)], [(4, 16)]) == []
