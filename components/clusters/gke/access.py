"""How the API server of a GKE cluster is reached, and who may do what there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from components import registration
from components.clusters import kubeconfigs
from components.clusters.gke import project
from stacks import plugins

_ADMIN: Final = "roles/container.admin"
_VIEWER: Final = "roles/container.viewer"

_PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Who may come to a private address: whoever is in its network, or comes there by a VPN or a peering. Public networks
can't, and GKE refuses a private endpoint that names one."""


def endpoints(wanted: project.Wanted) -> dict[str, Any]:
    """The part of the cluster's properties that says by which ways its API server answers, and whom."""
    match wanted.access.api:
        case "identity":
            return _by_name()
        case "private":
            return _by_address(wanted, is_private=True, cidrs=_PRIVATE)
        case "allowlist":
            return _by_address(wanted, is_private=False, cidrs=wanted.access.cidrs)


def _by_name() -> dict[str, Any]:
    """The DNS endpoint, where Google asks for an identity before the API server hears of a request; and no address.

    Nothing is said about authorized networks: an empty list would switch the addresses on again
    (terraform-google-modules/terraform-google-kubernetes-engine#2216).
    """
    return {
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": _name(is_open=True),
            "ipEndpointsConfig": {"enabled": False},
        },
        "privateClusterConfig": {"enablePrivateNodes": True},
    }


def _by_address(wanted: project.Wanted, *, is_private: bool, cidrs: tuple[str, ...]) -> dict[str, Any]:
    return {
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": _name(is_open=False),
            "ipEndpointsConfig": {"enabled": True},
        },
        "privateClusterConfig": {
            "enablePrivateNodes": True,
            "enablePrivateEndpoint": is_private,
            # A VPN or a peering may end in another region.
            "masterGlobalAccessConfig": {"enabled": is_private},
        },
        "masterAuthorizedNetworksConfig": {
            "cidrBlocks": [
                {"cidrBlock": cidr, "displayName": f"{wanted.name}-{number}"} for number, cidr in enumerate(cidrs)
            ],
            "gcpPublicCidrsAccessEnabled": False,
            "privateEndpointEnforcementEnabled": True,
        },
    }


def _name(*, is_open: bool) -> dict[str, Any]:
    """The DNS endpoint. Tokens and certificates of Kubernetes itself are not taken there: a stolen one is useless."""
    return {"allowExternalTraffic": is_open, "enableK8sTokensViaDns": False, "enableK8sCertsViaDns": False}


def kubeconfig(wanted: project.Wanted, cluster: registration.Resource) -> pulumi.Output[str]:
    """The kubeconfig by which the deployer and everybody else reaches the cluster with an identity of their own.

    The provider marks addresses and certificates as secret. What is taken of them here is no secret, and a kubeconfig
    that is one could not be shown, compared or handed on.
    """
    if wanted.access.api == "identity":
        ways = pulumi.Output.unsecret(cluster.output("controlPlaneEndpointsConfig"))
        return ways.apply(lambda found: _with_plugin(wanted, server=found["dnsEndpointConfig"]["endpoint"]))
    known = pulumi.Output.all(cluster.output("endpoint"), cluster.output("masterAuth"))
    return pulumi.Output.unsecret(known).apply(
        lambda found: _with_plugin(wanted, server=found[0], authority=found[1]["clusterCaCertificate"])
    )


def _with_plugin(wanted: project.Wanted, *, server: str, authority: str | None = None) -> str:
    return kubeconfigs.with_plugin(
        wanted.name,
        server=f"https://{server}",
        authority=authority,
        command=plugins.GKE.command,
        arguments=(),
        hint=plugins.GKE.install,
        provide_cluster_info=True,
    )


def issuer(wanted: project.Wanted, cluster: registration.Resource) -> pulumi.Output[str]:
    """Who signs the tokens of ServiceAccounts.

    Made of names, because the cluster has no output for it and the version in its `selfLink` is that of the API that
    the provider happens to use.
    """
    place = f"projects/{wanted.options.project}/locations/{wanted.region}"
    return pulumi.Output.concat(f"https://container.googleapis.com/v1/{place}/clusters/", cluster.output("name"))


def login(wanted: project.Wanted) -> str:
    """The command that gives a person a kubeconfig."""
    way = {"identity": " --dns-endpoint", "private": " --internal-ip", "allowlist": ""}[wanted.access.api]
    return (
        f"gcloud container clusters get-credentials {wanted.name} "
        f"--location {wanted.region} --project {wanted.options.project}{way}"
    )


def kubectl(wanted: project.Wanted) -> str:
    """How a command on the cluster begins after `login`."""
    return f"kubectl --context gke_{wanted.options.project}_{wanted.region}_{wanted.name}"


def grant(
    wanted: project.Wanted, *, opts: pulumi.ResourceOptions, depends_on: tuple[pulumi.Resource, ...]
) -> tuple[pulumi.Resource, ...]:
    """Register who may do what. Each grant is a member of its own: whoever else has the role keeps it."""
    return tuple(
        registration.resource(
            "gcp:projects/iAMMember:IAMMember",
            f"{wanted.name}-{name}",
            {"project": wanted.options.project, **member},
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=depends_on)),
        )
        for name, member in members(wanted).items()
    )


def members(wanted: project.Wanted) -> Mapping[str, dict[str, str]]:
    """Role and member by the name of the grant; nobody twice, as the second to go would take the first's along."""
    access = wanted.access
    admins = {admin: f"admin-{admin}" for admin in access.admins} | {access.deployer: "deployer"}
    viewers = {viewer: f"viewer-{viewer}" for viewer in access.viewers if viewer not in admins}
    return {
        **{name: {"role": _ADMIN, "member": member} for member, name in admins.items()},
        **{name: {"role": _VIEWER, "member": member} for member, name in viewers.items()},
    }
