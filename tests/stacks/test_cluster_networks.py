import pytest

from stacks import settings

from . import samples

VPC = {
    "vpc": "vpc-0123456789abcdef0",
    "privateSubnets": ["subnet-01234567", "subnet-01234568", "subnet-01234569"],
    "publicSubnets": ["subnet-0123456a"],
}
GROUP = "/subscriptions/00000000-0000-4000-8000-0000000000d1/resourceGroups/net/providers"
NET = f"{GROUP}/Microsoft.Network/virtualNetworks/v"
HUB = "projects/acme-hub/global/networks/hub"
NODES = "projects/acme-hub/regions/europe-west3/subnetworks/nodes"
EKS = samples.having(samples.EKS, network=samples.GONE, eks__network=VPC)
GKE = samples.having(samples.GKE, network=samples.GONE, gke__network={"network": HUB, "subnetwork": NODES})
AKS = samples.having(
    samples.AKS, network=samples.GONE, aks__network={"virtualNetwork": NET, "nodeSubnet": f"{NET}/subnets/nodes"}
)
VENDORS = {"eks": EKS, "gke": GKE, "aks": AKS}


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_the_examples_start_from_is_right(vendor):
    assert samples.told(VENDORS[vendor]) == []


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("cidr", "10.10.0.0/16", "its addresses are given"),
        ("egress", "single", "its ways to the internet are its owner's"),
        ("flowLogs", False, "its connections are its owner's to log"),
    ],
)
def test_what_is_its_owners_to_decide_is_refused(vendor, key, value, why):
    assert samples.told(samples.having(VENDORS[vendor], **{f"network__{key}": value})) == [
        (
            f"`paasport:cluster.network.{key}` has no effect: `paasport:cluster.{vendor}.network` names a network that exists\n"
            f"  {why}\n"
            f"  next: remove `{key}`, or remove `paasport:cluster.{vendor}.network` to have a network made"
        )
    ]


@pytest.mark.parametrize(
    ("cluster", "network"),
    [
        pytest.param(EKS, {"zones": 3, "services": "10.21.0.0/20"}, id="eks"),
        pytest.param(GKE, {"zones": 2}, id="gke"),
        pytest.param(AKS, {"zones": 2, "services": "10.21.0.0/20", "pods": "10.128.0.0/16"}, id="aks"),
    ],
)
def test_what_is_the_clusters_own_to_decide_is_accepted(cluster, network):
    assert samples.told(samples.having(cluster, network=network)) == []


def test_an_address_without_effect_overlaps_nothing():
    told = samples.told(samples.having(EKS, network={"cidr": "10.21.0.0/20", "services": "10.21.0.0/20"}))
    assert [text.split("\n")[0] for text in told] == [
        "`paasport:cluster.network.cidr` has no effect: `paasport:cluster.eks.network` names a network that exists"
    ]


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            samples.having(GKE, network={"services": "10.21.0.0/20"}),
            "`paasport:cluster.network.services` has no effect: `paasport:cluster.gke.network` names a network that exists\n"
            "  they are those of the subnetwork's range `servicesRange`\n"
            "  next: remove `services`, or remove `paasport:cluster.gke.network` to have a network made",
            id="ranges of a subnetwork that exists",
        ),
        pytest.param(
            samples.having(EKS, eks__interfaceEndpoints=True),
            "`paasport:cluster.eks.interfaceEndpoints` has no effect: `paasport:cluster.eks.network` names a network that exists\n"
            "  ways to AWS's own services are its owner's\n"
            "  next: remove `interfaceEndpoints`, or remove `paasport:cluster.eks.network` to have a network made",
            id="endpoints in a VPC that exists",
        ),
        pytest.param(
            samples.having(EKS, eks__network__vpc="vpc-0123456789"),
            "`paasport:cluster.eks.network.vpc` must be the id of a VPC, such as vpc-0123456789abcdef0; it is the text `vpc-0123456789`\n"
            "  Its id, `vpc-…`\n"
            "  next: write for example `vpc-0123456789abcdef0`",
            id="an id of neither 8 nor 17 digits",
        ),
        pytest.param(
            samples.having(EKS, eks__network__privateSubnets=["subnet-01234567", "subnet-01234568", "subnet-01234567"]),
            "`paasport:cluster.eks.network.privateSubnets[2]` (`subnet-01234567`) is named a second time\n"
            "  each zone has one subnet of each kind\n"
            "  next: name each subnet once",
            id="a subnet twice",
        ),
        pytest.param(
            samples.having(EKS, eks__network__publicSubnets=["subnet-0123456a", "subnet-01234568"]),
            "`paasport:cluster.eks.network.publicSubnets[1]` (`subnet-01234568`) is among the private subnets too\n"
            "  a subnet leads to the internet by a gateway of its own or it does not; nodes have no public addresses\n"
            "  next: take it out of one of the two lists",
            id="a subnet that is private and public",
        ),
        pytest.param(
            samples.having(EKS, eks__network__controlPlaneSubnets=["subnet-0123456b"] * 2),
            "`paasport:cluster.eks.network.controlPlaneSubnets[1]` (`subnet-0123456b`) is named a second time\n"
            "  EKS refuses it\n"
            "  next: name each subnet once",
            id="a subnet of the control plane twice",
        ),
        pytest.param(
            samples.having(EKS, ingress={"scheme": "public"}, eks__network__publicSubnets=samples.GONE),
            "`paasport:cluster.eks.network.publicSubnets` is missing, and the entrance is public\n"
            "  its load balancer would look for subnets by tags, and find those of another cluster or none\n"
            "  next: name the public subnets, or write `scheme: internal`",
            id="nowhere for a public entrance",
        ),
        pytest.param(
            samples.having(GKE, gke__network__network="Hub_1"),
            "`paasport:cluster.gke.network.network` must be a network's name, or projects/PROJECT/global/networks/NAME; it is the text `Hub_1`\n"
            "  Its name where it is in the cluster's project, or `projects/…/global/networks/…`\n"
            "  next: write for example `projects/acme-prod/global/networks/main`",
            id="no name of a network",
        ),
        pytest.param(
            samples.having(GKE, gke__network__network="projects/acme-hub/regions/x-y1/subnetworks/a"),
            "`paasport:cluster.gke.network.network` must be a network's name, or projects/PROJECT/global/networks/NAME; it is a text\n"
            "  Its name where it is in the cluster's project, or `projects/…/global/networks/…`\n"
            "  next: write for example `projects/acme-prod/global/networks/main`",
            id="a subnetwork for a network",
        ),
        pytest.param(
            samples.having(GKE, gke__network__subnetwork=HUB),
            "`paasport:cluster.gke.network.subnetwork` must be a subnetwork's name, or projects/PROJECT/regions/REGION/subnetworks/NAME; "
            f"it is the text `{HUB}`\n"
            "  Its subnetwork in the region, with Cloud NAT and Private Google Access: the name or "
            "`projects/…/regions/…/subnetworks/…`, as the network is written\n"
            "  next: write for example `projects/acme-prod/regions/europe-west3/subnetworks/nodes`",
            id="a network for a subnetwork",
        ),
        pytest.param(
            samples.having(GKE, gke__network__subnetwork=NODES.replace("west3", "west4")),
            "`paasport:cluster.gke.network.subnetwork` (`projects/acme-hub/regions/europe-west4/subnetworks/nodes`) is in another region than the cluster, which is in europe-west3\n"
            "  a subnetwork lies in one region, and nodes have their addresses of it\n"
            "  next: name a subnetwork of the cluster's region, or choose another region",
            id="a subnetwork of another region",
        ),
        pytest.param(
            samples.having(GKE, gke__network__subnetwork="nodes"),
            "`paasport:cluster.gke.network.subnetwork` is in the project acme-dev, and `network` in acme-hub\n"
            "  a subnetwork is a part of its network; a name alone means one in the cluster's own project\n"
            "  next: write both alike: projects/acme-hub/global/networks/… and projects/acme-hub/regions/…",
            id="a subnetwork without the network's project",
        ),
        pytest.param(
            samples.having(GKE, gke__network__network="hub"),
            "`paasport:cluster.gke.network.subnetwork` is in the project acme-hub, and `network` in acme-dev\n"
            "  a subnetwork is a part of its network; a name alone means one in the cluster's own project\n"
            "  next: write both alike: projects/acme-dev/global/networks/… and projects/acme-dev/regions/…",
            id="a network without the subnetwork's project",
        ),
        pytest.param(
            samples.having(GKE, gke__network__podsRange="Pods"),
            "`paasport:cluster.gke.network.podsRange` must be a name of lower-case letters, digits and hyphens, first a letter, of at most 63 characters; it is the text `Pods`\n"
            "  Name of the subnetwork's secondary range for pods. Default `pods`\n"
            "  next: write for example `pods`",
            id="no name of a range",
        ),
        pytest.param(
            samples.having(GKE, gke__network__podsRange="services"),
            "`paasport:cluster.gke.network.servicesRange` (`services`) is the range of the pods too\n"
            "  an address in it could mean a pod or a Service; Google refuses it\n"
            "  next: name another secondary range of the subnetwork",
            id="one range for both",
        ),
        pytest.param(
            samples.having(AKS, aks__network__virtualNetwork=f"{NET}/subnets/nodes"),
            "`paasport:cluster.aks.network.virtualNetwork` is the id of a subnet, and not of a virtual network\n"
            "  Azure refuses the id of anything else\n"
            "  next: write /subscriptions/UUID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NAME",
            id="a subnet for a virtual network",
        ),
        pytest.param(
            samples.having(AKS, aks__network__nodeSubnet=NET),
            "`paasport:cluster.aks.network.nodeSubnet` is the id of a virtual network, and not of a subnet\n"
            "  Azure refuses the id of anything else\n"
            "  next: write /subscriptions/UUID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NAME/subnets/NAME",
            id="a virtual network for a subnet",
        ),
        pytest.param(
            samples.having(AKS, aks__network__nodeSubnet=f"{GROUP}/Microsoft.Compute/disks/a"),
            "`paasport:cluster.aks.network.nodeSubnet` is no id of a subnet\n"
            "  Azure refuses the id of anything else\n"
            "  next: write /subscriptions/UUID/resourceGroups/GROUP/providers/Microsoft.Network/virtualNetworks/NAME/subnets/NAME",
            id="a disk for a subnet",
        ),
        pytest.param(
            samples.having(AKS, aks__network__nodeSubnet=f"{NET}2/subnets/nodes"),
            "`paasport:cluster.aks.network.nodeSubnet` is no subnet of `virtualNetwork`\n"
            "  nodes and API server must be in one virtual network\n"
            "  next: write the id of the virtual network, then /subnets/ and the subnet's name",
            id="a subnet of another network",
        ),
        pytest.param(
            samples.having(AKS, aks__network__apiSubnet=f"{NET}/Subnets/Nodes"),
            "`paasport:cluster.aks.network.apiSubnet` is the nodes' subnet too\n"
            "  the API server's subnet is delegated to it, and holds nothing else\n"
            "  next: name a subnet of /28 or more that is delegated to Microsoft.ContainerService/managedClusters",
            id="one subnet for nodes and API server",
        ),
        pytest.param(
            samples.having(AKS, access__api="private", access__wayIn="vpn", access__cidrs=samples.GONE),
            "`paasport:cluster.aks.network.apiSubnet` is missing, and the API is private\n"
            "  the API server gets its private address there\n"
            "  next: name a subnet of /28 or more that is delegated to Microsoft.ContainerService/managedClusters",
            id="no subnet for a private API",
        ),
    ],
)
def test_a_wrong_network_that_exists_is_explained(cluster, message):
    assert samples.told(cluster) == [message]


@pytest.mark.parametrize(
    "cluster",
    [
        pytest.param(samples.having(GKE, gke__network={"network": "n", "subnetwork": "s"}), id="names alone"),
        pytest.param(
            samples.having(
                GKE,
                gke__network={
                    "network": f"https://www.googleapis.com/compute/v1/{HUB}",
                    "subnetwork": f"https://www.googleapis.com/compute/v1/{NODES}",
                },
            ),
            id="addresses as Google's API has them",
        ),
        pytest.param(
            samples.having(
                GKE,
                gke__network={"network": HUB.replace("hub/", "dev/", 1), "subnetwork": "nodes"},
            ),
            id="the project said and left out",
        ),
        pytest.param(
            samples.having(AKS, aks__network__nodeSubnet=f"{NET}/Subnets/nodes".replace("resourceG", "resourceg")),
            id="Azure's case",
        ),
        pytest.param(
            samples.having(
                EKS, eks__network__controlPlaneSubnets=["subnet-01234567", "subnet-01234568", "subnet-01234569"]
            ),
            id="the control plane beside the nodes",
        ),
    ],
)
def test_other_spellings_are_accepted(cluster):
    assert samples.told(cluster) == []


def test_one_wrong_id_hides_no_other():
    wrong = samples.having(AKS, aks__network__virtualNetwork="v", aks__network__nodeSubnet=NET)
    assert [text.split("\n")[0] for text in samples.told(wrong)] == [
        "`paasport:cluster.aks.network.nodeSubnet` is the id of a virtual network, and not of a subnet",
        "`paasport:cluster.aks.network.virtualNetwork` must be a resource id of Azure, /subscriptions/…/resourceGroups/…/providers/…; it is the text `v`",
    ]


def test_nothing_of_a_network_is_repeated_where_it_may_be_a_secret():
    wrong = samples.having(GKE, gke__network__subnetwork=NODES.replace("west3", "west4").replace("hub", "spoke"))
    found = settings.judge({"paasport:cluster": wrong}, echo=False).found
    assert [finding.what for finding in found] == [
        "`paasport:cluster.gke.network.subnetwork` is in another region than the cluster",
        "`paasport:cluster.gke.network.subnetwork` is in another project",
    ]
