"""What kwokctl is asked to lay out, and what it laid out.

kwokctl generates certificates and kubeconfig, decides each component's arguments, and starts the components once. It
does not watch them: keeping them alive is `components.py`. Field names are those of kwok's KwokctlConfiguration,
https://kwok.sigs.k8s.io/docs/generated/apis/.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from local import layout as layouts

PORTS: Final = (
    "kubeApiserverPort",
    "etcdPort",
    "etcdPeerPort",
    "kubeControllerManagerPort",
    "kubeSchedulerPort",
    "kwokControllerPort",
)
"""The options that name the ports a control plane listens on."""

PROGRAMS: Final = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kwokctl", "kubectl")
"""The binaries that a control plane is made of."""

UNROUTED: Final = "198.18.0.1"
"""What the API server advertises to the inside of the cluster. Kubernetes refuses loopback there, and without this the
API server demands a default route of the machine; 198.18.0.0/15 is RFC 2544's, which nobody routes."""

_NOTHING: Final = "/bin/true"
_BINARIES: Final = {
    "etcdBinary": "etcd",
    "kubeApiserverBinary": "kube-apiserver",
    "kubeControllerManagerBinary": "kube-controller-manager",
    "kubeSchedulerBinary": "kube-scheduler",
    "kwokControllerBinary": "kwok",
}

# Appended to kwokctl's own arguments; of one given twice the last counts.
_ARGUMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "kube-apiserver": {
        "advertise-address": UNROUTED,
        # kwokctl leaves Kubernetes' default of 254 Services.
        "service-cluster-ip-range": "10.96.0.0/16",
        # No container runs on a simulated node, so no webhook ever answers, and most refuse everything until they do.
        "disable-admission-plugins": "MutatingAdmissionWebhook,ValidatingAdmissionWebhook",
    },
    # There is one of each: leases would only make a restart wait for the dead one's to end.
    "kube-controller-manager": {"leader-elect": "false"},
    "kube-scheduler": {"leader-elect": "false"},
    # Leaves nodes alone that are real.
    "kwok-controller": {
        "manage-all-nodes": "false",
        "manage-nodes-with-annotation-selector": "kwok.x-k8s.io/node=fake",
    },
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Component:
    """A process of the control plane, as kwokctl decided it."""

    name: str
    program: pathlib.Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str]


def configuration(layout: layouts.Layout, *, ports: Iterable[int]) -> dict[str, Any]:
    """The KwokctlConfiguration: everything on loopback, on the given ports (as in `PORTS`), run from our own links."""
    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokctlConfiguration",
        "options": {
            "runtime": "binary",
            "bindAddress": "127.0.0.1",
            # The controller manager's defaults would limit a roll-out to five Deployments a second.
            "disableQPSLimits": True,
            **{option: str(layout.binaries / program) for option, program in _BINARIES.items()},
            # kwokctl would only use it to wait for the API server. We wait ourselves, and notice failures at once.
            "kubectlBinary": _NOTHING,
            **dict(zip(PORTS, ports, strict=True)),
        },
        # In the file rather than as `--extra-args`, in which kwokctl 0.8.0 mixes up components.
        "componentsPatches": [
            {"name": component, "extraArgs": [{"key": key, "value": value} for key, value in arguments.items()]}
            for component, arguments in _ARGUMENTS.items()
        ],
    }


def environment(layout: layouts.Layout) -> dict[str, str]:
    """What kwokctl and the components see: nothing of the user's, so no proxy, no kubectl on the PATH and no secret."""
    return {"PATH": str(layout.kwok), "HOME": str(layout.folder), "KWOK_WORKDIR": str(layout.kwok)}


def create_command(layout: layouts.Layout) -> list[str]:
    """Lays the cluster out and starts its components; does not wait for them."""
    return [
        *(str(layout.binaries / "kwokctl"), "create", "cluster", "--name", layout.name),
        *("--config", str(layout.kwokctl_configuration)),
        # Its own way of adding a context to the user's kubeconfig is not wanted.
        *("--kubeconfig", "/dev/null", "--timeout", "100s"),
    ]


def laid_out(kwok_yaml: str) -> Mapping[str, Any]:
    """The KwokctlConfiguration among the documents of kwok.yaml. Raises `ValueError` where there is none complete."""
    try:
        documents = list(yaml.load_all(kwok_yaml, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        message = "kwok.yaml is no YAML"
        raise ValueError(message) from error
    for document in documents:
        if isinstance(document, dict) and document.get("kind") == "KwokctlConfiguration" and document.get("components"):
            return document
    message = "kwok.yaml holds no components"
    raise ValueError(message)


def components(document: Mapping[str, Any], *, environment: Mapping[str, str]) -> list[Component]:
    """The components of a laid-out cluster in starting order, with their own environment added to the given one."""
    found = {
        entry["name"]: Component(
            name=entry["name"],
            program=pathlib.Path(entry["binary"]),
            arguments=tuple(entry.get("args", ())),
            environment={**environment, **{item["name"]: item.get("value", "") for item in entry.get("envs", ())}},
        )
        for entry in document["components"]
    }
    return [found[name] for name in layouts.COMPONENTS if name in found]


def ports(document: Mapping[str, Any]) -> dict[str, int]:
    """Option of `PORTS` -> the port in use."""
    return {option: int(document["options"][option]) for option in PORTS}


def kubeconfig(layout: layouts.Layout, *, port: int) -> dict[str, Any]:
    """The kubeconfig of the cluster's administrator. It names files by absolute path and holds no secret itself."""
    pki = layout.cluster / "pki"
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(pki / "ca.crt")}
    user = {"client-certificate": str(pki / "admin.crt"), "client-key": str(pki / "admin.key")}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": layout.name, "cluster": cluster}],
        "users": [{"name": layout.name, "user": user}],
        "contexts": [{"name": layout.name, "context": {"cluster": layout.name, "user": layout.name}}],
        "current-context": layout.name,
    }
