"""Dynamic resources whose inputs come from a vendor: unknown in a preview, and kubeconfigs that a rehearsal exchanges."""

from __future__ import annotations

import pathlib

import pytest

from runner.engine import values
from tests.runner import account_double
from tests.runner import engine_doubles as doubles

GIVEN = '{"clusters": [{"name": "cloud"}], "current-context": "cloud"}'
USED = '{"clusters": [{"name": "here"}], "current-context": "here"}'

GUARD = f"""
import pathlib
from pulumi import dynamic

GIVEN = {GIVEN!r}
vpc = pulumi.CustomResource("aws:ec2/vpc:Vpc", "vpc", {{"arn": None}})
arn = vpc.__dict__["arn"]


class Guarding(dynamic.ResourceProvider):
    def create(self, props):
        self._log("create", props)
        return dynamic.CreateResult("guard", props)

    def update(self, id, olds, news):
        self._log("update", olds)
        self._log("update", news)
        return dynamic.UpdateResult(news)

    def diff(self, id, olds, news):
        return dynamic.DiffResult(changes=olds != news, replaces=["zone"] if olds["zone"] != news["zone"] else [])

    def delete(self, id, props):
        self._log("delete", props)

    def _log(self, what, props):
        with open("log.txt", "a") as log:
            log.write(what + " " + props["kubeconfig"] + "\\n")


class Guard(dynamic.Resource):
    kubeconfig: pulumi.Output[str]

    def __init__(self, name, opts=None, **inputs):
        super().__init__(Guarding(), name, {{"zone": "a", "minutes": 1, **inputs}}, opts)


"""


@pytest.fixture
def bench(tmp_path: pathlib.Path) -> doubles.Bench:
    return doubles.Bench(tmp_path)


def run(bench: doubles.Bench, operation: str, program: str, account: account_double.FakeAccount) -> doubles.Told:
    return bench.simulate(
        operation, GUARD + program, account=account, resolve_kubeconfig=lambda text: USED if text == GIVEN else text
    )


def test_a_provider_acts_with_the_exchanged_kubeconfig_and_the_stack_keeps_the_programs_own(
    bench: doubles.Bench,
) -> None:
    account = account_double.FakeAccount()
    program = 'pulumi.export("kubeconfig", Guard("g", kubeconfig=GIVEN{}).kubeconfig)'

    told = run(bench, "up", program.format(""), account)
    unchanged = run(bench, "up", program.format(""), account)
    run(bench, "up", program.format(", minutes=2"), account)
    entry = bench.remembered["g"]
    run(bench, "destroy", "", account)

    assert told.outputs == {"kubeconfig": GIVEN}
    assert unchanged.operations["g"] == "same"
    assert (entry.inputs["kubeconfig"], entry.outputs["kubeconfig"]) == (GIVEN, GIVEN)
    log = (bench.folder / "log.txt").read_text().splitlines()
    assert log == [f"{what} {USED}" for what in ("create", "update", "update", "delete")]


def test_a_preview_with_unknown_inputs_starts_no_server(bench: doubles.Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise AssertionError("a server was started")

    monkeypatch.setattr("runner.dynamic.DynamicProvider._connected", refuse)

    told = run(
        bench,
        "preview",
        'pulumi.export("kubeconfig", Guard("g", kubeconfig=arn).kubeconfig)',
        account_double.FakeAccount(),
    )

    assert told.operations == {"vpc": "create", "g": "create"}
    assert told.outputs == {"kubeconfig": values.UNKNOWN}


def test_a_preview_says_which_known_inputs_would_become_unknown_ones(bench: doubles.Bench) -> None:
    account = account_double.FakeAccount()
    run(bench, "up", 'Guard("g", kubeconfig=GIVEN)', account)
    account.made.clear()

    told = run(bench, "preview", 'Guard("g", kubeconfig=arn)', account)

    (guard,) = [event for event in told.finished if event.name == "g"]
    assert guard.operation == "update"
    assert [(change.path, change.after) for change in guard.changes] == [("kubeconfig", "[unknown]")]


@pytest.mark.parametrize("kubeconfig", ["GIVEN", "made.__dict__['arn']"])
def test_a_guard_is_replaced_with_its_cluster(bench: doubles.Bench, kubeconfig: str) -> None:
    account = account_double.FakeAccount()
    program = f"""
made = pulumi.CustomResource("aws:ec2/vpc:Vpc", "made", {{{{"size": {{}}, "arn": None}}}})
Guard("g", kubeconfig={kubeconfig}, opts=Options(replace_with=[made]))
"""
    run(bench, "up", program.format(1), account)

    assert run(bench, "preview", program.format(2), account).operations["g"] == "replace"
