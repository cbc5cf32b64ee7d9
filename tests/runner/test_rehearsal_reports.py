import pytest

from local.simulated import faults
from runner.commands import rehearse
from runner.rehearsals import reports, verdicts

KEPT = verdicts.Kept(what="Key shop-key", reason="the stack retains it")


def report(*steps, **changes):
    described = {
        "stack": "eks-prod",
        "vendor": "eks",
        "simulated": True,
        "faults": (),
        "steps": steps or (reports.Step(title="deploy", seconds=4.2),),
        "kept": (KEPT,),
        "resources": (("aws:ec2/vpc:Vpc", "shop-vpc"),),
        "seconds": 40.0,
    }
    return reports.Report(**{**described, **changes})


def test_the_summary_says_what_passed_what_is_kept_and_what_was_not_shown():
    lines = list(reports.summary(report()))
    assert " 1. deploy  ok      4.2 s" in lines
    assert "kept: Key shop-key: the stack retains it" in lines
    assert "rehearsal of eks-prod passed in 40 s" in lines
    assert lines[-1] == "  networks are described, not built: nothing shows that a packet arrives"


def test_a_problem_fails_the_rehearsal():
    step = reports.Step(title="destroy", seconds=1.0, problems=("a load balancer is left",))
    lines = list(reports.summary(report(step, faults=("timeout",))))
    assert " 1. destroy  failed  1.0 s" in lines
    assert "rehearsal of eks-prod with timeout failed with 1 problems in 40 s" in lines


def test_without_a_simulated_vendor_nothing_is_excused():
    assert "what it does not show:" not in list(reports.summary(report(simulated=False)))


def test_a_step_tells_its_problems_and_how_often_the_engine_ran():
    step = reports.Step(title="deploy", seconds=2.0, notes=("3 created",), problems=("no",), runs=3)
    assert list(reports.done(step)) == ["   3 created", "   problem: no", "   2.0 s, 3 runs"]


def test_the_document_has_every_step_and_whether_it_passed():
    document = reports.rendered(report())
    assert document["passed"] is True
    assert document["steps"] == [{"title": "deploy", "seconds": 4.2, "runs": 0, "notes": [], "problems": []}]
    assert document["kept"] == [{"what": "Key shop-key", "reason": "the stack retains it"}]
    assert document["diagnostics"] == []


@pytest.mark.parametrize(
    "line", ["preview eks-prod", "local kubectl eks-prod-rehearsal", "local delete eks-prod-rehearsal"]
)
def test_what_is_kept_comes_with_how_to_look_at_it_and_how_to_remove_it(line):
    assert any(f"./paasport {line}" in told for told in reports.look("eks-prod-rehearsal", stack="eks-prod"))


def test_the_command_knows_every_fault():
    assert rehearse.FAULTS == faults.KINDS
