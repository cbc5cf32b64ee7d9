"""What a run would lose for good: told with all that goes and stays, and lost only where it is named."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from runner.engine import loss, model
from tests.runner import engine_doubles as doubles

DATABASE = """
class Service(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("paasport:services:Mongodb", name, None, None)

def database(name, *, protect=False, size=1, marked=True):
    told = {"paasport.dev/deletion-loses": "databases and users", "paasport.dev/volumes-when-deleted": "kept"}
    metadata = {"name": name, "annotations": told if marked else {}}
    opts = Options(parent=Service(name), protect=protect)
    pulumi.CustomResource("kubernetes:db.test/v1:Replicas", f"{name}-set", {"metadata": metadata, "size": size}, opts)
"""
LINE = "(Replicas) would be deleted, and with it its databases and users"


class Claims(doubles.FakeProvider):
    """Things with volumes in their namespaces."""

    def __init__(self) -> None:
        super().__init__()
        self.claimed: tuple[loss.Claim, ...] = ()

    async def claims(self, namespace: str) -> tuple[loss.Claim, ...]:
        return self.claimed


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> doubles.Bench:
    made = doubles.Bench(tmp_path)
    made.provider = Claims()
    return made


def run(bench: doubles.Bench, operation: str, program: str = "", **more: Any) -> doubles.Told:
    return bench.run(operation, DATABASE + program, **more)


def things(bench: doubles.Bench) -> set[str]:
    return set(bench.provider.things)


def test_a_destroy_without_any_name_deletes_nothing_and_tells_of_all_of_them(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a"); database("b"); Thing("c")')

    told = run(bench, "destroy")

    assert f"a {LINE}" in told.errors
    assert f"b {LINE}" in told.errors
    assert "next: where that is meant, ./paasport destroy dev --yes --yes-lose-data a --yes-lose-data b" in told.errors
    assert things(bench) == {"a-set-1", "b-set-1", "c-1"}


def test_a_destroy_with_one_of_two_names_deletes_neither(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a"); database("b")')

    told = run(bench, "destroy", lose_data=("a", "wrong"))

    assert f"a {LINE}" not in told.errors
    assert "./paasport destroy dev --yes --yes-lose-data a --yes-lose-data b" in told.errors
    assert "wrong" not in told.errors
    assert things(bench) == {"a-set-1", "b-set-1"}


def test_a_name_that_nothing_has_is_told_with_those_that_there_are(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a"); database("b"); Thing("c")')

    told = run(bench, "destroy", lose_data=("a", "b", "bb", "c"))

    said = (
        "--yes-lose-data bb, c says nothing: the stack has no service of this name with data; those with data are a, b"
    )
    assert said in told.messages
    assert not told.failed


def test_names_that_are_repeated_after_the_end_are_told_and_no_error(bench: doubles.Bench) -> None:
    run(bench, "up", 'Thing("c")')

    told = run(bench, "up", 'Thing("c")', lose_data=("a",))

    assert "--yes-lose-data a says nothing: the stack has no service of this name with data; nothing that it has" in (
        "\n".join(told.messages)
    )
    assert not told.failed


def test_a_destroy_with_all_names_deletes_everything(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a"); database("b")')

    assert not run(bench, "destroy", lose_data=("a", "b")).failed
    assert things(bench) == set()


def test_the_name_is_that_of_the_service_and_not_of_the_resource(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a")')

    assert run(bench, "destroy", lose_data=("a-set",)).failed
    assert things(bench) == {"a-set-1"}


def test_what_holds_nothing_needs_no_name(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("metrics", marked=False)')

    assert not run(bench, "destroy").failed


def test_what_is_protected_says_so_besides_what_would_be_lost(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a", protect=True); database("b")')

    told = run(bench, "destroy", lose_data=("a",))

    assert "a-set (kubernetes:db.test/v1:Replicas): protected, so nothing was deleted" in told.errors
    assert 'write `protection: "off"` for it in the stack file' in told.errors
    assert f"b {LINE}" in told.errors
    assert things(bench) == {"a-set-1", "b-set-1"}


def test_a_service_that_leaves_the_program_is_kept_until_it_is_named(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a"); Thing("c")')

    told = run(bench, "up", 'Thing("c")')

    assert "next: where that is meant, ./paasport up dev --yes-lose-data a; otherwise undo the change" in told.errors
    assert things(bench) == {"a-set-1", "c-1"}
    assert not run(bench, "up", 'Thing("c")', lose_data=("a",)).failed
    assert things(bench) == {"c-1"}


def test_a_preview_fails_and_shows_what_would_follow(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a")')

    told = run(bench, "preview")

    assert told.failed
    assert told.operations == {"a": "delete", "a-set": "delete"}
    assert not run(bench, "preview", lose_data=("a",)).failed


def test_a_preview_for_somebody_who_is_going_to_be_asked_warns(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a")')

    told = run(bench, "preview", asks=True)

    assert not told.failed
    assert LINE in told.messages[0]
    assert [one.instance for one in bench.session.losses] == ["a"]


@pytest.mark.parametrize("operation", ["preview", "up"])
def test_a_replacement_needs_the_name_too(bench: doubles.Bench, operation: str) -> None:
    run(bench, "up", 'database("a")')

    told = run(bench, operation, 'database("a", size=2)')

    message = told.errors + told.failures.get("a-set", "")
    assert "a (Replicas) would be replaced, and with it its databases and users" in message
    assert "./paasport up dev --yes-lose-data a" in message
    assert things(bench) == {"a-set-1"}


def test_a_replacement_that_is_named_is_made(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a")')

    assert not run(bench, "up", 'database("a", size=2)', lose_data=("a",)).failed
    assert things(bench) == {"a-set-2"}


def test_drift_loses_nothing_and_says_nothing(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a")')

    assert not run(bench, "drift", 'database("a", size=2)').errors


def claim(name: str, reclaim: str) -> loss.Claim:
    return loss.Claim(name=name, size="10Gi", storage_class="ssd", reclaim=reclaim)


def test_what_becomes_of_each_volume_is_told_as_it_is(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a")')
    assert isinstance(bench.provider, Claims)
    bench.provider.claimed = (claim("data", "Retain"), claim("logs", "Delete"), claim("new", ""))

    told = loss.Loss(
        instance="a", urn=doubles.thing_urn("a"), done="deleted", loses="keys", claims=bench.provider.claimed
    )

    assert told.consequences.splitlines() == [
        "volume data  10Gi  ssd: the disk stays, without a claim (Released): only by hand can it be used again",
        "  volume logs  10Gi  ssd: the disk is deleted",
        "  volume new  10Gi  ssd: what becomes of its disk is not known",
        "  passwords and authorities that were made for it go too; backups in an object store stay",
    ]
    # Its operator keeps claims, and so does its namespace, which nobody deletes.
    assert "volume data  10Gi  stays claimed" in run(bench, "destroy").errors


def test_where_nobody_can_list_volumes_that_is_said(bench: doubles.Bench) -> None:
    bench.provider = doubles.FakeProvider()
    run(bench, "up", 'database("a")')

    assert "its volumes could not be listed" in run(bench, "destroy").errors


def test_the_inventory_remembers_what_is_lost_and_reads_entries_that_do_not_say(bench: doubles.Bench) -> None:
    run(bench, "up", 'database("a"); database("b", marked=False)')

    assert (bench.remembered["a-set"].loses, bench.remembered["a-set"].keeps_claims) == ("databases and users", True)
    assert (bench.remembered["b-set"].loses, bench.remembered["b-set"].keeps_claims) == ("", False)


def test_what_was_never_made_or_is_retained_is_no_loss() -> None:
    urn = doubles.thing_urn("a")
    lost = model.Entry(urn=urn, type="t", id="a", custom=True, loses="keys")
    unmade = model.Entry(urn=urn, type="t", id="", custom=True, loses="keys")
    retained = model.Entry(urn=urn, type="t", id="a", custom=True, loses="keys", retain_on_delete=True)

    assert loss.at_risk([lost, unmade, retained], agreed=()) == [lost]
    assert loss.at_risk([lost], agreed=("a",)) == []
