import pytest

from . import samples

VPC = {"vpc": "vpc-0123456789abcdef0", "privateSubnets": ["subnet-01234567", "subnet-01234568", "subnet-01234569"]}
OWN = ["subnet-0123456a", "subnet-0123456b"]


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            samples.having(samples.EKS, region="eu-centrl-1"),
            "`paasport:cluster.region` (`eu-centrl-1`) is no region of eks\n"
            "  the cluster and all that belongs to it would be made there\n"
            "  next: write `eu-central-1`",
            id="misspelled region",
        ),
        pytest.param(
            samples.having(samples.AKS, region="mars"),
            "`paasport:cluster.region` (`mars`) is no region of aks\n"
            "  the cluster and all that belongs to it would be made there\n"
            "  next: write one of its regions, for example `germanywestcentral`",
            id="region far from all",
        ),
        pytest.param(
            samples.having(samples.EKS, region="europe-west3"),
            "`paasport:cluster.region` (`europe-west3`) is a region of gke, and not of eks\n"
            "  the cluster and all that belongs to it would be made there\n"
            "  next: write one of its regions, for example `eu-central-1`",
            id="region of another vendor",
        ),
        pytest.param(
            samples.having(samples.AKS, region="us-gov-west-1"),
            "`paasport:cluster.region` (`us-gov-west-1`) is a region of eks, and not of aks\n"
            "  the cluster and all that belongs to it would be made there\n"
            "  next: write one of its regions, for example `germanywestcentral`",
            id="region of another vendor, far from all",
        ),
        pytest.param(
            samples.having(
                samples.EKS, region="cn-northwest-1", access__deployer="arn:aws:iam::111122223333:role/deployer"
            ),
            "`paasport:cluster.eks.partition` is `aws`, and the region is in `aws-cn`\n"
            "  every ARN names the partition\n"
            "  next: write `partition: aws-cn`",
            id="region of another partition",
        ),
        pytest.param(
            samples.having(samples.EKS, region="us-west-1", network__zones=3),
            "`paasport:cluster.network.zones` is 3, and the region has 2 zones\n"
            "  nodes can only be where there is a zone\n"
            "  next: write `zones: 2` at most, or choose another region",
            id="more zones than there are",
        ),
        pytest.param(
            samples.having(samples.EKS, region="us-west-1"),
            "`paasport:cluster.network.zones` is 3 by the tier `staging`, and the region has 2 zones\n"
            "  nodes can only be where there is a zone\n"
            "  next: write `zones: 2` at most, or choose another region",
            id="more zones than there are, by the tier",
        ),
        pytest.param(
            samples.having(samples.AKS, region="westus"),
            "`paasport:cluster.network.zones` is 3 by the tier `staging`, and the region has no zones\n"
            "  nodes can only be where there is a zone\n"
            "  next: write `zones: 1` at most, or choose another region",
            id="a region without zones",
        ),
        pytest.param(
            samples.having(samples.EKS, network__zones=1, compute="auto"),
            "`paasport:cluster.network.zones` is 1, and EKS needs 2 here\n"
            "  the control plane is in two zones, and here it has no other subnets than the nodes have\n"
            "  next: write `zones: 2`; a pool's own `zones` may name one of them",
            id="one zone where EKS needs two",
        ),
        pytest.param(
            samples.pools(samples.having(samples.EKS, network__zones=2), general=samples.GENERAL | {"zones": [1, 3]}),
            "`paasport:cluster.pools.general.zones[1]` is 3, and the cluster has 2 zones\n"
            "  the pool would have no node there\n"
            "  next: leave `zones` out for all, or name those that there are",
            id="a zone of a pool that the cluster has not",
        ),
        pytest.param(
            samples.pools(samples.GKE, general=samples.GENERAL | {"zones": [2, 2]}),
            "`paasport:cluster.pools.general.zones[1]` names the zone 2 a second time\n"
            "  a pool has its nodes in a zone or not\n"
            "  next: name each zone once",
            id="a zone named twice",
        ),
        pytest.param(
            samples.having(
                samples.EKS,
                network=samples.GONE,
                eks__network={"vpc": "vpc-0123456789abcdef0", "privateSubnets": ["subnet-01234567", "subnet-01234568"]},
            ),
            "`paasport:cluster.eks.network.privateSubnets` names 2 subnets, and the cluster has 3 zones\n"
            "  each zone's nodes are in its one subnet\n"
            "  next: name one for each zone, or write `network: {zones: 2}`",
            id="a subnet too few",
        ),
        pytest.param(
            samples.having(samples.EKS, network=samples.GONE, eks__network=VPC | {"controlPlaneSubnets": OWN[:1]}),
            "`paasport:cluster.eks.network.controlPlaneSubnets` names 1 subnet, and EKS needs 2\n"
            "  the control plane is in two zones\n"
            "  next: name one more, in another zone",
            id="a control plane in one zone",
        ),
        pytest.param(
            samples.having(
                samples.EKS, compute="auto", network=samples.GONE, eks__network=VPC | {"controlPlaneSubnets": OWN}
            ),
            "`paasport:cluster.eks.network.controlPlaneSubnets` can't be had with `compute: auto`\n"
            "  Auto Mode starts its nodes in the subnets that the control plane has\n"
            "  next: remove it, or write `compute: pools`",
            id="subnets of the control plane's own in Auto Mode",
        ),
    ],
)
def test_a_wrong_region_or_zone_is_explained(cluster, message):
    assert samples.told(cluster) == [message]
