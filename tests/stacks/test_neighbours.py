import datetime as dt

import yaml

from stacks import files

from . import samples

TODAY = dt.date(2026, 11, 22)


def write(project, stack, cluster):
    project.write(yaml.safe_dump({"config": {"paasport:cluster": cluster}}), stack=stack)


def problems(project, stack):
    return [problem.render() for problem in files.check(project.root, stack, today=TODAY)]


def test_two_stacks_cannot_make_the_same_cluster(project):
    write(project, "shop-dev", samples.EKS)
    write(project, "shop-test", samples.having(samples.EKS, name="shop-dev"))
    assert problems(project, "shop-test") == [
        (
            "stacks/Pulumi.shop-test.yaml:11:5: the cluster's name `shop-dev` is that of the stack `shop-dev` too, "
            "in 111122223333 of eks\n"
            "  roles, keys and groups are named after it, so that each stack would take over the other's\n"
            "  next: give this one another `paasport:cluster.name`"
        )
    ]
    assert len(problems(project, "shop-dev")) == 1


def test_the_same_name_is_free_in_another_account_and_at_another_vendor(project):
    write(project, "a", samples.having(samples.EKS, name="shop"))
    deployer = "arn:aws:iam::444455556666:role/deployer"
    write(
        project, "b", samples.having(samples.EKS, name="shop", eks__account="444455556666", access__deployer=deployer)
    )
    write(project, "c", samples.having(samples.GKE, name="shop"))
    write(project, "d", samples.having(samples.AKS, name="shop"))
    assert [problems(project, stack) for stack in "abcd"] == [[], [], [], []]


def test_a_changed_neighbour_is_read_again(project):
    write(project, "a", samples.having(samples.GKE, name="shop"))
    write(project, "b", samples.having(samples.GKE, name="shop"))
    assert len(problems(project, "a")) == 1
    write(project, "b", samples.having(samples.GKE, name="another"))
    assert problems(project, "a") == []


def test_a_neighbour_with_problems_of_its_own_is_no_problem_here(project):
    write(project, "a", samples.AKS)
    write(project, "b", {"vendor": "aks"})
    assert problems(project, "a") == []


LOCAL = {"vendor": "local", "name": "shared"}
METRICS = {"metrics": {"service": "prometheus"}}


def write_services(project, stack, cluster, services):
    config = {"paasport:cluster": cluster, "paasport:services": services}
    project.write(yaml.safe_dump({"config": config}), stack=stack)


def test_two_stacks_on_one_control_plane_cannot_both_have_what_there_is_once(project):
    write_services(project, "a", LOCAL, METRICS)
    write_services(project, "b", LOCAL, METRICS)
    assert problems(project, "b") == [
        (
            "stacks/Pulumi.b.yaml:2:3: the stack `a` is on the same cluster, and both would make "
            "`prometheus-operator`, the storage classes\n"
            "  a cluster has them once: two would undo what the other does\n"
            "  next: let one of the two own them, and write them under `paasport:cluster.has` of the other"
        ),
        (
            "stacks/Pulumi.b.yaml:6:5: `paasport:services.metrics` has the name of an instance of the stack `a` "
            "on the same cluster\n"
            "  an instance lives alone in the namespace of its name, and a cluster has each name once\n"
            "  next: give one of the two another name"
        ),
    ]


def test_a_stack_that_says_what_is_there_is_a_good_neighbour(project):
    has = {"operators": ["prometheus-operator"], "storageClasses": True}
    write_services(project, "a", LOCAL, METRICS)
    write_services(project, "b", {**LOCAL, "has": has}, {"eyes": METRICS["metrics"]})
    assert [problems(project, stack) for stack in "ab"] == [[], []]


def test_the_cluster_of_another_stack_is_the_same_one_whoever_makes_it(project):
    existing = {"vendor": "existing", "name": "guest", "storage": {"provisioner": "ebs.csi.aws.com"}}
    write_services(project, "shop", samples.EKS, METRICS)
    write_services(project, "first", {**existing, "kubeconfig": {"stack": "shop"}}, METRICS)
    write_services(project, "second", {**existing, "kubeconfig": {"stack": "acme/paasport/first"}}, METRICS)
    for stack, others in (("shop", ("first", "second")), ("second", ("first", "shop"))):
        told = " ".join(problems(project, stack))
        assert [f"instance of the stack `{other}` on the same cluster" in told for other in others] == [True, True]


def test_control_planes_of_other_names_and_kubeconfigs_that_may_lead_anywhere_are_no_neighbours(project):
    existing = {"vendor": "existing", "name": "guest", "storage": {"provisioner": "ebs.csi.aws.com"}}
    write_services(project, "a", {"vendor": "local"}, METRICS)
    write_services(project, "b", {"vendor": "local"}, METRICS)
    write_services(project, "c", {**existing, "kubeconfig": {"path": "~/.kube/config"}}, METRICS)
    write_services(project, "d", {**existing, "kubeconfig": {"path": "~/.kube/config"}}, METRICS)
    assert [problems(project, stack) for stack in "abcd"] == [[], [], [], []]


def test_stacks_that_refer_to_each_other_are_told_nothing_that_is_not_so(project):
    existing = {"vendor": "existing", "name": "guest", "storage": {"provisioner": "ebs.csi.aws.com"}}
    write_services(project, "a", {**existing, "kubeconfig": {"stack": "b"}}, {})
    write_services(project, "b", {**existing, "kubeconfig": {"stack": "a"}}, {})
    assert [problems(project, stack) for stack in "ab"] == [[], []]
