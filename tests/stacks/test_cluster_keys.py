import pytest

from . import samples


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            samples.having(samples.EKS, gke={"project": "acme-dev", "projectNumber": "1"}),
            "`paasport:cluster.gke` belongs to the vendor gke, and this stack's is eks\n"
            "  what it says would have no effect\n"
            "  next: remove it, or write `vendor: gke`",
            id="a block of another vendor",
        ),
        pytest.param(
            samples.having(samples.AKS, aks=samples.GONE),
            "`paasport:cluster.aks` is missing\n"
            "  Its subscription, and what else only AKS knows\n"
            "  next: add the key `aks`",
            id="the own block missing",
        ),
        pytest.param(
            {"vendor": "local", "eks": {}},
            "`paasport:cluster.eks` belongs to the vendor eks, and this stack's is local\n"
            "  what it says would have no effect\n"
            "  next: remove it, or write `vendor: eks`",
            id="a local cluster with a vendor's block",
        ),
        pytest.param(
            samples.pools(samples.EKS, general=samples.GENERAL | {"instanceType": ["m7i.large"]}),
            "unknown key `paasport:cluster.pools.general.instanceType`\n"
            "  nobody looks at it, so what it says has no effect\n"
            "  next: write `instanceTypes`",
            id="a pool's unknown key",
        ),
        pytest.param(
            samples.pools(samples.EKS, my_pool=samples.GENERAL),
            "the key `paasport:cluster.pools.my_pool` must be a name of lower-case letters and digits, first a letter; it is the text `my_pool`\n"
            "  Node pools by name. The tier has a pair of them where it is left out\n"
            "  next: write for example `general`",
            id="a pool's name",
        ),
        pytest.param(
            samples.pools(samples.EKS, generalpurpose=samples.GENERAL),
            "the key `paasport:cluster.pools.generalpurpose` must have at most 8 characters\n"
            "  Node pools by name. The tier has a pair of them where it is left out\n"
            "  next: shorten it",
            id="a pool's long name",
        ),
        pytest.param(
            samples.pools(samples.EKS, general=samples.GENERAL | {"spot": "yes"}),
            "`paasport:cluster.pools.general.spot` must be `true` or `false`, not the text `yes`\n"
            "  Whether the vendor may take the nodes back at any time, for a fraction of the price. Default no\n"
            "  next: write one of the two, without quotes",
            id="a text for a truth value",
        ),
        pytest.param(
            samples.having(
                samples.EKS, kubernetes__freezes=[{"name": "a", "start": "2026-02-30", "end": "2026-03-01"}]
            ),
            "`paasport:cluster.kubernetes.freezes[0].start` must be a day, such as 2026-12-18, not the text `2026-02-30`\n"
            "  First day\n"
            "  next: write year, month and day, with hyphens between them",
            id="a day that is none",
        ),
        pytest.param(
            samples.having(samples.EKS, kubernetes__minor=1.35),
            "`paasport:cluster.kubernetes.minor` must be a text, not the number `1.35`\n"
            "  The minor version, for example `1.35`; one step up at a time\n"
            "  next: put the value in quotes",
            id="a number for a minor",
        ),
        pytest.param(
            samples.having(samples.EKS, name="a" * 32),
            "`paasport:cluster.name` must have at most 31 characters\n"
            "  Name of the cluster. Leave it out for the stack's\n"
            "  next: shorten it",
            id="a name that is too long",
        ),
        pytest.param(
            samples.having(samples.EKS, name="1st_cluster"),
            "`paasport:cluster.name` must be a DNS label: lower-case letters, digits and hyphens, first a letter, last no hyphen; it is the text `1st_cluster`\n"
            "  Name of the cluster. Leave it out for the stack's\n"
            "  next: write for example `shop`",
            id="a name that the strictest vendor refuses",
        ),
        pytest.param(
            samples.having(
                samples.EKS,
                network=samples.GONE,
                eks__network={"vpc": "vpc-0123456789abcdef0", "privateSubnets": ["subnet-01234567"]},
            ),
            "`paasport:cluster.eks.network.privateSubnets` must have at least 2 entries\n"
            "  Ids of the subnets for nodes, one in each zone, with a way to the internet\n"
            "  next: add the others, or leave the key out where it is not required",
            id="a single subnet",
        ),
        pytest.param(
            samples.pools(samples.EKS, general=samples.GENERAL | {"taints": [{"key": "a", "effect": "NoSchedul"}]}),
            "`paasport:cluster.pools.general.taints[0].effect` must be one of `NoSchedule`, `PreferNoSchedule`, `NoExecute`, not the text `NoSchedul`\n"
            "  What happens to pods without the toleration. Default `NoSchedule`\n"
            "  next: write `NoSchedule`",
            id="a wrong taint of a list",
        ),
    ],
)
def test_a_wrong_key_of_a_managed_cluster_is_explained(cluster, message):
    assert samples.told(cluster) == [message]
