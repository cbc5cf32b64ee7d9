import pytest

from local import reconciling
from local.simulated.controllers import disks
from tests.local.simulated import handed_out as made


def storage_class(provisioner, **parameters):
    return {
        "metadata": {"name": "ssd"},
        "provisioner": provisioner,
        "parameters": parameters,
        "reclaimPolicy": "Delete",
    }


CLAIM = {
    "metadata": {"name": "data", "namespace": "shop", "uid": "u1"},
    "spec": {"storageClassName": "ssd", "accessModes": [], "resources": {"requests": {"storage": "10Gi"}}},
}


def volume(**spec):
    described = {
        "csi": {"volumeHandle": "0a1b2c3d-0000-4000-8000-000000000000"},
        "capacity": {"storage": "1500Mi"},
        "storageClassName": "ssd",
        "persistentVolumeReclaimPolicy": "Retain",
        "claimRef": {"namespace": "shop", "name": "data"},
    }
    return {"metadata": {"name": "pv", "uid": "u2"}, "spec": {**described, **spec}}


@pytest.mark.parametrize(
    ("provisioner", "known", "made_volumes"),
    [
        ("ebs.csi.aws.com", disks.PROVISIONERS["eks"], 1),
        ("pd.csi.storage.gke.io", disks.PROVISIONERS["eks"], 0),
        ("rook-ceph.rbd.csi.ceph.com", None, 1),
    ],
    ids=["the vendor's own driver", "a driver that is not there", "somebody else's cluster"],
)
def test_a_claim_gets_a_volume_where_its_driver_runs(provisioner, known, made_volumes):
    actions = disks.plan([CLAIM], [], [storage_class(provisioner)], provisioners=known)
    assert [type(action) for action in actions] == [reconciling.Apply] * made_volumes


@pytest.mark.parametrize(
    ("cluster", "token", "size"),
    [
        (made.eks(), "aws:ebs/volume:Volume", "size"),
        (made.gke(), "gcp:compute/disk:Disk", "size"),
        (made.aks(), "azure-native:compute:Disk", "diskSizeGB"),
    ],
    ids=["eks", "gke", "aks"],
)
def test_a_volume_is_a_disk_of_whole_gibibytes(cluster, token, size):
    (disk,) = disks.disks([volume()], [], made.only(cluster)).values()
    assert disk.token == token
    assert disk.inputs[size] == 2
    assert (disk.inputs[disks.CLAIM], disk.inputs[disks.RECLAIM]) == ("shop/data", "Retain")


@pytest.mark.parametrize(
    ("parameters", "group"), [({}, "shop-nodes"), ({"resourceGroup": "shop-volumes"}, "shop-volumes")]
)
def test_an_azure_disk_is_in_the_clusters_group_unless_its_class_names_another(parameters, group):
    classes = [storage_class("disk.csi.azure.com", **parameters)]
    (disk,) = disks.disks([volume()], classes, made.only(made.aks())).values()
    assert disk.inputs["resourceGroupName"] == group


def test_a_volume_that_is_no_drivers_is_no_disk():
    assert disks.disks([volume(csi=None)], [], made.only(made.eks())) == {}
