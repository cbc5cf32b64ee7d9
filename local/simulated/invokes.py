"""The vendors' functions: what a program asks instead of creating. Pure.

The versions that are answered are plausible and made up here; only the vendor knows the real ones.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from local.simulated import computed, identifiers, outputs, sdk, values
from stacks import errors

_ZONES: Final = ("a", "b", "c")
_MINORS: Final = ("1.36", "1.35", "1.34", "1.33")
_AKS: Final = "azure-native:containerservice:ManagedCluster"
_SERVER_APPLICATION: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The Entra application of all AKS API servers; the same everywhere."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a function."""

    token: str
    args: Mapping[str, Any]
    there: Collection[values.Resource]
    variables: Mapping[str, str]

    def text(self, name: str) -> str:
        """The argument of this name where it is text, or nothing."""
        found = self.args.get(name)
        return found if isinstance(found, str) else ""


def answer(call: Call) -> dict[str, Any]:
    """What the vendor answers; UNKNOWN arguments make the answer's dependent parts unknown too.

    Raises VendorRefused for a function that is not simulated.
    """
    known = _ANSWERS.get(call.token)
    if known is None:
        raise errors.VendorRefused.of(
            f"the function {call.token} is not simulated",
            why="an answer that is made up without a rule could send the program the wrong way",
            next=f"use one of those that are; the nearest is {sdk.nearest(call.token, _ANSWERS, least=0)}",
        )
    if values.contains_unknown(call.args):
        return {"id": values.UNKNOWN, **dict.fromkeys(known(call), values.UNKNOWN), **call.args}
    return {"id": call.token.rpartition(":")[2], **call.args, **known(call)}


def _addon_version(call: Call) -> dict[str, Any]:
    return {"version": computed.addon_version(call.text("addonName"), call.text("kubernetesVersion"))}


def _cluster_versions(_: Call) -> dict[str, Any]:
    return {
        "clusterVersions": [
            {
                "clusterVersion": minor,
                "clusterType": "eks",
                "defaultVersion": minor == computed.NEWEST_MINOR,
                "defaultPlatformVersion": "eks.9",
                "versionStatus": "STANDARD_SUPPORT",
            }
            for minor in _MINORS
        ]
    }


def _caller(call: Call) -> dict[str, Any]:
    account, partition = call.variables["account"], call.variables["partition"]
    role = f"AROA{identifiers.digest('caller', account, length=17).upper()}"
    return {
        "accountId": account,
        "arn": f"arn:{partition}:sts::{account}:assumed-role/simulated-deployer/session",
        "userId": f"{role}:session",
    }


def _zones(call: Call) -> dict[str, Any]:
    region = call.variables["region"]
    return {
        "names": [f"{region}{zone}" for zone in _ZONES],
        "zoneIds": [f"{identifiers.digest('zone', region, length=4)}-az{index}" for index in (1, 2, 3)],
        "groupNames": [f"{region}-zg-1"],
    }


def _partition(call: Call) -> dict[str, Any]:
    domain = call.variables["domain"]
    return {
        "partition": call.variables["partition"],
        "dnsSuffix": domain,
        "reverseDnsPrefix": ".".join(reversed(domain.split("."))),
    }


def _region(call: Call) -> dict[str, Any]:
    region = call.variables["region"]
    return {
        "name": region,
        "region": region,
        "description": region,
        "endpoint": f"ec2.{region}.{call.variables['domain']}",
    }


def _project(call: Call) -> dict[str, Any]:
    project = call.text("projectId") or call.variables["project"]
    return {
        "projectId": project,
        "name": project,
        "number": identifiers.digits("number", project, length=12),
        "labels": {},
    }


def _storage_account(call: Call) -> dict[str, Any]:
    project = call.text("project") or call.variables["project"]
    number = identifiers.digits("number", project, length=12)
    address = f"service-{number}@gs-project-accounts.iam.gserviceaccount.com"
    return {"id": address, "project": project, "emailAddress": address, "member": f"serviceAccount:{address}"}


def _engine_versions(call: Call) -> dict[str, Any]:
    prefix = call.text("versionPrefix").rstrip(".")
    minors = [minor for minor in _MINORS if minor.startswith(prefix) or prefix.startswith(minor)]
    every = [f"{computed.patch(minor, 'gke')}-gke.1000000" for minor in minors]
    latest = every[0] if every else ""
    return {
        "validMasterVersions": every,
        "validNodeVersions": every,
        "latestMasterVersion": latest,
        "latestNodeVersion": latest,
        "defaultClusterVersion": latest,
        "releaseChannelDefaultVersion": dict.fromkeys(("RAPID", "REGULAR", "STABLE"), latest),
        "releaseChannelLatestVersion": dict.fromkeys(("RAPID", "REGULAR", "STABLE"), latest),
    }


def _gcp_client(call: Call) -> dict[str, Any]:
    # The real answer has an access token; a simulated one would only be mistaken for a secret.
    return {"project": call.variables["project"], "region": call.variables["region"], "zone": "", "accessToken": ""}


def _gcp_zones(call: Call) -> dict[str, Any]:
    return {"names": [f"{call.variables['region']}-{zone}" for zone in _ZONES]}


def _user_credentials(call: Call) -> dict[str, Any]:
    name, group = call.text("resourceName"), call.text("resourceGroupName")
    if values.contains_unknown(call.args):
        return {"kubeconfigs": []}
    cluster = next((one for one in call.there if one.token == _AKS and _is(one, name=name, group=group)), None)
    if cluster is None:
        raise errors.VendorRefused.of(
            f"{call.token}: there is no cluster {name} in {group} (404)",
            why="its credentials can't be asked for before it exists",
            next="make the call depend on the cluster, by taking the name from its outputs",
        )
    text = base64.b64encode(_kubeconfig(cluster, tenant=call.variables["tenant"]).encode()).decode()
    return {"kubeconfigs": [{"name": "clusterUser", "value": text}]}


def _is(cluster: values.Resource, *, name: str, group: str) -> bool:
    return cluster.inputs.get("resourceName") == name and cluster.inputs.get("resourceGroupName") == group


def _kubeconfig(cluster: values.Resource, *, tenant: str) -> str:
    """The kubeconfig with an exec plugin, as Azure gives it for `format: exec`."""
    name, group = str(cluster.inputs["resourceName"]), str(cluster.inputs["resourceGroupName"])
    host = cluster.value("privateFQDN") or cluster.value("fqdn")
    user = f"clusterUser_{group}_{name}"
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kubelogin",
        "args": [
            "get-token",
            "--environment",
            "AzurePublicCloud",
            "--server-id",
            _SERVER_APPLICATION,
            "--tenant-id",
            tenant,
        ],
        "env": None,
    }
    server = {"certificate-authority-data": outputs.authority(), "server": f"https://{host}:443"}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": server}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
            "current-context": name,
            "users": [{"name": user, "user": {"exec": plugin}}],
        }
    )


def _azure_client(call: Call) -> dict[str, Any]:
    subscription, tenant = call.variables["subscription"], call.variables["tenant"]
    return {
        "subscriptionId": subscription,
        "tenantId": tenant,
        "clientId": identifiers.guid("client", subscription),
        "objectId": identifiers.guid("object", subscription),
    }


_ANSWERS: Final[Mapping[str, Callable[[Call], dict[str, Any]]]] = {
    "aws:eks/getAddonVersion:getAddonVersion": _addon_version,
    "aws:eks/getClusterVersions:getClusterVersions": _cluster_versions,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "gcp:organizations/getProject:getProject": _project,
    "gcp:organizations/getClientConfig:getClientConfig": _gcp_client,
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": _storage_account,
    "gcp:container/getEngineVersions:getEngineVersions": _engine_versions,
    "gcp:compute/getZones:getZones": _gcp_zones,
    "azure-native:containerservice:listManagedClusterUserCredentials": _user_credentials,
    "azure-native:authorization:getClientConfig": _azure_client,
}
SIMULATED: Final = tuple(_ANSWERS)
"""The functions that are answered."""
