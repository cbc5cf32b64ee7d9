import pytest

from tests.local.simulated import worlds

POOL = "gcp:container/nodePool:NodePool"
PUBLIC = {"cidrBlocks": [{"cidrBlock": "203.0.113.0/24"}]}


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"nodePools": [{"name": "a"}]}, "nodePools can't be given with removeDefaultNodePool"),
        ({"initialNodeCount": None}, "initialNodeCount is required"),
        ({"enableAutopilot": True, "nodeConfig": {"spot": True}}, "nodeConfig can't be given with enableAutopilot"),
        (
            {"privateClusterConfig": {"enablePrivateEndpoint": True}, "masterAuthorizedNetworksConfig": PUBLIC},
            "is 203.0.113.0/24, a public network, and the endpoint is private",
        ),
        (
            {"datapathProvider": "ADVANCED_DATAPATH", "networkPolicy": {"enabled": True}},
            "networkPolicy.enabled can't be on",
        ),
        ({"workloadIdentityConfig": {"workloadPool": "other.svc.id.goog"}}, "must be acme-dev.svc.id.goog"),
        ({"databaseEncryption": {"state": "ENCRYPTED"}}, "databaseEncryption.keyName is required"),
        ({"resourceLabels": {"Owner": "x"}}, "resourceLabels has the key 'Owner'"),
        ({"resourceLabels": {"owner": "Big Team"}}, "resourceLabels.owner must be lower-case"),
        ({"nodeLocations": ["europe-west1-b"]}, "nodeLocations[0] is europe-west1-b, which is no zone of europe-west3"),
        ({"releaseChannel": {"channel": "SLOW"}}, "releaseChannel.channel must be one of"),
        ({"ipAllocationPolicy": {"clusterSecondaryRangeName": "pod"}}, "has no such secondary range"),
        (
            {
                "maintenancePolicy": {
                    "recurringWindow": {
                        "startTime": "2026-01-01T02:00:00Z",
                        "endTime": "2026-01-01T04:00:00Z",
                        "recurrence": "FREQ=DAILY",
                    }
                }
            },
            "endTime must be at least 4 hours after startTime",
        ),
    ],
)
def test_cluster_refused(inputs, reason):
    world = worlds.World()
    assert any(reason in problem for problem in world.refused(worlds.gke, world, **inputs))


def test_own_key_must_be_granted_before():
    world = worlds.World()
    ring = world.make("gcp:kms/keyRing:KeyRing", "ring", location="europe-west3")
    key = world.make("gcp:kms/cryptoKey:CryptoKey", "key", keyRing=ring.id)
    wanted = {"databaseEncryption": {"state": "ENCRYPTED", "keyName": key.id}}
    assert "which GKE's service agent may not use" in world.refused(worlds.gke, world, **wanted)[0]


def test_cluster_is_protected_where_nothing_is_said():
    world = worlds.World()
    cluster = worlds.gke(world, deletionProtection=None)
    assert "deletionProtection is on" in world.refused(world.drop, cluster)[0]
    world.drop(world.change(cluster, deletionProtection=False))


@pytest.mark.parametrize(("version", "reason"), [("1.34", "would go down"), ("1.37", "only 1 minor at a time")])
def test_versions_go_up_one_by_one(version, reason):
    world = worlds.World()
    cluster = worlds.gke(world)
    assert reason in world.refused(world.change, cluster, minMasterVersion=version)[0]
    assert world.change(cluster, minMasterVersion="1.36").outputs["masterVersion"].startswith("1.36.")


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"cluster": "projects/acme-dev/locations/europe-west3/clusters/other"}, "there is no such Cluster"),
        ({"autoscaling": {"minNodeCount": 1, "totalMaxNodeCount": 3}}, "totalMaxNodeCount can't be given"),
        ({"autoscaling": {"totalMinNodeCount": 4, "totalMaxNodeCount": 3}}, "totalMinNodeCount must not be more"),
        ({"upgradeSettings": {"maxSurge": 0, "maxUnavailable": 0}}, "maxSurge must not be 0"),
        (
            {"nodeConfig": {"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]}},
            "effect must be one of NO_SCHEDULE",
        ),
        ({"version": "1.36.1-gke.1"}, "newer than the control plane's"),
        ({"location": "europe-west1"}, "location is europe-west1, and the cluster's is europe-west3"),
    ],
)
def test_node_pool_refused(inputs, reason):
    world = worlds.World()
    cluster = worlds.gke(world)
    wanted = {"cluster": cluster.id, **inputs}
    assert any(reason in problem for problem in world.refused(world.make, POOL, **wanted))


def test_nodes_of_a_channel_are_upgraded():
    world = worlds.World()
    cluster = worlds.gke(world, releaseChannel={"channel": "REGULAR"})
    (problem,) = world.refused(world.make, POOL, cluster=cluster.id, management={"autoUpgrade": False})
    assert "autoUpgrade must be true: the cluster follows the channel REGULAR" in problem


def test_what_is_to_be_prevented_is_not_deleted():
    world = worlds.World()
    cluster = worlds.gke(world)
    pool = world.make(POOL, cluster=cluster.id, deletionPolicy="PREVENT")
    assert "deletionPolicy is PREVENT" in world.refused(world.drop, pool)[0]
    world.drop(world.change(pool, deletionPolicy="DELETE"))


def test_key_rings_use_up_their_names():
    world = worlds.World()
    ring = world.make("gcp:kms/keyRing:KeyRing", "ring", name="keys", location="europe-west3")
    world.drop(ring)
    (problem,) = world.refused(world.make, "gcp:kms/keyRing:KeyRing", "ring", name="keys", location="europe-west3")
    assert "keep their names for ever" in problem


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        (
            {
                "ipCidrRange": "10.0.0.0/16",
                "secondaryIpRanges": [{"rangeName": "pods", "ipCidrRange": "10.0.128.0/20"}],
            },
            "overlaps 10.0.0.0/16 of the same subnetwork",
        ),
        ({"ipCidrRange": "10.5.0.0/20"}, "overlaps 10.4.0.0/14, a range of another subnetwork"),
    ],
)
def test_ranges_do_not_overlap(inputs, reason):
    world = worlds.World()
    cluster = worlds.gke(world)
    wanted = {"network": cluster.inputs["network"], "region": "europe-west3", **inputs}
    assert any(
        reason in problem
        for problem in world.refused(world.make, "gcp:compute/subnetwork:Subnetwork", "other", **wanted)
    )


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"member": "deployer@acme", "role": "roles/viewer"}, "member is deployer@acme, which is no principal"),
        ({"member": "user:a@b.c", "role": "viewer"}, "role is viewer, and must be roles/"),
    ],
)
def test_grant_refused(inputs, reason):
    world = worlds.World()
    assert reason in world.refused(world.make, "gcp:projects/iAMMember:IAMMember", project="acme-dev", **inputs)[0]
