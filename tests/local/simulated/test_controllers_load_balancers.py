import copy

import pytest

from local.simulated.controllers import load_balancers as balancers
from tests.local.simulated import handed_out as made

SUBNETS = [
    made.subnet("subnet-a", zone="eu-central-1a"),
    made.subnet("subnet-p", zone="eu-central-1a", public=True),
]
EKS = [made.eks(), *SUBNETS]


def service(*, kind="LoadBalancer", annotations=None, **changes):
    metadata = {"name": "web", "namespace": "shop", "uid": "u1", "annotations": annotations or {}}
    return {"metadata": metadata, "spec": {"type": kind, **changes}, "status": {}}


def deleted(item):
    item = copy.deepcopy(item)
    item["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": [balancers.FINALIZER]}
    return item


def planned(services, resources):
    return balancers.plan(services, made.only(*resources), resources)


def test_a_service_gets_a_load_balancer_in_the_clusters_network():
    (resource,) = planned([service()], EKS).adopted
    assert resource.token == "aws:lb/loadBalancer:LoadBalancer"
    assert resource.outputs["vpcId"] == "vpc-1"
    assert resource.id.startswith("arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/net/k8s-")


AUTO = [made.eks(computeConfig={"enabled": True}), *SUBNETS]
PREFIX = "service.beta.kubernetes.io/aws-load-balancer"


@pytest.mark.parametrize(
    ("account", "annotations", "subnets", "internal"),
    [
        (EKS, {}, ["subnet-p"], False),
        (EKS, {f"{PREFIX}-internal": "true"}, ["subnet-a"], True),
        (AUTO, {}, ["subnet-a"], True),
        (AUTO, {f"{PREFIX}-scheme": "internet-facing"}, ["subnet-p"], False),
    ],
    ids=["public by default", "internal", "auto: internal by default", "auto: public"],
)
def test_its_subnets_are_those_of_its_scheme(account, annotations, subnets, internal):
    (resource,) = planned([service(annotations=annotations)], account).adopted
    assert (resource.inputs["subnets"], resource.inputs["internal"]) == (subnets, internal)


def test_the_class_of_auto_mode_is_served_where_it_is_on():
    wanted = service(loadBalancerClass="eks.amazonaws.com/nlb")
    assert len(planned([wanted], AUTO).adopted) == 1
    assert planned([wanted], EKS) == balancers.Plan()


def test_at_aws_the_address_is_a_host_name():
    applied = planned([service()], EKS).actions[-1]
    (ingress,) = applied.manifest["status"]["loadBalancer"]["ingress"]
    assert ingress["hostname"].endswith(".elb.eu-central-1.amazonaws.com")


@pytest.mark.parametrize("cluster", [made.gke(), made.aks()], ids=["gke", "aks"])
def test_elsewhere_it_is_an_address_that_nobody_routes(cluster):
    applied = planned([service()], [cluster]).actions[-1]
    (ingress,) = applied.manifest["status"]["loadBalancer"]["ingress"]
    assert ingress["ip"].startswith("198.1")


def test_at_google_a_firewall_rule_comes_with_it_and_holds_the_network():
    rule, firewall = planned([service()], [made.gke()]).adopted
    assert rule.token == "gcp:compute/forwardingRule:ForwardingRule"
    assert firewall.inputs["network"] == "projects/acme/global/networks/shop"


@pytest.mark.parametrize(
    ("annotations", "frontend"),
    [
        ({}, []),
        (
            {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
            ["/subscriptions/s1/resourceGroups/shop/subnets/nodes"],
        ),
    ],
)
def test_at_azure_only_an_internal_one_is_in_the_subnet(annotations, frontend):
    (resource,) = planned([service(annotations=annotations)], [made.aks()]).adopted
    assert resource.inputs["resourceGroupName"] == "shop-nodes"
    subnets = [entry["subnet"]["id"] for entry in resource.inputs["frontendIPConfigurations"] if "subnet" in entry]
    assert subnets == frontend


def test_a_finalizer_keeps_the_service_until_its_load_balancer_is_gone():
    held = planned([service()], EKS).actions[0]
    assert held.manifest["metadata"]["finalizers"] == [balancers.FINALIZER]


@pytest.mark.parametrize(
    "unserved",
    [
        service(kind="ClusterIP"),
        service(loadBalancerClass="io.cilium/bgp-control-plane"),
        service(loadBalancerClass="service.k8s.aws/nlb"),
    ],
    ids=["no load balancer", "somebody else's class", "a controller that is not installed"],
)
def test_other_services_get_nothing(unserved):
    assert planned([unserved], EKS) == balancers.Plan()


def test_nothing_is_done_twice():
    first = planned([service()], EKS)
    settled = service()
    settled["metadata"]["finalizers"] = [balancers.FINALIZER]
    settled["status"] = first.actions[-1].manifest["status"]
    assert planned([settled], [*EKS, *first.adopted]) == balancers.Plan()


def test_a_deleted_service_lets_go_of_its_load_balancer_and_then_of_itself():
    (resource,) = planned([service()], EKS).adopted
    plan = planned([deleted(service())], [*EKS, resource])
    assert plan.released == (resource.id,)
    (let_go,) = plan.actions
    assert let_go.manifest["metadata"] == {"name": "web", "namespace": "shop", "uid": "u1"}


def test_what_nobody_asks_for_any_more_is_released_whole():
    gone = planned([service()], [made.gke()]).adopted
    assert planned([], [made.gke(), *gone]).released == tuple(resource.id for resource in gone)
