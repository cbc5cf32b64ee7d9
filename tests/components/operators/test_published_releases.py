"""Every catalogue entry against the files that its operator really publishes."""

from __future__ import annotations

import copy
import re

import pytest
import yaml

from components import isolation
from components.clusters.eks import firewall
from components.clusters.gke import network
from components.operators import catalogue, sources
from runner.kubernetes import expectations
from tests.components.operators import published

OPERATORS = catalogue.OPERATORS
LOCK = yaml.safe_load(sources.LOCK_FILE.read_text())
NAMESPACED_WITHOUT = {
    "ClusterRole",
    "ClusterRoleBinding",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
}
WEBHOOKS = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}

every_operator = pytest.mark.parametrize("name", published.NAMES)
every_kind = pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in published.NAMES for kind in OPERATORS[name].kinds], ids=str
)


def deployments(name):
    return [item for item in published.applied(name) if item["kind"] == "Deployment"]


def pods(name):
    return [item["spec"]["template"] for item in deployments(name)]


def containers(pod):
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


def policies(manifests, labels):
    """The network policies for a pod with these labels."""
    found = [item for item in manifests if item["kind"] == "NetworkPolicy"]
    return [item for item in found if item["spec"]["podSelector"]["matchLabels"].items() <= labels.items()]


@every_operator
def test_the_release_has_every_definition_that_the_entry_names(name):
    published.parts(name)
    assert set(published.definitions(name)) == set(OPERATORS[name].crds)


@every_kind
def test_a_kind_is_as_its_definition_says(name, kind):
    assert kind.crd in OPERATORS[name].crds
    definition = published.definitions(name).get(kind.crd)
    if definition is None:
        pytest.skip(f"the release of {name} is not on this machine: ./paasport mirror")
    spec, names = definition["spec"], definition["spec"]["names"]
    versions = {version["name"]: version for version in spec["versions"]}
    assert (spec["group"], names["kind"], spec["scope"]) == (kind.group, kind.kind, kind.scope)
    assert tuple(names.get("shortNames") or ()) == kind.short_names
    assert versions[kind.api_version.partition("/")[2]]["served"]


@every_kind
def test_the_fields_that_readiness_looks_at_are_in_the_schema(name, kind):
    definition = published.definitions(name).get(kind.crd)
    if definition is None:
        pytest.skip(f"the release of {name} is not on this machine: ./paasport mirror")
    version = next(
        item for item in definition["spec"]["versions"] if item["name"] == kind.api_version.partition("/")[2]
    )
    schema = version["schema"]["openAPIV3Schema"]
    terms = expectations.parse(str(list(kind.ready_when)).replace("'", '"')) if kind.ready_when else ()
    paths = [term.path for term in terms if isinstance(term, expectations.Field)]
    for path in [*paths, *(path for pair in kind.ready_counts for path in pair)]:
        found = schema
        for step in path.removeprefix(".").split("."):
            # What is told by name, such as `.status.datacenters.<name>`, has one schema for all.
            found = found.get("properties", {}).get(step) or found["additionalProperties"]
    if any(isinstance(term, expectations.Condition) for term in terms):
        assert "conditions" in schema["properties"]["status"]["properties"]


@every_operator
def test_whatever_names_a_namespace_names_the_operators_own(name):
    """A webhook, a certificate or a binding that points elsewhere works with nothing, and nobody says so."""
    named = set()
    for item in published.applied(name):
        metadata = item["metadata"]
        if item["kind"] not in NAMESPACED_WITHOUT:
            named.add(metadata["namespace"])
        named |= {subject["namespace"] for subject in item.get("subjects", ()) if subject["kind"] == "ServiceAccount"}
        for key in ("cert-manager.io/inject-ca-from", "cert-manager.io/inject-ca-from-secret"):
            if key in metadata.get("annotations", {}):
                named.add(metadata["annotations"][key].partition("/")[0])
        if item["kind"] in WEBHOOKS:
            named |= {hook["clientConfig"]["service"]["namespace"] for hook in item["webhooks"]}
        if item["kind"] == "Certificate":
            hosts = item["spec"].get("dnsNames", ())
            named |= {match[1] for host in hosts if (match := re.fullmatch(r"[^.]+\.([^.]+)\.svc(\..+)?", host))}
        if item["kind"] == "Deployment":
            named |= set(re.findall(r"--(?:[a-z-]+-)?namespace=([a-z][a-z0-9-]*)", yaml.safe_dump(item)))
            variables = [one for box in containers(item["spec"]["template"]) for one in box.get("env", ())]
            named |= {
                one["value"]
                for one in variables
                # None, or a star, means all of them.
                if one["name"].endswith("NAMESPACE") and one.get("value", "*") not in ("", "*")
            }
    assert named == {OPERATORS[name].home}


@every_operator
def test_every_webhook_reaches_its_pods_through_the_policies(name):
    manifests = published.applied(name)
    services = {item["metadata"]["name"]: item["spec"] for item in manifests if item["kind"] == "Service"}
    for item in manifests:
        for hook in item.get("webhooks", ()):
            service = services[hook["clientConfig"]["service"]["name"]]
            (pod,) = [pod for pod in pods(name) if service["selector"].items() <= pod["metadata"]["labels"].items()]
            (port,) = [
                port for port in service["ports"] if port["port"] == hook["clientConfig"]["service"].get("port", 443)
            ]
            assert _open(manifests, pod, port["targetPort"])


@every_operator
def test_every_webhook_answers_where_vendors_firewalls_let_the_control_plane_in(name):
    """Ports of pods, not of Services: the control plane speaks to them directly on EKS and on GKE."""
    manifests = published.applied(name)
    reachable = {*firewall.WEBHOOKS, firewall.KUBELET} & {443, firewall.KUBELET, *map(int, network.WEBHOOK_PORTS)}
    services = {item["metadata"]["name"]: item["spec"] for item in manifests if item["kind"] == "Service"}
    for item in manifests:
        for hook in item.get("webhooks", ()):
            service = services[hook["clientConfig"]["service"]["name"]]
            (pod,) = [pod for pod in pods(name) if service["selector"].items() <= pod["metadata"]["labels"].items()]
            declared = {port.get("name"): port["containerPort"] for box in containers(pod) for port in box["ports"]}
            targets = {declared.get(port["targetPort"], port["targetPort"]) for port in service["ports"]}
            assert targets & reachable, f"{hook['name']} answers on {targets}"


def _open(manifests, pod, target):
    """Whether anybody may reach the port of the pod."""
    declared = [port for box in containers(pod) for port in box.get("ports", ())]
    same = {target} | {
        value
        for port in declared
        if target in (port["containerPort"], port.get("name"))
        for value in (port["containerPort"], port.get("name"))
    }
    rules = [
        rule for policy in policies(manifests, pod["metadata"]["labels"]) for rule in policy["spec"].get("ingress", ())
    ]
    return any("from" not in rule and any(port["port"] in same for port in rule["ports"]) for rule in rules)


@every_operator
def test_every_pod_is_as_restricted_as_its_namespace_demands(name):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted."""
    for pod in pods(name):
        spec = pod["spec"]
        security = spec["securityContext"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        assert all(
            {"name", "configMap", "emptyDir", "projected", "secret"} >= volume.keys()
            for volume in spec.get("volumes", ())
        )
        assert security["runAsNonRoot"] is True
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(pod):
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert own.get("runAsNonRoot", True)
            assert own.get("runAsUser", 1) != 0
            assert not any("hostPort" in port for port in container.get("ports", ()))


@every_operator
def test_every_container_asks_for_what_it_needs_and_can_use_no_more_memory_than_it_may(name):
    for pod in pods(name):
        for container in containers(pod):
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]


@every_operator
def test_every_pod_has_a_network_policy_that_lets_it_ask_names_and_the_api_server(name):
    manifests = published.applied(name)
    for pod in pods(name):
        egress = [
            rule for policy in policies(manifests, pod["metadata"]["labels"]) for rule in policy["spec"]["egress"]
        ]
        assert isolation.DNS in egress
        assert isolation.API_SERVER in egress


@every_operator
def test_the_lock_file_names_every_image_that_runs(name):
    run = {container["image"] for pod in pods(name) for container in containers(pod)}
    told = {
        one["value"]
        for pod in pods(name)
        for box in containers(pod)
        for one in box.get("env", ())
        if one["name"].endswith("_IMAGE_NAME")
    }
    assert run
    assert run | told <= set(LOCK[name]["images"])
    assert LOCK[name]["images"][0] in run


@every_operator
def test_images_are_pinned_by_tags_that_do_not_move(name):
    for image in LOCK[name]["images"]:
        tag = image.rpartition(":")[2]
        assert "/" not in tag, f"{image} has no tag"
        assert tag != "latest"
        assert re.search(r"\d+\.\d+\.\d+", tag), f"{image} names no exact version"


@every_operator
def test_custom_resources_among_an_operators_objects_are_of_operators_that_it_requires(name):
    entry = OPERATORS[name]
    own = {"", "admissionregistration.k8s.io", "apps", "networking.k8s.io", "policy", "rbac.authorization.k8s.io"}
    groups = {item["apiVersion"].rpartition("/")[0] for item in published.applied(name)}
    offered = {kind.group for required in entry.requires for kind in OPERATORS[required].kinds}
    assert groups <= own | offered


@every_operator
def test_a_release_is_copied_not_changed_and_comes_out_the_same_each_time(name):
    release = published.released(name)
    before = copy.deepcopy(release)
    first = OPERATORS[name].manifests(release)
    assert release == before
    assert OPERATORS[name].manifests(release) == first


def test_mongodbs_operator_tells_nobody_about_the_cluster_and_serves_one_kind():
    (deployment,) = deployments("mongodb-kubernetes")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    environment = {one["name"]: one.get("value") for one in container["env"]}
    assert container["args"] == ["-watch-resource=mongodbcommunity"]
    assert environment["MDB_OPERATOR_TELEMETRY_ENABLED"] == "false"
    assert environment["MDB_WEBHOOK_REGISTER_CONFIGURATION"] == "false"
    assert environment["WATCH_NAMESPACE"] == "*"


def test_mongodbs_operator_may_only_read_what_it_watches_beside_its_own_kind():
    roles = [item for item in published.applied("mongodb-kubernetes") if item["kind"] == "ClusterRole"]
    rules = [rule for role in roles for rule in role["rules"] if "mongodb.com" in rule["apiGroups"]]
    assert rules == [{"apiGroups": ["mongodb.com"], "resources": ["mongodbsearch"], "verbs": ["get", "list", "watch"]}]
    assert {item["kind"] for item in published.applied("mongodb-kubernetes")} == {
        "ClusterRole",
        "ClusterRoleBinding",
        "Deployment",
        "NetworkPolicy",
        "ServiceAccount",
    }


def test_scyllas_sidecars_are_started_from_the_operators_own_image():
    operator = next(item for item in deployments("scylla-operator") if item["metadata"]["name"] == "scylla-operator")
    (container,) = operator["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "SCYLLA_OPERATOR_IMAGE", "value": "docker.io/scylladb/scylla-operator:1.21.1"}]
    assert container["image"] == "docker.io/scylladb/scylla-operator:1.21.1"


def test_scyllas_webhook_listens_where_its_service_and_its_probes_look_for_it():
    (server,) = [item for item in deployments("scylla-operator") if item["metadata"]["name"] == "webhook-server"]
    (container,) = server["spec"]["template"]["spec"]["containers"]
    assert "--port=9443" in container["args"]
    assert [port["containerPort"] for port in container["ports"]] == [9443]
    probes = {container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")}
    (service,) = [
        item
        for item in published.applied("scylla-operator")
        if (item["kind"], item["metadata"]["name"]) == ("Service", "scylla-operator-webhook")
    ]
    assert probes | {port["targetPort"] for port in service["spec"]["ports"]} == {9443}
    assert "5000" not in yaml.safe_dump([server, service])


def test_cert_managers_leases_are_in_its_own_namespace():
    """GKE Autopilot lets nobody write into kube-system."""
    arguments = [word for pod in pods("cert-manager") for box in containers(pod) for word in box.get("args", ())]
    assert {word for word in arguments if word.startswith("--leader-election-namespace")} == {
        "--leader-election-namespace=cert-manager"
    }
