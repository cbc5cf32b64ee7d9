import pytest

from local import beside

IMAGE = "quay.io/prometheus-operator/prometheus-operator:v0.85.0"
VERSIONS = {"prometheus-operator": "v0.85.0"}
ACCOUNT = {"metadata": {"name": "operator", "namespace": "ops", "uid": "a1"}}


def deployment(*, image=IMAGE, replicas=1, account="operator", deleted=False, **container):
    metadata = {"name": "prometheus-operator", "namespace": "ops", "uid": "d1"}
    if deleted:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    pod = {"containers": [{"name": "main", "image": image, **container}]}
    if account:
        pod["serviceAccountName"] = account
    return {"metadata": metadata, "spec": {"replicas": replicas, "template": {"spec": pod}}}


def wanted(*deployments, accounts=(ACCOUNT,), versions=VERSIONS):
    return beside.wanted(deployments, accounts, versions=versions)


def only(*deployments, **options):
    (program,) = wanted(*deployments, **options).values()
    return program


def test_a_program_runs_with_the_deployments_own_arguments_on_a_loopback_address():
    arguments = ["--kubelet-service=kube-system/kubelet", "--web.listen-address=:8080", "--log-level=info"]
    program = only(deployment(args=arguments))
    assert program.runs
    assert program.problem == ""
    assert program.service_account == "operator"
    assert program.command(address="127.0.0.1:4711") == (
        "--kubelet-service=kube-system/kubelet",
        "--log-level=info",
        "--web.listen-address=127.0.0.1:4711",
    )


def test_a_listen_address_given_as_two_arguments_is_replaced_too():
    program = only(deployment(args=["--web.listen-address", ":8080", "--log-level=info"]))
    assert program.arguments == ("--log-level=info",)


def test_a_command_is_the_images_own_program_and_its_rest_are_arguments():
    program = only(deployment(command=["/bin/operator", "--namespaces=a"], args=["--log-level=info"]))
    assert program.arguments == ("--namespaces=a", "--log-level=info")


def test_environment_is_resolved_and_expanded_as_the_kubelet_does():
    env = [
        {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "WATCHED", "value": "$(POD_NAMESPACE),other"},
    ]
    program = only(deployment(env=env, args=["--namespaces=$(WATCHED)", "--x=$(ABSENT)", "--y=$$(WATCHED)"]))
    assert dict(program.environment) == {"POD_NAMESPACE": "ops", "WATCHED": "ops,other"}
    assert program.arguments == ("--namespaces=ops,other", "--x=$(ABSENT)", "--y=$(WATCHED)")


def test_what_cannot_be_had_beside_a_cluster_is_said_and_the_program_runs():
    env = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    program = only(deployment(env=env, volumeMounts=[{"name": "tls", "mountPath": "/etc/tls"}]))
    assert program.runs
    assert program.problem == "runs without the variable PASSWORD, what is mounted at /etc/tls"


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        "registry.example.org:5000/mirror/prometheus-operator/prometheus-operator:v0.85.0",
        "prometheus-operator/prometheus-operator:v0.85.0@sha256:0123",
        "quay.io/prometheus-operator/prometheus-operator@sha256:0123",
    ],
)
def test_the_image_is_recognised_whatever_its_registry(image):
    assert only(deployment(image=image)).runs


@pytest.mark.parametrize(
    "image",
    ["nginx", "quay.io/prometheus-operator/prometheus-config-reloader:v0.85.0", "x/my-prometheus-operator:v0.85.0"],
)
def test_other_images_are_left_to_the_simulated_nodes(image):
    assert wanted(deployment(image=image)) == {}


@pytest.mark.parametrize(
    "off", [deployment(replicas=0), deployment(deleted=True)], ids=["scaled-to-zero", "being-deleted"]
)
def test_nothing_runs_for_a_deployment_that_is_off(off):
    assert wanted(off) == {}


def test_nothing_runs_for_a_deployment_that_stands_in_for_a_release():
    stand_in = deployment()
    stand_in["metadata"]["annotations"] = {"paasport.dev/stand-in": "true"}
    assert wanted(stand_in) == {}


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        pytest.param(
            only(deployment(image=IMAGE.replace("85", "90"))),
            "the image is v0.90.0, and the toolchain builds prometheus-operator v0.85.0",
            id="another-version",
        ),
        pytest.param(
            only(deployment(), versions={}), "the toolchain has no prometheus-operator", id="not-in-the-toolchain"
        ),
        pytest.param(
            only(deployment(), accounts=()), "its service account operator does not exist", id="no-service-account"
        ),
    ],
)
def test_a_program_that_cannot_run_says_why(program, problem):
    assert not program.runs
    assert program.problem == problem


def test_a_deployment_without_an_account_uses_the_default_one():
    default = {"metadata": {"name": "default", "namespace": "ops", "uid": "a0"}}
    assert only(deployment(account=""), accounts=[default]).service_account == "default"


def test_an_account_made_again_means_another_process():
    again = {"metadata": {"name": "operator", "namespace": "ops", "uid": "a2"}}
    assert only(deployment()) != only(deployment(), accounts=[again])


def test_the_same_deployment_means_the_same_process():
    assert only(deployment(args=["--a"])) == only(deployment(args=["--a"]))
    assert only(deployment(args=["--a"])) != only(deployment(args=["--b"]))
