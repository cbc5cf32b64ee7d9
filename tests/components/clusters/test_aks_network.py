"""Addresses, the way in and the way out."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, strategies

from components.clusters.aks import egress, network
from stacks import managed
from tests.components.clusters import aks_program as azure

EXISTING = "/subscriptions/s/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub"


@pytest.fixture(scope="module")
def plain():
    return azure.deploy()


def existing(*, api=f"{EXISTING}/subnets/api"):
    return azure.options(
        network=managed.AksNetwork(virtual_network=EXISTING, node_subnet=f"{EXISTING}/subnets/nodes", api_subnet=api)
    )


def access(deployed):
    return deployed.only(azure.MANAGED_CLUSTER).inputs["apiServerAccessProfile"]


def profile(deployed):
    return deployed.only(azure.MANAGED_CLUSTER).inputs["networkProfile"]


def test_nodes_get_the_first_half_and_the_api_server_the_last_addresses():
    assert network.plan("10.30.0.0/20") == network.Plan(nodes="10.30.0.0/21", api="10.30.15.240/28")
    assert network.plan("10.30.0.0/24") == network.Plan(nodes="10.30.0.0/25", api="10.30.0.240/28")


@given(prefix=strategies.integers(16, 24), block=strategies.integers(0, 255))
def test_subnets_lie_in_the_network_and_do_not_overlap(prefix, block):
    whole = ipaddress.IPv4Network(f"10.{block}.0.0/{prefix}")
    wanted = network.plan(str(whole))
    nodes, api = ipaddress.IPv4Network(wanted.nodes), ipaddress.IPv4Network(wanted.api)
    assert nodes.subnet_of(whole)
    assert api.subnet_of(whole)
    assert not nodes.overlaps(api)


def test_subnets_are_resources_of_their_own_made_one_after_the_other(plain):
    assert "subnets" not in plain.only(azure.NETWORK).inputs
    assert plain.only(azure.NETWORK).ignored == ("subnets",)
    assert plain.waits_for(plain.named(azure.SUBNET, "api"), plain.named(azure.SUBNET, "nodes"))


def test_the_api_server_s_subnet_is_delegated_and_azure_may_write_into_that(plain):
    subnet = plain.named(azure.SUBNET, "api")
    assert [item["serviceName"] for item in subnet.inputs["delegations"]] == [
        "Microsoft.ContainerService/managedClusters"
    ]
    assert subnet.ignored == ("delegations",)


def test_subnets_have_a_firewall_and_no_way_out_but_ours(plain):
    for subnet in plain.of(azure.SUBNET):
        assert subnet.inputs["defaultOutboundAccess"] is False
        assert subnet.inputs["networkSecurityGroup"]["id"] == "/NetworkSecurityGroup/test-nodes"
    assert plain.named(azure.SUBNET, "nodes").inputs["natGateway"] == {"id": "/NatGateway/test-egress"}


def test_single_egress_is_one_gateway_in_one_zone(plain):
    assert plain.only(azure.NAT_GATEWAY).inputs["zones"] == ["1"]
    assert plain.only(azure.PUBLIC_ADDRESS).inputs["zones"] == ["1"]
    assert profile(plain)["outboundType"] == "userAssignedNATGateway"


def test_egress_per_zone_outlives_any_zone():
    deployed = azure.deploy(network={"zones": ("1", "2", "3"), "egress": "per-zone"})
    addresses = deployed.of(azure.PUBLIC_ADDRESS)
    assert [item.inputs["zones"] for item in addresses] == [["1", "2", "3"]] * 3
    assert deployed.of(azure.NAT_GATEWAY) == []
    assert "natGateway" not in deployed.named(azure.SUBNET, "nodes").inputs
    assert profile(deployed)["outboundType"] == "loadBalancer"
    assert profile(deployed)["loadBalancerProfile"] == {
        "outboundIPs": {"publicIPs": [{"id": f"/PublicIPAddress/test-egress-{number}"} for number in (1, 2, 3)]},
        # Three addresses of 64000 ports, for twice the 7 nodes that the pools may have.
        "allocatedOutboundPorts": 13712,
        "idleTimeoutInMinutes": 10,
        "backendPoolType": "NodeIPConfiguration",
    }


def test_the_outbound_rule_of_a_nat_gateway_s_cluster_is_azure_s_own(plain):
    assert "networkProfile.loadBalancerProfile" in plain.only(azure.MANAGED_CLUSTER).ignored
    deployed = azure.deploy(network={"egress": "per-zone"})
    assert "networkProfile.loadBalancerProfile" not in deployed.only(azure.MANAGED_CLUSTER).ignored


@given(addresses=strategies.integers(1, 3), nodes=strategies.integers(0, 1000))
def test_ports_are_a_multiple_of_eight_and_enough_for_all_nodes(addresses, nodes):
    ports = egress.ports(addresses=addresses, nodes=nodes, auto=False)
    assert ports % 8 == 0
    assert ports > 0
    assert ports * nodes <= addresses * 64000


def test_azure_divides_the_ports_where_the_number_of_nodes_is_not_known():
    assert egress.ports(addresses=3, nodes=3, auto=True) == 0


# The three ways to the API server.


def test_a_private_api_is_inside_of_the_network_and_nowhere_else():
    assert access(azure.deploy(access={"api": "private", "cidrs": ()})) == {
        "disableRunCommand": True,
        "enablePrivateCluster": True,
        "enablePrivateClusterPublicFQDN": False,
        "enableVnetIntegration": True,
        "privateDNSZone": "system",
        "subnetId": "/Subnet/api",
    }


@pytest.mark.parametrize("api", ["allowlist", "identity"])
def test_an_allowlist_opens_the_api_to_its_networks_and_to_nodes_from_within(api):
    assert access(azure.deploy(access={"api": api})) == {
        "authorizedIPRanges": ["203.0.113.0/24"],
        "disableRunCommand": True,
        "enablePrivateCluster": False,
        "enableVnetIntegration": True,
        "subnetId": "/Subnet/api",
    }


def test_an_empty_allowlist_lets_nobody_in():
    assert access(azure.deploy(access={"cidrs": ()}))["authorizedIPRanges"] == ["0.0.0.0/32"]


# A network that exists.


def test_an_existing_network_is_used_and_nothing_is_added_to_it():
    deployed = azure.deploy(options=existing(), network={"egress": "per-zone", "flow_logs": True})
    for type_ in (azure.NETWORK, azure.SUBNET, azure.NAT_GATEWAY, azure.PUBLIC_ADDRESS, azure.FLOW_LOG):
        assert deployed.of(type_) == []
    assert access(deployed)["subnetId"] == f"{EXISTING}/subnets/api"
    assert profile(deployed)["outboundType"] == "userAssignedNATGateway"
    assert "loadBalancerProfile" not in profile(deployed)
    pools = [deployed.only(azure.AGENT_POOL).inputs, *deployed.only(azure.MANAGED_CLUSTER).inputs["agentPoolProfiles"]]
    assert {pool["vnetSubnetID"] for pool in pools} == {f"{EXISTING}/subnets/nodes"}


def test_in_an_existing_network_the_control_plane_may_change_its_two_subnets_only():
    deployed = azure.deploy(options=existing())
    scopes = {deployed.named(azure.ASSIGNMENT, f"control-plane-{part}").inputs["scope"] for part in ("nodes", "api")}
    assert scopes == {f"{EXISTING}/subnets/nodes", f"{EXISTING}/subnets/api"}


def test_without_a_subnet_for_it_the_api_server_stays_outside_of_an_existing_network():
    profile = access(azure.deploy(options=existing(api=None)))
    assert profile["enableVnetIntegration"] is False
    assert "subnetId" not in profile


# What the internet reaches, and what is seen of it.


def firewall(deployed):
    return deployed.only("azure-native:network:NetworkSecurityGroup").inputs["securityRules"]


def test_without_a_public_entrance_the_internet_reaches_no_node(plain):
    assert firewall(plain) == []
    assert firewall(azure.deploy(ingress=managed.Ingress(scheme="internal"))) == []


def test_azure_aks_674_a_public_entrance_opens_the_subnet_too_but_neither_ssh_nor_rdp():
    (rule,) = firewall(azure.deploy(ingress=managed.Ingress(scheme="public")))
    assert rule["sourceAddressPrefix"] == "Internet"
    ranges = [tuple(int(port) for port in ports.split("-")) for ports in rule["destinationPortRanges"]]
    reached = {port for port in (22, 80, 443, 3389, 5432, 31000) if any(low[0] <= port <= low[-1] for low in ranges)}
    assert reached == {80, 443, 5432, 31000}


def test_a_public_entrance_is_open_to_its_sources_only():
    (rule,) = firewall(azure.deploy(ingress=managed.Ingress(scheme="public", source_ranges=("198.51.100.0/24",))))
    assert rule["sourceAddressPrefixes"] == ["198.51.100.0/24"]
    assert "sourceAddressPrefix" not in rule


def test_flow_logs_are_written_without_a_key_and_searchable():
    deployed = azure.deploy(network={"flow_logs": True})
    log = deployed.only(azure.FLOW_LOG)
    assert log.inputs["targetResourceId"] == "/VirtualNetwork/test"
    assert log.inputs["networkWatcherName"] == "NetworkWatcher_westeurope"
    assert log.inputs["identity"]["userAssignedIdentities"] == ["/UserAssignedIdentity/test-flows"]
    assert deployed.only(azure.ACCOUNT).inputs["allowSharedKeyAccess"] is False
    assert deployed.waits_for(log, deployed.named(azure.ASSIGNMENT, "flows"))
