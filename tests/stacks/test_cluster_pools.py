import pytest

from . import samples


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            samples.having(samples.EKS, pools={"general": samples.GENERAL}),
            "`paasport:cluster.pools` has no system pool\n"
            "  DNS and the vendor's add-ons run there, apart from what may crowd them out\n"
            "  next: write `role: system` in one of them",
            id="no system pool",
        ),
        pytest.param(
            samples.pools(samples.GKE, more=samples.SYSTEM),
            "`paasport:cluster.pools.more` is a second system pool, beside `system`\n"
            "  a cluster has one, so that it is known where add-ons run\n"
            "  next: leave `role` out here",
            id="two system pools",
        ),
        pytest.param(
            samples.pools(samples.AKS, system=samples.SYSTEM | {"min": 0}),
            "`paasport:cluster.pools.system.min` is 0, and a system pool is never empty\n"
            "  without DNS and the add-ons no pod of the cluster works\n"
            "  next: write `min: 1` or more",
            id="a system pool that may be empty",
        ),
        pytest.param(
            samples.pools(samples.EKS, system=samples.SYSTEM | {"spot": True}),
            "`paasport:cluster.pools.system` is the system pool and may not be spot\n"
            "  the vendor could take back the nodes of DNS and of the add-ons at any time\n"
            "  next: leave `spot` out",
            id="a system pool on spot nodes",
        ),
        pytest.param(
            samples.pools(
                samples.having(
                    samples.EKS,
                    tier="prod",
                    access={"deployer": "arn:aws:iam::111122223333:role/deployer", "wayIn": "vpn"},
                )
            ),
            "`paasport:cluster.pools.system.min` is 2, and a system pool has a node in each of its 3 zones in production\n"
            "  without DNS and the add-ons no pod of the cluster works\n"
            "  next: write `min: 3` or more",
            id="a system pool that leaves a zone without node in production",
        ),
        pytest.param(
            samples.pools(samples.GKE, general=samples.GENERAL | {"min": 5}),
            "`paasport:cluster.pools.general.min` is 5, and `max` is 4\n"
            "  no number of nodes is right then, and vendors refuse it\n"
            "  next: both count nodes of all zones: raise `max`",
            id="more at least than at most",
        ),
        pytest.param(
            samples.having(samples.EKS, pools={"system": samples.SYSTEM, "spot": samples.GENERAL | {"spot": True}}),
            "`paasport:cluster.pools` has no pool that takes pods without tolerations\n"
            "  nodes of system, spot and arm64 pools are tainted, so services would stay Pending\n"
            "  next: add a pool such as `general: {shape: {cpu: 4, memory: 16Gi}, min: 1, max: 4}`",
            id="only tainted pools",
        ),
        pytest.param(
            samples.pools(samples.having(samples.GKE, compute="auto")),
            "`paasport:cluster.pools.general` has no effect with `compute: auto`\n"
            "  the vendor makes nodes as pods need them; only the system pool is a pool\n"
            "  next: remove it, or write `compute: pools`",
            id="a pool beside automatic nodes",
        ),
        pytest.param(
            samples.having(samples.EKS, compute="auto", pools={"system": samples.SYSTEM}),
            "`paasport:cluster.pools.system` has no effect with `compute: auto`\n"
            "  the vendor makes nodes as pods need them; for the system too\n"
            "  next: remove it, or write `compute: pools`",
            id="even a system pool in Auto Mode",
        ),
        pytest.param(
            samples.pools(samples.AKS, general=samples.GENERAL | {"labels": {"kubernetes.azure.com/mode": "user"}}),
            '`paasport:cluster.pools.general.labels["kubernetes.azure.com/mode"]` is below kubernetes.azure.com, where others set labels and taints\n'
            "  the vendor refuses it, or overwrites it without notice\n"
            "  next: use a domain of your own, for example `example.com/mode`",
            id="a vendor's label",
        ),
        pytest.param(
            samples.pools(samples.EKS, general=samples.GENERAL | {"labels": {"node.kubernetes.io/role": "worker"}}),
            '`paasport:cluster.pools.general.labels["node.kubernetes.io/role"]` is below kubernetes.io, where others set labels and taints\n'
            "  the vendor refuses it, or overwrites it without notice\n"
            "  next: use a domain of your own, for example `example.com/role`",
            id="Kubernetes' label",
        ),
        pytest.param(
            samples.pools(samples.EKS, extra=samples.GENERAL | {"taints": [{"key": "paasport.dev/spot"}]}),
            "`paasport:cluster.pools.extra.taints[0].key` (`paasport.dev/spot`) is below paasport.dev, where others set labels and taints\n"
            "  the vendor refuses it, or overwrites it without notice\n"
            "  next: use a domain of your own, for example `example.com/spot`",
            id="our own taint",
        ),
        pytest.param(
            samples.pools(samples.EKS, general=samples.GENERAL | {"labels": {"a" * 64: "b"}}),
            "`paasport:cluster.pools.general.labels.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is too long\n"
            "  Kubernetes takes 253 characters before the slash and 63 after it\n"
            "  next: shorten it, or write a domain and a slash before it",
            id="a long label",
        ),
        pytest.param(
            samples.pools(
                samples.EKS,
                extra=samples.GENERAL | {"taints": [{"key": "gpu", "value": "a"}, {"key": "gpu", "value": "b"}]},
            ),
            "`paasport:cluster.pools.extra.taints[1]` repeats a key and effect\n"
            "  a node has one taint of a key and effect\n"
            "  next: keep one of them",
            id="a taint twice",
        ),
    ],
)
def test_a_wrong_pool_is_explained(cluster, message):
    assert samples.told(cluster) == [message]


def test_aks_may_have_another_system_pool_because_its_first_one_cannot_be_replaced():
    assert samples.told(samples.pools(samples.AKS, more=samples.SYSTEM)) == []
