import asyncio
import base64
import re

import pytest
from cryptography import x509

from local.simulated import schema
from tests.local.simulated import worlds


def test_aws_identifiers_have_their_shapes():
    vpc, subnets = worlds.aws_network(worlds.World())
    assert re.fullmatch(r"vpc-[0-9a-f]{17}", vpc.id)
    assert re.fullmatch(r"subnet-[0-9a-f]{17}", subnets[0].id)
    assert vpc.outputs["arn"] == f"arn:aws:ec2:eu-central-1:111122223333:vpc/{vpc.id}"
    assert vpc.outputs["cidrBlock"] == "10.0.0.0/16"


def test_eks_cluster_answers_as_eks_does():
    cluster = worlds.eks(worlds.World())
    answer = cluster.outputs
    assert cluster.id == "prod"
    assert re.fullmatch(r"https://[0-9A-F]{32}\.gr7\.eu-central-1\.eks\.amazonaws\.com", answer["endpoint"])
    issuer = answer["identities"][0]["oidcs"][0]["issuer"]
    assert re.fullmatch(r"https://oidc\.eks\.eu-central-1\.amazonaws\.com/id/[0-9A-F]{32}", issuer)
    assert re.fullmatch(r"sg-[0-9a-f]{17}", answer["vpcConfig"]["clusterSecurityGroupId"])
    assert answer["vpcConfig"]["vpcId"].startswith("vpc-")
    assert answer["status"] == "ACTIVE"
    assert re.fullmatch(r"eks\.\d+", answer["platformVersion"])


def test_gke_cluster_answers_as_gke_does():
    cluster = worlds.gke(worlds.World())
    answer = cluster.outputs
    assert cluster.id == "projects/acme-dev/locations/europe-west3/clusters/prod"
    assert answer["selfLink"].endswith(cluster.id)
    dns = answer["controlPlaneEndpointsConfig"]["dnsEndpointConfig"]["endpoint"]
    assert re.fullmatch(r"gke-[0-9a-f]{32}-\d{12}\.europe-west3\.gke\.goog", dns)
    assert re.fullmatch(r"1\.35\.\d+-gke\.\d{7}", answer["masterVersion"])


def test_aks_cluster_answers_as_aks_does():
    cluster = worlds.aks(worlds.World(), oidcIssuerProfile={"enabled": True})
    answer = cluster.outputs
    group = "/subscriptions/00000000-0000-4000-8000-0000000000d1/resourceGroups/rg"
    assert cluster.id == f"{group}/providers/Microsoft.ContainerService/managedClusters/prod"
    assert (answer["name"], answer["type"]) == ("prod", "Microsoft.ContainerService/managedClusters")
    assert re.fullmatch(r"prod-[0-9a-f]{8}\.hcp\.germanywestcentral\.azmk8s\.io", answer["fqdn"])
    assert answer["oidcIssuerProfile"]["issuerURL"].startswith("https://germanywestcentral.oic.prod-aks.azure.com/")
    assert re.fullmatch(r"1\.35\.\d+", answer["currentKubernetesVersion"])
    assert answer["nodeResourceGroup"] == "MC_rg_prod_germanywestcentral"
    assert "privateFQDN" not in answer


def test_private_aks_cluster_has_a_private_name():
    cluster = worlds.aks(worlds.World(), apiServerAccessProfile={"enablePrivateCluster": True})
    assert re.fullmatch(
        r"prod-[0-9a-f]{8}\.[0-9a-f]{8}\.privatelink\.germanywestcentral\.azmk8s\.io", cluster.outputs["privateFQDN"]
    )


@pytest.mark.parametrize(
    ("build", "path"),
    [(worlds.eks, ("certificateAuthority", "data")), (worlds.gke, ("masterAuth", "clusterCaCertificate"))],
)
def test_certificate_of_a_cluster_is_one(build, path):
    answer = build(worlds.World()).outputs
    text = base64.b64decode(answer[path[0]][path[1]])
    certificate = x509.load_pem_x509_certificate(text)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_stack_gets_the_same_answers_each_time_and_another_stack_others():
    first, again, other = (worlds.eks(worlds.World(stack=name)).outputs for name in ("a", "a", "b"))
    assert first == again
    assert first["endpoint"] != other["endpoint"]


def test_a_successor_gets_another_identifier():
    world = worlds.World()
    first = world.make("aws:ec2/vpc:Vpc", "net", cidrBlock="10.0.0.0/16")
    second = world.make("aws:ec2/vpc:Vpc", "net", cidrBlock="10.1.0.0/16")
    assert first.id != second.id


def test_tags_of_the_provider_are_on_everything():
    world = worlds.World()
    provider = {**worlds.AWS, "defaultTags": '{"tags": {"owner": "platform"}}'}
    made = asyncio.run(
        world.account.create(
            "aws:ec2/vpc:Vpc", "net", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "b"}}, provider=provider
        )
    )
    assert made.outputs["tagsAll"] == {"a": "b", "owner": "platform"}


def test_each_change_makes_a_version_of_a_launch_template():
    world = worlds.World()
    template = world.make("aws:ec2/launchTemplate:LaunchTemplate", "nodes", updateDefaultVersion=True)
    changed = world.change(template, description="other")
    same = world.change(changed, description="other")
    assert [one.outputs["latestVersion"] for one in (template, changed, same)] == [1, 2, 2]
    assert changed.outputs["defaultVersion"] == 2


def test_identity_of_google_and_azure():
    world = worlds.World()
    account = world.make("gcp:serviceaccount/account:Account", "nodes", accountId="gke-nodes")
    assert account.outputs["email"] == "gke-nodes@acme-dev.iam.gserviceaccount.com"
    assert account.outputs["member"] == "serviceAccount:gke-nodes@acme-dev.iam.gserviceaccount.com"
    worlds.azure_network(world)
    identity = world.make("azure-native:managedidentity:UserAssignedIdentity", "plane", resourceGroupName="rg")
    guid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(guid, identity.outputs["principalId"])
    assert identity.outputs["principalId"] != identity.outputs["clientId"]
    assert identity.outputs["location"] == "germanywestcentral"


@pytest.mark.parametrize(
    ("token", "inputs", "shape"),
    [
        ("aws:sns/topic:Topic", {}, r"topic-[0-9a-f]{7}"),
        ("gcp:pubsub/topic:Topic", {}, r"projects/acme-dev/global/topics/topic-[0-9a-f]{7}"),
        (
            "azure-native:servicebus:Namespace",
            {"resourceGroupName": "rg"},
            r"/subscriptions/[^/]+/resourceGroups/rg/providers/Microsoft.Servicebus/namespaces/topic[0-9a-f]{8}",
        ),
    ],
)
def test_types_that_no_data_file_has_are_answered_for_too(token, inputs, shape):
    made = worlds.World().make(token, "topic", **inputs)
    assert re.fullmatch(shape, made.id)
    assert set(made.inputs) <= set(made.outputs) | {"namespaceName", "resourceGroupName"}


@pytest.mark.parametrize("build", [worlds.eks, worlds.gke, worlds.aks])
def test_outputs_are_those_that_the_sdk_declares(build):
    made = build(worlds.World())
    known = schema.of(made.token)
    assert set(made.outputs) <= {*known.outputs, *known.inputs}
