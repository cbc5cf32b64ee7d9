"""What has gone wrong for others on GKE, each with the thread in which they tell of it.

`pulumi_gcp` is pulumi/pulumi-gcp, `gke_module` terraform-google-modules/terraform-google-kubernetes-engine, `google`
hashicorp/terraform-provider-google, `upjet_gcp` crossplane-contrib/provider-upjet-gcp.
"""

from __future__ import annotations

import json

import pytest

from local.simulated import schema
from stacks import managed

from . import gke_program as gke


@pytest.fixture(scope="module")
def plain():
    return gke.deploy()


@pytest.fixture(scope="module")
def safe():
    return gke.deploy(**gke.SAFE)


@pytest.fixture(scope="module")
def automatic():
    return gke.deploy(compute="auto", pools=(gke.SYSTEM,))


def test_pulumi_gcp_255_a_pool_that_goes_respects_disruption_budgets(safe):
    for pool in safe.of(gke.POOL):
        assert pool.inputs["nodeDrainConfigs"] == [
            {"respectPdbDuringNodePoolDeletion": True, "pdbTimeoutDuration": "3600s"}
        ]


def test_pulumi_gcp_255_a_pools_successor_is_there_before_it_goes(plain):
    other = gke.deploy(pools=(gke.SYSTEM, gke.pool("general", instance_types=("n4-standard-8",))))
    before, after = (found.named(gke.POOL, "general").inputs["name"] for found in (plain, other))
    assert before != after
    assert before.startswith("general-")
    assert after.startswith("general-")


def test_pulumi_gcp_2247_1170_automatic_compute_is_no_autopilot_cluster_that_is_replaced_on_the_second_up(automatic):
    assert "enableAutopilot" not in automatic.cluster
    assert "dnsConfig" not in automatic.cluster


def test_pulumi_gcp_744_88_164_google_native_730_a_changed_node_never_replaces_the_cluster(safe):
    cluster = safe.only(gke.CLUSTER)
    assert cluster.ignored == ("nodeConfig", "initialNodeCount", "nodeVersion", "nodePools")
    assert "nodePools" not in cluster.inputs
    assert len(safe.of(gke.POOL)) == 2


@pytest.mark.parametrize("type_", [gke.CLUSTER, gke.POOL])
def test_nested_names_in_ignored_changes_are_those_of_the_schema(safe, type_):
    known = schema.of(type_).inputs
    for item in safe.of(type_):
        assert item.ignored
        assert {path.partition(".")[0].partition("[")[0] for path in item.ignored} <= known.keys()


def test_gke_module_2411_what_controllers_need_outlives_what_they_made(safe):
    guard = next(item for item in safe.registrations if item.name == "test-drain")
    for earlier in (*safe.of(gke.POOL), safe.only(gke.NAT), safe.only(gke.FIREWALL), safe.only(gke.KUBERNETES)):
        assert earlier.urn in guard.dependencies, earlier.name
    assert safe.waits_for(safe.named(gke.GROUP_OF_OBJECTS, "storage"), guard)


def test_gke_module_1866_pools_are_protected_like_the_cluster_so_that_no_half_of_it_is_destroyed(safe):
    assert safe.only(gke.CLUSTER).protect
    assert [pool.protect for pool in safe.of(gke.POOL)] == [True, True]
    assert {pool.inputs["deletionPolicy"] for pool in safe.of(gke.POOL)} == {"PREVENT"}


def test_google_18225_a_pool_can_be_protected_at_the_vendor_too(safe):
    assert {pool.inputs["deletionPolicy"] for pool in safe.of(gke.POOL)} == {"PREVENT"}


def test_gke_module_2014_kubelet_settings_are_said_as_a_whole(plain):
    for pool in plain.of(gke.POOL):
        assert pool.inputs["nodeConfig"]["kubeletConfig"] == {
            "cpuManagerPolicy": "none",
            "cpuCfsQuota": True,
            "insecureKubeletReadonlyPortEnabled": "FALSE",
            "podPidsLimit": 4096,
        }


def test_google_19520_the_kubelets_read_only_port_is_off_in_every_kind_of_pool(automatic):
    off = {"insecureKubeletReadonlyPortEnabled": "FALSE"}
    assert automatic.cluster["nodePoolDefaults"] == {"nodeConfigDefaults": off}
    assert automatic.cluster["nodePoolAutoConfig"] == {"nodeKubeletConfig": off}
    (pool,) = automatic.of(gke.POOL)
    assert pool.inputs["nodeConfig"]["kubeletConfig"]["insecureKubeletReadonlyPortEnabled"] == "FALSE"


def test_google_10366_pools_are_independent_because_the_provider_retries_what_gke_serialises(plain):
    system, general = plain.of(gke.POOL)
    assert system.urn not in general.dependencies
    assert general.urn not in system.dependencies


def test_upjet_gcp_988_the_dns_endpoint_comes_without_a_ca(plain):
    """So also hashicorp/terraform-provider-kubernetes#2637 and gke-labs/kube-agents#1797."""
    (cluster,) = json.loads(plain.kubeconfig)["clusters"]
    assert cluster["cluster"] == {"server": f"https://{gke.DNS}"}


def test_gke_module_2216_no_authorized_networks_beside_the_dns_endpoint(plain):
    assert "masterAuthorizedNetworksConfig" not in plain.cluster
    assert "enablePrivateEndpoint" not in plain.cluster["privateClusterConfig"]


def test_gke_module_2578_tokens_of_kubernetes_are_not_taken_by_the_dns_endpoint(plain):
    endpoint = plain.cluster["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]
    assert endpoint["enableK8sTokensViaDns"] is False
    assert endpoint["enableK8sCertsViaDns"] is False


def test_gke_module_private_clusters_a_private_endpoint_authorizes_private_networks_only(safe):
    blocks = safe.cluster["masterAuthorizedNetworksConfig"]["cidrBlocks"]
    assert [block["cidrBlock"] for block in blocks] == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]


def test_pulumi_kubernetes_4019_a_changed_address_does_not_replace_what_is_on_the_cluster():
    by_address = gke.deploy(access={"api": "allowlist", "cidrs": ("203.0.113.0/24",)})
    by_name = gke.deploy()
    identifiers = {found.only(gke.KUBERNETES).inputs["clusterIdentifier"] for found in (by_address, by_name)}
    assert identifiers == {"gke:acme-test/europe-west3/test"}


def test_google_project_service_identity_is_not_asked_for_the_names_of_agents(safe):
    """terraform-google-modules/terraform-google-project-factory#803: it answers nothing for some services."""
    (agent,) = safe.of(gke.AGENT)
    assert agent.inputs == {"project": "acme-test", "service": "container.googleapis.com"}
    assert all(agent.urn in item.dependencies for item in safe.of(gke.KEY_MEMBER))


def test_gke_wants_48_hours_in_32_days_which_the_default_window_has():
    window = managed.Window()
    assert len(window.days) * window.hours * 4 >= 48


def test_nothing_that_owns_cloud_resources_is_deleted_with_the_cluster(safe):
    assert {item.deleted_with for item in safe.registrations} == {""}
