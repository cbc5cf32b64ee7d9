"""What Pulumi calls: a dynamic resource that records how to reach the cluster and, when it is deleted, drains it.

Pulumi keeps the pickled provider in the stack's state. It is nothing but a reference to this module and to the class
`Provider`: renaming either strands every guard that exists, and a test holds them to it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi import dynamic
from pulumi.runtime import rpc

from components.clusters.drain_guard import secrecy
from stacks import errors, resolution

_CODE: Final = "__provider"
"""Pulumi's own input that holds the pickled provider."""


class Provider(dynamic.ResourceProvider):
    """Without state of its own, so that its pickle is the same in every process."""

    serialize_as_secret_always = False
    """The pickle is the name of this class; as a secret it would only be encrypted anew each time."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        """Refuse a kubeconfig that would bring a secret into the state."""
        text = news.get("kubeconfig")
        problem = "" if text == rpc.UNKNOWN else secrecy.problem(str(text))
        return dynamic.CheckResult(news, [dynamic.CheckFailure("kubeconfig", problem)] if problem else [])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> dynamic.DiffResult:
        """Whatever differs is written down in place: only its deletion does anything."""
        names = {*olds, *news}
        return dynamic.DiffResult(changes=any(olds.get(name) != news.get(name) for name in names), replaces=[])

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Record; the guard's name is its id."""
        return dynamic.CreateResult(str(props["guard"]), props)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.UpdateResult:
        """Record what is new."""
        return dynamic.UpdateResult(news)

    def delete(self, id: str, props: dict[str, Any]) -> None:  # noqa: A002 - Pulumi's word
        """Drain the cluster. Raises `PaasportError` of one line, with which the guard stays in the state."""
        from components.clusters.drain_guard import draining  # noqa: PLC0415 - the Kubernetes client is needed only here

        try:
            draining.run(id, kubeconfig=str(props["kubeconfig"]), drain=_drain(props), say=_say)
        except errors.PaasportError:
            # Pulumi's server answers with the traceback, which has nothing for users but its last line.
            sys.tracebacklimit = 0
            raise


class DrainGuard(dynamic.Resource, module="paasport", name="DrainGuard"):
    """The guard of one cluster."""

    def __init__(
        self, name: str, *, kubeconfig: pulumi.Input[str], drain: resolution.Drain, opts: pulumi.ResourceOptions
    ) -> None:
        properties = {
            "guard": name,
            "kubeconfig": kubeconfig,
            "volumes": drain.volumes,
            "disruptionBudgets": drain.disruption_budgets,
            "minutes": drain.minutes,
        }
        super().__init__(Provider(), name, properties, opts)


def _drain(properties: Mapping[str, Any]) -> resolution.Drain:
    # Numbers come back from a state as floats.
    return resolution.Drain(
        volumes=bool(properties["volumes"]),
        disruption_budgets=properties["disruptionBudgets"],
        minutes=int(properties["minutes"]),
    )


def _say(line: str) -> None:
    """Pulumi logs what its server of dynamic resources prints."""
    print(line, flush=True)  # noqa: T201 - as said above
