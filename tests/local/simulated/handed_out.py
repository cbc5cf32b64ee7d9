"""Accounts written down by hand, as small as a test of what is made of their clusters needs."""

from __future__ import annotations

import base64
import json
from typing import Any

from local.simulated import clusters, values

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
AUTHORITY = base64.b64encode(PEM.encode()).decode()
EKS_SERVER = "https://ABC.gr7.eu-central-1.eks.amazonaws.com"
GKE_DNS = "gke-1a2b.europe-west3.gke.goog"
GKE_IP = "34.1.2.3"
AKS_HOST = "shop-1a2b.hcp.germanywestcentral.azmk8s.io"
AKS_ID = "/subscriptions/s1/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/shop"


def resource(
    token: str, name: str, identifier: str, inputs: dict[str, Any], outputs: dict[str, Any] | None = None
) -> values.Resource:
    return values.Resource(token=token, name=name, id=identifier, inputs=inputs, outputs={**inputs, **(outputs or {})})


def eks(**changes: Any) -> values.Resource:
    inputs = {"name": "shop", "version": "1.35", "region": "eu-central-1", "vpcConfig": {"subnetIds": ["subnet-a"]}}
    outputs = {
        "endpoint": EKS_SERVER,
        "certificateAuthority": {"data": AUTHORITY},
        "arn": "arn:aws:eks:eu-central-1:111122223333:cluster/shop",
    }
    return resource("aws:eks/cluster:Cluster", "shop", "shop", {**inputs, **changes}, outputs)


def subnet(name: str, *, zone: str, public: bool = False) -> values.Resource:
    tag = "kubernetes.io/role/elb" if public else "kubernetes.io/role/internal-elb"
    inputs = {"vpcId": "vpc-1", "availabilityZone": zone, "tags": {tag: "1"}}
    return resource("aws:ec2/subnet:Subnet", name, name, inputs)


def node_group(**changes: Any) -> values.Resource:
    inputs = {
        "clusterName": "shop",
        "version": "1.35",
        "subnetIds": ["subnet-a", "subnet-b"],
        "instanceTypes": ["m7i.large"],
        "amiType": "AL2023_x86_64_STANDARD",
        "capacityType": "ON_DEMAND",
        "scalingConfig": {"minSize": 3, "maxSize": 6, "desiredSize": 3},
        "labels": {"paasport.dev/pool": "system"},
        "taints": [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}],
        "nodeGroupName": "system-1a2b",
    }
    return resource("aws:eks/nodeGroup:NodeGroup", "shop-pool-system", "shop:system-1a2b", {**inputs, **changes})


def entry(principal: str) -> values.Resource:
    inputs = {"clusterName": "shop", "principalArn": principal}
    return resource("aws:eks/accessEntry:AccessEntry", "deployer", f"shop:{principal}", inputs)


def policy(principal: str, name: str = "AmazonEKSClusterAdminPolicy") -> values.Resource:
    inputs = {
        "clusterName": "shop",
        "principalArn": principal,
        "policyArn": f"arn:aws:eks::aws:cluster-access-policy/{name}",
    }
    token = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    return resource(token, "deployer", f"shop#{principal}", inputs)


def gke(**changes: Any) -> values.Resource:
    inputs = {
        "name": "shop",
        "location": "europe-west3",
        "project": "acme",
        "network": "projects/acme/global/networks/shop",
        "subnetwork": "projects/acme/regions/europe-west3/subnetworks/nodes",
        "nodeLocations": ["europe-west3-a", "europe-west3-b", "europe-west3-c"],
    }
    outputs = {
        "endpoint": GKE_IP,
        "masterAuth": {"clusterCaCertificate": AUTHORITY},
        "masterVersion": "1.35.3-gke.1000000",
        "controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"endpoint": GKE_DNS}},
    }
    made = "projects/acme/locations/europe-west3/clusters/shop"
    return resource("gcp:container/cluster:Cluster", "shop", made, {**inputs, **changes}, outputs)


def gke_pool(**changes: Any) -> values.Resource:
    inputs = {
        "name": "general-1a2b",
        "cluster": "projects/acme/locations/europe-west3/clusters/shop",
        "autoscaling": {"totalMinNodeCount": 2, "totalMaxNodeCount": 4},
        "nodeConfig": {"machineType": "n4-standard-4", "labels": {"paasport.dev/pool": "general"}},
    }
    made = f"{inputs['cluster']}/nodePools/general-1a2b"
    return resource("gcp:container/nodePool:NodePool", "shop-general", made, {**inputs, **changes})


def member(principal: str, role: str = "roles/container.admin") -> values.Resource:
    inputs = {"project": "acme", "member": principal, "role": role}
    return resource("gcp:projects/iAMMember:IAMMember", "deployer", f"acme/{role}/{principal}", inputs)


def aks(**changes: Any) -> values.Resource:
    inputs = {
        "resourceName": "shop",
        "resourceGroupName": "shop",
        "location": "germanywestcentral",
        "kubernetesVersion": "1.35",
        "nodeResourceGroup": "shop-nodes",
        "agentPoolProfiles": [
            {
                "name": "system",
                "mode": "System",
                "vmSize": "Standard_D2ds_v5",
                "count": 2,
                "availabilityZones": ["1", "2"],
                "vnetSubnetID": "/subscriptions/s1/resourceGroups/shop/subnets/nodes",
                "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
            }
        ],
    }
    outputs = {"fqdn": AKS_HOST, "currentKubernetesVersion": "1.35.7"}
    return resource("azure-native:containerservice:ManagedCluster", "shop", AKS_ID, {**inputs, **changes}, outputs)


def assignment(principal: str, *, scope: str = AKS_ID) -> values.Resource:
    role = "/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions/b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
    inputs = {"principalId": principal, "roleDefinitionId": role, "scope": scope}
    return resource("azure-native:authorization:RoleAssignment", "deployer", f"{scope}/{principal}", inputs)


def only(*resources: values.Resource) -> clusters.Cluster:
    (cluster,) = clusters.found(resources)
    return cluster


def kubeconfig(server: str, *, authority: str | None = AUTHORITY, plugin: dict[str, Any] | None) -> str:
    cluster = {"server": server, **({"certificate-authority-data": authority} if authority else {})}
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", **plugin}} if plugin else {"token": "t"}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "shop", "cluster": cluster}],
            "users": [{"name": "shop", "user": user}],
            "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "shop"}}],
            "current-context": "shop",
        }
    )
