import pytest

from . import samples


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            samples.having(samples.EKS, network__cidr="10.300.0.0/16"),
            "`paasport:cluster.network.cidr` (`10.300.0.0/16`) is no IPv4 network\n"
            "  vendors refuse it\n"
            "  next: write four numbers of 0 to 255, a slash and a length, such as 10.20.0.0/16",
            id="octet above 255",
        ),
        pytest.param(
            samples.having(samples.AKS, network__cidr="10.30.0.1/20"),
            "`paasport:cluster.network.cidr` (`10.30.0.1/20`) is an address inside a network\n"
            "  a network is named by its first address, and vendors refuse any other\n"
            "  next: write `10.30.0.0/20`",
            id="host bits",
        ),
        pytest.param(
            samples.having(samples.EKS, access__cidrs=["203.0.113.7/24"]),
            "`paasport:cluster.access.cidrs[0]` (`203.0.113.7/24`) is an address inside a network\n"
            "  a network is named by its first address, and vendors refuse any other\n"
            "  next: write `203.0.113.0/24`",
            id="host bits in an allowlist",
        ),
        pytest.param(
            samples.having(samples.GKE, network=samples.GONE),
            "`paasport:cluster.network.cidr` is missing\n"
            "  the cluster's network is made with these addresses\n"
            "  next: add for example `cidr: 10.20.0.0/16`, or name a network that exists in `gke.network`",
            id="no network",
        ),
        pytest.param(
            samples.having(samples.EKS, network__cidr="10.0.0.0/8"),
            "`paasport:cluster.network.cidr` (`10.0.0.0/8`) must be /16 to /24\n"
            "  a larger network or a smaller one is refused by a vendor or holds no cluster\n"
            "  next: write a length of 16 to 24 behind the slash",
            id="network too large",
        ),
        pytest.param(
            samples.having(
                samples.AKS,
                network__cidr="10.30.0.0/25",
                pools={"system": samples.SYSTEM | {"max": 2}, "general": samples.GENERAL},
            ),
            "`paasport:cluster.network.cidr` (`10.30.0.0/25`) must be /16 to /24\n"
            "  a larger network or a smaller one is refused by a vendor or holds no cluster\n"
            "  next: write a length of 16 to 24 behind the slash",
            id="network too small",
        ),
        pytest.param(
            samples.having(samples.GKE, network__services="10.21.0.0/28"),
            "`paasport:cluster.network.services` (`10.21.0.0/28`) must be /16 to /24\n"
            "  a larger network or a smaller one is refused by a vendor or holds no cluster\n"
            "  next: write a length of 16 to 24 behind the slash",
            id="Services' network too small",
        ),
        pytest.param(
            samples.having(samples.EKS, network__cidr="110.10.0.0/16"),
            "`paasport:cluster.network.cidr` (`110.10.0.0/16`) is not in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10\n"
            "  the real owners of these addresses could not be reached from the cluster\n"
            "  next: choose a private network",
            id="public network",
        ),
        pytest.param(
            samples.having(samples.EKS, network__services="100.64.0.0/20"),
            "`paasport:cluster.network.services` (`100.64.0.0/20`) is not in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16\n"
            "  the real owners of these addresses could not be reached from the cluster\n"
            "  next: choose a private network",
            id="Services on EKS outside of RFC 1918",
        ),
        pytest.param(
            samples.having(samples.AKS, network__cidr="172.31.0.0/20"),
            "`paasport:cluster.network.cidr` (`172.31.0.0/20`) overlaps 172.31.0.0/16, which AKS uses itself\n"
            "  what is there could not be reached from the cluster\n"
            "  next: choose another private network",
            id="what AKS uses itself",
        ),
        pytest.param(
            samples.having(samples.GKE, network={"cidr": "10.20.0.0/20", "pods": "10.16.0.0/12"}),
            "`paasport:cluster.network.pods` (`10.16.0.0/12`) overlaps `paasport:cluster.network.cidr` (`10.20.0.0/20`)\n"
            "  an address in both could mean a node, a pod or a Service\n"
            "  next: choose a network that is apart from the other",
            id="overlap of two that are written",
        ),
        pytest.param(
            samples.having(samples.AKS, network__cidr="10.244.16.0/20"),
            "`paasport:cluster.network.cidr` (`10.244.16.0/20`) overlaps `paasport:cluster.network.pods` (`10.244.0.0/16`), which is left at its default\n"
            "  an address in both could mean a node, a pod or a Service\n"
            "  next: choose a network that is apart from the other",
            id="overlap with a default",
        ),
        pytest.param(
            samples.having(samples.EKS, network__services="10.10.128.0/20"),
            "`paasport:cluster.network.services` (`10.10.128.0/20`) overlaps `paasport:cluster.network.cidr` (`10.10.0.0/16`)\n"
            "  an address in both could mean a node, a pod or a Service\n"
            "  next: choose a network that is apart from the other",
            id="overlap of the Services with the nodes",
        ),
        pytest.param(
            samples.having(samples.EKS, network__pods="10.128.0.0/14"),
            "`paasport:cluster.network.pods` has no effect here\n"
            "  pods on EKS have addresses of the network itself\n"
            "  next: remove `pods`",
            id="pods of EKS",
        ),
        pytest.param(
            samples.having(samples.EKS, network__cidr="10.10.0.0/23"),
            "`paasport:cluster.network.cidr` (`10.10.0.0/23`) has room for 369 addresses of nodes and pods, and the pools may need 652\n"
            "  nodes without an address never join, and pods without one never start\n"
            "  next: choose a shorter length, or lower `max` of the pools",
            id="too few addresses for pods on EKS",
        ),
        pytest.param(
            samples.pools(
                samples.having(samples.AKS, network__cidr="10.30.0.0/24"), general=samples.GENERAL | {"max": 100}
            ),
            "`paasport:cluster.network.cidr` (`10.30.0.0/24`) has room for 123 addresses of nodes, and the pools may need 140\n"
            "  nodes without an address never join, and pods without one never start\n"
            "  next: choose a shorter length, or lower `max` of the pools",
            id="too few addresses for nodes",
        ),
        pytest.param(
            samples.having(samples.GKE, network__pods="10.128.0.0/22"),
            "`paasport:cluster.network.pods` (`10.128.0.0/22`) lasts for 8 nodes, and the pools may have 14\n"
            "  each node takes 128 addresses for its pods, whether they run or not\n"
            "  next: choose a shorter length, or lower `max` of the pools",
            id="too few addresses for pods on GKE",
        ),
        pytest.param(
            samples.having(samples.AKS, network__pods="10.128.0.0/21"),
            "`paasport:cluster.network.pods` (`10.128.0.0/21`) lasts for 8 nodes, and the pools may have 14\n"
            "  each node takes 256 addresses for its pods, whether they run or not\n"
            "  next: choose a shorter length, or lower `max` of the pools",
            id="too few addresses for pods on AKS",
        ),
    ],
)
def test_wrong_addresses_are_explained(cluster, message):
    assert samples.told(cluster) == [message]


def test_a_network_without_room_has_room_for_none_rather_than_for_less():
    told = "\n".join(samples.told(samples.having(samples.EKS, network__cidr="10.10.0.0/29")))
    assert "has room for 0 addresses of nodes and pods" in told


def test_a_network_that_lasts_for_one_node_says_so_in_the_singular():
    cluster = samples.having(samples.GKE, network__pods="10.128.0.0/24", gke__podsPerNode=110)
    assert "lasts for 1 node, and" in "\n".join(samples.told(cluster))
