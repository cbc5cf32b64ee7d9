"""Operators from outside this project, played as their makers say."""

from __future__ import annotations

import json
import os

import pytest

from local import layout, reconciling
from local.operators import catalogue, declared, names, stage
from stacks.catalogues import model

KIND = reconciling.Kind("acme.example/v1", "Shop")
PLAY = model.Play(
    operator="shop-operator",
    namespace="shop-operator",
    api_version="acme.example/v1",
    kind="Shop",
    after=2,
    status={"conditions": [{"type": "Ready", "status": "True"}], "readyReplicas": "${spec.replicas}"},
)


def shop(*, generation=1, status=None, **metadata):
    return {
        "apiVersion": "acme.example/v1",
        "kind": "Shop",
        "metadata": {"name": "web", "namespace": "web", "generation": generation, **metadata},
        "spec": {"replicas": 3},
        **({"status": status} if status else {}),
    }


def test_the_status_is_what_its_maker_says_of_the_spec_that_there_is():
    (action,) = declared.plan(PLAY, {KIND: [shop(generation=4)]})
    assert (action.subresource, action.manifest["metadata"]) == ("status", {"name": "web", "namespace": "web"})
    status = action.manifest["status"]
    assert (status["readyReplicas"], status["observedGeneration"]) == (3, 4)
    (condition,) = status["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("Ready", "True", "Rehearsed")
    assert condition["message"] == "played on this machine, as the maker of the operator says"


def test_what_is_said_already_is_not_said_again():
    (action,) = declared.plan(PLAY, {KIND: [shop()]})
    assert declared.plan(PLAY, {KIND: [shop(status=action.manifest["status"])]}) == []
    assert declared.plan(PLAY, {KIND: [shop(generation=2, status=action.manifest["status"])]}) != []


def test_what_goes_is_left_alone():
    assert declared.plan(PLAY, {KIND: [shop(deletionTimestamp="2026-01-01T00:00:00Z")]}) == []


def test_two_resources_do_not_share_what_is_said_of_them():
    first, second = declared.plan(PLAY, {KIND: [shop(), shop(name="other")]})
    first.manifest["status"]["conditions"].clear()
    assert second.manifest["status"]["conditions"]
    assert PLAY.status["conditions"] == [{"type": "Ready", "status": "True"}]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    found = layout.of("plane").rehearsals
    found.parent.mkdir(parents=True)
    return found


def test_what_is_written_is_what_is_played(folder):
    declared.write("plane", [PLAY])
    (one,) = declared.played(folder)
    assert (one.namespace, one.kinds, one.seconds) == ("shop-operator", (KIND,), 2)
    assert one.plan({KIND: [shop()]})


def test_nothing_is_written_where_nothing_is_to_be_played_or_nothing_has_changed(folder):
    declared.write("plane", [])
    assert declared.changed(folder) == 0
    declared.write("plane", [PLAY])
    os.utime(folder, ns=(1, 1))
    declared.write("plane", [PLAY])
    assert declared.changed(folder) == 1


def test_another_rehearsal_is_another_one_to_play(folder):
    declared.write("plane", [PLAY])
    (before,) = declared.played(folder)
    declared.write("plane", [model.Play(**{**PLAY.__dict__, "after": 5})])
    (after,) = declared.played(folder)
    assert before.name != after.name


def test_what_cannot_be_read_keeps_nothing_else_from_being_played(folder, caplog):
    declared.write("plane", [PLAY])
    (folder / "broken.json").write_text("{")
    (folder / "older.json").write_text(json.dumps([{"kind": "Shop"}]))
    assert len(declared.played(folder)) == 1
    assert "broken.json can't be read" in caplog.text
    assert "older.json can't be read" in caplog.text


def test_it_is_played_while_a_deployment_in_its_namespace_is_available(folder):
    declared.write("plane", [PLAY])
    definition = {
        "spec": {"group": "acme.example", "names": {"kind": "Shop"}, "versions": [{"name": "v1", "served": True}]},
        "status": {"conditions": [{"type": "Established", "status": "True"}]},
    }

    def due(namespace):
        deployment = {
            "metadata": {"name": "shop-operator", "namespace": namespace},
            "spec": {"template": {"spec": {"containers": [{"image": "registry.acme.example/shop-operator:1.0.0"}]}}},
            "status": {"availableReplicas": 1},
        }
        picture = {stage.WATCHED[0]: [deployment], stage.WATCHED[1]: [definition]}
        return stage.due(picture, catalogue=(*catalogue.PLAYED, *declared.played(folder)))

    assert [one.namespace for one in due("shop-operator")] == ["shop-operator"]
    assert due("elsewhere") == ()


def test_it_is_said_who_says_what_is_played():
    assert names.notice(["cert-manager", "shop-operator"], rehearsed=["shop-operator"]) == (
        "played on this machine, where no container runs: cert-manager, shop-operator (as its maker says); "
        "what they make holds no data"
    )
