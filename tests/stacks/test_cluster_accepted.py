"""What is right, though it is at the edge of what is wrong."""

import pytest

from . import samples

NET = (
    "/subscriptions/00000000-0000-4000-8000-0000000000d1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v"
)
VPC = {"vpc": "vpc-0123456789abcdef0", "privateSubnets": ["subnet-01234567", "subnet-01234568", "subnet-01234569"]}
PRIVATE = {"api": "private", "wayIn": "runner", "cidrs": samples.GONE}


def private(cluster):
    return samples.having(cluster, **{f"access__{key}": value for key, value in PRIVATE.items()})


@pytest.mark.parametrize(
    "cluster",
    [
        pytest.param(samples.having(samples.EKS, network__zones=1), id="one zone, with room for the control plane"),
        pytest.param(samples.having(samples.EKS, region="us-east-1", network__zones=3), id="a region of six zones"),
        pytest.param(samples.having(samples.AKS, region="westus", network__zones=1), id="a region without zones"),
        pytest.param(samples.having(samples.EKS, network=samples.GONE, eks__network=VPC), id="a VPC that exists"),
        pytest.param(
            samples.having(
                samples.EKS,
                network=samples.GONE,
                eks__network=VPC | {"controlPlaneSubnets": ["subnet-0123456a", "subnet-0123456b"]},
            ),
            id="a VPC with subnets for the control plane",
        ),
        pytest.param(
            samples.having(samples.GKE, network=samples.GONE, gke__network={"network": "n", "subnetwork": "s"}),
            id="a network of Google's that exists",
        ),
        pytest.param(
            private(
                samples.having(
                    samples.AKS,
                    network=samples.GONE,
                    aks__network={
                        "virtualNetwork": NET,
                        "nodeSubnet": f"{NET}/Subnets/nodes",
                        "apiSubnet": f"{NET}/subnets/api",
                    },
                )
            ),
            id="a virtual network that exists, and a private API",
        ),
        pytest.param(private(samples.GKE), id="a private API with a way in"),
        pytest.param(
            samples.having(samples.GKE, access={"api": "identity", "deployer": samples.GKE["access"]["deployer"]}),
            id="an endpoint that asks for an identity",
        ),
        pytest.param(
            samples.having(
                samples.EKS,
                access__admins=[
                    "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"
                ],
            ),
            id="a role with a path",
        ),
        pytest.param(
            samples.having(
                samples.GKE,
                access__deployer="principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/*",
            ),
            id="an identity of a CI system",
        ),
        pytest.param(samples.having(samples.AKS, access__cidrs=["8.0.0.0/8"]), id="a wide allowlist"),
        pytest.param(samples.having(samples.EKS, network__cidr="100.64.0.0/16"), id="addresses of RFC 6598"),
        pytest.param(
            samples.having(samples.GKE, network__pods="10.128.0.0/21", network__services="10.21.0.0/24"),
            id="ranges that just last",
        ),
        pytest.param(
            samples.pools(
                samples.EKS,
                spot={"instanceTypes": ["x1.large", "x2.large", "x3.large"], "min": 0, "max": 1, "spot": True},
            ),
            id="machines that are not known here",
        ),
        pytest.param(
            samples.pools(
                samples.AKS, odd=samples.GENERAL | {"labels": {"example.com/" + "a" * 63: ""}, "disk": "30Gi"}
            ),
            id="the longest label and the smallest disk",
        ),
        pytest.param(
            samples.having(samples.GKE, kubernetes__window={"days": ["monday", "friday", "sunday"], "hours": 4}),
            id="the shortest window of GKE",
        ),
        pytest.param(
            samples.having(
                samples.GKE, kubernetes__freezes=[{"name": "a", "start": "2026-10-14", "end": "2027-04-11"}]
            ),
            id="the longest freeze of GKE, until the last day of support",
        ),
        pytest.param(samples.having(samples.EKS, name="a" * 31), id="the longest name"),
        pytest.param(samples.having(samples.EKS, ingress={"scheme": "public"}), id="an entrance for everybody"),
        pytest.param(
            samples.having(samples.EKS, eks__addonVersions={"eks-node-monitoring-agent": "v1.4.0-eksbuild.2"}),
            id="the version of an add-on that every pool has",
        ),
        pytest.param(samples.having(samples.AKS, audit__retentionDays=730), id="the longest retention of Azure"),
        pytest.param(
            samples.having(
                samples.EKS,
                tier="prod",
                protection="guarded",
                access__wayIn="vpn",
                access__cidrs=samples.GONE,
            ),
            id="production that Pulumi alone protects",
        ),
    ],
)
def test_it_is_accepted(cluster):
    assert samples.told(cluster) == []
