"""One mistake hides no other, and is not the cause of a second one that is not there."""

import datetime as dt

import pytest
import yaml

from stacks import files, settings

from . import samples

TODAY = dt.date(2026, 11, 22)


def told(cluster, services=None):
    found = settings.judge({"paasport:cluster": cluster, "paasport:services": services or {}}).found
    return sorted(finding.what.replace("`paasport:cluster.", "`") for finding in found)


def checked(project, text, *, stack="dev"):
    project.write(text, stack=stack)
    return [(problem.line, problem.what) for problem in files.check(project.root, stack, today=TODAY)]


WRONG = samples.having(
    samples.EKS,
    network__cidr="10.0.0.0/8",
    access__api="private",
    pools={
        "system": samples.SYSTEM | {"spot": True},
        "general": samples.GENERAL | {"min": 9},
        "small": samples.GENERAL | {"disk": "1Gi"},
    },
)
TOLD = [
    "`access.cidrs` has no effect: the API is `private`",
    "`access.wayIn` is missing, and the API is private",
    "`network.cidr` (`10.0.0.0/8`) must be /16 to /24",
    "`pools.general.min` is 9, and `max` is 4",
    "`pools.small.disk` (`1Gi`) must be 30Gi to 2048Gi",
    "`pools.system` is the system pool and may not be spot",
]


def test_what_the_examples_start_from():
    assert told(WRONG) == TOLD


@pytest.mark.parametrize(
    ("changes", "told_too", "hidden"),
    [
        pytest.param({"drain": 5}, ["`drain` must be a mapping, not the number `5`"], [], id="wrong type"),
        pytest.param({"region": samples.GONE}, ["`region` is missing"], [], id="missing region"),
        pytest.param({"eks": samples.GONE}, ["`eks` is missing"], [], id="missing block"),
        pytest.param({"regoin": "x"}, ["unknown key `regoin`"], [], id="unknown key beside the right one"),
        pytest.param(
            {"tier": "production"},
            ["`tier` must be one of `dev`, `staging`, `prod`, not the text `production`"],
            [],
            id="unknown tier",
        ),
        pytest.param(
            {"access__api": "privat"},
            ["`access.api` must be one of `private`, `allowlist`, `identity`, not the text `privat`"],
            [TOLD[0], TOLD[1]],
            id="what is about the wrong value is not told",
        ),
        pytest.param(
            {"access__wayin": "vpn"}, ["unknown key `access.wayin`"], [TOLD[1]], id="a misspelled key is not missing"
        ),
        pytest.param(
            {"network": "10.0.0.0/8"},
            ["`network` must be a mapping, not the text `10.0.0.0/8`"],
            [TOLD[2]],
            id="no block",
        ),
        pytest.param(
            {"pools__general__min": "nine"},
            ["`pools.general.min` must be a whole number, not the text `nine`"],
            [TOLD[3]],
            id="one pool",
        ),
        pytest.param(
            {"pools__General": samples.GENERAL | {"min": 8}},
            [
                (
                    "the key `pools.General` must be a name of lower-case letters and digits, first a letter; "
                    "it is the text `General`"
                ),
                "`pools.General.min` is 8, and `max` is 4",
            ],
            [],
            id="a wrong name of a pool",
        ),
        pytest.param(
            {"access__cidrs": ["10.0.0.0/33", "10.0.0.1/24"]},
            [
                "`access.cidrs[0]` must be an IPv4 network, such as 10.20.0.0/16; it is the text `10.0.0.0/33`",
                "`access.cidrs[1]` (`10.0.0.1/24`) is an address inside a network",
            ],
            [],
            id="one item of a list",
        ),
        pytest.param(
            {"eks__network": {"vpc": "vpc-0123456789abcdef0", "privateSubnets": ["subnet-0123456789abcdef0"]}},
            [
                "`eks.network.privateSubnets` must have at least 2 entries",
                "`network.cidr` has no effect: `eks.network` names a network that exists",
            ],
            [],
            id="a list that is too short is not counted once more",
        ),
    ],
)
def test_one_wrong_setting_hides_no_other(changes, told_too, hidden):
    assert told(samples.having(WRONG, **changes)) == sorted({*TOLD, *told_too} - {*hidden})


def test_the_block_tells_what_is_meant_where_the_vendor_does_not():
    vendor = "`vendor` must be one of `aks`, `eks`, `existing`, `gke`, `local`, not the text `amazon`"
    assert told(samples.having(WRONG, vendor="amazon")) == sorted([vendor, *TOLD])
    assert told(samples.having(WRONG, vendor=samples.GONE)) == sorted(["`vendor` is missing", *TOLD])


def test_where_vendor_and_block_disagree_nothing_is_guessed():
    vendor = "`vendor` must be one of `aks`, `eks`, `existing`, `gke`, `local`, not the text `locale`"
    assert told(samples.having(WRONG, vendor="locale")) == [vendor]


def test_a_misspelled_vendor_hides_nothing():
    assert told({"vendor": "locale", "nodes": {"count": 0}}) == [
        "`nodes.count` must be at least 1, not the number `0`",
        "`vendor` must be one of `aks`, `eks`, `existing`, `gke`, `local`, not the text `locale`",
    ]


def test_a_wrong_cluster_hides_nothing_of_services_that_is_known():
    metrics = {"service": "prometheus", "availability": "zonal", "overrides": {"replicas": 1, "cpu": "900"}}
    found = told({"vendor": "local", "nodes": {"zones": ["a"], "memory": "much"}}, {"metrics": metrics})
    assert found == [
        "`nodes.memory` must be a Kubernetes quantity, such as 500m, 16 or 64Gi; it is the text `much`",
        "`paasport:services.metrics.availability` is `zonal`, but the cluster has 3 nodes in 1 zone",
        "`paasport:services.metrics.overrides.replicas` is 1, but the service is `zonal`",
        "`paasport:services.metrics` asks for 900 of cpu, and a node has 16",
    ]


def test_a_wrong_service_hides_nothing_that_is_known():
    metrics = {"service": "prometheus", "size": "huge", "availability": "zonal", "overrides": {"replicas": 1}}
    assert told({"vendor": "local"}, {"metrics": metrics}) == [
        "`paasport:services.metrics.overrides.replicas` is 1, but the service is `zonal`",
        "`paasport:services.metrics.size` must be one of `small`, `medium`, `large`, not the text `huge`",
    ]


@pytest.mark.parametrize("metrics", [None, {}, {"service": "promotheus-server"}, {"service": ["prometheus"]}])
def test_a_service_that_nobody_knows_is_no_reason_to_miss_it(metrics):
    found = told({"vendor": "local"}, {"metrics": metrics, "config": {"service": "etcd", "monitoredBy": "metrics"}})
    assert [what for what in found if "metrics" not in what.split(" ")[0]] == []
    assert len(found) == 1


def test_what_yaml_allows_and_we_do_not_hides_nothing_else(project):
    assert checked(
        project,
        """\
        config:
          paasport:cluster:
            vendor: local
            nodes: {count: 1, zones: [a, a], count: 2, cpu: !cores 4, pods: many}
            name: Mine
          paasport:services:
            <<: {}
            metrics: {service: prometheus}
        """,
    ) == [
        (4, "`paasport:cluster.nodes.zones[1]` names the zone `a` a second time"),
        (4, "the key `count` stands here a second time"),
        (4, "the tag `!cores` is not supported"),
        (4, "`paasport:cluster.nodes.pods` must be a whole number, not the text `many`"),
        (
            5,
            (
                "`paasport:cluster.name` must be a DNS label: lower-case letters, digits and hyphens, "
                "with a letter or digit at both ends; it is the text `Mine`"
            ),
        ),
        (7, "the merge key `<<` is not supported"),
    ]


def test_a_file_without_any_other_problem_is_not_used_where_a_key_stands_twice(project):
    found = checked(project, "config: {paasport:cluster: {vendor: local, name: a, name: b}}")
    assert found == [(1, "the key `name` stands here a second time")]


def test_a_wrong_setting_hides_neither_the_stacks_name_nor_its_twin(project):
    twin = yaml.safe_dump({"config": {"paasport:cluster": samples.EKS | {"name": "shop"}}})
    project.write(twin, stack="twin")
    wrong = yaml.safe_dump(
        {"config": {"paasport:cluster": samples.EKS | {"name": "shop", "backups": 5}}}, sort_keys=False
    )
    assert [what for _, what in checked(project, wrong)] == [
        "the cluster's name `shop` is that of the stack `twin` too, in 111122223333 of eks",
        "`paasport:cluster.backups` must be a mapping, not the number `5`",
    ]
    unnamed = yaml.safe_dump({"config": {"paasport:cluster": samples.EKS | {"backups": 5}}}, sort_keys=False)
    assert [what for _, what in checked(project, unnamed, stack="Shop")] == [
        "the cluster cannot have the stack's name `Shop`",
        "`paasport:cluster.backups` must be a mapping, not the number `5`",
    ]
