"""Which kubeconfigs are kept in a state, and how one logs in by its program."""

from __future__ import annotations

import base64
import json
import pathlib
import stat
from typing import Any

import pytest
import yaml

from components.clusters import kubeconfigs
from components.clusters.drain_guard import login, secrecy


def kubeconfig(user: dict[str, Any], **cluster: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "shop",
        "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "shop"}}],
        "clusters": [{"name": "shop", "cluster": {"server": "https://1.2.3.4", **cluster}}],
        "users": [{"name": "shop", "user": user}],
    }


def plugin(command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": command, **more}}


@pytest.fixture
def program(tmp_path: pathlib.Path):
    """A login program of this body."""

    def write(body: str) -> str:
        path = tmp_path / "login"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return write


ANSWER = '{"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": %s}'


# What is kept in a state


def test_a_kubeconfig_that_logs_in_by_a_program_is_accepted() -> None:
    text = kubeconfigs.with_plugin(
        "shop",
        server="https://1.2.3.4",
        authority="Y2E=",
        command="kubelogin",
        arguments=["get-token", "--login", "azurecli", "--server-id", "6dae42f8-4368-4678-94ff-3960e28e3630"],
        environment={"AWS_PROFILE": "ci", "AWS_REGION": "eu-central-1"},
        hint="https://azure.github.io/kubelogin",
    )

    assert secrecy.problem(text) == ""
    assert secrecy.problem(yaml.safe_dump(json.loads(text))) == ""


@pytest.mark.parametrize(
    ("config", "place"),
    [
        (kubeconfig({"token": "hunter2"}), "users[0].user.token"),
        (kubeconfig({"username": "ci", "password": "hunter2"}), "users[0].user.password"),
        (kubeconfig({"client-key-data": "hunter2"}), "users[0].user.client-key-data"),
        (kubeconfig({"auth-provider": {"config": {"access-token": "hunter2"}}}), "users[0].user.auth-provider"),
        (
            kubeconfig(plugin("aws", env=[{"name": "AWS_SECRET_ACCESS_KEY", "value": "hunter2"}])),
            "users[0].user.exec.env.AWS_SECRET_ACCESS_KEY",
        ),
        (
            kubeconfig(plugin("kubelogin", args=["--client-secret", "hunter2"])),
            "users[0].user.exec.args --client-secret",
        ),
        (kubeconfig(plugin("kubelogin", args=["--password=hunter2"])), "users[0].user.exec.args --password"),
        (kubeconfig({}, **{"proxy-url": "http://ci:hunter2@proxy"}), "clusters[0].cluster.proxy-url"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_secret_in_a_kubeconfig_is_refused_by_its_place_and_never_shown(config: dict[str, Any], place: str) -> None:
    problem = secrecy.problem(json.dumps(config))

    assert problem.startswith(f"holds a secret in {place}, which would be kept in the stack's state")
    assert "hunter2" not in problem


@pytest.mark.parametrize("text", ["", "[]", "just text", "{}", ": {", "~/.kube/config"])
def test_what_is_no_kubeconfig_is_refused(text: str) -> None:
    assert secrecy.problem(text).startswith("is not the text of a kubeconfig")


# Logging in


def test_the_program_s_token_becomes_the_user(program) -> None:
    command = program(f"""echo '{ANSWER % '{"token": "hunter2"}'}'""")

    config = login.logged_in(kubeconfig(plugin(command), **{"certificate-authority-data": "Y2E="}))

    assert config["users"] == [{"name": "drain", "user": {"token": "hunter2"}}]
    assert config["clusters"][0]["cluster"] == {"server": "https://1.2.3.4", "certificate-authority-data": "Y2E="}


def test_a_certificate_from_the_program_becomes_the_user() -> None:
    user = login.credential({"clientCertificateData": "CERT", "clientKeyData": "KEY"})

    assert {name: base64.b64decode(text) for name, text in user.items()} == {
        "client-certificate-data": b"CERT",
        "client-key-data": b"KEY",
    }


def test_arguments_variables_and_cluster_reach_the_program(program, tmp_path: pathlib.Path) -> None:
    told = tmp_path / "told"
    command = program(f"""echo "$1 $AWS_PROFILE $KUBERNETES_EXEC_INFO" > {told}; echo '{ANSWER % '{"token": "x"}'}'""")
    asked = plugin(
        command,
        args=["get-token"],
        env=[{"name": "AWS_PROFILE", "value": "ci"}],
        interactiveMode="IfAvailable",
        provideClusterInfo=True,
    )
    extension = [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "shop"}}]

    login.logged_in(kubeconfig(asked, extensions=extension, **{"tls-server-name": "shop"}))

    argument, variable, information = told.read_text().split(" ", 2)
    assert (argument, variable) == ("get-token", "ci")
    assert json.loads(information) == {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "spec": {
            "interactive": False,
            "cluster": {"server": "https://1.2.3.4", "tls-server-name": "shop", "config": {"audience": "shop"}},
        },
    }


def test_the_cluster_is_not_told_to_a_program_that_does_not_want_it() -> None:
    assert login.exec_info({"apiVersion": "v1"}, {"server": "https://1.2.3.4"}) == {
        "apiVersion": "v1",
        "kind": "ExecCredential",
        "spec": {"interactive": False},
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo 'SSO session has expired' >&2; exit 3", "failed: SSO session has expired"),
        ("exit 3", "failed: 3"),
        ("echo hunter2", "answered no ExecCredential"),
        ("echo '{\"status\": {}}'", "answered neither a token nor a certificate"),
    ],
)
def test_a_program_that_fails_is_quoted_but_not_its_answer(program, body: str, said: str) -> None:
    with pytest.raises(login.LoginFailed) as caught:
        login.logged_in(kubeconfig(plugin(program(body))))

    assert str(caught.value).endswith(said)
    assert "hunter2" not in str(caught.value)


def test_a_program_that_is_missing_is_named_with_how_to_get_it() -> None:
    config = kubeconfig(plugin("no-such-login", installHint="see https://aws.amazon.com/cli"))

    with pytest.raises(login.LoginFailed, match=r"`no-such-login` cannot be run .*: see https://aws.amazon.com/cli"):
        login.logged_in(config)


def test_a_program_that_wants_to_ask_a_person_is_refused() -> None:
    with pytest.raises(login.LoginFailed, match="nobody can be asked here"):
        login.logged_in(kubeconfig(plugin("true", interactiveMode="Always")))


def test_a_program_that_hangs_is_ended(program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "_SECONDS", 0.2)

    with pytest.raises(login.LoginFailed, match=r"did not end within 0.2 s"):
        login.logged_in(kubeconfig(plugin(program("exec sleep 60"))))
