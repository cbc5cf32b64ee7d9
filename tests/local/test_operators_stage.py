"""Which operators are played, and when."""

import asyncio

import pytest

from local import beside, reconciling
from local.operators import catalogue, cert_manager, names, ownership, played, stage

KINDS = [("cert-manager.io", "v1", kind) for kind in ("Issuer", "ClusterIssuer", "Certificate", "CertificateRequest")]


def deployment(image="quay.io/jetstack/cert-manager-controller:v1.21.2", *, available=1, **metadata):
    return {
        "metadata": {"name": "cert-manager", "namespace": "cert-manager", **metadata},
        "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
        "status": {"availableReplicas": available} if available else {},
    }


def definition(group, version, kind, *, established="True"):
    return {
        "spec": {"group": group, "names": {"kind": kind}, "versions": [{"name": version, "served": True}]},
        "status": {"conditions": [{"type": "Established", "status": established}]},
    }


def picture(*deployments, definitions=None):
    crds = [definition(*kind) for kind in KINDS] if definitions is None else definitions
    return {stage.WATCHED[0]: deployments, stage.WATCHED[1]: crds}


def test_an_operator_is_played_once_its_pod_is_available_and_its_kinds_are_served():
    assert stage.due(picture(deployment())) == (cert_manager.PLAYED,)


def test_a_mirrored_image_is_the_same_operator():
    image = "registry.example:5000/mirror/jetstack/cert-manager-controller@sha256:abc"
    assert stage.due(picture(deployment(image))) == (cert_manager.PLAYED,)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(picture(), id="no Deployment"),
        pytest.param(picture(deployment(available=0)), id="no pod yet"),
        pytest.param(picture(deployment(deletionTimestamp="2026-01-01T00:00:00Z")), id="being deleted"),
        pytest.param(picture(deployment("quay.io/jetstack/cert-manager-webhook:v1.21.2")), id="another program"),
        pytest.param(picture(deployment(), definitions=[]), id="no definition"),
        pytest.param(
            picture(deployment(), definitions=[definition(*kind, established="False") for kind in KINDS]),
            id="not established",
        ),
    ],
)
def test_and_not_before_or_after(seen):
    assert stage.due(seen) == ()


def test_every_one_that_is_played_has_a_name_and_an_image_of_its_own():
    assert len({one.name for one in catalogue.PLAYED}) == len(catalogue.PLAYED)
    assert len({one.repository for one in catalogue.PLAYED}) == len(catalogue.PLAYED)
    assert not {one.repository for one in catalogue.PLAYED} & {one.repository for one in beside.RUNNABLES}


def test_the_command_line_knows_all_that_are_played():
    assert {one.name for one in catalogue.PLAYED} == names.NAMES


@pytest.mark.parametrize(
    ("operators", "told"),
    [
        (["prometheus-operator"], ""),
        (
            ["prometheus-operator", "cert-manager"],
            "played on this machine, where no container runs: cert-manager; what they make holds no data",
        ),
    ],
)
def test_it_is_said_that_an_operator_is_played(operators, told):
    assert names.notice(operators) == told


class Watching:
    """A client whose watches never tell anything."""

    def __init__(self):
        self.watched = []

    async def watch(self, api_version, kind):
        self.watched.append(kind)
        await asyncio.Event().wait()
        yield


def test_loops_begin_and_end_with_what_is_wanted():
    one = played.Played(name="one", repository="x/one", kinds=(reconciling.Kind("v1", "Secret"),), plan=lambda _: ())

    async def run():
        client = Watching()
        running = stage.Stage(client)
        await running.match([one])
        await running.match([one])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert client.watched == ["Secret"]
        await running.match([])
        await running.match([one])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert client.watched == ["Secret", "Secret"]
        await running.close()

    asyncio.run(run())


def test_a_status_that_is_so_already_is_not_written():
    resource = {
        "apiVersion": "x/v1",
        "kind": "X",
        "metadata": {"name": "a", "namespace": "b"},
        "status": {"a": 1, "b": 2},
    }
    assert ownership.status(resource, {"a": 1}) == []
    (action,) = ownership.status(resource, {"a": 3})
    assert action.subresource == "status"
    assert action.manifest["metadata"] == {"name": "a", "namespace": "b"}


def test_what_is_owned_goes_with_its_owner():
    owner = {"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "a", "namespace": "b", "uid": "1"}}
    made = ownership.owned(owner, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}})
    assert made["metadata"]["namespace"] == "b"
    assert made["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "x/v1",
            "kind": "X",
            "name": "a",
            "uid": "1",
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
