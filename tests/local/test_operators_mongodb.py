"""MongoDB Controllers for Kubernetes, played: what becomes of a replica set, step by step."""

from __future__ import annotations

import base64
import copy
import json
import re

import pytest

from components.operators import mongodb_kubernetes as operator
from components.operators import sources
from local import reconciling
from local.operators import mongodb_kubernetes, mongodb_objects
from runner.kubernetes import readiness as engine
from tests.components import mongodb_objects as service

NOT_READY = "ReplicaSet is not yet ready, retrying in 10 seconds"
KINDS = {kind.kind: kind for kind in mongodb_kubernetes.PLAYED.kinds}


def replica_set(*, monitored_by="", **options):
    """What the service asks for, as the API keeps it."""
    (found,) = service.build(monitored_by=monitored_by, **options).custom_resources
    found["metadata"] |= {"uid": "uid-db", "generation": 1}
    return found


def secret(name, **data):
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    metadata = {"name": name, "namespace": "db", "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}


def readable(item):
    return {key: base64.b64decode(value).decode() for key, value in item["data"].items()}


OWNER = secret("db-owner", username="app", password="pass/word")
METRICS = secret("db-metrics", username="metrics", password="m")
CERTIFICATE = secret("db-tls", **{"tls.crt": "certificate\n", "tls.key": "key\n", "ca.crt": "authority"})
NEEDED = (OWNER, METRICS, CERTIFICATE)


class World:
    """Applies what is planned; makes pods of StatefulSets, as far as nodes have room for them."""

    def __init__(self, *items, room=100):
        self.items = {(item["kind"], item["metadata"]["name"]): copy.deepcopy(item) for item in items}
        self.room = room
        self.told = []
        self.sizes = []

    def picture(self):
        return {KINDS[name]: [one for (kind, _), one in self.items.items() if kind == name] for name in KINDS}

    def settle(self):
        for _ in range(40):
            actions = mongodb_kubernetes.plan(self.picture())
            if not actions:
                return self
            for action in actions:
                self.apply(action)
            self.run_members()
        pytest.fail(f"never settles: {actions}")

    def apply(self, action):
        manifest = copy.deepcopy(action.manifest)
        key = (manifest["kind"], manifest["metadata"]["name"])
        before = self.items.get(key, {"metadata": {}})
        if action.subresource == "status":
            self.items[key] = {**before, "status": manifest["status"]}
            self.told.append((manifest["status"]["phase"], manifest["status"].get("message", "")))
            return
        metadata = {**before["metadata"], **manifest["metadata"]}
        annotations = (before["metadata"].get("annotations") or {}) | (manifest["metadata"].get("annotations") or {})
        if "spec" in manifest:
            metadata["generation"] = before["metadata"].get("generation", 0) + 1
        self.items[key] = {**before, **manifest, "metadata": {**metadata, "annotations": annotations}}
        if key == ("StatefulSet", "db"):
            self.sizes.append(manifest["spec"]["replicas"])

    def run_members(self):
        """What the controller of StatefulSets and the nodes do."""
        sets = [item for (kind, _), item in self.items.items() if kind == "StatefulSet"]
        for item in sets:
            name, wanted = item["metadata"]["name"], item["spec"]["replicas"]
            for number in range(wanted):
                phase = "Running" if number < self.room else "Pending"
                pod = self.items.setdefault(("Pod", f"{name}-{number}"), self._pod(f"{name}-{number}"))
                pod["status"] = {"phase": phase}
            for number in range(wanted, 10):
                self.items.pop(("Pod", f"{name}-{number}"), None)
            counts = {"updatedReplicas": wanted, "readyReplicas": min(wanted, self.room)}
            item["status"] = {"observedGeneration": item["metadata"]["generation"], **counts}

    @staticmethod
    def _pod(name):
        metadata = {"name": name, "namespace": "db", "uid": f"uid-{name}"}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}

    def change(self, wanted):
        """Another spec, as the API keeps it: status, annotations of others and uid stay."""
        before = self.items["MongoDBCommunity", "db"]
        metadata = {**before["metadata"], "generation": before["metadata"]["generation"] + 1}
        metadata["annotations"] = before["metadata"]["annotations"] | wanted["metadata"]["annotations"]
        self.items["MongoDBCommunity", "db"] = {**before, "spec": wanted["spec"], "metadata": metadata}
        self.told.clear()
        self.sizes.clear()
        return self.settle()

    @property
    def status(self):
        return self.items["MongoDBCommunity", "db"]["status"]

    @property
    def is_ready(self):
        return engine.assess(self.items["MongoDBCommunity", "db"]).ready

    def secret(self, name):
        return readable(self.items["Secret", name])

    def config(self):
        return json.loads(self.secret("db-config")["cluster-config.json"])


def settled(**options):
    return World(replica_set(**options), *NEEDED).settle()


def test_a_replica_set_is_pending_until_its_members_have_reached_their_goal():
    world = settled(availability="zonal")
    assert world.told == [("Pending", NOT_READY), ("Running", "")]
    assert world.status == {
        "currentMongoDBMembers": 3,
        "currentStatefulSetReplicas": 3,
        "mongoUri": (
            "mongodb://db-0.db-svc.db.svc.cluster.local:27017,db-1.db-svc.db.svc.cluster.local:27017,"
            "db-2.db-svc.db.svc.cluster.local:27017/?replicaSet=db"
        ),
        "phase": "Running",
        "version": "8.0.32",
    }
    assert world.sizes == [3]
    assert world.is_ready


def test_it_never_says_which_generation_its_status_is_about():
    assert "observedGeneration" not in settled().status


def test_it_makes_what_the_operator_makes_and_all_of_it_goes_with_the_replica_set():
    world = settled(monitored_by="metrics")
    made = {key for key in world.items if key[0] not in ("MongoDBCommunity", "Pod")} - {
        ("Secret", item["metadata"]["name"]) for item in NEEDED
    }
    assert made == {
        ("Service", "db-svc"),
        ("StatefulSet", "db"),
        ("StatefulSet", "db-arb"),
        ("Secret", "db-config"),
        ("Secret", "db-agent-password"),
        ("Secret", "db-keyfile"),
        ("Secret", "db-owner-scram-credentials"),
        ("Secret", "db-owner-connection"),
        ("Secret", "db-ca-certificate"),
        ("Secret", "db-server-certificate-key"),
        ("Secret", "db-prometheus-certificate-key"),
    }
    for key in made:
        (owner,) = world.items[key]["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["uid"], owner["controller"]) == ("MongoDBCommunity", "uid-db", True)
    claims = world.items["StatefulSet", "db"]["spec"]["volumeClaimTemplates"]
    assert all("ownerReferences" not in claim["metadata"] for claim in claims)
    assert "persistentVolumeClaimRetentionPolicy" not in world.items["StatefulSet", "db"]["spec"]


def test_pods_are_the_operators_with_what_the_service_says_merged_by_name():
    template = settled(size="large", availability="zonal").items["StatefulSet", "db"]["spec"]["template"]
    assert template["metadata"]["labels"] == {
        "app": "db-svc",
        "app.kubernetes.io/name": "mongodb",
        "app.kubernetes.io/instance": "db",
        "app.kubernetes.io/part-of": "paasport",
    }
    pod = template["spec"]
    assert [item["name"] for item in pod["containers"]] == ["mongod", "mongodb-agent"]
    mongod = pod["containers"][0]
    assert mongod["image"] == "quay.io/mongodb/mongodb-community-server:8.0.32-ubi9"
    assert mongod["resources"] == {"requests": {"cpu": "3900m", "memory": "15884Mi"}, "limits": {"memory": "15884Mi"}}
    assert mongod["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert [item["name"] for item in pod["initContainers"]] == ["mongod-posthook", "mongodb-agent-readinessprobe"]
    assert pod["serviceAccountName"] == "mongodb-database"
    assert len(pod["topologySpreadConstraints"]) == 2


def test_images_are_those_of_the_release():
    known = sources.images(operator.OPERATOR)
    assert {mongodb_objects.AGENT_IMAGE, mongodb_objects.HOOK_IMAGE, mongodb_objects.PROBE_IMAGE} <= {*known}


def test_users_are_told_how_to_connect_once_it_runs():
    world = settled()
    assert world.secret("db-owner-connection") == {
        "connectionString.standard": (
            "mongodb://app:pass%2Fword@db-0.db-svc.db.svc.cluster.local:27017/admin?replicaSet=db&ssl=true"
        ),
        "connectionString.standardSrv": (
            "mongodb+srv://app:pass%2Fword@db-svc.db.svc.cluster.local/admin?replicaSet=db&ssl=true"
        ),
        "username": "app",
        "password": "pass/word",
    }


def test_nothing_is_told_about_connecting_before_it_runs():
    world = World(replica_set(), *NEEDED, room=0).settle()
    assert ("Secret", "db-owner-connection") not in world.items


def test_of_a_password_only_what_a_server_needs_is_kept():
    kept = settled().secret("db-owner-scram-credentials")
    assert set(kept) == {
        *("sha1-salt", "sha-1-stored-key", "sha-1-server-key"),
        *("sha256-salt", "sha-256-stored-key", "sha-256-server-key"),
    }
    assert "pass/word" not in str(kept)


def test_members_are_given_the_certificate_in_one_file_whose_name_tells_of_another():
    world = settled()
    ((name, content),) = world.secret("db-server-certificate-key").items()
    assert content == "certificate\nkey"
    assert re.fullmatch(r"[0-9a-f]{64}\.pem", name)
    world.items["Secret", "db-tls"] = secret(
        "db-tls", **{"tls.crt": "another", "tls.key": "key", "ca.crt": "authority"}
    )
    ((later, content),) = world.settle().secret("db-server-certificate-key").items()
    assert (content, later == name) == ("another\nkey", False)


def test_what_is_random_stays_as_it_is():
    world = settled()
    before = [world.secret(name) for name in ("db-keyfile", "db-agent-password", "db-owner-scram-credentials")]
    world.change(replica_set(overrides=service.settings.MongodbOverrides(replicas=3)))
    assert before == [world.secret(name) for name in ("db-keyfile", "db-agent-password", "db-owner-scram-credentials")]


def test_without_its_password_a_user_cannot_be_made():
    world = World(replica_set(), CERTIFICATE).settle()
    assert world.status["phase"] == "Failed"
    assert world.status["message"] == (
        "Error ensuring User config: user password secret: db/db-owner and scram secret: "
        "db/db-owner-scram-credentials not found"
    )
    assert ("StatefulSet", "db") not in world.items
    world.items["Secret", "db-owner"] = copy.deepcopy(OWNER)
    assert world.settle().status["phase"] == "Running"


def test_without_the_certificate_it_waits_and_goes_on_once_it_is_there():
    world = World(replica_set(), OWNER).settle()
    assert world.told == [("Pending", "TLS config is not yet valid, retrying in 10 seconds")]
    world.items["Secret", "db-tls"] = copy.deepcopy(CERTIFICATE)
    assert world.settle().status["phase"] == "Running"
    assert "message" not in world.status


def test_without_the_password_of_its_metrics_it_fails():
    world = World(replica_set(monitored_by="metrics"), OWNER, CERTIFICATE).settle()
    assert world.status["phase"] == "Failed"
    assert world.status["message"].endswith(
        'could not configure Prometheus modification: secrets "db-metrics" not found'
    )


def test_members_that_no_node_takes_keep_it_pending():
    world = World(replica_set(availability="zonal"), *NEEDED, room=2).settle()
    assert (world.status["phase"], world.status["message"]) == ("Pending", NOT_READY)
    assert world.status["currentMongoDBMembers"] == 0
    assert not world.is_ready
    world.room = 3
    world.run_members()
    assert world.settle().is_ready


def test_what_is_no_version_fails_when_the_volumes_are_there_already():
    resource = replica_set()
    resource["spec"]["version"] = "abc"
    world = World(resource, *NEEDED).settle()
    assert world.status["phase"] == "Failed"
    assert "can't compute semver version" in world.status["message"]
    assert ("StatefulSet", "db") in world.items


@pytest.mark.parametrize(("before", "after", "sizes"), [(3, 5, [4, 5]), (5, 3, [4, 3]), (1, 3, [2, 3])])
def test_members_come_and_go_one_at_a_time(before, after, sizes):
    def members(number):
        return replica_set(overrides=service.settings.MongodbOverrides(replicas=number))

    world = World(members(before), *NEEDED).settle()
    assert world.change(members(after)).sizes == sizes
    steps = [message for _, message in world.told if message.startswith("Performing")]
    assert steps == [f"Performing scaling operation, currentMembers={before}, desiredMembers={after}"]
    assert (world.status["phase"], world.status["currentMongoDBMembers"]) == ("Running", after)


def test_right_after_a_change_the_status_is_that_of_before_and_is_not_taken_for_an_answer():
    world = settled()
    wanted = replica_set(availability="zonal")
    live = world.items["MongoDBCommunity", "db"]
    stale = {**wanted, "metadata": {**wanted["metadata"], "generation": 2}, "status": live["status"]}
    assert stale["status"]["phase"] == "Running"
    assert not engine.assess(stale).ready
    assert world.change(wanted).is_ready


def test_an_upgrade_is_over_when_the_status_has_the_version():
    world = World(replica_set(overrides=service.settings.MongodbOverrides(version="7.0.30")), *NEEDED).settle()
    assert world.status["version"] == "7.0.30"
    before = world.config()["version"]
    world.change(replica_set())
    assert (world.status["version"], world.config()["version"]) == ("8.0.32", before + 1)
    pod = world.items["Pod", "db-0"]
    assert pod["metadata"]["annotations"][mongodb_kubernetes.AGENT_VERSION] == str(before + 1)
    assert world.is_ready


def test_what_it_did_last_is_written_down():
    world = settled()
    annotations = world.items["MongoDBCommunity", "db"]["metadata"]["annotations"]
    assert json.loads(annotations[mongodb_kubernetes.LAST_CONFIGURATION]) == replica_set()["spec"]
    assert annotations[mongodb_kubernetes.LAST_VERSION] == "8.0.32"


def test_a_larger_volume_is_refused_by_kubernetes_and_changes_nothing():
    world = settled()
    world.change(replica_set(size="medium"))
    assert world.status["phase"] == "Failed"
    assert 'StatefulSet.apps "db" is invalid: spec: Forbidden: updates to statefulset spec' in world.status["message"]
    assert world.sizes == []
    assert world.change(replica_set()).status["phase"] == "Running"


def test_tls_cannot_be_taken_off_again():
    world = settled()
    wanted = replica_set()
    wanted["spec"]["security"]["tls"] = {"enabled": False}
    assert world.change(wanted).status["message"] == (
        "error validating new Spec: TLS can't be set to disabled after it has been enabled"
    )


def test_an_agent_says_nothing_on_a_pod_that_goes():
    world = settled()
    del world.items["Pod", "db-0"]["metadata"]["annotations"]
    world.items["Pod", "db-0"]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    actions = mongodb_kubernetes.plan(world.picture())
    assert [action.subresource for action in actions] == ["status"]


def test_annotations_of_pods_name_the_pod_that_is_meant():
    """Else one that has gone meanwhile would be made anew, without containers."""
    world = World(replica_set(), *NEEDED)
    for _ in range(4):
        actions = mongodb_kubernetes.plan(world.picture())
        pods = [action.manifest for action in actions if action.manifest["kind"] == "Pod"]
        if pods:
            break
        for action in actions:
            world.apply(action)
        world.run_members()
    assert [pod["metadata"]["uid"] for pod in pods] == ["uid-db-0"]


def test_what_is_being_deleted_is_left_alone():
    resource = replica_set()
    resource["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert mongodb_kubernetes.plan(World(resource, *NEEDED).picture()) == []


def test_secrets_of_others_that_are_no_text_do_no_harm():
    binary = {**secret("keystore"), "data": {"bytes": base64.b64encode(b"\xff\xfe").decode()}}
    assert World(replica_set(), *NEEDED, binary).settle().status["phase"] == "Running"


def test_it_is_the_operator_of_the_catalogue():
    (image, *_) = sources.images(operator.OPERATOR)
    assert image.rpartition(":")[0].endswith(f"/{mongodb_kubernetes.PLAYED.repository}")
    assert mongodb_kubernetes.PLAYED.name == operator.NAME
    kind = operator.COMMUNITY
    assert reconciling.Kind(kind.api_version, kind.kind) in mongodb_kubernetes.PLAYED.kinds
