import pytest

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

CLASSES = """
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: %(namespace)s-late}
provisioner: paasport.dev/simulated
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: %(namespace)s-kept}
provisioner: paasport.dev/simulated
volumeBindingMode: Immediate
reclaimPolicy: Retain
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: late, namespace: %(namespace)s}
spec: {storageClassName: %(namespace)s-late, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept, namespace: %(namespace)s}
spec: {storageClassName: %(namespace)s-kept, accessModes: [ReadWriteMany], resources: {requests: {storage: 2Gi}}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: user, namespace: %(namespace)s}
spec:
  containers: [{name: main, image: example.org/none:1, volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: late}}]
"""


@pytest.fixture
def claims(kubectl, namespace):
    kubectl("apply", "--server-side", "-f", "-", stdin=CLASSES % {"namespace": namespace})
    yield lambda name, path: kubectl("-n", namespace, "get", "pvc", name, "-o", f"jsonpath={{{path}}}")
    kubectl("delete", "storageclass", f"{namespace}-late", f"{namespace}-kept")


def wait(kubectl, namespace, what, path, value):
    kubectl("-n", namespace, "wait", what, f"--for=jsonpath={{{path}}}={value}", "--timeout=30s")


def test_a_claim_waits_for_its_pod_and_then_binds_grows_and_goes(kubectl, namespace, claims):
    wait(kubectl, namespace, "pvc/kept", ".status.phase", "Bound")
    assert claims("late", ".status.phase") == "Pending"
    kubectl("apply", "-f", "-", stdin=POD % {"namespace": namespace})
    wait(kubectl, namespace, "pvc/late", ".status.phase", "Bound")
    wait(kubectl, namespace, "pod/user", ".status.phase", "Running")
    patch = '{"spec":{"resources":{"requests":{"storage":"3Gi"}}}}'
    kubectl("-n", namespace, "patch", "pvc", "late", "--type=merge", "-p", patch)
    wait(kubectl, namespace, "pvc/late", ".status.capacity.storage", "3Gi")
    late, kept = claims("late", ".spec.volumeName"), claims("kept", ".spec.volumeName")
    assert kubectl("get", "pv", late, "-o", "jsonpath={.spec.capacity.storage}") == "3Gi"
    kubectl("-n", namespace, "delete", "pod/user", "pvc/late", "pvc/kept")
    kubectl("wait", "--for=delete", f"pv/{late}", "--timeout=30s")
    wait(kubectl, namespace, f"pv/{kept}", ".status.phase", "Released")
    kubectl("delete", "pv", kept)


def test_no_volume_waits_to_be_attached(kubectl, claims):
    assert kubectl("get", "volumeattachments", "-o", "name") == ""
