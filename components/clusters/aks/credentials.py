"""A kubeconfig for this cluster, made of its address and its authority only."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import yaml

from components import registration
from components.clusters import kubeconfigs
from components.clusters.aks import names, scope
from stacks import plugins

SERVER_ID: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""Entra's application of every AKS cluster's API server."""
_LIST: Final = "azure-native:containerservice:listManagedClusterUserCredentials"


def kubeconfig(place: scope.Scope, *, group: pulumi.Input[str], cluster: registration.Resource) -> pulumi.Output[str]:
    """The kubeconfig, once the cluster is there. The cluster has no output of its own that says where it is.

    What Azure answers is a whole kubeconfig; only server and authority of it are used, so that no credential can get
    into the stack's state, whatever else it holds.
    """
    settings = place.settings
    answer = pulumi.runtime.invoke_output(
        _LIST,
        {"resourceGroupName": group, "resourceName": cluster.output("name"), "format": "exec"},
        opts=pulumi.InvokeOutputOptions(parent=place.parent, provider=place.provider),
    )
    return answer.apply(lambda given: text(settings, given))


def text(settings: scope.Settings, answer: Mapping[str, Any]) -> str:
    """The kubeconfig's text, from the answer of `listManagedClusterUserCredentials`. Pure."""
    server, authority = reached(answer)
    return kubeconfigs.with_plugin(
        settings.name,
        server=server,
        authority=authority,
        command=plugins.KUBELOGIN.command,
        arguments=plugin_arguments(settings),
        hint=plugins.KUBELOGIN.install,
    )


def reached(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Address of the API server and its authority (base64 of PEM)."""
    (first, *_) = answer["kubeconfigs"]
    found = yaml.safe_load(base64.b64decode(first["value"]))
    cluster = found["clusters"][0]["cluster"]
    return cluster["server"], cluster["certificate-authority-data"]


def plugin_arguments(settings: scope.Settings) -> Sequence[str]:
    """How kubelogin is called. Credentials come from its own environment and are never written here."""
    return (
        "get-token",
        "--login",
        settings.options.login,
        "--server-id",
        SERVER_ID,
        "--tenant-id",
        settings.options.tenant,
        "--environment",
        "AzurePublicCloud",
    )


def login(settings: scope.Settings) -> str:
    """What a person runs once to have a context of the cluster's name."""
    return (
        f"az aks get-credentials --subscription {settings.options.subscription} "
        f"--resource-group {names.group(settings)} --name {settings.name} --format exec && "
        "kubelogin convert-kubeconfig --login azurecli"
    )
