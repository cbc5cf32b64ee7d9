import pytest

from . import samples


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            samples.pools(samples.EKS, general={"min": 1, "max": 2}),
            "`paasport:cluster.pools.general` needs exactly one of `shape` and `instanceTypes`\n"
            "  by one of them the machines of the pool are chosen\n"
            "  next: write for example `shape: {cpu: 4, memory: 16Gi}`",
            id="neither shape nor types",
        ),
        pytest.param(
            samples.pools(samples.EKS, general=samples.GENERAL | {"instanceTypes": ["m7i.large"]}),
            "`paasport:cluster.pools.general` needs exactly one of `shape` and `instanceTypes`\n"
            "  by one of them the machines of the pool are chosen\n"
            "  next: write for example `shape: {cpu: 4, memory: 16Gi}`",
            id="shape and types",
        ),
        pytest.param(
            samples.pools(samples.EKS, general=samples.GENERAL | {"shape": {"cpu": 3, "memory": "12Gi"}}),
            "`paasport:cluster.pools.general.shape` (amd64, 3 CPUs, 12Gi) is that of no machine of eks\n"
            "  a shape is met exactly: a larger machine would cost what nobody asked for\n"
            "  next: write `{cpu: 4, memory: 16Gi}` (m7i.xlarge), `{cpu: 4, memory: 8Gi}` (c7i.xlarge), `{cpu: 2, memory: 16Gi}` (r7i.large), or name machines in `instanceTypes`",
            id="a shape that no machine has",
        ),
        pytest.param(
            samples.pools(
                samples.GKE, arm={"arch": "arm64", "min": 0, "max": 2, "shape": {"cpu": 96, "memory": "384Gi"}}
            ),
            "`paasport:cluster.pools.arm.shape` (arm64, 96 CPUs, 384Gi) is that of no machine of gke\n"
            "  a shape is met exactly: a larger machine would cost what nobody asked for\n"
            "  next: write `{cpu: 72, memory: 288Gi}` (c4a-standard-72), `{cpu: 64, memory: 512Gi}` (c4a-highmem-64), `{cpu: 72, memory: 576Gi}` (c4a-highmem-72), or name machines in `instanceTypes`",
            id="a shape that no machine of the architecture has",
        ),
        pytest.param(
            samples.pools(samples.AKS, general={"instanceTypes": ["n4-standard-4"], "min": 1, "max": 2}),
            "`paasport:cluster.pools.general.instanceTypes[0]` (`n4-standard-4`) is a machine of gke, and not of aks\n"
            "  AKS would refuse it when it makes the pool\n"
            "  next: write one of its names, for example `Standard_D2ds_v5`",
            id="a machine of another vendor",
        ),
        pytest.param(
            samples.pools(samples.AKS, general={"instanceTypes": ["D4ds_v5"], "min": 1, "max": 2}),
            "`paasport:cluster.pools.general.instanceTypes[0]` (`D4ds_v5`) is no machine of aks\n"
            "  AKS would refuse it when it makes the pool\n"
            "  next: write `Standard_D4ds_v5`",
            id="a misspelled machine",
        ),
        pytest.param(
            samples.pools(samples.EKS, general={"instanceTypes": ["m7i.xlagre"], "min": 1, "max": 2}),
            "`paasport:cluster.pools.general.instanceTypes[0]` (`m7i.xlagre`) is no machine of eks\n"
            "  EKS would refuse it when it makes the pool\n"
            "  next: write `m7i.xlarge`",
            id="a misspelled size",
        ),
        pytest.param(
            samples.pools(samples.EKS, general={"instanceTypes": ["m7i.3xlarge"], "min": 1, "max": 2}),
            "`paasport:cluster.pools.general.instanceTypes[0]` (`m7i.3xlarge`) is a size that its family does not have\n"
            "  all sizes of the family are in stacks/shapes.yaml, and eks would refuse another\n"
            "  next: write `m7i.4xlarge`, or add the size to stacks/shapes.yaml",
            id="a size that AWS does not have",
        ),
        pytest.param(
            samples.pools(samples.GKE, general={"instanceTypes": ["n4-standard-6"], "min": 1, "max": 2}),
            "`paasport:cluster.pools.general.instanceTypes[0]` (`n4-standard-6`) is a size that its family does not have\n"
            "  all sizes of the family are in stacks/shapes.yaml, and gke would refuse another\n"
            "  next: write `n4-standard-8`, or add the size to stacks/shapes.yaml",
            id="a size that Google does not have",
        ),
        pytest.param(
            samples.pools(samples.AKS, general={"instanceTypes": ["Standard_D5ds_v5"], "min": 1, "max": 2}),
            "`paasport:cluster.pools.general.instanceTypes[0]` (`Standard_D5ds_v5`) is a size that its family does not have\n"
            "  all sizes of the family are in stacks/shapes.yaml, and aks would refuse another\n"
            "  next: write `Standard_D4ds_v5`, or add the size to stacks/shapes.yaml",
            id="a size that Azure does not have",
        ),
        pytest.param(
            samples.pools(samples.EKS, general={"instanceTypes": ["?"], "min": 1, "max": 2}),
            "`paasport:cluster.pools.general.instanceTypes[0]` (`?`) is no machine of eks\n"
            "  EKS would refuse it when it makes the pool\n"
            "  next: write one of its names, for example `m7i.large`",
            id="no machine at all",
        ),
        pytest.param(
            samples.pools(samples.EKS, general={"instanceTypes": ["m7i.large", "m7i.large"], "min": 1, "max": 2}),
            "`paasport:cluster.pools.general.instanceTypes[1]` (`m7i.large`) is named a second time\n"
            "  the order of the names is an order of preference, in which each has one place\n"
            "  next: name each machine once",
            id="a machine named twice",
        ),
        pytest.param(
            samples.pools(samples.EKS, general={"instanceTypes": ["m7g.large"], "min": 1, "max": 2}),
            "`paasport:cluster.pools.general.instanceTypes[0]` (`m7g.large`) is arm64, and its pool is amd64\n"
            "  images of the wrong architecture do not start\n"
            "  next: write `arch: arm64`, or name another machine",
            id="a machine of another architecture",
        ),
        pytest.param(
            samples.pools(
                samples.GKE, general={"instanceTypes": ["n4-standard-4", "n4-standard-8"], "min": 1, "max": 2}
            ),
            "`paasport:cluster.pools.general.instanceTypes` has 2 names, and a pool of gke takes 1\n"
            "  the others would have no effect\n"
            "  next: keep the first, and write a pool for each of the others",
            id="several machines on GKE",
        ),
        pytest.param(
            samples.pools(
                samples.EKS, general={"instanceTypes": [f"x{n}.large" for n in range(21)], "min": 1, "max": 2}
            ),
            "`paasport:cluster.pools.general.instanceTypes` has 21 names, and a pool of eks takes 20\n"
            "  AWS refuses a node group with more\n"
            "  next: keep the best",
            id="more machines than EKS takes",
        ),
        pytest.param(
            samples.pools(
                samples.EKS, spot={"instanceTypes": ["m7i.large", "m6i.large"], "min": 0, "max": 4, "spot": True}
            ),
            "`paasport:cluster.pools.spot` is a spot pool with 2 types of machine; 3 are the least\n"
            "  AWS takes back all spot machines of a type when it runs out of that type\n"
            "  next: name more in `instanceTypes`, or ask for a `shape` that more machines have",
            id="spot with few types",
        ),
        pytest.param(
            samples.pools(
                samples.GKE,
                system={"role": "system", "instanceTypes": ["t2a-standard-1"], "arch": "arm64", "min": 1, "max": 2},
                general={"instanceTypes": ["e2-standard-4"], "min": 1, "max": 2},
            ),
            "`paasport:cluster.pools.system` is the system pool, and its machine t2a-standard-1 has 1 CPU and 4Gi\n"
            "  the vendor's add-ons need more; AKS refuses such a pool\n"
            "  next: ask for 2 CPUs and 4Gi or more",
            id="a small system pool",
        ),
        pytest.param(
            samples.pools(samples.AKS, general=samples.GENERAL | {"disk": "20Gi"}),
            "`paasport:cluster.pools.general.disk` (`20Gi`) must be 30Gi to 2048Gi\n"
            "  a node's disk has its system, images and logs; data goes on volumes\n"
            "  next: leave it out for 100Gi, or write a size between the two",
            id="a small disk",
        ),
        pytest.param(
            samples.pools(samples.GKE, general={"instanceTypes": ["e2-standard-4"], "min": 1, "max": 2}),
            "`paasport:cluster.pools` has machines that take different disks: n4-standard-2 Hyperdisk only, e2-standard-4 none of it\n"
            "  a pod would wait for ever on a node that can't have its volume\n"
            "  next: use machines of the same kind, for example n4 and c4a, or e2, n2 and t2a",
            id="different disks",
        ),
    ],
)
def test_a_wrong_machine_is_explained(cluster, message):
    assert samples.told(cluster) == [message]


def test_a_machine_of_another_vendor_is_not_told_for_its_disks_too():
    cluster = samples.pools(samples.GKE, more={"instanceTypes": ["m7i.xlarge"], "min": 0, "max": 2})
    (told,) = samples.told(cluster)
    assert "is a machine of eks, and not of gke" in told
