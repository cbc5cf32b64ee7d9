"""What has gone wrong for others on AKS, each with the thread in which they tell of it; more are beside what they are
about (test_aks_cluster.py, test_aks_data.py, test_aks_roles.py, test_aks_identity.py).

`pulumi_azure_native` is pulumi/pulumi-azure-native, `azure_nextgen` pulumi/pulumi-azure-nextgen, `avm`
Azure/terraform-azurerm-avm-res-containerservice-managedcluster, `ptd` posit-dev/ptd.
"""

from __future__ import annotations

import dataclasses
import pathlib
import re

import pulumi_azure_native
import pytest

from components import contracts
from components.clusters.aks import immutability, pools
from local.simulated import checking
from stacks import managed
from tests.components.clusters import aks_program as azure
from tests.components.clusters import zone_changes

SDK = pathlib.Path(pulumi_azure_native.__file__).parent


@pytest.fixture(scope="module")
def plain():
    return azure.deploy()


@pytest.fixture(scope="module")
def safe():
    return azure.deploy(**azure.SAFE)


def changed(system=None, user=None):
    """What a change of the system pool's or of the user pool's settings comes to."""
    before = (azure.SYSTEM, azure.pool("general"))
    after = (dataclasses.replace(before[0], **(system or {})), dataclasses.replace(before[1], **(user or {})))
    return zone_changes.between(azure.deploy(pools=before), azure.deploy(pools=after))


CHANGES = {
    "labels": {"a": "b"},
    "taints": (managed.Taint(key="a"),),
    "max": 9,
    "min": 3,
    "disk": 200,
    "instance_types": ("Standard_D8ds_v5",),
}


@pytest.mark.parametrize("field", CHANGES)
@pytest.mark.parametrize("pool", ["system", "user"])
def test_pulumi_azure_native_1504_1532_2744_1298_2774_no_change_of_a_pool_touches_the_cluster(pool, field):
    change = changed(**{pool: {field: CHANGES[field]}})
    assert "cluster" not in change.updated | change.replaced.keys()
    assert change.updated | change.replaced.keys() == {"system" if pool == "system" else "general"}
    assert change.untold == set()


def test_pulumi_azure_native_2719_azure_nextgen_168_a_pool_that_comes_or_goes_is_no_change_of_the_cluster(plain):
    more = azure.deploy(pools=(azure.SYSTEM, azure.pool("general"), azure.pool("more")))
    fewer = azure.deploy(pools=(azure.SYSTEM,))
    assert zone_changes.between(plain, more) == zone_changes.Change({"more"}, set(), set(), {}, set())
    assert zone_changes.between(plain, fewer) == zone_changes.Change(set(), {"general"}, set(), {}, set())


@pytest.mark.parametrize("field", ["instance_types", "disk"])
def test_avm_177_187_another_machine_for_the_first_pool_is_told_before_azure_would_refuse_it(field):
    change = changed(system={field: CHANGES[field]})
    assert change.replaced == {"system": ("deploymentName",)}
    assert change.untold == set()


@pytest.mark.parametrize("field", ["labels", "taints", "max", "min"])
def test_what_azure_can_change_on_the_first_pool_is_an_update_of_its_step(field):
    change = changed(system={field: CHANGES[field]})
    assert (change.updated, change.replaced) == ({"system"}, {})


def test_pulumi_azure_native_3655_959_another_machine_makes_another_pool_which_is_told(plain):
    change = changed(user={"instance_types": ("Standard_D8ds_v5",)})
    assert set(change.replaced["general"]) >= {"agentPoolName", "vmSize"}
    assert change.untold == set()


def test_avm_266_one_setting_is_the_version_of_control_plane_and_pools():
    after = azure.deploy(minor="1.36")
    (system,) = azure.templates(after)["system"]
    assert {
        after.only(azure.MANAGED_CLUSTER).inputs["kubernetesVersion"],
        after.only(azure.AGENT_POOL).inputs["orchestratorVersion"],
        system["properties"]["orchestratorVersion"],
    } == {"1.36"}


def test_ptd_9bd4e0e_nothing_depends_on_the_time_of_the_run(plain):
    now, later = ({item.urn: item.raw for item in run.registrations} for run in (plain, azure.deploy()))
    assert now == later
    assert plain.only(azure.MANAGED_CLUSTER).inputs["upgradeSettings"] == {"overrideSettings": {"forceUpgrade": False}}


FILLED_IN = {
    "autoScalerProfile",
    "identityProfile",
    "networkProfile.loadBalancerProfile",
    "networkProfile.podCidrs",
    "networkProfile.serviceCidrs",
    "nodeResourceGroup",
    "privateLinkResources",
    "windowsProfile",
    "securityProfile.defender",
}
"""What Azure fills in, so that a refresh of posit-dev/ptd's clusters turned it into changes (lib/steps/aks.go)."""


def test_ptd_ignores_what_azure_fills_in_or_here_it_is_said(plain, safe):
    for deployed in (plain, safe):
        cluster = deployed.only(azure.MANAGED_CLUSTER)
        for path in FILLED_IN:
            assert path in cluster.ignored or at(cluster.inputs, path) is not None, path


def at(tree, path):
    for step in path.split("."):
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree


def test_aks_2903_3503_3331_cloud_provider_1763_ingress_nginx_9601_a_probe_asks_where_the_service_answers(plain):
    """Without a path Azure probes HTTP services at / and takes those that answer 404 there for dead."""
    asked = plain.facts.load_balancer.service(contracts.Scheme.INTERNAL, health_path="/healthz")
    assert asked.annotations == {
        "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
        "service.beta.kubernetes.io/azure-load-balancer-health-probe-request-path": "/healthz",
    }


def test_aks_1627_an_autoscaled_pool_is_written_without_a_number_of_nodes(plain):
    (system,) = azure.templates(plain)["system"]
    assert system["properties"]["enableAutoScaling"] is True
    assert "count" not in system["properties"]


# The templates, which no type of the SDK checks.


def api_version(module, name):
    """Which version of Azure's API the SDK's class uses, by its documentation."""
    text = (SDK / module / f"{name}.py").read_text(encoding="utf-8")
    return re.search(r"Uses Azure REST API version (\d{4}-\d\d-\d\d)", text)[1]


def test_templates_have_the_api_versions_that_the_sdk_has_for_the_same_resources():
    pool = pools.written(azure.settings(), azure.SYSTEM)
    assert pool["apiVersion"] == api_version("containerservice", "agent_pool")
    policy = immutability.resource(managed.Backups(retention_days=7))
    assert policy["apiVersion"] == api_version("storage", "blob_container_immutability_policy")


def test_what_a_template_writes_fits_the_sdk_s_types_of_the_same_resource(plain, safe):
    for deployed in (plain, safe):
        (system,) = azure.templates(deployed)["system"]
        asked = {"resourceGroupName": "g", "resourceName": "c", **system["properties"]}
        assert checking.findings(azure.AGENT_POOL, asked) == ()
    (policy,) = azure.templates(safe)["immutability"]
    asked = {"resourceGroupName": "g", "accountName": "a", "containerName": "c", **policy["properties"]}
    assert checking.findings("azure-native:storage:BlobContainerImmutabilityPolicy", asked) == ()


def test_a_template_s_parameters_are_all_given_and_all_used(safe):
    for deployment in safe.of(azure.DEPLOYMENT):
        properties = deployment.inputs["properties"]
        declared = properties["template"]["parameters"].keys()
        used = set(re.findall(r"parameters\('(\w+)'\)", str(properties["template"]["resources"])))
        assert declared == properties["parameters"].keys() == used
