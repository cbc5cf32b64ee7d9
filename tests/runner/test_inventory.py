from __future__ import annotations

import asyncio
import base64
import dataclasses
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from runner.engine import applyset, inventory, model, records, sealing, values
from stacks import errors
from tests.runner import engine_doubles as doubles

SECRET = "correct-horse-battery-staple"


def entry(name: str, **fields: Any) -> model.Entry:
    return model.Entry(urn=doubles.thing_urn(name), type="test:index:Thing", id=f"{name}-1", custom=True, **fields)


def using(cluster: doubles.FakeCluster, act: Callable[[inventory.Inventory], Awaitable[None]]) -> inventory.Inventory:
    """Load, act, close: one run."""

    async def run() -> inventory.Inventory:
        loaded = await inventory.Inventory.load(cluster, project="shop", stack="dev")
        await act(loaded)
        await loaded.close()
        return loaded

    return asyncio.run(run())


def loaded(cluster: doubles.FakeCluster) -> inventory.Inventory:
    async def nothing(_: inventory.Inventory) -> None:
        pass

    return using(cluster, nothing)


def test_loading_a_stack_that_was_never_deployed_writes_nothing() -> None:
    cluster = doubles.FakeCluster()

    memory = loaded(cluster)

    assert (dict(memory.entries), memory.exists, cluster.writes) == ({}, False, [])


def test_an_intent_is_in_the_cluster_before_it_returns() -> None:
    cluster = doubles.FakeCluster()

    async def act(memory: inventory.Inventory) -> None:
        await memory.intend(entry("a", pending=True))
        other = await inventory.Inventory.load(cluster, project="shop", stack="dev")
        assert other.entries[doubles.thing_urn("a")].pending

    using(cluster, act)


def test_many_intents_at_a_time_share_few_writes() -> None:
    cluster = doubles.FakeCluster()
    cluster.latency = 0.01

    async def act(memory: inventory.Inventory) -> None:
        await asyncio.gather(*(memory.intend(entry(f"e{number}")) for number in range(500)))

    using(cluster, act)

    assert len(loaded(cluster).entries) == 500
    # The namespace, the keys, and all five hundred at once.
    assert cluster.writes == ["write Namespace", "write Secret", "write Secret"]


def test_everything_of_an_entry_survives() -> None:
    full = entry(
        "a",
        parent="urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev",
        provider="urn:p::id",
        dependencies=(doubles.thing_urn("b"),),
        protect=True,
        retain_on_delete=True,
        deleted_with=doubles.thing_urn("b"),
        delete_timeout=1.5,
        pending=True,
        inputs_hash="abc",
        uid="u",
        resource_version="7",
        inputs={"list": [1, 2.5, None, {"x": values.Secret(SECRET)}]},
        outputs={"made": values.Secret({"deep": [SECRET]})},
    )
    cluster = doubles.FakeCluster()

    using(cluster, lambda memory: memory.intend(full))

    assert loaded(cluster).entries[full.urn] == full


def test_a_secret_value_is_nowhere_in_plain() -> None:
    cluster = doubles.FakeCluster()

    using(cluster, lambda memory: memory.intend(entry("a", inputs={"password": values.Secret(SECRET)})))

    stored = next(item for item in cluster.objects.values() if item.get("type") == "paasport.dev/inventory")
    text = gzip.decompress(base64.b64decode(stored["data"]["inventory"])).decode()
    assert SECRET not in text
    assert "password" in text


def test_a_sealed_value_opens_only_for_its_owner_and_its_key() -> None:
    seal = sealing.Seal(bytes(32))
    text = seal.close(SECRET, owner="a")

    assert seal.open(text, owner="a") == SECRET
    for opener, owner in ((seal, "b"), (sealing.Seal(bytes(31) + b"x"), "a")):
        with pytest.raises(errors.EngineError, match="cannot be opened"):
            opener.open(text, owner=owner)


def test_that_an_object_has_become_ready_is_worth_a_write() -> None:
    """It has no version until then, and whoever finds none waits for it again."""
    cluster = doubles.FakeCluster()
    using(cluster, lambda memory: memory.intend(entry("a", resource_version="")))

    async def act(memory: inventory.Inventory) -> None:
        memory.record(entry("a", resource_version="2"))

    using(cluster, act)

    assert loaded(cluster).entries[doubles.thing_urn("a")].resource_version == "2"


def test_a_resource_version_alone_is_worth_no_write() -> None:
    cluster = doubles.FakeCluster()
    using(cluster, lambda memory: memory.intend(entry("a", resource_version="1")))
    cluster.writes.clear()

    async def act(memory: inventory.Inventory) -> None:
        memory.record(entry("a", resource_version="2"))

    using(cluster, act)

    assert cluster.writes == []


def test_a_write_of_another_run_is_a_conflict_and_stays_one() -> None:
    cluster = doubles.FakeCluster()
    using(cluster, lambda memory: memory.intend(entry("a")))

    async def run() -> None:
        mine = await inventory.Inventory.load(cluster, project="shop", stack="dev")
        theirs = await inventory.Inventory.load(cluster, project="shop", stack="dev")
        await theirs.intend(entry("b"))
        for name in ("c", "d"):
            with pytest.raises(errors.EngineError, match="another run changed the inventory of shop/dev meanwhile"):
                await mine.intend(entry(name))

    asyncio.run(run())

    assert {urn.rpartition("::")[2] for urn in loaded(cluster).entries} == {"a", "b"}


def test_an_own_write_whose_answer_was_lost_is_no_conflict() -> None:
    cluster = doubles.FakeCluster()

    async def act(memory: inventory.Inventory) -> None:
        await memory.intend(entry("a"))
        stored = cluster.objects["Secret", memory.name]
        stored["metadata"]["resourceVersion"] = "4711"
        await memory.intend(entry("b"))

    using(cluster, act)

    assert len(loaded(cluster).entries) == 2


def test_a_newer_format_is_refused() -> None:
    content = gzip.compress(json.dumps({"format": 3}).encode())

    with pytest.raises(errors.EngineError, match="format 3, and this version of paasport reads up to 2"):
        records.unpacked(content, seal=sealing.Seal(bytes(32)))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"rubbish", id="rubbish"),
        pytest.param(gzip.compress(b"[]"), id="a list"),
        pytest.param(gzip.compress(b'{"format": 1}'), id="no entries"),
    ],
)
def test_damaged_content_is_refused(content: bytes) -> None:
    with pytest.raises(errors.EngineError, match="it is damaged"):
        records.unpacked(content, seal=sealing.Seal(bytes(32)))


def test_missing_keys_are_an_error_that_names_them() -> None:
    cluster = doubles.FakeCluster()
    memory = using(cluster, lambda memory: memory.intend(entry("a")))
    del cluster.objects["Secret", f"{memory.name}-keys"]

    with pytest.raises(errors.EngineError, match=f"{memory.name}-keys"):
        loaded(cluster)


def test_an_inventory_that_does_not_fit_is_refused_before_it_is_sent() -> None:
    cluster = doubles.FakeCluster()
    # Sealed values do not compress, so this one alone is too big.
    big = {"blob": values.Secret([hash((number, "x")) for number in range(150_000)])}

    with pytest.raises(errors.EngineError, match="one Secret holds 1,000,000"):
        using(cluster, lambda memory: memory.intend(entry("a", inputs=big)))

    assert cluster.writes == []


def test_five_thousand_objects_fit() -> None:
    cluster = doubles.FakeCluster()

    async def act(memory: inventory.Inventory) -> None:
        for number in range(5000):
            digest = applyset.identifier(str(number))
            memory.record(entry(f"object-{number}", uid=digest, inputs_hash=digest, resource_version=str(number * 7)))

    using(cluster, act)

    stored = next(item for item in cluster.objects.values() if item.get("type") == "paasport.dev/inventory")
    assert len(base64.b64decode(stored["data"]["inventory"])) < 1_000_000


def test_a_renamed_resource_is_followed_by_all_who_refer_to_it() -> None:
    old, new = doubles.thing_urn("old"), doubles.thing_urn("new")
    cluster = doubles.FakeCluster()

    async def act(memory: inventory.Inventory) -> None:
        memory.record(entry("old"))
        memory.record(entry("b", dependencies=(old,), parent=old, deleted_with=old, provider=f"{old}::id"))
        memory.rename(old, new)

    using(cluster, act)

    kept = loaded(cluster).entries
    assert list(kept) == [new, doubles.thing_urn("b")]
    follower = kept[doubles.thing_urn("b")]
    assert (follower.dependencies, follower.parent, follower.deleted_with) == ((new,), new, new)
    assert follower.provider == f"{new}::id"


def test_a_replaced_object_is_remembered_beside_its_successor() -> None:
    cluster = doubles.FakeCluster()
    old = entry("a", uid="u1")

    async def act(memory: inventory.Inventory) -> None:
        await memory.intend(dataclasses.replace(old, id="a-2", uid="", pending=True), superseding=old)

    using(cluster, act)

    assert loaded(cluster).superseded == (old,)


def test_a_replaced_object_whose_name_lives_on_is_not_to_be_deleted() -> None:
    cluster = doubles.FakeCluster()

    async def act(memory: inventory.Inventory) -> None:
        await memory.intend(entry("a", pending=True), superseding=entry("a"))
        memory.record(entry("a", uid="u2"))

    using(cluster, act)

    assert loaded(cluster).superseded == ()


def test_the_last_inventory_takes_the_namespace_with_it() -> None:
    cluster = doubles.FakeCluster()
    using(cluster, lambda memory: memory.intend(entry("a")))

    using(cluster, lambda memory: memory.discard())

    assert cluster.objects == {}


def test_another_inventory_keeps_the_namespace() -> None:
    cluster = doubles.FakeCluster()
    memory = using(cluster, lambda memory: memory.intend(entry("a")))
    annotations = cluster.objects["Namespace", "paasport-system"]["metadata"]["annotations"]
    annotations["inventories.paasport.dev/other"] = "other/dev"

    using(cluster, lambda memory: memory.discard())

    assert list(cluster.objects) == [("Namespace", "paasport-system")]
    assert memory.name not in cluster.objects["Namespace", "paasport-system"]["metadata"]["annotations"]


def test_stacks_with_similar_names_have_inventories_of_their_own() -> None:
    names = {applyset.parent_name(project=project, stack=stack) for project, stack in (("a-b", "c"), ("a", "b-c"))}

    assert len(names) == 2
    assert all(name.startswith("a-b-c-") for name in names)


def test_the_parent_tells_which_kinds_and_namespaces_its_members_have() -> None:
    members = [
        model.Entry(urn="", type="kubernetes:apps/v1:Deployment", id="shop/web", custom=True),
        model.Entry(urn="", type="kubernetes:core/v1:Namespace", id="shop", custom=True),
        model.Entry(urn="", type="test:index:Thing", id="other/thing", custom=True),
    ]

    assert applyset.description(members) == {
        "applyset.kubernetes.io/tooling": "paasport/v1",
        "applyset.kubernetes.io/contains-group-kinds": "Deployment.apps,Namespace",
        "applyset.kubernetes.io/additional-namespaces": "shop",
    }


def test_the_applyset_has_the_id_that_the_specification_computes() -> None:
    # Worked out with openssl: base64url of the SHA-256 of `parent.paasport-system.Secret.`, without padding.
    assert applyset.identifier("parent") == "applyset-UHQc6nO8ri4wsPDJAnj4ozHAAycOWo5GndZb7ibSzdY-v1"


def test_an_inventory_that_another_run_has_written_is_not_discarded() -> None:
    cluster = doubles.FakeCluster()
    using(cluster, lambda memory: memory.intend(entry("a")))

    async def destroy(memory: inventory.Inventory) -> None:
        other = await inventory.Inventory.load(cluster, project="shop", stack="dev")
        await other.intend(entry("b"))
        memory.forget(memory.entries[doubles.thing_urn("a")])
        with pytest.raises(errors.EngineError, match="another run changed the inventory of shop/dev meanwhile"):
            await memory.discard()

    async def run() -> None:
        await destroy(await inventory.Inventory.load(cluster, project="shop", stack="dev"))

    asyncio.run(run())
    assert set(loaded(cluster).entries) == {doubles.thing_urn("a"), doubles.thing_urn("b")}
