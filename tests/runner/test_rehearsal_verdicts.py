import pytest

from runner import request
from runner.engine import events, model
from runner.rehearsals import variants
from runner.rehearsals import verdicts as checks
from tests.local.simulated import handed_out as made
from tests.runner import builders

Operation = model.Operation
STEP = variants.Upgrade(old="1.35", new="1.36")


def result(*resources, diagnostics=()):
    return request.Result(
        resources=resources,
        outputs={},
        diagnostics=diagnostics,
        failed=any(item.failure for item in resources) or bool(diagnostics),
        drifted=False,
        seconds=1.0,
    )


def test_every_failed_resource_is_told_with_the_first_line_of_its_reason():
    failed = builders.finished("web", failure="no room\nmore of it")
    assert checks.failures(result(failed, builders.finished("ok"))) == ["web (kubernetes:apps/v1:Deployment): no room"]


def test_a_run_that_failed_without_a_resource_says_why_all_the_same():
    error = events.Diagnostic(severity=events.Severity.ERROR, message="the program ended with code 1\ntrace")
    assert checks.failures(result(diagnostics=[error])) == ["the program ended with code 1"]


def test_a_run_that_went_well_has_no_failures():
    assert checks.failures(result(builders.finished("web"))) == []


@pytest.mark.parametrize(
    ("failure", "injected"),
    [("shop: timed out\n  a fault that was injected; it is there", True), ("shop: no such subnet", False), ("", False)],
)
def test_only_what_was_injected_is_tried_again(failure, injected):
    assert checks.was_injected(result(builders.finished("shop", failure=failure))) is injected


OUTPUTS = {
    "cluster": {"vendor": "eks"},
    "kubeconfig": "{}",
    "services": {"metrics": {"url": "http://metrics.metrics.svc:9090"}},
}


def test_outputs_that_say_where_everything_is_are_fine():
    assert checks.outputs(OUTPUTS, vendor="eks", services=["metrics"]) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"cluster": {"vendor": "gke"}}, "the output cluster.vendor is 'gke' instead of 'eks'"),
        ({"services": {}}, "the outputs have no service metrics"),
        ({"services": {"metrics": {"url": ""}}}, "the output services.metrics has no url"),
        ({"kubeconfig": None}, "the outputs have no kubeconfig"),
    ],
)
def test_what_outputs_lack_is_told(changes, problem):
    assert checks.outputs({**OUTPUTS, **changes}, vendor="eks", services=["metrics"]) == [problem]


def test_an_upgrade_moves_cluster_and_pools():
    before = [made.eks(), made.node_group()]
    after = [made.eks(version="1.36"), made.node_group(version="1.36")]
    assert checks.upgraded(before, after, step=STEP) == []


def test_a_pool_that_stays_behind_is_told():
    after = [made.eks(version="1.36"), made.node_group()]
    assert checks.upgraded([], after, step=STEP) == ["the node pool system-1a2b has version v1.35.0 instead of 1.36"]


def test_a_cluster_that_was_made_anew_is_told():
    other = made.resource("aws:eks/cluster:Cluster", "shop", "shop-2", {"name": "shop", "version": "1.36"})
    (problem,) = checks.upgraded([made.eks()], [other], step=STEP)
    assert problem == "shop (aws:eks/cluster:Cluster) is another one than before the upgrade"


def test_an_add_on_that_stays_behind_is_told():
    addon = made.resource("aws:eks/addon:Addon", "dns", "dns", {"addonName": "coredns", "addonVersion": "v1"})
    assert checks.upgraded([addon], [addon], step=STEP) == ["the add-on coredns has stayed at v1"]


def test_a_replacement_during_an_upgrade_is_told_with_its_reason():
    change = builders.change("subnetIds", ["a"], ["b"])
    replaced = builders.finished("pool", Operation.REPLACE, changes=(change,))
    gone = builders.finished("old", Operation.DELETE)
    fine = builders.finished("cluster", Operation.UPDATE)
    assert checks.in_place(result(replaced, gone, fine)) == [
        "pool (kubernetes:apps/v1:Deployment) was replaced because of subnetIds",
        "old (kubernetes:apps/v1:Deployment) was deleted",
    ]


def test_what_was_only_remembered_may_be_forgotten_in_an_upgrade():
    forgotten = builders.finished("shop-coredns-1.35", Operation.DELETE, type="pulumi:index:Stash")
    assert checks.in_place(result(forgotten)) == []


def test_a_second_run_that_changes_something_is_told():
    same, read = builders.finished("a", Operation.SAME), builders.finished("b", Operation.READ)
    update = builders.finished("c", Operation.UPDATE, changes=(builders.change("spec.replicas", 1, 2),))
    drift = builders.finished("d", Operation.SAME, drifted=True)
    assert checks.unchanged(result(same, read, update, drift)) == [
        "c (kubernetes:apps/v1:Deployment): update of spec.replicas",
        "d (kubernetes:apps/v1:Deployment): same, drifted",
    ]


def node(version, *, ours=True):
    labels = {"paasport.dev/simulated-pool": "p"} if ours else {}
    return {"metadata": {"name": "n", "labels": labels}, "status": {"nodeInfo": {"kubeletVersion": version}}}


@pytest.mark.parametrize(
    ("live", "problems"),
    [
        (node("v1.36.2"), []),
        (node("v1.35.9"), ["the node n runs v1.35.9 instead of 1.36"]),
        (node("v1.20.0", ours=False), []),
    ],
)
def test_a_node_that_stays_behind_is_told(live, problems):
    assert checks.kubelets([live], step=STEP) == problems


@pytest.mark.parametrize(
    ("item", "problems"),
    [
        ({"kind": "Deployment", "spec": {"replicas": 2}, "status": {"readyReplicas": 2}}, []),
        ({"kind": "Deployment", "spec": {"replicas": 0}, "status": {}}, []),
        ({"kind": "Deployment", "spec": {}, "status": {}}, ["Deployment shop/web has 0 of 1 pods ready"]),
        (
            {"kind": "StatefulSet", "spec": {"replicas": 3}, "status": {"readyReplicas": 1}},
            ["StatefulSet shop/web has 1 of 3 pods ready"],
        ),
        (
            {"kind": "DaemonSet", "spec": {}, "status": {"desiredNumberScheduled": 2, "numberReady": 1}},
            ["DaemonSet shop/web has 1 of 2 pods ready"],
        ),
    ],
)
def test_a_workload_without_its_pods_is_told(item, problems):
    assert checks.not_ready([{"metadata": {"namespace": "shop", "name": "web"}, **item}]) == problems


def test_what_the_program_retains_is_kept_and_anything_else_is_left():
    key = made.resource("aws:kms/key:Key", "shop-key", "k1", {})
    retained = model.Entry(urn="u", type="aws:kms/key:Key", id="k1", custom=True, retain_on_delete=True)
    left = checks.left_in_account([key, made.eks()], retained=[retained])
    assert [kept.what for kept in left.kept] == ["Key shop-key"]
    assert left.problems == ("Cluster shop is left in the account",)


def disk(policy):
    inputs = {"kubernetes-claim": "shop/data", "kubernetes-reclaim-policy": policy}
    return made.resource("aws:ebs/volume:Volume", "pv-1", "vol-1", inputs)


@pytest.mark.parametrize(("policy", "reason"), [("Retain", "reclaim policy"), ("Delete", "drain.volumes is off")])
def test_a_disk_that_is_kept_says_whose_and_why(policy, reason):
    left = checks.left_in_account([disk(policy)], retained=[])
    (kept,) = left.kept
    assert kept.what == "Volume pv-1 of volume claim shop/data"
    assert reason in kept.reason
    assert left.problems == ()


def test_a_load_balancer_may_never_stay():
    balancer = made.resource(
        "aws:lb/loadBalancer:LoadBalancer", "k8s-1", "arn:1", {"kubernetes-service": "made-by-hand/entrance"}
    )
    assert checks.left_in_account([balancer], retained=[]).problems == (
        "LoadBalancer k8s-1 of Service made-by-hand/entrance is left in the account",
    )


def test_what_controllers_made_is_not_the_programs():
    assert checks.of_the_program([made.eks(), disk("Delete")]) == [made.eks()]
