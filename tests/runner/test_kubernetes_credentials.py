import asyncio
import datetime as dt
import json
import pathlib
import stat
import time

import pytest

from runner.kubernetes import credentials, kubeconfig
from stacks import errors

V1 = "client.authentication.k8s.io/v1"


def access(user, **cluster):
    return kubeconfig.Access(source="/home/me/kc", context="prod", server="https://api.test", user=user, **cluster)


def plugin(tmp_path, script, **fields):
    path = tmp_path / "get-token"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return kubeconfig.User(plugin=kubeconfig.ExecPlugin(api_version=V1, command=str(path), **fields))


def answer(**status):
    return f"cat <<'END'\n{json.dumps({'apiVersion': V1, 'kind': 'ExecCredential', 'status': status})}\nEND"


def obtained(given):
    return asyncio.run(credentials.obtain(given))


def refusal(given):
    with pytest.raises(errors.UsageError) as caught:
        obtained(given)
    return str(caught.value)


def test_a_token_is_sent_as_bearer():
    assert obtained(access(kubeconfig.User(token="abc"))).authorization == "Bearer abc"


def test_a_name_and_password_are_sent_as_basic():
    credential = obtained(access(kubeconfig.User(username="me", password="pw")))
    assert credential.authorization == "Basic bWU6cHc="


def test_a_token_file_is_read_again_each_time(tmp_path):
    path = tmp_path / "token"
    given = access(kubeconfig.User(token_file=path))
    path.write_text("one\n")
    first = obtained(given)
    path.write_text("two\n")
    assert (first.authorization, obtained(given).authorization) == ("Bearer one", "Bearer two")


def test_a_missing_token_file_is_named(tmp_path):
    assert f"the token file {tmp_path / 'gone'}" in refusal(access(kubeconfig.User(token_file=tmp_path / "gone")))


def test_a_plugin_gives_a_token_and_its_end(tmp_path):
    script = answer(token="t0ken", expirationTimestamp="2026-01-02T03:04:05Z")
    credential = obtained(access(plugin(tmp_path, script)))
    assert credential.authorization == "Bearer t0ken"
    assert credential.expires == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert credential.renewable


def test_a_plugin_gives_a_certificate(tmp_path):
    credential = obtained(access(plugin(tmp_path, answer(clientCertificateData="CERT", clientKeyData="KEY"))))
    assert (credential.certificate, credential.key, credential.authorization) == (b"CERT", b"KEY", "")


def test_a_plugin_gets_its_environment_and_the_cluster_only_when_it_asks(tmp_path):
    seen = tmp_path / "seen"
    script = f'printf "%s\\n%s" "$FLAVOUR" "$KUBERNETES_EXEC_INFO" > {seen}\n{answer(token="t")}'
    given = plugin(tmp_path, script, environment={"FLAVOUR": "plain"}, provide_cluster_info=True)
    obtained(access(given, authority=b"pem"))
    flavour, information = seen.read_text().split("\n")
    assert flavour == "plain"
    assert json.loads(information) == {
        "apiVersion": V1,
        "kind": "ExecCredential",
        "spec": {
            "interactive": False,
            "cluster": {"server": "https://api.test", "certificate-authority-data": "cGVt"},
        },
    }
    obtained(access(plugin(tmp_path, script)))
    assert "cluster" not in json.loads(seen.read_text().split("\n")[1])["spec"]


def test_a_missing_plugin_is_told_with_its_install_hint():
    user = kubeconfig.User(
        plugin=kubeconfig.ExecPlugin(api_version=V1, command="no-such-plugin", install_hint="get it from example.test")
    )
    message = refusal(access(user))
    assert "the exec plugin 'no-such-plugin' of context 'prod' of /home/me/kc is not installed" in message
    assert "next: get it from example.test" in message


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param("echo s3cr3t; echo s3cr3t >&2; exit 3", "failed with exit code 3", id="fails"),
        pytest.param("echo s3cr3t", "printed no ExecCredential", id="prints something else"),
        pytest.param("echo '[1]'", "printed no ExecCredential", id="prints a list"),
        pytest.param(answer(), "printed neither a token nor a certificate", id="prints nothing of use"),
        pytest.param(answer(token="s3cr3t").replace(V1, "x/v1"), "answered in another version", id="another version"),
    ],
)
def test_a_plugin_that_misbehaves_is_told_without_what_it_printed(tmp_path, script, told):
    message = refusal(access(plugin(tmp_path, script, arguments=("--client-secret=s3cr3t",))))
    assert told in message
    assert "s3cr3t" not in message


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep 1000; echo", id="its child holds the pipe"),
        pytest.param("exec sleep 1000", id="it hangs itself"),
        pytest.param("setsid sleep 3 & sleep 1000", id="what escaped its session holds the pipe"),
    ],
)
def test_a_plugin_that_hangs_is_ended_in_time_with_all_that_it_started(tmp_path, monkeypatch, script):
    monkeypatch.setattr(credentials, "_PLUGIN_SECONDS", 0.3)
    group = tmp_path / "group"
    started = time.monotonic()
    assert "gave no answer for 0.3 s" in refusal(access(plugin(tmp_path, f"echo $$ > {group}\n{script}")))
    assert time.monotonic() - started < 2.5
    assert not alive(int(group.read_text()))


def alive(group):
    """Whether a process of the group still runs; ended ones may wait a moment for whoever collects them."""
    stats = [entry.read_text().rpartition(")")[2].split() for entry in pathlib.Path("/proc").glob("[0-9]*/stat")]
    return any(int(pgrp) == group and state != "Z" for state, _parent, pgrp, *_ in stats)


@pytest.mark.parametrize(("seconds", "stale"), [(29, True), (31, False), (-5, True)])
def test_a_credential_is_stale_shortly_before_its_end(seconds, stale):
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert credentials.Credential(expires=now + dt.timedelta(seconds=seconds)).stale(now) is stale


def test_a_credential_without_an_end_is_never_stale():
    assert not credentials.Credential().stale(dt.datetime.max.replace(tzinfo=dt.UTC))
