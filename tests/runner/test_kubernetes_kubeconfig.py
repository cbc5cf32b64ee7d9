import base64
import pathlib

import pytest
import yaml

from runner.kubernetes import kubeconfig
from stacks import errors

PEM = b"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"


def config(*, cluster=None, user=None, context=None, current="here"):
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": [{"name": "c", "cluster": {"server": "https://example.test:6443/", **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", **(context or {})}}],
    }


def load(**parts):
    return kubeconfig.load(yaml.safe_dump(config(**parts)))


def refusal(*args, **kwargs):
    with pytest.raises(errors.UsageError) as caught:
        kubeconfig.load(*args, **kwargs)
    return str(caught.value)


def test_text_is_read_like_a_file(tmp_path):
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(config(context={"namespace": "shop"})))
    from_file, from_text = kubeconfig.load(str(path)), load(context={"namespace": "shop"})
    assert (from_file.server, from_file.namespace) == ("https://example.test:6443", "shop")
    assert (from_text.server, from_text.namespace) == ("https://example.test:6443", "shop")


def test_the_namespace_of_a_context_without_one_is_default():
    assert load().namespace == "default"


def test_files_are_relative_to_the_kubeconfig(tmp_path, monkeypatch):
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "ca.crt").write_bytes(PEM)
    (tmp_path / "config").write_text(yaml.safe_dump(config(cluster={"certificate-authority": "pki/ca.crt"})))
    monkeypatch.chdir("/")
    assert kubeconfig.load(str(tmp_path / "config")).authority == PEM


def test_inline_data_is_decoded():
    user = {
        "client-certificate-data": base64.b64encode(PEM).decode(),
        "client-key-data": base64.b64encode(b"k").decode(),
    }
    access = load(user=user)
    assert (access.user.certificate, access.user.key) == (PEM, b"k")


def test_proxy_server_name_and_insecure_are_taken_over():
    access = load(cluster={"proxy-url": "http://p:1", "tls-server-name": "api", "insecure-skip-tls-verify": True})
    assert (access.proxy, access.tls_server_name, access.insecure) == ("http://p:1", "api", True)


def test_a_chosen_context_overrules_the_current_one():
    document = config()
    document["contexts"].append({"name": "there", "context": {"cluster": "c", "namespace": "other"}})
    assert kubeconfig.load(yaml.safe_dump(document), context="there").namespace == "other"


def test_an_unknown_context_is_told_with_those_there_are():
    message = refusal(yaml.safe_dump(config()), context="nowhere")
    assert "'nowhere'" in message
    assert "known: here" in message


def test_files_of_the_environment_are_merged_and_the_first_wins(tmp_path, monkeypatch):
    first = config(current="")
    second = config(current="there")
    second["clusters"][0]["cluster"]["server"] = "https://second.test"
    second["contexts"].append({"name": "there", "context": {"cluster": "c"}})
    for name, document in (("a", first), ("b", second)):
        (tmp_path / name).write_text(yaml.safe_dump(document))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'a'}:{tmp_path / 'absent'}:{tmp_path / 'b'}")
    access = kubeconfig.load("")
    assert (access.context, access.server) == ("there", "https://example.test:6443")


def test_a_missing_file_is_named():
    assert "/no/such/kubeconfig cannot be read: No such file or directory" in refusal("/no/such/kubeconfig")


def test_broken_yaml_is_told_with_its_place_but_not_with_its_text():
    message = refusal("token: s3cr3t-t0ken\n  bad: [")
    assert "line 2" in message
    assert "s3cr3t" not in message


def test_data_that_is_not_base64_is_told_without_it():
    message = refusal(yaml.safe_dump(config(user={"client-key-data": "!!s3cr3t!!"})))
    assert "client-key-data is not base64" in message
    assert "s3cr3t" not in message


@pytest.mark.parametrize("version", ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"])
def test_exec_plugins_of_both_versions_are_known(version):
    plugin = load(
        user={
            "exec": {
                "apiVersion": version,
                "command": "aws",
                "args": ["eks", "get-token"],
                "env": [{"name": "AWS_PROFILE", "value": "x"}],
                "installHint": "install\n  the AWS CLI",
                "provideClusterInfo": True,
            }
        }
    ).user.plugin
    assert plugin == kubeconfig.ExecPlugin(
        api_version=version,
        command="aws",
        arguments=("eks", "get-token"),
        environment={"AWS_PROFILE": "x"},
        install_hint="install the AWS CLI",
        provide_cluster_info=True,
    )


def test_an_exec_plugin_of_another_version_is_refused():
    message = refusal(yaml.safe_dump(config(user={"exec": {"apiVersion": "client.authentication.k8s.io/v1alpha1"}})))
    assert "v1alpha1" in message


def test_nothing_secret_is_in_a_repr():
    access = load(user={"token": "s3cr3t", "username": "me", "password": "s3cr3t"})
    assert "s3cr3t" not in repr(access)
    assert access.user.token == "s3cr3t"


def test_a_token_file_is_found_beside_the_kubeconfig(tmp_path):
    (tmp_path / "config").write_text(yaml.safe_dump(config(user={"tokenFile": "token"})))
    assert kubeconfig.load(str(tmp_path / "config")).user.token_file == pathlib.Path(tmp_path / "token")


@pytest.mark.parametrize(
    "server",
    ["example.test:6443", "ftp://example.test", "http://me:s3/cr3t@host", "https://", "http://[s3cr3t", "s3cr3t"],
)
def test_a_server_that_is_no_address_is_told_and_not_repeated(server):
    with pytest.raises(errors.UsageError, match="the server of context 'here' is not the URL of an") as caught:
        load(cluster={"server": server})
    assert "s3" not in str(caught.value)


def test_the_representation_of_an_access_keeps_its_servers_address_to_itself():
    access = load(cluster={"server": "https://me:s3cr3t@host", "proxy-url": "http://me:s3cr3t@proxy"})
    assert access.address == "https://host"
    assert "s3cr3t" not in repr(access)
