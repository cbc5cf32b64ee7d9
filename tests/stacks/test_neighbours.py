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
