import pytest

from . import samples


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            samples.having(
                samples.EKS,
                tier="prod",
                protection="off",
                access={"deployer": "arn:aws:iam::111122223333:role/deployer", "wayIn": "vpn"},
            ),
            "`paasport:cluster.protection` is `off`, and the tier is `prod`\n"
            "  one mistaken destroy would delete the cluster and what is on it\n"
            "  next: write `guarded`, or leave it out for `locked`; before you destroy it, add `retiring: true`",
            id="production without protection",
        ),
        pytest.param(
            samples.having(samples.EKS, retiring=True),
            "`paasport:cluster.retiring` has no effect: the protection is `guarded`\n"
            "  a protected cluster is not destroyed\n"
            "  next: write `protection: off` beside it, deploy that, then destroy",
            id="retiring what is protected",
        ),
        pytest.param(
            samples.having(samples.EKS, audit__retentionDays=100),
            "`paasport:cluster.audit.retentionDays` is 100, which eks does not have\n"
            "  CloudWatch has a fixed choice of retentions\n"
            "  next: write `retentionDays: 120`",
            id="a retention that CloudWatch has not",
        ),
        pytest.param(
            samples.having(samples.AKS, audit__retentionDays=3000),
            "`paasport:cluster.audit.retentionDays` is 3000, which aks does not have\n"
            "  logs can be kept for 30 to 730 days there\n"
            "  next: write `retentionDays: 730`",
            id="a retention that Azure has not",
        ),
        pytest.param(
            samples.having(samples.AKS, audit__retentionDays=7),
            "`paasport:cluster.audit.retentionDays` is 7, which aks does not have\n"
            "  logs can be kept for 30 to 730 days there\n"
            "  next: write `retentionDays: 30`",
            id="a retention that Azure has not yet",
        ),
        pytest.param(
            samples.having(samples.GKE, tags={"cluster": "mine"}),
            "`paasport:cluster.tags.cluster` is set by paasport itself\n"
            "  by it everything that belongs to a cluster is found\n"
            "  next: use another key",
            id="our own tag",
        ),
        pytest.param(
            samples.having(samples.EKS, tags={"goog-owner": "me"}),
            "`paasport:cluster.tags.goog-owner` begins with `goog`, which a vendor keeps for itself\n"
            "  it refuses the tag\n"
            "  next: use another key",
            id="a vendor's tag",
        ),
        pytest.param(
            samples.having(samples.EKS, tags={"1st": "me"}),
            "`paasport:cluster.tags.1st` does not begin with a letter, as keys of Google's labels do\n"
            "  tags are such as every vendor takes\n"
            "  next: use another key",
            id="a tag that is no label of Google's",
        ),
        pytest.param(
            samples.having(samples.EKS, tags={f"t{n}": "x" for n in range(41)}),
            "`paasport:cluster.tags` has 41 tags; 40 are the most\n"
            "  AWS and Azure take 50 with their own\n"
            "  next: remove some",
            id="too many tags",
        ),
        pytest.param(
            samples.having(samples.EKS, eks__addonVersions={"vpc-cmi": "v1.20.4-eksbuild.2"}),
            "`paasport:cluster.eks.addonVersions.vpc-cmi` is no add-on that the cluster gets\n"
            "  the version would have no effect\n"
            "  next: write `vpc-cni`",
            id="an add-on that is not installed",
        ),
        pytest.param(
            samples.having(samples.EKS, compute="auto", eks__addonVersions={"vpc-cni": "v1.20.4-eksbuild.2"}),
            "`paasport:cluster.eks.addonVersions.vpc-cni` is no add-on that the cluster gets\n"
            "  the version would have no effect\n"
            "  next: write one of `metrics-server`, `snapshot-controller`",
            id="an add-on that Auto Mode brings",
        ),
    ],
)
def test_wrong_protection_logs_and_tags_are_explained(cluster, message):
    assert samples.told(cluster) == [message]


def test_production_that_is_said_to_go_may_be_without_protection():
    access = {"wayIn": "vpn", "deployer": "00000000-0000-4000-8000-000000000001"}
    assert samples.told(samples.having(samples.AKS, tier="prod", protection="off", retiring=True, access=access)) == []
