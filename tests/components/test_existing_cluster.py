"""A cluster that somebody else runs: how it is reached, what is put on it, and that no credential shows."""

from __future__ import annotations

import pydantic
import pytest

from components import contracts
from components.clusters import catalogue
from stacks import errors, settings

GROUP = "kubernetes:yaml/v2:ConfigGroup"
PROVIDER = "pulumi:providers:kubernetes"
SECRET = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi marks a secret on the wire."""


KUBECONFIG = """
apiVersion: v1
clusters:
- {name: one, cluster: {server: "https://one.test:6443"}}
- {name: two, cluster: {server: "https://two.test:6443"}}
contexts:
- {name: dev, context: {cluster: one}}
- {name: prod, context: {cluster: two}}
current-context: dev
"""


def existing(kubeconfig, **more):
    return settings.ExistingCluster(
        vendor="existing",
        name="shared",
        kubeconfig=kubeconfig,
        storage=settings.ExistingStorage(provisioner="ebs.csi.aws.com", parameters={"type": "gp3"}),
        **more,
    )


def facts(options):
    args = contracts.ClusterArgs(name="shared", options=options)
    return catalogue.create("existing", args, opts=None).facts


def kubeconfig_of(options):
    return lambda: facts(options).kubeconfig


def secrecy_of(options):
    async def ask():
        return await facts(options).kubeconfig.is_secret()

    return ask


@pytest.fixture
def file_in_home(project):
    path = project.parent / "home/.kube/config"
    path.parent.mkdir(parents=True)
    path.write_text(KUBECONFIG)
    return settings.KubeconfigFile(path="~/.kube/config", context="prod")


def test_a_file_is_passed_on_by_a_path_that_is_the_same_on_every_machine(run, file_in_home):
    provider = run(kubeconfig_of(existing(file_in_home))).one(PROVIDER, "shared")
    assert provider.inputs == {
        "kubeconfig": "~/.kube/config",
        "context": "prod",
        "clusterIdentifier": "existing:shared",
        "enableServerSideApply": "true",
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
    }


def test_no_context_means_the_current_one_of_the_kubeconfig(run, file_in_home):
    program = run(kubeconfig_of(existing(settings.KubeconfigFile(path="~/.kube/config"))))
    assert "context" not in program.one(PROVIDER, "shared").inputs


def endpoint_of(options):
    return lambda: facts(options).endpoint


def test_its_endpoint_is_that_of_the_chosen_context(run, file_in_home):
    assert run(endpoint_of(existing(file_in_home))).result == "https://two.test:6443"
    assert run(endpoint_of(existing(settings.KubeconfigFile(path="~/.kube/config")))).result == "https://one.test:6443"


def test_the_endpoint_of_a_secret_kubeconfig_is_secret_too(run, project):
    options = existing(settings.KubeconfigValue(value=pydantic.SecretStr(KUBECONFIG)))

    async def ask():
        endpoint = facts(options).endpoint
        return await endpoint.is_secret(), await endpoint.future()

    assert run(ask).result == (True, "https://one.test:6443")


def test_a_relative_path_starts_at_the_project(run, project):
    (project / "config").write_text("apiVersion: v1\n")
    assert run(kubeconfig_of(existing(settings.KubeconfigFile(path="config")))).result == str(project / "config")


def test_a_missing_file_is_told_with_its_path_and_the_key_to_correct(run, project):
    with pytest.raises(errors.ClusterUnreachable) as caught:
        run(kubeconfig_of(existing(settings.KubeconfigFile(path="~/absent"))))
    (problem,) = caught.value.problems
    assert str(project.parent / "home/absent") in problem.what
    assert "paasport:cluster.kubeconfig.path" in problem.next


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(settings.KubeconfigValue(value=pydantic.SecretStr("token: hunter2")), id="encrypted value"),
        pytest.param(settings.KubeconfigOutput(stack="eks-prod"), id="another stack's output"),
    ],
)
def test_a_kubeconfig_that_may_hold_a_credential_is_a_secret(run, project, source):
    program = run(secrecy_of(existing(source)))
    assert program.result is True
    assert SECRET in program.one(PROVIDER, "shared").raw["kubeconfig"]


def test_a_path_is_no_secret(run, file_in_home):
    assert run(secrecy_of(existing(file_in_home))).result is False


def test_another_stacks_output_is_read_by_the_name_given(run, project):
    assert run(kubeconfig_of(existing(settings.KubeconfigOutput(stack="eks-prod")))).result == "text of another stack"


def test_our_classes_are_made_of_its_provisioner_and_its_own_default_stays(run, file_in_home):
    classes = run(kubeconfig_of(existing(file_in_home))).one(GROUP, "shared-storage").inputs["objs"]
    assert [item["metadata"]["name"] for item in classes] == [
        "paasport-ssd",
        "paasport-ssd-retain",
        "paasport-ssd-retain-xfs",
    ]
    assert [item["provisioner"] for item in classes] == ["ebs.csi.aws.com"] * 3
    assert [item["parameters"] for item in classes[:2]] == [{"type": "gp3"}] * 2
    assert classes[2]["parameters"] == {"type": "gp3", "csi.storage.k8s.io/fstype": "xfs"}
    assert [item["metadata"].get("annotations") for item in classes] == [None] * 3


def test_load_balancers_get_what_the_owner_says(run, file_in_home):
    wanted = settings.ExistingLoadBalancer(
        annotations={"scheme": "internal"}, load_balancer_class="service.k8s.aws/nlb"
    )
    balancers = []
    run(lambda: balancers.append(facts(existing(file_in_home, load_balancer=wanted)).load_balancer))
    expected = contracts.Exposure(annotations={"scheme": "internal"}, load_balancer_class="service.k8s.aws/nlb")
    assert balancers[0].service(contracts.Scheme.INTERNAL) == expected
    assert balancers[0].service(contracts.Scheme.PUBLIC) == expected


@pytest.mark.parametrize(
    ("source", "command"),
    [
        pytest.param(
            settings.KubeconfigFile(path="~/.kube/config", context="my prod"),
            "kubectl --kubeconfig ~/.kube/config --context 'my prod'",
            id="file",
        ),
        pytest.param(
            settings.KubeconfigOutput(stack="eks-prod", context="admin"), "kubectl --context admin", id="text"
        ),
    ],
)
def test_a_person_is_told_how_to_call_kubectl(run, file_in_home, source, command):
    commands = []
    run(lambda: commands.append(facts(existing(source)).kubectl))
    assert commands == [command]


def test_cloud_permissions_can_be_asked_about_before_they_are_asked_for(run, file_in_home):
    identities = []
    run(lambda: identities.append(facts(existing(file_in_home)).identity))
    assert identities[0].supported is False
    assert identities[0].bind("orders", "database", grants=()) == contracts.Binding()


def test_a_grant_that_cannot_be_had_names_the_account_and_the_cluster(run, file_in_home):
    identity = contracts.NoWorkloadIdentity(cluster="shared")
    grant = contracts.Grant(access="write", bucket="backups")
    with pytest.raises(errors.PaasportError, match=r"orders/database needs cloud permissions.*cluster shared"):
        identity.bind("orders", "database", grants=[grant])
