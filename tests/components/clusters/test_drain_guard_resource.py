"""The guard as Pulumi sees it: what is kept in a state, what differs, what is refused."""

from __future__ import annotations

import base64
import json
import pathlib
import pickle
import subprocess
import sys
import traceback
from typing import Any

import pytest
from pulumi.runtime import rpc

from components.clusters.drain_guard import draining, provider
from stacks import errors, resolution
from tests.components.clusters.test_drain_guard_login import kubeconfig

ROOT = pathlib.Path(__file__).parents[3]
KEPT = "gASVPAAAAAAAAACMKGNvbXBvbmVudHMuY2x1c3RlcnMuZHJhaW5fZ3VhcmQucHJvdmlkZXKUjAhQcm92aWRlcpSTlCmBlC4="
PROPERTIES = {
    "guard": "shop-drain",
    "kubeconfig": json.dumps(kubeconfig({"exec": {"command": "aws"}})),
    "volumes": True,
    "disruptionBudgets": "delete",
    "minutes": 20.0,
}


def test_the_pickled_provider_is_the_same_in_every_process() -> None:
    code = (
        "from components.clusters.drain_guard import provider; from pulumi.dynamic import dynamic;"
        "print(dynamic.serialize_provider(provider.Provider()))"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]

    assert told == [KEPT, KEPT]


def test_the_guards_in_existing_states_still_find_their_provider() -> None:
    assert isinstance(pickle.loads(base64.b64decode(KEPT)), provider.Provider)


def test_registering_a_guard_loads_no_kubernetes_client() -> None:
    code = "import sys; from components.clusters import drain_guard; print('kubernetes' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert told.strip() == "False"


@pytest.mark.parametrize("name", ["kubeconfig", "volumes", "disruptionBudgets", "minutes", "__provider"])
def test_whatever_changes_is_an_update_in_place(name: str) -> None:
    answer = provider.Provider().diff("shop-drain", PROPERTIES, {**PROPERTIES, name: "other"})

    assert (answer.changes, answer.replaces) == (True, [])


def test_nothing_changes_when_numbers_come_back_as_floats() -> None:
    assert provider.Provider().diff("shop-drain", PROPERTIES, {**PROPERTIES, "minutes": 20}).changes is False


def test_creating_and_updating_only_record() -> None:
    made = provider.Provider().create(dict(PROPERTIES))
    updated = provider.Provider().update("shop-drain", {}, dict(PROPERTIES))

    assert (made.id, made.outs, updated.outs) == ("shop-drain", PROPERTIES, PROPERTIES)


def test_a_kubeconfig_with_a_secret_is_refused_before_it_is_kept() -> None:
    given = {**PROPERTIES, "kubeconfig": json.dumps(kubeconfig({"token": "hunter2"}))}

    (failure,) = provider.Provider().check({}, given).failures

    assert failure.property == "kubeconfig"
    assert "users[0].user.token" in failure.reason
    assert "hunter2" not in failure.reason


@pytest.mark.parametrize("text", [PROPERTIES["kubeconfig"], rpc.UNKNOWN], ids=["known", "unknown"])
def test_a_kubeconfig_without_one_passes_and_so_does_one_that_is_not_known_yet(text: str) -> None:
    assert provider.Provider().check({}, {**PROPERTIES, "kubeconfig": text}).failures == []


def test_deleting_drains_with_what_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(draining, "run", lambda guard, **more: asked.append((guard, more["kubeconfig"], more["drain"])))

    provider.Provider().delete("shop-drain", dict(PROPERTIES))

    drain = resolution.Drain(volumes=True, disruption_budgets="delete", minutes=20)
    assert asked == [("shop-drain", PROPERTIES["kubeconfig"], drain)]


def test_pulumi_s_server_answers_with_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise errors.PaasportError.of("stopped; why; next: this")

    monkeypatch.setattr(draining, "run", stop)
    # Set and taken back, so that what the provider sets is taken back too.
    monkeypatch.setattr(sys, "tracebacklimit", 1, raising=False)

    try:
        provider.Provider().delete("shop-drain", dict(PROPERTIES))
    except errors.PaasportError:
        answer = traceback.format_exc()

    assert answer == "stacks.errors.PaasportError: stopped; why; next: this\n"
