"""The API client against a real API server."""

import asyncio
import contextlib
import dataclasses
import json
import stat

import pytest

from runner.kubernetes import client, connection, kubeconfig, rejections
from stacks import errors

pytestmark = pytest.mark.cluster


@pytest.fixture
def using(control_plane):
    """Run a coroutine with a client."""

    def use(work):
        async def run():
            api = await client.Client.connect(str(control_plane.kubeconfig))
            try:
                return await work(api)
            finally:
                await api.close()

        return asyncio.run(run())

    return use


def config_map(namespace, name="a", **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": data}


def refusal(using, work):
    with pytest.raises(rejections.ApiRejected) as caught:
        using(work)
    return caught.value


def test_kinds_are_discovered(using):
    async def work(api):
        assert (await api.version()).startswith("v1.")
        return await api.resolve("apps/v1", "Deployment"), await api.resolve("no.such/v1", "Thing")

    deployment, absent = using(work)
    assert (deployment.plural, deployment.namespaced) == ("deployments", True)
    assert absent is None


def test_an_applied_object_can_be_read_listed_and_deleted(using, namespace):
    async def work(api):
        await api.apply(config_map(namespace, x="1"), field_manager="me")
        read = await api.get("v1", "ConfigMap", "a", namespace)
        listed = await api.list("v1", "ConfigMap", namespace=namespace, metadata_only=True)
        gone = await api.delete("v1", "ConfigMap", "a", namespace)
        return read, listed, gone, await api.get("v1", "ConfigMap", "a", namespace)

    read, listed, gone, after = using(work)
    assert read["data"] == {"x": "1"}
    mine = next(item for item in listed if item["metadata"]["name"] == "a")
    assert (mine["kind"], "data" in mine) == ("ConfigMap", False)
    assert (gone, after) == (True, None)


def test_a_dry_run_changes_nothing(using, namespace):
    async def work(api):
        told = await api.apply(config_map(namespace, x="1"), field_manager="me", dry_run=True)
        return told, await api.get("v1", "ConfigMap", "a", namespace)

    told, after = using(work)
    assert told["data"] == {"x": "1"}
    assert after is None


def test_an_unknown_field_is_refused_by_its_name(using, namespace):
    error = refusal(using, lambda api: api.apply({**config_map(namespace), "datum": {}}, field_manager="me"))
    assert ".datum: field not declared in schema" in str(error)


def test_a_kind_that_is_not_served_is_named(using):
    thing = {"apiVersion": "no.such/v1", "kind": "Thing", "metadata": {"name": "a"}}
    error = refusal(using, lambda api: api.apply(thing, field_manager="me"))
    assert (error.code, error.reason) == (404, "NoMatch")
    assert "it serves no kind Thing in no.such/v1" in str(error)


def test_creating_twice_is_refused(using, namespace):
    async def work(api):
        await api.create(config_map(namespace))
        await api.create(config_map(namespace))

    assert refusal(using, work).reason == "AlreadyExists"


def test_another_object_of_the_same_name_is_not_deleted(using, namespace):
    async def work(api):
        await api.create(config_map(namespace))
        await api.delete("v1", "ConfigMap", "a", namespace, uid="another")

    assert refusal(using, work).code == 409


def test_what_a_finalizer_keeps_is_told_apart_from_what_is_gone(using, namespace):
    async def work(api):
        kept = config_map(namespace)
        kept["metadata"]["finalizers"] = ["example.test/keep"]
        await api.apply(kept, field_manager="me")
        first = await api.delete("v1", "ConfigMap", "a", namespace)
        del kept["metadata"]["finalizers"]
        await api.apply(kept, field_manager="me")
        return first, await api.delete("v1", "ConfigMap", "a", namespace)

    assert using(work) == (False, True)


def test_a_token_is_had_through_the_subresource(using, namespace):
    async def work(api):
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "me", "namespace": namespace}}
        await api.create(account)
        return await api.create({**account, "spec": {"expirationSeconds": 600}}, subresource="token")

    assert using(work)["status"]["token"]


def test_a_watch_tells_what_is_there_and_what_happens(using, namespace):
    async def work(api):
        await api.create(config_map(namespace, "before"))
        seen = []
        async with contextlib.aclosing(api.watch("v1", "ConfigMap", namespace=namespace)) as events:
            async for event, item in events:
                seen.append((event, item["metadata"].get("name", "")))
                if event == "BOOKMARK":
                    await api.create(config_map(namespace, "after"))
                    await api.delete("v1", "ConfigMap", "after", namespace)
                if event == "DELETED":
                    break
        return seen

    seen = using(work)
    assert ("ADDED", "before") in seen[: seen.index(("BOOKMARK", ""))]
    assert seen[-2:] == [("ADDED", "after"), ("DELETED", "after")]


def version_with(control_plane, **changes):
    async def run():
        access = dataclasses.replace(kubeconfig.load(str(control_plane.kubeconfig)), **changes)
        api = client.Client(await connection.Connection.open(access))
        try:
            # Not the version, which some servers tell everybody.
            return await api.list("v1", "Namespace", metadata_only=True)
        finally:
            await api.close()

    return asyncio.run(run())


def test_a_server_that_the_authority_does_not_vouch_for_is_not_talked_to(control_plane, monkeypatch):
    monkeypatch.setattr(connection, "_DELAYS", ())
    with pytest.raises(errors.EngineError, match="certificate verify failed"):
        version_with(control_plane, authority=b"")
    assert version_with(control_plane, authority=b"", insecure=True)


def test_the_certificate_may_be_for_another_name(control_plane, monkeypatch):
    monkeypatch.setattr(connection, "_DELAYS", ())
    assert version_with(control_plane, tls_server_name="kubernetes")
    with pytest.raises(errors.EngineError, match=r"certificate is not valid for 'elsewhere\.test'"):
        version_with(control_plane, tls_server_name="elsewhere.test")


def test_certificates_may_come_from_a_plugin(control_plane, tmp_path):
    user = kubeconfig.load(str(control_plane.kubeconfig)).user
    version = "client.authentication.k8s.io/v1"
    status = {"clientCertificateData": user.certificate.decode(), "clientKeyData": user.key.decode()}
    answer = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    plugin.chmod(stat.S_IRWXU)
    exec_plugin = kubeconfig.ExecPlugin(api_version=version, command=str(plugin))
    assert version_with(control_plane, user=kubeconfig.User(plugin=exec_plugin))


def test_a_key_that_does_not_belong_to_its_certificate_is_told_without_it(control_plane):
    user = kubeconfig.load(str(control_plane.kubeconfig)).user
    with pytest.raises(errors.UsageError, match="they do not belong together") as caught:
        version_with(control_plane, user=dataclasses.replace(user, key=b"s3cr3t"))
    assert "s3cr3t" not in str(caught.value)
