"""AKS clusters under Pulumi's mocks: settings made in a line, a deployment of them, and what Azure would answer.

Every input is checked against the types of azure-native's SDK; a program with one that does not fit fails.
"""

from __future__ import annotations

import base64
import datetime as dt
import threading
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks
from pulumi.runtime import settings as pulumi_settings

from components import contracts
from components.clusters.aks import cluster
from local.simulated import checking
from stacks import managed, resolution
from tests.components import conftest as programs

from . import resolved

ZONES = ("1", "2")
SUBSCRIPTION = "00000000-0000-4000-8000-0000000000d3"
TENANT = "00000000-0000-4000-8000-0000000000ff"
DEPLOYER = "00000000-0000-4000-8000-000000000001"
ADMIN = "00000000-0000-4000-8000-000000000002"
VIEWER = "00000000-0000-4000-8000-0000000000a1"
GROUP = "00000000-0000-4000-8000-0000000000a0"
SERVER = "https://aks-test-0f1e2d3c.hcp.westeurope.azmk8s.io:443"
AUTHORITY = base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode()
KEPT = "test-kept0a1b2c3d"
VOLUMES = "test-volumes0a1b2c3d"
"""What Pulumi names the resource groups that outlive the cluster: with eight digits of its own."""
ISSUER = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/"

AKS = "azure-native:containerservice"
MANAGED_CLUSTER = f"{AKS}:ManagedCluster"
AGENT_POOL = f"{AKS}:AgentPool"
MAINTENANCE = f"{AKS}:MaintenanceConfiguration"
DEPLOYMENT = "azure-native:resources:Deployment"
RESOURCE_GROUP = "azure-native:resources:ResourceGroup"
NETWORK = "azure-native:network:VirtualNetwork"
SUBNET = "azure-native:network:Subnet"
NAT_GATEWAY = "azure-native:network:NatGateway"
PUBLIC_ADDRESS = "azure-native:network:PublicIPAddress"
FLOW_LOG = "azure-native:network:FlowLog"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
TRUST = "azure-native:managedidentity:FederatedIdentityCredential"
ASSIGNMENT = "azure-native:authorization:RoleAssignment"
LOCK = "azure-native:authorization:ManagementLockByScope"
WORKSPACE = "azure-native:operationalinsights:Workspace"
TABLE = "azure-native:operationalinsights:Table"
DIAGNOSTICS = "azure-native:monitor:DiagnosticSetting"
VAULT = "azure-native:keyvault:Vault"
KEY = "azure-native:keyvault:Key"
DISK_ENCRYPTION = "azure-native:compute:DiskEncryptionSet"
ACCOUNT = "azure-native:storage:StorageAccount"
CONTAINER = "azure-native:storage:BlobContainer"
LIFECYCLE = "azure-native:storage:ManagementPolicy"
KUBERNETES = "pulumi:providers:kubernetes"

SECRET_OF_A_KUBECONFIG = "hunter2"


def pool(name: str, **given: Any) -> resolution.Pool:
    """A pool of one machine type, in two zones."""
    return resolved.pool(name, **{"instance_types": ("Standard_D4ds_v5",), "zones": ZONES, **given})


SYSTEM = resolved.system_pool(instance_types=("Standard_D2ds_v5",), zones=ZONES)


def options(**given: Any) -> managed.AksOptions:
    """What only AKS knows."""
    wanted = {"subscription": SUBSCRIPTION, "tenant": TENANT, "sku": "standard", "defender": False}
    return managed.AksOptions(**{**wanted, **given})


def settings(**given: Any) -> resolution.Managed[managed.AksOptions]:
    """A plain cluster: an allowlist, Azure's keys, nothing protected. What is given replaces parts of it."""
    own = {
        "vendor": "aks",
        "region": "westeurope",
        "network": resolved.network("10.30.0.0/20", zones=ZONES),
        "access": resolution.Access(
            api="allowlist", cidrs=("203.0.113.0/24",), deployer=DEPLOYER, admins=(), viewers=()
        ),
        "pools": (SYSTEM, pool("general")),
        "options": options(),
    }
    return resolved.settings(own, given)


SAFE: dict[str, Any] = {
    "tier": "prod",
    "network": {"zones": ("1", "2", "3"), "egress": "per-zone", "flow_logs": True},
    "access": {"api": "private", "cidrs": (), "viewers": (VIEWER,)},
    "freezes": (managed.Freeze(name="year-end", start=dt.date(2026, 12, 18), end=dt.date(2027, 1, 6)),),
    "encryption": "customer-key",
    "audit": {"retention_days": 365, "categories": "full"},
    "zone_redundant_storage": True,
    "backups": managed.Backups(retention_days=35),
    "drain": {"volumes": False},
    "protection": "locked",
    "options": options(defender=True, admin_groups=(GROUP,)),
}
"""What a prod stack comes to."""


PARSING = threading.Lock()
"""Python 3.11 can't parse in two threads at once (SystemError: AST constructor recursion depth mismatch)."""


class Azure(mocks.Mocks):
    """Azure's answers: ids and outputs in its own shapes."""

    def new_resource(self, args):
        if not args.typ.startswith("azure-native:"):
            return f"{args.name}-id", args.inputs
        with PARSING:
            found = checking.findings(args.typ, args.inputs)
        assert not found, (args.typ, args.name, found)
        kind, name = args.typ.split(":")[-1], args.name
        more = {
            IDENTITY: {"principalId": f"principal of {name}", "clientId": f"client of {name}"},
            PUBLIC_ADDRESS: {"ipAddress": f"address of {name}"},
            KEY: {"keyUriWithVersion": f"https://{args.inputs.get('vaultName')}.vault.azure.net/keys/cluster/1"},
            MANAGED_CLUSTER: {
                "currentKubernetesVersion": "1.35.2",
                "oidcIssuerProfile": {"enabled": True, "issuerURL": ISSUER},
            },
        }.get(args.typ, {})
        made_up = f"{name}0a1b2c3d" if args.typ == RESOURCE_GROUP else name
        named = args.inputs.get(NAMED_BY.get(args.typ, ""), made_up)
        return f"/{kind}/{named}", {**args.inputs, "name": named, **more}

    def call(self, args):
        assert args.token == f"{AKS}:listManagedClusterUserCredentials", args.token
        assert args.args["resourceGroupName"] == args.args["resourceName"]
        assert args.args["format"] == "exec"
        return answer()


NAMED_BY = {
    RESOURCE_GROUP: "resourceGroupName",
    NETWORK: "virtualNetworkName",
    SUBNET: "subnetName",
    IDENTITY: "resourceName",
    MANAGED_CLUSTER: "resourceName",
    WORKSPACE: "workspaceName",
    VAULT: "vaultName",
    KEY: "keyName",
    ACCOUNT: "accountName",
    CONTAINER: "containerName",
}
"""Which input is the name at Azure; of the others Pulumi's name will do."""


def templates(deployed: resolved.Deployed) -> dict[str, list[dict[str, Any]]]:
    """The resources in Azure's own templates, by the names of the deployments that write them."""
    return {
        item.name.removeprefix("test-"): item.inputs["properties"]["template"]["resources"]
        for item in deployed.of(DEPLOYMENT)
    }


def answer() -> dict[str, Any]:
    """What Azure answers when asked for a kubeconfig, here with a credential in it, as with local accounts."""
    content = {
        "clusters": [{"name": "test", "cluster": {"server": SERVER, "certificate-authority-data": AUTHORITY}}],
        "users": [{"name": "clusterUser_test_test", "user": {"token": SECRET_OF_A_KUBECONFIG}}],
    }
    text = base64.b64encode(yaml.safe_dump(content).encode()).decode()
    return {"kubeconfigs": [{"name": "clusterUser", "value": text}]}


def deploy(use=None, /, **given: Any) -> resolved.Deployed:
    """Deploy a cluster with these settings. `use` gets its facts, as a service would."""
    return deploy_settings(settings(**given), use)


def deploy_settings(wanted: resolution.Managed[managed.AksOptions], use=None) -> resolved.Deployed:
    """Deploy a cluster whose settings are complete."""
    monitor, result = programs.Monitor(Azure()), []

    @mocks.test
    def program():
        args = contracts.ClusterArgs(name=wanted.name, options=wanted)
        facts = cluster.Cluster(wanted.name, args).facts
        used = use(facts) if use else None
        values = {"kubeconfig": facts.kubeconfig, "version": facts.version, "used": used}
        return pulumi.Output.from_input(values).apply(lambda known: result.append((facts, known)))

    with programs.event_loop():
        mocks.set_mocks(monitor.mocks, project="paasport", stack="test", monitor=monitor)
        try:
            program()
        finally:
            pulumi_settings.reset_options()
    (facts, known), *_ = result
    deployed = resolved.Deployed(monitor.registrations, known["used"])
    deployed.facts, deployed.kubeconfig, deployed.version = facts, known["kubeconfig"], known["version"]
    return deployed
