"""docs/cluster-contract.md, executed: one function for each row, run for every vendor that the row is for."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys

import pulumi
import pytest
import yaml

from components import contracts
from local.simulated import schema
from local.simulated.controllers import snapshots
from stacks import errors

from . import conftest

ROOT = pathlib.Path(__file__).parents[3]
MANAGED = ("eks", "gke", "aks")
STACKS = {"eks": "eks-prod", "gke": "gke-prod", "aks": "aks-prod", "existing": "existing-dev", "local": "local-dev"}
PACKAGES = {"eks": "aws", "gke": "gcp", "aks": "azure-native"}
CLUSTERS = {
    "eks": "aws:eks/cluster:Cluster",
    "gke": "gcp:container/cluster:Cluster",
    "aks": "azure-native:containerservice:ManagedCluster",
}
POOLS = {
    "eks": ("aws:eks/nodeGroup:NodeGroup", "nodeGroupName"),
    "gke": ("gcp:container/nodePool:NodePool", "name"),
    "aks": ("azure-native:containerservice:AgentPool", "agentPoolName"),
}
AKS_ADDRESS = "azure-native:network:PublicIPAddress"
PROVIDER = "pulumi:providers:kubernetes"
ON_THE_CLUSTER = "kubernetes:"
CREDENTIALS = ("token", "tokenFile", "client-key-data", "client-key", "client-certificate-data", "password", "username")


class Case:
    """One vendor's stack, deployed."""

    def __init__(self, vendor, program):
        self.vendor, self.program, self.facts = vendor, program, program.facts
        self.registrations = program.registrations
        self.by_urn = {item.urn: item for item in self.registrations}
        self.own = [item for item in self.registrations if item.type.startswith(f"{PACKAGES.get(vendor, 'none')}:")]

    def vendors_own(self, token):
        """What the vendor has of this type when the stack is deployed."""
        return [item for item in self.program.account.resources() if item.token == token]

    def of_type(self, type_):
        return [item for item in self.registrations if item.type == type_]

    def one(self, type_):
        (found,) = self.of_type(type_)
        return found

    @property
    def provider(self):
        return self.one(PROVIDER)

    @property
    def guard(self):
        (found,) = [item for item in self.registrations if item.name.endswith("-drain")]
        return found

    def needs(self, registration):
        """The URNs that a registration waits for, through components too."""
        seen, pending = set(), [registration.urn]
        while pending:
            current = self.by_urn.get(pending.pop())
            if current is None:
                continue
            named = set(current.dependencies)
            named |= {item.urn for item in self.registrations if item.parent in named}
            pending += named - seen
            seen |= named
        return seen


def resolved(output):
    """The value of an Output that has one."""

    return conftest.awaited(output.future())


def is_secret(output):
    return conftest.awaited(output.is_secret())


@pytest.fixture
def case(deploy, request):
    vendor = request.param
    return Case(vendor, deploy(STACKS[vendor]))


def rule_facts(case):
    assert isinstance(case.facts, contracts.ClusterFacts)
    assert case.facts.vendor == case.vendor
    assert case.facts.name == STACKS[case.vendor]
    assert isinstance(case.facts.kubeconfig, pulumi.Output)
    assert isinstance(case.facts.load_balancer, contracts.LoadBalancerFacts)
    assert case.facts.kubectl
    assert case.facts.ready
    if case.vendor in MANAGED:
        assert case.facts.location
        assert case.facts.login
        assert resolved(case.facts.version).startswith("1.35")


def rule_outputs(case):
    assert case.program.result.keys() == {"cluster", "kubeconfig", "services"}
    cluster = case.program.result["cluster"]
    assert cluster.keys() == {"vendor", "name", "location", "version", "login", "endpoint", "issuer", "network"}
    assert cluster["network"].keys() == {"id", "privateSubnets", "publicSubnets", "egressAddresses"}


def rule_identifier(case):
    identifier = case.provider.inputs["clusterIdentifier"]
    assert identifier.startswith(f"{case.vendor}:")
    assert identifier.endswith(STACKS[case.vendor])
    assert "https://" not in identifier


def rule_replaced_together(case):
    assert case.provider.replaced_with == {case.one(CLUSTERS[case.vendor]).urn}


def rule_secretless(case):
    assert not is_secret(case.facts.kubeconfig)
    kubeconfig = json.loads(resolved(case.facts.kubeconfig))
    (user,) = [item["user"] for item in kubeconfig["users"]]
    assert user.keys() == {"exec"}
    assert user["exec"]["installHint"]
    assert not [word for word in CREDENTIALS if f'"{word}"' in json.dumps(kubeconfig)]


GRANTS = {
    "eks": "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "gke": "gcp:projects/iAMMember:IAMMember",
    "aks": "azure-native:authorization:RoleAssignment",
}


def rule_endpoint(case):
    endpoint = resolved(case.facts.endpoint)
    assert endpoint == server_of(case)
    assert case.program.result["cluster"]["endpoint"] == endpoint
    if case.vendor in MANAGED:
        assert endpoint.startswith("https://")


def server_of(case):
    """The API server in the kubeconfig that the layers above get."""
    kubeconfig = resolved(case.facts.kubeconfig)
    text = kubeconfig if kubeconfig.startswith("{") else pathlib.Path(kubeconfig).expanduser().read_text()
    (cluster,) = yaml.safe_load(text).get("clusters") or [{"cluster": {"server": None}}]
    return cluster["cluster"]["server"]


def rule_issuer(case):
    if case.vendor in MANAGED:
        assert resolved(case.facts.issuer).startswith("https://")
        assert case.program.result["cluster"]["issuer"] == resolved(case.facts.issuer)
    else:
        assert case.facts.issuer is None


NETWORKS = {
    "eks": ("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"),
    "gke": ("gcp:compute/network:Network", "gcp:compute/subnetwork:Subnetwork"),
    "aks": ("azure-native:network:VirtualNetwork", "azure-native:network:Subnet"),
}
ADDRESSES = {"eks": ("aws:ec2/natGateway:NatGateway", "publicIp"), "aks": (AKS_ADDRESS, "ipAddress")}


def rule_network(case):
    network = case.facts.network
    if case.vendor not in MANAGED:
        assert network == contracts.NetworkFacts()
        return
    vpc, subnet = ({item.id for item in case.vendors_own(token)} for token in NETWORKS[case.vendor])
    assert {resolved(network.id)} == vpc
    subnets = {resolved(one) for one in (*network.private_subnets, *network.public_subnets)}
    assert resolved(network.private_subnets[0]) in subnet
    assert subnets <= subnet
    token, output = ADDRESSES.get(case.vendor, ("", ""))
    seen = {item.value(output) for item in case.vendors_own(token)}
    assert {resolved(address) for address in network.egress_addresses} == seen


def rule_grant_first(case):
    deployer = case.program.config["paasport:cluster"]["access"]["deployer"]
    grants = [item for item in case.of_type(GRANTS[case.vendor]) if deployer in json.dumps(item.inputs)]
    assert grants
    assert {item.urn for item in grants} <= case.needs(case.provider)


def rule_guarded_exit(case):
    on_cluster = [item for item in case.registrations if item.type.startswith(ON_THE_CLUSTER)]
    assert on_cluster
    for item in on_cluster:
        assert case.guard.urn in case.needs(item), item.urn
    needed = case.needs(case.guard)
    assert {item.urn for item in case.of_type(POOLS[case.vendor][0])} <= needed
    assert case.provider.urn in needed
    assert case.one(CLUSTERS[case.vendor]).urn in needed


def rule_classes(case):
    found = {item["metadata"]["name"]: item for item in storage_classes(case)}
    assert found.keys() == {"paasport-ssd", "paasport-ssd-retain", "paasport-ssd-retain-xfs"}
    assert {item["volumeBindingMode"] for item in found.values()} == {"WaitForFirstConsumer"}
    assert {item["allowVolumeExpansion"] for item in found.values()} == {True}
    assert found["paasport-ssd"]["reclaimPolicy"] == "Delete"
    assert found["paasport-ssd-retain"]["reclaimPolicy"] == "Retain"
    assert case.facts.storage.default_class == "paasport-ssd"
    assert found["paasport-ssd-retain-xfs"]["reclaimPolicy"] == "Retain"
    file_systems = [item.get("parameters", {}).get("csi.storage.k8s.io/fstype") for item in found.values()]
    assert file_systems[0] == file_systems[1] != file_systems[2] == "xfs"
    assert case.facts.storage.retain_class == "paasport-ssd-retain"
    assert case.facts.storage.xfs_class == "paasport-ssd-retain-xfs"


def storage_classes(case):
    groups = [item for item in case.registrations if item.type == "kubernetes:yaml/v2:ConfigGroup"]
    return [obj for group in groups for obj in group.inputs["objs"] if obj["kind"] == "StorageClass"]


def rule_csi(case):
    assert {item["provisioner"] for item in storage_classes(case)} == {case.facts.storage.driver}
    assert not case.facts.storage.driver.startswith("kubernetes.io/")


SNAPSHOTS = "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass"


def rule_snapshots(case):
    if case.vendor not in MANAGED:
        assert case.facts.storage.snapshot_class is None
        assert case.of_type(SNAPSHOTS) == []
        return
    found = case.one(SNAPSHOTS)
    assert found.inputs["metadata"]["name"] == case.facts.storage.snapshot_class == "paasport-snapshot"
    assert found.inputs["driver"] == case.facts.storage.driver
    bringing = {(item.token, item.name) for item in case.program.account.resources() if snapshots.brings(item)}
    brought_by = {item.urn for item in case.own if (item.type, item.name) in bringing}
    assert brought_by
    assert brought_by <= case.needs(found)


def rule_load_balancer(case):
    internal = case.facts.load_balancer.service(contracts.Scheme.INTERNAL)
    public = case.facts.load_balancer.service(contracts.Scheme.PUBLIC)
    assert internal != public
    assert internal.annotations or internal.load_balancer_class


def rule_identity(case):
    if case.vendor in MANAGED:
        assert case.facts.identity.supported
        return
    assert not case.facts.identity.supported
    with pytest.raises(errors.PaasportError, match="service account data/writer"):
        case.facts.identity.bind("data", "writer", grants=[contracts.Grant(access="read", bucket="b")])


HASHED = re.compile(r"-?[0-9a-f]{4}$")


def rule_replaceable_pools(case):
    type_, name = POOLS[case.vendor]
    pools = case.of_type(type_)
    assert pools
    for pool in pools:
        given = pool.inputs.get(name)
        assert given is None or HASHED.search(given), given


def rule_ignored_paths(case):
    ignored = [(item, path) for item in case.own for path in item.ignored]
    assert ignored
    for item, path in ignored:
        assert "_" not in path, path
        assert re.match(r"[a-z][A-Za-z]*", path), path
        assert path.split(".")[0].split("[")[0] in schema.of(item.type).inputs, (item.type, path)


DATA = re.compile(
    r"cluster:Cluster$|ManagedCluster$|:Key$|cryptoKey:CryptoKey$|bucket:Bucket$|bucketV2|:StorageAccount$|:Vault$"
)


def rule_protection(case):
    # Flow logs are kept as long as the stack says and no longer: their store goes with the network.
    holding = [item for item in case.own if DATA.search(item.type) and not item.name.endswith("-flows")]
    assert len(holding) > 1
    assert [item.urn for item in holding if not item.protect] == []


def rule_tags(case):
    tag = case.program.config["paasport:cluster"]["tags"]["cost-center"]
    defaults = json.dumps([item.inputs for item in case.registrations if item.type.startswith("pulumi:providers:")])
    untagged = [
        item.urn
        for item in case.own
        if takes_tags(case, item) and f'"{tag}"' not in json.dumps(item.inputs) and tag not in defaults
    ]
    assert untagged == []


def takes_tags(case, item):
    properties = schema.of(item.type).inputs
    return any(name in properties for name in ("tags", "labels", "resourceLabels", "userLabels"))


def rule_typed(case):
    # The mocks' answers come from the simulated vendor, which refuses what its SDK's types do not allow.
    assert len(case.program.account.resources()) == len(case.own)


def rule_own_vendor(case):
    others = [package for vendor, package in PACKAGES.items() if vendor != case.vendor]
    for item in case.registrations:
        assert item.type.removeprefix("pulumi:providers:").partition(":")[0] not in others


def rule_no_shortcut(case):
    assert [item.urn for item in case.registrations if item.deleted_with] == []


RULES = {
    name.removeprefix("rule_").replace("_", "-"): rule for name, rule in list(globals().items()) if name[:5] == "rule_"
}
ROWS = re.findall(
    r"^\| ([a-z-]+) \|.*\| (all|managed) \|", (ROOT / "docs/cluster-contract.md").read_text(), re.MULTILINE
)
CASES = [(vendor, rule) for rule, whom in ROWS for vendor in (STACKS if whom == "all" else MANAGED)]


def test_every_row_of_the_document_is_a_test_and_every_test_a_row():
    assert [rule for rule, _ in ROWS] == list(RULES)


@pytest.mark.parametrize(("case", "rule"), CASES, ids=[f"{vendor}-{rule}" for vendor, rule in CASES], indirect=["case"])
def test_contract(case, rule):
    RULES[rule](case)


def test_without_protection_nothing_is_protected(deploy):
    for vendor in MANAGED:
        program = deploy(f"{vendor}-dev")
        assert [item.urn for item in program.registrations if item.protect] == []


def test_importing_the_components_loads_no_vendor_s_sdk():
    code = (
        "import sys, pkgutil, importlib, components\n"
        "for found in pkgutil.walk_packages(components.__path__, 'components.'): importlib.import_module(found.name)\n"
        "print([name for name in sys.modules if name in ('pulumi_aws', 'pulumi_gcp', 'pulumi_azure_native')])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
